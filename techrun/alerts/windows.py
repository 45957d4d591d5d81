"""Times in which alerts are held: whom a window covers, when the calendar's ones are, what they hold. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from dateutil.rrule import rrulestr

from techrun.alerts.policy import Planned
from techrun.config.select import covers as is_chosen
from techrun.handling import Release, Window, WindowKind
from techrun.model import Check, CheckId
from techrun.standing import Hold, Incident
from techrun.zones import zone_of

RULE_OF_KIND: Mapping[WindowKind, str] = {
    "silence": "held.silence",
    "maintenance": "held.maintenance",
    "grace": "held.deploy_grace",
}


def covers(window: Window, check: Check) -> bool:
    """Whether the window is meant for this check, be it in force or not."""
    clients = (window.client,) if window.client else ()
    return is_chosen(check, window.selectors, clients, window.tags)


def grace_of(release: Release, seconds: float) -> Window:
    """The time after a release's beginning in which its shop may be shaky."""
    return Window(
        id=0,
        kind="grace",
        selectors=(release.shop,),
        starts=release.begun,
        ends=release.begun + seconds,
        author=release.author,
        source=f"release {release.version}",
    )


def occurrences(planned: Planned, since: float, until: float) -> list[Window]:
    """The windows of a calendar entry that are in force at some moment from `since` to before `until`.

    Each lasts its real seconds, also over a change of clocks. A rule that cannot be read raises ValueError.
    """
    begins_and_ends = _recurring(planned, since, until) if planned.rule else _single(planned)
    return [
        Window(
            id=0,
            kind=planned.kind,
            selectors=planned.selectors,
            starts=starts,
            ends=ends,
            reason=planned.reason,
            client=planned.client,
            tags=planned.tags,
            source=f"calendar: {planned.name}",
        )
        for starts, ends in begins_and_ends
        if starts < until and ends > since
    ]


def _single(planned: Planned) -> list[tuple[float, float]]:
    if planned.starts is None or planned.ends is None:
        return []
    return [(planned.starts, planned.ends)]


def _recurring(planned: Planned, since: float, until: float) -> list[tuple[float, float]]:
    zone = zone_of(planned.timezone)
    first = datetime.fromtimestamp(since - planned.lasts, zone).date()
    last = datetime.fromtimestamp(until, zone).date()
    begins = _beginnings(planned.rule, planned.at, planned.timezone, first, last)
    return [(each, each + planned.lasts) for each in begins]


@lru_cache(maxsize=1024)
def _beginnings(rule: str, clock: time, timezone: str, first: date, last: date) -> tuple[float, ...]:
    """The moments of this wall clock on the rule's days, a day more on each side.

    A clock time that the change of clocks leaves out is as late after it as it would have been, one that comes
    twice is the first of them: as RFC 5545 says.
    """
    counted_from = datetime(first.year - 1, 1, 1)  # noqa: DTZ001  wall clock: the zone comes with each day
    days = rrulestr(rule, dtstart=counted_from).between(_midnight(first, -1), _midnight(last, 1), inc=True)
    zone = zone_of(timezone)
    return tuple(datetime.combine(day, clock, zone).timestamp() for day in days)


def _midnight(day: date, later: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(days=later)


def hold_of(
    windows: Iterable[Window], incident: Incident, checks: Mapping[CheckId, Check], now: float
) -> Hold | None:
    """What holds the incident back: held only while each of its failing checks is covered.

    Checks that are no longer watched do not count. What is not about checks is never held.
    """
    in_force = [window for window in windows if window.covers(now)]
    if not in_force:
        return None
    failing = [checks[member.check] for member in incident.failing if member.check in checks]
    last: list[Window] = []
    for check in failing:
        covering = [window for window in in_force if covers(window, check)]
        if not covering:
            return None
        last.append(max(covering, key=_end))
    if not last:
        return None
    window = min(last, key=_end)
    return Hold(RULE_OF_KIND[window.kind], _end(window), _described(window))


def _end(window: Window) -> float:
    return window.ends if window.ended is None else min(window.ends, window.ended)


def _described(window: Window) -> str:
    """For people: `silence #4 by dee: "new PSP"`, `release v812 by ci`."""
    by = f"by {window.author}" if window.author else ""
    if window.kind == "grace":
        shop = " ".join(window.selectors)  # of which the message is anyway
        return " ".join(filter(None, (window.source.replace(f"release {shop} ", "release "), by)))
    number = f"#{window.id}" if window.id else ""
    source = f"({window.source})" if window.source else ""
    text = " ".join(filter(None, (window.kind, number, by, source)))
    return f'{text}: "{window.reason}"' if window.reason else text
