"""Which earlier runs a release is held against: the same time of earlier days, without what was announced. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from techrun.alerts.windows import covers
from techrun.config.select import covers as is_chosen
from techrun.handling import Window
from techrun.model import Check, CheckId
from techrun.releases.records import Counts

HOUR = 3600.0
DAY = 24 * HOUR
AROUND = HOUR / 2
"""Seconds before and after the time of day that count as the same: a bake alone is too short a baseline."""

Span = tuple[float, float]


def usual_time(live: float, begins: float, seconds: float) -> float:
    """The moment before whose earlier days a look is held that begins then: none of them may know the release.

    A release may be looked at a second time hours or days after it was live.
    """
    days = math.ceil((begins + seconds + AROUND - live) / DAY) - 1
    return begins - max(0, days) * DAY


def same_times(at: float, seconds: float, days: int) -> list[Span]:
    """The same time of so many earlier days, from yesterday on."""
    return [(at - day * DAY - AROUND, at - day * DAY + seconds + AROUND) for day in range(1, days + 1)]


def in_the_way(windows: Iterable[Window], check: CheckId, known: Check | None) -> list[Span]:
    """When a check was in maintenance or in the grace of a release.

    A silence is no reason to leave runs out: what somebody knew of and silenced was there before the release.
    Of a check that nobody knows, a window that is narrowed by client or tag is taken to be meant for it.
    """
    return [
        (window.starts, window.ends if window.ended is None else min(window.ends, window.ended))
        for window in windows
        if window.kind != "silence" and _meant(window, check, known)
    ]


def _meant(window: Window, check: CheckId, known: Check | None) -> bool:
    if known is not None:
        return covers(window, known)
    return is_chosen(_Nameless(check), window.selectors, (), ())


class _Nameless:
    """A check of which only the name is known."""

    client = ""
    tags: tuple[str, ...] = ()

    def __init__(self, check: CheckId) -> None:
        self.id = check


def counted(
    name: str,
    spans: Sequence[Span],
    left_out: Sequence[Span],
    runs: Callable[[float, float], Iterable[tuple[float, bool]]],
) -> Iterator[Counts]:
    """The runs in these spans hour by hour, each part of an hour by itself; hours without any are left out."""
    for since, until in spans:
        hours: dict[float, list[bool]] = {}
        for started, failed in runs(since, until):
            if not any(begins <= started < ends for begins, ends in left_out):
                hour = max(since, math.floor(started / HOUR) * HOUR)
                hours.setdefault(hour, []).append(failed)
        for hour, found in hours.items():
            yield Counts(name, hour, len(found), sum(found))
