"""The shop's busiest day of the week in ten minutes, hour by hour as its own orders tell.

Use it before Black Friday, with the rate that you expect in the busiest hour, and to see what scales with the
day: caches that grow cold at night, machines that come too late in the evening. The hours come from
`impact: orders_per_hour` of the shop (24 or 168 numbers); a shop that does not tell them gets a typical day.
"""

from techrun.load import JourneyUser, Scenario, between

scenario = Scenario.week(peak="10/s", day_lasts="10m", drain="1m")


class WindowShopper(JourneyUser):
    """Goes from the home page to articles and leaves."""

    journey = "browse"
    weight = 60
    wait_time = between(1, 4)
    optional = True


class Searcher(JourneyUser):
    """Knows the word and wants the article."""

    journey = "search"
    weight = 25
    wait_time = between(1, 4)
    optional = True


class Buyer(JourneyUser):
    """Goes all the way to the last click."""

    journey = "guest-checkout"
    weight = 12
    wait_time = between(1, 3)
    optional = True


class BusinessCustomer(JourneyUser):
    """Logs in, looks at own prices and invoices, and orders again."""

    journey = "business-customer"
    weight = 3
    wait_time = between(1, 3)
    optional = True
