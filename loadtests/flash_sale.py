"""A message goes out, and within seconds everybody is at the same article.

Use it before a sale, a newsletter or a television spot. All visitors go for the shop's first probe article
(`synthetic: articles`), so that locks on one row of the stock and one cold page are found. What comes before
the spike shows what is normal, what comes after it whether the shop recovers.
"""

from techrun.load import JourneyUser, Scenario, between

scenario = Scenario.spike(rate="2/s", peak="20/s", after="1m", rise="5s", lasts="1m", then="2m", drain="1m")


class Curious(JourneyUser):
    """Comes for the article, looks at the price and leaves."""

    journey = "guest-checkout"
    until = "product"
    weight = 80
    wait_time = between(0.5, 2)
    optional = True


class Abandoner(JourneyUser):
    """Puts it into the cart, to be first, and thinks again."""

    journey = "guest-checkout"
    until = "add-to-cart"
    weight = 12
    wait_time = between(0.5, 2)
    optional = True


class Buyer(JourneyUser):
    """Wants it, and goes through the checkout without looking around."""

    journey = "guest-checkout"
    weight = 8
    wait_time = between(0.5, 2)
