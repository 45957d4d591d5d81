"""What the store and the configuration know of a shop that is about to be released."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from techrun.alerts.windows import covers
from techrun.app.loading import Loaded
from techrun.config.calendar import Covered
from techrun.config.planned import clock_of, is_about
from techrun.config.settings import Settings, ShopSettings
from techrun.handling import Release, Window
from techrun.model import Check
from techrun.releases.gate import (
    LONGEST_PAUSE,
    PERIOD,
    UNDER_WAY,
    Budget,
    Closure,
    ClosureKind,
    Facts,
    GateWish,
    LoadFact,
    OtherRelease,
    Trouble,
)
from techrun.store.desk import windows
from techrun.store.history import Uptime, last_heard, uptime
from techrun.store.loads import load_summaries, load_tests
from techrun.store.state import open_incidents

SEARCHED = 200
"""The newest load runs of a scenario among which one of the version is looked for."""
OVERDUE = 3
"""So many of a shop's shortest intervals without any run: nobody watches it."""
NO_STORE = (
    "nothing is known of incidents: no daemon ever ran here; start it (techrun run), or name it by --server"
)


def facts_of(
    loaded: Loaded,
    shop: ShopSettings,
    wish: GateWish,
    connection: sqlite3.Connection | None,
    *,
    releases: Sequence[Release],
    now: float,
) -> Facts:
    """All that the shop's gate asks for; without a connection there is no store."""
    asked, settings = shop.releases.gate, loaded.settings
    closures = tuple(_closures(settings, shop)) if asked.freezes or asked.campaigns else None
    checks = [check for check in loaded.checks if check.id.shop == shop.name]
    return Facts(
        closures=closures,
        budgets=tuple(_budgets(connection, shop, checks, now)) if asked.budget else None,
        troubles=tuple(_troubles(connection, shop.name)) if asked.incidents else None,
        loads=tuple(_load(connection, shop.name, name, wish.version, now) for name in asked.load),
        others=tuple(_others(releases, wish.version, now)),
        heard=last_heard(connection, shop.name) if connection else None,
        pause=max(LONGEST_PAUSE, OVERDUE * min((check.every for check in checks), default=0.0)),
        blind=_blind(connection),
        missing=tuple(_missing(shop, closures)),
    )


def _closures(settings: Settings, shop: ShopSettings) -> Iterator[Closure]:
    """The freezes and campaigns of the calendar that are about the shop, as far as its gate heeds them."""
    asked, calendar = shop.releases.gate, settings.calendar
    for entry in calendar.freezes if asked.freezes else ():
        if is_about(entry, shop):
            yield _closure(settings, entry, "freeze")
    for entry in calendar.campaigns if asked.campaigns else ():
        if is_about(entry, shop):
            yield _closure(settings, entry, "campaign")


def _closure(settings: Settings, entry: Covered, kind: ClosureKind) -> Closure:
    zone = clock_of(entry, settings.shops)
    starts = entry.from_.at(zone) if entry.from_ else 0.0
    ends = entry.to.until(zone) if entry.to else 0.0
    return Closure(kind, entry.name, starts, ends, zone, entry.reason)


def _budgets(
    connection: sqlite3.Connection | None, shop: ShopSettings, checks: Sequence[Check], now: float
) -> Iterator[Budget]:
    objectives = {check.id: check.slo for check in shop.checks if check.slo is not None}
    past = list(windows(connection, now - PERIOD)) if connection and objectives else []
    for check in checks:
        objective = objectives.get(check.id)
        if objective is None:
            continue
        out = [one for one in past if one.kind == "maintenance" and covers(one, check)]
        found = _without(connection, check, out, now) if connection else Uptime(0, 0, 0)
        yield Budget(str(check.id), objective, found.good, found.down, check.every)


def _without(connection: sqlite3.Connection, check: Check, out: Sequence[Window], now: float) -> Uptime:
    """How a check fared in the last `PERIOD` outside of these times."""
    found = [uptime(connection, check.id, *span) for span in _between(out, now - PERIOD, now)]
    return Uptime(*(sum(getattr(one, name) for one in found) for name in ("good", "down", "untold")))


def _between(out: Sequence[Window], since: float, until: float) -> Iterator[tuple[float, float]]:
    """What is left of a time without these windows, oldest first."""
    for window in sorted(out, key=lambda one: one.starts):
        if window.starts > since:
            yield since, min(window.starts, until)
        ended = window.ends if window.ended is None else min(window.ends, window.ended)
        since = max(since, ended)
        if since >= until:
            return
    yield since, until


def _troubles(connection: sqlite3.Connection | None, shop: str) -> Iterator[Trouble]:
    for one in open_incidents(connection) if connection else ():
        if shop in one.shops and one.severity == "page":
            yield Trouble(one.id, one.title, one.since)


def _blind(connection: sqlite3.Connection | None) -> str:
    if connection is None:
        return NO_STORE
    if any(one.kind == "uplink" for one in open_incidents(connection)):
        return "techrun's own network is lost, so nothing is known of incidents"
    return ""


def _load(
    connection: sqlite3.Connection | None, shop: str, wanted: str, version: str, now: float
) -> LoadFact:
    """The newest run for this version; `acme-staging/checkout` is one of another shop."""
    named, slash, scenario = wanted.rpartition("/")
    of = named if slash else shop
    if connection is None:
        return LoadFact(wanted)
    if any(
        test.runs(now) and (test.shop, test.scenario, test.release) == (of, scenario, version)
        for test in load_tests(connection, now)
    ):
        return LoadFact(wanted, under_way=True)
    runs = (one for one in load_summaries(connection, of, scenario, SEARCHED) if one.release == version)
    found = next(runs, None)
    return (
        LoadFact(wanted, found.id, found.verdict, found.ended, found.summary) if found else LoadFact(wanted)
    )


def _others(releases: Sequence[Release], version: str, now: float) -> Iterator[OtherRelease]:
    for one in releases:
        if one.version != version and one.ended is None and one.begun > now - UNDER_WAY:
            yield OtherRelease(one.version, one.begun)


def _missing(shop: ShopSettings, closures: Sequence[Closure] | None) -> Iterator[str]:
    """What there is nothing to look at for, in words."""
    asked = shop.releases.gate
    kinds = {one.kind for one in closures or ()}
    for kind, wanted in (("freeze", asked.freezes), ("campaign", asked.campaigns)):
        if not wanted:
            yield f"{kind}s of the calendar are not heeded (`gate: {{{kind}s: false}}`)"
        elif kind not in kinds:
            yield f"the calendar has no {kind} of {shop.name}"
    if not asked.budget:
        yield "error budgets are not heeded (`gate: {budget: false}`)"
    elif all(check.slo is None for check in shop.checks):
        yield f"no check of {shop.name} has an objective (`slo`)"
    if not asked.incidents:
        yield "open incidents are not heeded (`gate: {incidents: false}`)"
    if not asked.load:
        yield "no load test is asked for (`gate: {load: [checkout]}`)"
