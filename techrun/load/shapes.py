"""The measured phase of each kind of scenario, as stages. Pure."""

from __future__ import annotations

from techrun.impact import Impact
from techrun.language.rates import show
from techrun.load.records import Stage

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = 24
TYPICAL = (20, 12, 8, 5, 5, 8, 15, 30, 45, 55, 62, 68, 72, 68, 62, 60, 62, 68, 75, 85, 100, 95, 70, 40)
"""A day of a shop that does not tell its own: quiet nights, a first top at noon, the second at 20 o'clock."""


def steady(level: float, seconds: float) -> tuple[Stage, ...]:
    """The same from beginning to end."""
    return (Stage("measure", seconds, level, level),)


def spike(
    rate: float, peak: float, *, after: float, rise: float, lasts: float, then: float
) -> tuple[Stage, ...]:
    """Steady, a jump, back to steady."""
    return (
        Stage("measure", after, rate, rate, "before"),
        Stage("measure", rise, rate, peak, "rise"),
        Stage("measure", lasts, peak, peak, "spike"),
        Stage("measure", rise, peak, rate, "fall"),
        Stage("measure", then, rate, rate, "after"),
    )


def stairs(first: float, step: float, until: float, each: float) -> tuple[Stage, ...]:
    """Steps up, all of the same height and duration; the last is at most `until`."""
    count = 1 + int((until - first) / step + 1e-9)
    levels = (first + step * number for number in range(count))
    return tuple(Stage("measure", each, level, level, show(level)) for level in levels)


def week(
    impact: Impact | None, peak: float, day: float, *, whole: bool
) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    """The hours of the week or of its busiest day, the highest at `peak`; a day lasts `day` seconds."""
    orders = impact.orders_per_hour if impact else ()
    notes: tuple[str, ...] = ()
    if len(set(orders)) < 2:
        orders = tuple(float(share) for share in TYPICAL * len(DAYS))
        notes = (
            "this shop does not tell its orders by the hour (impact: orders_per_hour), so a typical day is taken",
        )
    days = range(len(DAYS)) if whole else [_busiest(orders)]
    hours = [(number, hour) for number in days for hour in range(HOURS)]
    top = max(orders[number * HOURS + hour] for number, hour in hours)
    stages = []
    for number, hour in hours:
        level = peak * orders[number * HOURS + hour] / top
        stages.append(Stage("measure", day / HOURS, level, level, f"{DAYS[number]} {hour}:00"))
    return tuple(stages), notes


def _busiest(orders: tuple[float, ...]) -> int:
    """The day of the week with most orders; the first of several."""
    sums = [sum(orders[number * HOURS : (number + 1) * HOURS]) for number in range(len(DAYS))]
    return sums.index(max(sums))
