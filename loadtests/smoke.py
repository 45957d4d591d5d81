"""A few visitors for half a minute: whether every journey holds when it is not alone.

Use it on every commit, and before any longer test: it finds a broken journey, a wrong host or a missing
secret in less than a minute. It says nothing about how much the shop can take.
"""

from techrun.load import JourneyUser, Scenario, between

scenario = Scenario(rate="1/s", ramp="0s", warm_up="5s", measure="30s", drain="30s")


class WindowShopper(JourneyUser):
    """Looks around and buys nothing."""

    journey = "browse"
    wait_time = between(0.1, 0.5)
    optional = True


class Buyer(JourneyUser):
    """Goes through the checkout; the order itself is placed only with `allow_orders`."""

    journey = "guest-checkout"
    wait_time = between(0.1, 0.5)
    optional = True


class BusinessCustomer(JourneyUser):
    """Logs in and orders again."""

    journey = "business-customer"
    wait_time = between(0.1, 0.5)
    optional = True
