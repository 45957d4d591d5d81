"""What an outage costs: a range, by the clock of the shop."""

from __future__ import annotations

import math
from datetime import datetime
from itertools import accumulate, count, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.alerts.impact import OF_AVERAGE, OF_HOUR, OF_HOURS, at_risk, lost, poisson_range
from techrun.impact import Cost, Impact

AVERAGE = Impact((120,), 85, "EUR")
WEEK = Impact(tuple(float(hour) for hour in range(168)), 10, "EUR")
"""As many orders as hours of the week have passed."""


def at(text, zone="Europe/Madrid"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def orders_of(money, impact=WEEK):
    """The orders that a range stands for: its bounds are (√n ± s)², so n is the square of their roots' mean."""
    roots = math.sqrt(money.low / impact.average_order), math.sqrt(money.high / impact.average_order)
    return (sum(roots) / 2) ** 2


def test_of_an_average_hour_half_to_three_times_is_at_risk():
    assert at_risk(AVERAGE, 0, "UTC") == Cost(5100, 30_600, "EUR", OF_AVERAGE)


def test_of_an_average_hour_what_is_lost_grows_with_the_time():
    assert lost(AVERAGE, 1000, 1000 + 900, "UTC") == Cost(1275, 7650, "EUR", OF_AVERAGE)


@pytest.mark.parametrize("impact", [AVERAGE, WEEK], ids=["average", "week"])
@pytest.mark.parametrize("until", [1000.0, 999.0, -5e6])
def test_no_time_or_a_clock_set_back_costs_nothing(impact, until):
    money = lost(impact, 1000, until, "UTC")
    assert (money.low, money.high) == (0, 0)


@pytest.mark.parametrize(
    ("moment", "zone", "hour"),
    [
        ("2026-09-21 03:12", "Europe/Madrid", 3),
        ("2026-09-21 00:00", "Europe/Madrid", 0),
        ("2026-09-27 23:59", "Europe/Madrid", 167),
        ("2026-09-22 09:30", "Asia/Kolkata", 33),
    ],
)
def test_the_hour_of_the_week_counts_from_monday_by_the_shops_clock(moment, zone, hour):
    money = at_risk(WEEK, at(moment, zone), zone)
    assert (money.low, money.high) == tuple(10 * bound for bound in poisson_range(hour))
    assert money.method == OF_HOUR


@pytest.mark.parametrize(
    ("since", "until", "zone", "orders"),
    [
        ("2026-09-21 03:00", "2026-09-21 04:00", "Europe/Madrid", 3),
        ("2026-09-21 03:30", "2026-09-21 05:15", "Europe/Madrid", 1.5 + 4 + 1.25),
        ("2026-09-27 23:30", "2026-09-28 01:30", "Europe/Madrid", 83.5 + 0 + 0.5),
        ("2026-09-22 09:30", "2026-09-22 10:30", "Asia/Kolkata", 16.5 + 17),
        ("2026-09-21 00:00", "2026-09-28 00:00", "Europe/Madrid", sum(range(168))),
        ("2026-03-29 01:30", "2026-03-29 03:30", "Europe/Madrid", 0.5 * 145 + 0.5 * 147),
        ("2026-10-25 01:30", "2026-10-25 03:30", "Europe/Madrid", 0.5 * 145 + 2 * 146 + 0.5 * 147),
        ("2026-10-04 01:30", "2026-10-04 02:45", "Australia/Lord_Howe", 0.5 * 145 + 0.25 * 146),
    ],
    ids=["one", "parts", "week-turns", "half-hour-zone", "week", "spring", "autumn", "half-hour-shift"],
)
def test_what_is_lost_is_reckoned_hour_by_hour(since, until, zone, orders):
    money = lost(WEEK, at(since, zone), at(until, zone), zone)
    assert orders_of(money) == pytest.approx(orders, rel=1e-6)
    assert money.method == OF_HOURS


def quantile(expected, share):
    """The exact one of a Poisson count, by its sums."""
    each = (math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in count())
    return sum(1 for _ in takewhile(lambda total: total < share, accumulate(each)))


@pytest.mark.parametrize("expected", [0.2, 1, 3, 10, 45, 120, 900])
def test_the_range_holds_nine_of_ten_hours_within_an_order_of_the_exact_one(expected):
    low, high = poisson_range(expected)
    assert low == pytest.approx(quantile(expected, 0.05), abs=1.3)
    assert high == pytest.approx(quantile(expected, 0.95), abs=1.3)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_orders_are_never_worth_less_and_the_range_is_around_them(one, other):
    fewer, more = sorted((one, other))
    assert all(mine <= its for mine, its in zip(poisson_range(fewer), poisson_range(more), strict=True))
    low, high = poisson_range(more)
    assert 0 <= low <= more <= high or math.isclose(low, more) or math.isclose(high, more)


@given(
    st.floats(0, 4e9),
    st.floats(3600, 30 * 86_400),
    st.sampled_from(["UTC", "Europe/Madrid", "Asia/Kathmandu"]),
)
def test_what_is_lost_in_parts_is_what_is_lost_altogether(since, seconds, zone):
    """Of an hour's 30 orders even a third is so many that the lower bound does not reach 0."""
    impact = Impact(tuple(30.0 + hour for hour in range(168)), 10, "EUR")
    middle, until = since + seconds / 3, since + seconds
    parts = lost(impact, since, middle, zone), lost(impact, middle, until, zone)
    together = orders_of(lost(impact, since, until, zone), impact)
    assert sum(orders_of(part, impact) for part in parts) == pytest.approx(together, rel=1e-6)
