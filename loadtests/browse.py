"""Visitors who look around and search, at a steady rate: the pages that most customers see.

Use it before a release that touches the catalogue, the search, the cache or the theme, and wherever nothing
may be written: no cart is filled, nobody logs in.
"""

from techrun.load import JourneyUser, Scenario, between

scenario = Scenario(rate="5/s", ramp="30s", warm_up="30s", measure="5m", drain="30s")


class WindowShopper(JourneyUser):
    """Goes from the home page to articles and leaves."""

    journey = "browse"
    weight = 70
    wait_time = between(1, 4)
    optional = True


class Searcher(JourneyUser):
    """Knows the word and wants the article; searches are dear to a shop."""

    journey = "search"
    weight = 30
    wait_time = between(1, 4)
    optional = True
