"""Steps up until the shop does not hold any more: how much it can take, and what gives first.

Use it after a change of hardware, of caches or of the platform, and once a year before the season; never on a
shop that customers are in. It ends at the first step that breaks a criterion and tells the highest that held,
and the knee: the rate from which more visitors only make the queue longer.
"""

from techrun.load import JourneyUser, Scenario, constant

scenario = Scenario.stairs(first="5/s", step="5/s", each="30s", until="200/s")


class WindowShopper(JourneyUser):
    """Goes from page to page without a pause."""

    journey = "browse"
    wait_time = constant(0)
