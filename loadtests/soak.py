"""An everyday load for two hours: what fills up, leaks or wears out shows only with time.

Use it before a release that touches sessions, carts, caches, queues or connection pools, and at night. A p95 that
holds in the first stretch and not in the last is what it is for: write a criterion with `over:`.
"""

from techrun.load import JourneyUser, Scenario, between

scenario = Scenario.soak(rate="2/s", measure="2h")


class WindowShopper(JourneyUser):
    """Goes from the home page to articles and leaves."""

    journey = "browse"
    weight = 70
    wait_time = between(1, 4)
    optional = True


class Buyer(JourneyUser):
    """Goes all the way to the last click; sessions and carts stay behind."""

    journey = "guest-checkout"
    weight = 20
    wait_time = between(1, 4)
    optional = True


class BusinessCustomer(JourneyUser):
    """Logs in and orders again."""

    journey = "business-customer"
    weight = 10
    wait_time = between(1, 4)
    optional = True
