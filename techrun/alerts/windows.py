"""Times in which alerts are held: whom a window covers, when the calendar's ones are, what they hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache

from dateutil.rrule import rrule, rruleset, rrulestr

from techrun.alerts.policy import Planned
from techrun.config.select import matches
from techrun.model import Check, CheckId
from techrun.standing import Hold, Incident, Release, Window, WindowKind
from techrun.zones import zone_of

RULE_OF_KIND: Mapping[WindowKind, str] = {
    "silence": "held.silence",
    "maintenance": "held.maintenance",
    "grace": "held.deploy_grace",
}

_FIRST_DAY = date(2018, 1, 1)
"""A Monday and the first of a year: recurrences that count (`INTERVAL=2`) or say no day count from here."""
_WITHIN_A_DAY = re.compile(r"FREQ=(HOURLY|MINUTELY|SECONDLY)", re.IGNORECASE)
_UNTIL_A_DAY = re.compile(r"(UNTIL=\d{8})(?=;|$)", re.IGNORECASE)
_DAY = timedelta(days=1)


def covers(window: Window, check: Check) -> bool:
    """Whether the window is meant for this check, be it in force or not."""
    return (
        (not window.selectors or any(matches(selector, check) for selector in window.selectors))
        and window.client in {"", check.client}
        and (not window.tags or not set(window.tags).isdisjoint(check.tags))
    )


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

    A rule that cannot be read raises ValueError.
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
    if planned.starts is None:
        return []
    return [(planned.starts, planned.ends if planned.ends is not None else planned.starts + planned.lasts)]


def _recurring(planned: Planned, since: float, until: float) -> list[tuple[float, float]]:
    """Beginnings by the wall clock, each lasting its real seconds.

    An hour that the change of clocks leaves out begins as late after it as it would have begun, as RFC 5545
    says; of an hour that comes twice the first counts, unless the rule repeats within a day.
    """
    zone = zone_of(planned.timezone)
    earliest = datetime.fromtimestamp(since - planned.lasts, zone).replace(tzinfo=None) - _DAY
    latest = datetime.fromtimestamp(until, zone).replace(tzinfo=None) + _DAY
    within_a_day = _WITHIN_A_DAY.search(planned.rule) is not None
    rule = _rule(planned.rule, _first(planned, earliest.date() if within_a_day else _FIRST_DAY))
    starts = set()
    for moment in rule.between(earliest, latest, inc=True):
        first = moment.replace(tzinfo=zone).timestamp()
        starts.add(first)
        if within_a_day:
            starts.add(max(first, moment.replace(tzinfo=zone, fold=1).timestamp()))
    return [(each, each + planned.lasts) for each in sorted(starts)]


def _first(planned: Planned, day: date) -> datetime:
    """From when on the rule counts, by the wall clock."""
    if planned.starts is None:
        return datetime.combine(day, planned.at)
    return datetime.fromtimestamp(planned.starts, zone_of(planned.timezone)).replace(tzinfo=None)


@lru_cache(maxsize=256)
def _rule(text: str, first: datetime) -> rrule | rruleset:
    """The recurrence; a bare date in UNTIL includes that day."""
    return rrulestr(_UNTIL_A_DAY.sub(r"\1T235959", text), dtstart=first, cache=True, ignoretz=True)


def hold_of(
    windows: Iterable[Window], incident: Incident, checks: Mapping[CheckId, Check], now: float
) -> Hold | None:
    """What holds the incident back: held only while each of its failing checks is covered.

    Checks that are no longer watched do not count. What is not about checks is never held.
    """
    in_force = [window for window in windows if window.covers(now)]
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
    """For people: `silence #4 by dee: "new PSP"`."""
    parts = (
        window.kind,
        f"#{window.id}" if window.id else "",
        f"by {window.author}" if window.author else "",
        f"({window.source})" if window.source else "",
    )
    text = " ".join(part for part in parts if part)
    return f'{text}: "{window.reason}"' if window.reason else text
