"""Times of the day, days of the week, moments and recurrences, as they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from dateutil.rrule import rrulestr
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from techrun.config.words import described, expected, quoted
from techrun.language import durations
from techrun.language.durations import Seconds
from techrun.zones import zone_of

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RULE_PARTS = ("FREQ", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "BYYEARDAY", "BYWEEKNO")
"""Of RFC 5545: what says a day by itself, whenever the counting began."""
_NAMES_A_DAY = frozenset({"BYDAY", "BYMONTHDAY", "BYYEARDAY"})
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_ANY_DAY = datetime(2026, 1, 1)  # noqa: DTZ001  rules are tried out on it, by no clock
_A_GENERATION = "UNTIL=20540101T000000"
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")
_YEARS = range(2000, 3000)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, or a date and a time of day; without an offset it is by the clock of some time zone."""

    written: datetime
    whole_day: bool
    """Only the date is written."""

    def at(self, zone: str) -> float:
        """The moment itself; a day is its beginning."""
        return self.written.replace(tzinfo=self.written.tzinfo or zone_of(zone)).timestamp()

    def until(self, zone: str) -> float:
        """The moment as an end: a day ends where the next one begins."""
        if not self.whole_day:
            return self.at(zone)
        return Moment(self.written + timedelta(days=1), whole_day=False).at(zone)


def days_of(written: str) -> frozenset[int]:
    """The days of the week in `mon-fri` or `sat,sun`, Monday as 0; ValueError says how they are written."""
    found: set[int] = set()
    for part in written.lower().split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        start, end = _day(first), _day(last if dash else first)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)


def _day(word: str) -> int:
    if word not in WEEK:
        raise ValueError(f"{quoted(word)} is not a day of the week", expected(word, WEEK))
    return WEEK.index(word)


def _days(value: Any) -> Any:
    written = value if isinstance(value, list) else [value]
    if not written or not all(isinstance(part, str) for part in written):
        hint = "write it as mon-fri or [sat, sun]"
        raise ValueError(f"{described(value)} does not name days of the week", hint)
    return frozenset().union(*map(days_of, written))


def _clock(value: Any) -> Any:
    found = _CLOCK.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{described(value)} is not a time of day", "write it as 02:30")
    return time(int(found.group(1)), int(found.group(2)))


def _hours(value: Any) -> Any:
    """From and to; 24:00 is the midnight at a day's end."""
    first, dash, last = value.partition("-") if isinstance(value, str) else ("", "", "")
    if not dash:
        hint = "write it as 08:00-18:00; 22:00-06:00 ends on the next day"
        raise ValueError(f"{described(value)} is not a time from and to", hint)
    end = last.strip()
    return _clock(first.strip()), time(0) if end == "24:00" else _clock(end)


def _moment(value: Any) -> Any:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        hint = "write it as 2026-12-01, 2026-12-01T22:00 or, with its offset, 2026-12-01T22:00+01:00"
        raise ValueError(f"{described(value)} is not a moment", hint)
    return Moment(found, whole_day=":" not in value)


def _date(value: Any) -> Any:
    moment = _moment(value)
    if not moment.whole_day:
        raise ValueError(f"{described(value)} is not a date", "write it as 2026-12-25")
    return moment.written.date()


def _rule(text: str) -> str:
    """A recurrence of RFC 5545 that says its days by itself."""
    written = text.upper().removeprefix("RRULE:").strip()
    parts = dict(part.partition("=")[::2] for part in written.split(";"))
    for name in parts:
        if name not in RULE_PARTS:
            raise ValueError(f"{quoted(name)} is not taken in a rule", expected(name, RULE_PARTS))
    if parts.get("FREQ") not in _FREQUENCIES:
        what = f"{quoted(text)} does not say FREQ=DAILY, WEEKLY, MONTHLY or YEARLY"
        raise ValueError(what, "a window recurs once a day at most")
    if parts["FREQ"] != "DAILY" and _NAMES_A_DAY.isdisjoint(parts):
        hint = "add BYDAY=1TU (the first Tuesday), BYDAY=MO,WE or BYMONTHDAY=15"
        raise ValueError(f"{quoted(text)} names no day", hint)
    try:
        comes = next(iter(rrulestr(f"{written};{_A_GENERATION}", dtstart=_ANY_DAY)), None)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        hint = "it is written as FREQ=MONTHLY;BYDAY=1TU (RFC 5545)"
        raise ValueError(f"{quoted(text)} is not a rule: {error}", hint) from None
    if comes is None:
        raise ValueError(f"{quoted(text)} is a rule for a day that never comes", "check its numbers")
    return written


def _repeat(written: str) -> str:
    """`day`, `weekday` or days of the week, as a rule of RFC 5545."""
    if written == "day":
        return "FREQ=DAILY"
    days = range(5) if written == "weekday" else sorted(_repeated(written))
    return f"FREQ=WEEKLY;BYDAY={','.join(WEEK[day][:2].upper() for day in days)}"


def _repeated(written: str) -> frozenset[int]:
    try:
        return days_of(written)
    except ValueError:
        hint = "write day, weekday, or days of the week such as mon,wed or mon-fri"
        raise ValueError(f"{quoted(written)} does not say which days", hint) from None


def _pace(seconds: float) -> float:
    if seconds < 1:
        raise ValueError("this is more often than once a second", "write 1s or more")
    return seconds


def _pace_or_never(value: Any) -> Any:
    if value == "never":
        return None
    try:
        seconds = durations.parse(value if isinstance(value, str) else "")
    except ValueError:
        what = f"{described(value)} is neither a duration nor `never`"
        raise ValueError(what, "write it as 30m, 1d or never") from None
    return _pace(seconds)


_DAYS_FORM = {"type": "string", "examples": ["mon-fri", "sat,sun"]}
Days = Annotated[
    frozenset[int],
    BeforeValidator(_days),
    WithJsonSchema({"anyOf": [_DAYS_FORM, {"type": "array", "items": _DAYS_FORM}]}),
]
Clock = Annotated[
    time, BeforeValidator(_clock), WithJsonSchema({"type": "string", "pattern": _CLOCK.pattern[:-2] + "$"})
]
Hours = Annotated[
    tuple[time, time],
    BeforeValidator(_hours),
    WithJsonSchema({"type": "string", "pattern": "^[0-9: ]+-[0-9: ]+$", "examples": ["08:00-18:00"]}),
]
AMoment = Annotated[
    Moment,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "examples": ["2026-12-01T22:00", "2026-12-01"]}),
]
Day = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Rule = Annotated[str, AfterValidator(_rule)]
Repeat = Annotated[str, AfterValidator(_repeat)]
Pace = Annotated[Seconds, AfterValidator(_pace)]
PaceOrNever = Annotated[
    float | None,
    BeforeValidator(_pace_or_never),
    WithJsonSchema({"type": "string", "examples": ["30m", "1d", "never"]}),
]
