"""What open outages cost, as metrics tell it."""

from __future__ import annotations

import pytest

from techrun.app.counting import revenue_of
from techrun.impact import Impact
from techrun.model import Shop
from techrun.standing import Incident

NOW = 1_790_000_000.0
SHOP = Shop("acme-es", "https://www.acme.es", impact=Impact((120.0,), 85.0, "EUR"))


def incident(number=1, kind="outage", severity="page", ago=1800.0, shop="acme-es"):
    return Incident(number, kind, shop, severity, "t", NOW - ago, NOW - ago + 35)


def test_while_all_is_well_nothing_is_at_risk():
    (money,) = revenue_of([SHOP], [], NOW)
    assert (money.per_hour, money.lost) == ((0.0, 0.0), (0.0, 0.0))


def test_an_open_outage_costs_what_the_shop_earns_as_a_range():
    (money,) = revenue_of([SHOP], [incident()], NOW)
    low, high = money.per_hour
    assert low < 120 * 85 < high
    assert money.lost == (pytest.approx(low / 2), pytest.approx(high / 2))


def test_two_outages_at_once_cost_the_shop_no_more_than_one():
    one, two = (
        revenue_of([SHOP], [incident()], NOW),
        revenue_of([SHOP], [incident(), incident(2, ago=60)], NOW),
    )
    assert one == two


@pytest.mark.parametrize(
    "harmless",
    [incident(kind="blind"), incident(severity="ticket"), incident(shop="other")],
    ids=["blind", "ticket", "another shop"],
)
def test_only_pages_about_outages_cost_money(harmless):
    (money,) = revenue_of([SHOP], [harmless], NOW)
    assert money.per_hour == (0.0, 0.0)


def test_nothing_is_said_of_a_shop_of_which_nobody_knows_what_it_earns():
    assert revenue_of([Shop("acme-es", "https://www.acme.es")], [incident()], NOW) == []
