"""What an outage costs, as a range: nobody knows it better. Pure.

Both reckon as if no order came through while it lasts, so they are upper estimates of their kind.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import NormalDist

from techrun.impact import Cost, Impact
from techrun.standing import Incident, IncidentKind
from techrun.zones import zone_of

HOUR = 3600.0
AVERAGE_LOW, AVERAGE_HIGH = 0.5, 3.0
"""An hour of the day is between half and three times as busy as the average one."""
SHARE = 0.9
"""Of the hours of such a kind, so many fall into the range."""
_SPREAD = NormalDist().inv_cdf((1 + SHARE) / 2) / 2
"""The square root of a Poisson count varies by a half around its mean, whatever that is."""

_LOSES_ORDERS: tuple[IncidentKind, ...] = ("outage", "reported", "storm")

OF_AVERAGE = "half to three times the average orders"
OF_HOUR = "orders of this hour of the week, 90% range"
OF_HOURS = "orders of these hours of the week, 90% range"


def loses_orders(incident: Incident) -> bool:
    """Whether it costs anything: customers feel an outage that pages; a poorly working shop still sells."""
    return incident.kind in _LOSES_ORDERS and incident.severity == "page"


def at_risk(impact: Impact, moment: float, zone: str) -> Cost:
    """What an hour without orders costs, such as the one of this moment by the clock of `zone`."""
    if _is_average(impact):
        return _average(impact, impact.orders_per_hour[0])
    return _by_hour(impact, impact.orders_per_hour[_hour_of_week(_local(moment, zone))], OF_HOUR)


def lost(impact: Impact, since: float, until: float, zone: str) -> Cost:
    """What the time from `since` to `until` cost, each hour of the week for itself."""
    until = max(since, until)
    if _is_average(impact):
        return _average(impact, impact.orders_per_hour[0] * (until - since) / HOUR)
    orders = sum(
        impact.orders_per_hour[hour] * seconds / HOUR for hour, seconds in _hours(since, until, zone)
    )
    return _by_hour(impact, orders, OF_HOURS)


def _is_average(impact: Impact) -> bool:
    return len(impact.orders_per_hour) == 1


def _average(impact: Impact, orders: float) -> Cost:
    money = orders * impact.average_order
    return Cost(money * AVERAGE_LOW, money * AVERAGE_HIGH, impact.currency, OF_AVERAGE)


def _by_hour(impact: Impact, orders: float, method: str) -> Cost:
    low, high = poisson_range(orders)
    return Cost(low * impact.average_order, high * impact.average_order, impact.currency, method)


def poisson_range(expected: float) -> tuple[float, float]:
    """Between what counts nine of ten fall where so many are expected.

    By the square root, which makes a Poisson count nearly normal: within one order of the exact quantiles.
    """
    if expected <= 0:
        return 0.0, 0.0
    root = math.sqrt(expected)
    return max(0.0, root - _SPREAD) ** 2, (root + _SPREAD) ** 2


def _hours(since: float, until: float, zone: str) -> Iterator[tuple[int, float]]:
    """The hours of the week by the clock of `zone`, and how many seconds of each."""
    while since < until:
        local = _local(since, zone)
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        # At least a millisecond: a moment may be told a little too early, and this must end.
        end = min(until, since + max(0.001, HOUR - into.total_seconds()))
        yield _hour_of_week(local), end - since
        since = end


def _local(moment: float, zone: str) -> datetime:
    return datetime.fromtimestamp(moment, zone_of(zone))


def _hour_of_week(local: datetime) -> int:
    return local.weekday() * 24 + local.hour
