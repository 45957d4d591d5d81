"""The mix of a normal shop day: most look around, some search, some give up at the cart, a few buy.

Use it before each release; it is the scenario to compare releases with. Buyers stop before the order itself
unless the shop allows orders (`load: scenarios: checkout: allow_orders: true`); then each order is cancelled
by the journey's cleanup.
"""

from techrun.load import JourneyUser, Scenario, between

scenario = Scenario(rate="5/s", ramp="30s", warm_up="30s", measure="5m", drain="1m")


class WindowShopper(JourneyUser):
    """Goes from the home page to articles and leaves."""

    journey = "browse"
    weight = 55
    wait_time = between(1, 4)
    optional = True


class Searcher(JourneyUser):
    """Knows the word and wants the article."""

    journey = "search"
    weight = 25
    wait_time = between(1, 4)
    optional = True


class Abandoner(JourneyUser):
    """Fills the cart and leaves it there."""

    journey = "guest-checkout"
    until = "add-to-cart"
    weight = 12
    wait_time = between(1, 4)
    optional = True


class Buyer(JourneyUser):
    """Goes all the way to the last click."""

    journey = "guest-checkout"
    weight = 5
    wait_time = between(1, 3)
    optional = True


class BusinessCustomer(JourneyUser):
    """Logs in, looks at own prices and invoices, and orders again."""

    journey = "business-customer"
    weight = 3
    wait_time = between(1, 3)
    optional = True
