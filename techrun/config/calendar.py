"""`calendar.yaml`: maintenance, silences, campaigns, freezes and holidays, written once and read by all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from techrun.config.moments import AMoment, Clock, Day, Moment, Repeat, Rule
from techrun.config.several import SEVERAL
from techrun.config.tree import NodePath
from techrun.config.values import Slug, Text, Timezone
from techrun.language.definition import Definition
from techrun.language.durations import Seconds

Fault = tuple[NodePath, str, str]
"""Where, what is wrong, what to do about it."""


class Covered(Definition):
    """A time with a name, and the checks that it is about."""

    name: Text = Field(description="what it is, for people")
    select: Annotated[tuple[str, ...], SEVERAL] = Field(
        default=(), description="selectors of the checks that it is about; without them, all"
    )
    client: Slug | None = Field(default=None, description="only checks of this client")
    tag: Annotated[tuple[Slug, ...], SEVERAL] = Field(
        default=(), description="only checks with one of these tags"
    )
    from_: AMoment | None = Field(
        default=None, alias="from", description="when it begins, such as 2026-12-01T22:00"
    )
    to: AMoment | None = Field(default=None, description="when it ends; a date alone is its whole day")
    timezone: Timezone | None = Field(
        default=None, description="whose clock; the shop's where `select` means one shop, else UTC"
    )
    reason: Text = Field(default="", description="why, for people")


class Recurring(Covered):
    """A time that comes once (`from`, `to`), or again and again (`every` or `rule`, with `at` and `lasts`)."""

    every: Repeat | None = Field(
        default=None, description="day, weekday, or days of the week such as mon,wed"
    )
    rule: Rule | None = Field(
        default=None, description="a recurrence of RFC 5545, such as FREQ=MONTHLY;BYDAY=1TU"
    )
    at: Clock | None = Field(default=None, description="time of the day that it begins at, such as 02:30")
    lasts: Seconds | None = Field(default=None, description="how long it lasts each time")

    @property
    def recurrence(self) -> str:
        """When it begins again, by RFC 5545; empty for a single time."""
        return self.rule or self.every or ""


class Holiday(Definition):
    """A day that is not like others."""

    date: Day = Field(description="the day, such as 2026-12-25")
    name: Text = Field(description="what it is, for people")


class Calendar(Definition):
    """What is planned."""

    maintenance: tuple[Recurring, ...] = Field(
        default=(), description="announced work: alerts are held, reports leave the time out"
    )
    silences: tuple[Recurring, ...] = Field(
        default=(), description="times in which alerts are held, while reports count what fails"
    )
    campaigns: tuple[Covered, ...] = Field(default=(), description="times with more customers than usual")
    freezes: tuple[Covered, ...] = Field(default=(), description="times in which nothing is released")
    holidays: tuple[Holiday, ...] = Field(
        default=(), description="days that are not like others (for a later version)"
    )

    def twice(self) -> Iterator[tuple[NodePath, str]]:
        """The path of each name that another window has: a window is known by its name and its beginning."""
        seen: set[str] = set()
        for path, entry in self.covered():
            if isinstance(entry, Recurring):
                if entry.name in seen:
                    yield (*path, "name"), entry.name
                seen.add(entry.name)

    def covered(self) -> Iterator[tuple[NodePath, Covered]]:
        """Everything that is about checks, each with its path."""
        for key in ("maintenance", "silences", "campaigns", "freezes"):
            for index, entry in enumerate(getattr(self, key)):
                yield (key, index), entry


def faults(entry: Covered) -> Iterator[Fault]:
    """What does not fit together in one entry."""
    if isinstance(entry, Recurring) and (entry.recurrence or entry.at is not None or entry.lasts is not None):
        yield from _faults_of_recurring(entry)
    else:
        yield from _faults_of_single(entry)


def _faults_of_recurring(entry: Recurring) -> Iterator[Fault]:
    if entry.every and entry.rule:
        yield ("rule",), "`every` and `rule` say the same in two ways", "keep one of them"
    if not entry.recurrence:
        yield (
            ("at",),
            "it does not say on which days",
            "add `every: day`, or `from` and `to` for a single time",
        )
    for key in ("at", "lasts"):
        if getattr(entry, key) is None:
            yield (), f'"{key}" is missing', 'a time that recurs says `at: "02:30"` and `lasts: 30m`'
    if entry.lasts == 0:
        yield ("lasts",), "it lasts no time", "write a duration such as 30m"
    for key, moment in (("from", entry.from_), ("to", entry.to)):
        if moment is not None:
            yield (key,), f"`{key}` belongs to a single time", "leave it out of a time that recurs"


def _faults_of_single(entry: Covered) -> Iterator[Fault]:
    for key, moment in (("from", entry.from_), ("to", entry.to)):
        if moment is None:
            recurs = ", or `every`, `at` and `lasts`" if isinstance(entry, Recurring) else ""
            yield (), f'"{key}" is missing', f"write `from` and `to`{recurs}"
    if entry.from_ is not None and entry.to is not None and _ends_too_early(entry.from_, entry.to):
        yield ("to",), "it ends before it begins", "write a later `to`"


def _ends_too_early(start: Moment, end: Moment) -> bool:
    """Whether that is so whatever the time zone; a mixture with and without offset is taken as it is."""
    mixed = (start.written.tzinfo is None) != (end.written.tzinfo is None)
    return not mixed and end.until("UTC") <= start.at("UTC")
