"""Whether a release of a shop may begin: from what is known now to a decision. Pure.

Seconds everywhere; moments are Unix time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from techrun.errors import ExitCode
from techrun.language.durations import show
from techrun.releases.records import GateDecision, GateValue, Ruling
from techrun.releases.weighing import all_hold, decisive_first, evaluated
from techrun.zones import zone_of

PERIOD = 30 * 86400.0
"""Seconds over which an error budget counts."""
SOON = 3600.0
"""A freeze or campaign that begins so soon is told."""
UNDER_WAY = 3600.0
"""A release of which nobody said that it has ended is taken to be under way for so long."""
LONGEST_PAUSE = 900.0
"""A shop of which nothing was heard for so long is not watched, however seldom its checks run at least."""

VALUES: Mapping[bool | None, GateValue] = {True: "open", False: "closed", None: "cannot-tell"}
"""What it comes to whether all rules hold."""

ClosureKind = Literal["freeze", "campaign"]


@dataclass(frozen=True, slots=True)
class Closure:
    """A time of the calendar in which nothing is released."""

    kind: ClosureKind
    name: str
    starts: float
    ends: float
    zone: str
    """Whose clock it goes by."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """How a check with an objective fared in the last `PERIOD`, maintenance left out."""

    check: str
    objective: float
    good: int
    down: int
    every: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open incident that pages."""

    number: int
    title: str
    since: float


@dataclass(frozen=True, slots=True)
class LoadFact:
    """A load test that the gate wants, and its newest run for this version."""

    scenario: str
    run: str = ""
    """Empty: there is none."""
    verdict: str = ""
    ended: float = 0.0
    summary: str = ""
    under_way: bool = False


@dataclass(frozen=True, slots=True)
class OtherRelease:
    """Another version of the shop of which nobody said that it has ended."""

    version: str
    begun: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a shop now; None: the gate does not ask for it."""

    closures: tuple[Closure, ...] | None = None
    """All of the calendar that are about the shop."""
    budgets: tuple[Budget, ...] | None = None
    troubles: tuple[Trouble, ...] | None = None
    loads: tuple[LoadFact, ...] = ()
    others: tuple[OtherRelease, ...] = ()
    heard: float | None = None
    """When a check of the shop ran last; None: never, as far as is known."""
    pause: float = LONGEST_PAUSE
    """Seconds without a run after which nobody watches the shop."""
    blind: str = ""
    """Why nothing is known of its incidents, in words; empty: something is."""
    missing: tuple[str, ...] = ()
    """What there is nothing to look at for, in words."""


@dataclass(frozen=True, slots=True)
class GateWish:
    """Which release wants to begin; an override says why a person goes through all the same."""

    shop: str
    version: str
    override: str = ""


class Gate(Protocol):
    """Asked before a release, here or on another machine; TechrunError says why it cannot be."""

    def look(self, wish: GateWish, by: str) -> GateDecision:
        """Decide, and note nothing."""

    def ask(self, wish: GateWish, by: str) -> GateDecision:
        """Decide, and note in the book what was decided and who goes through all the same."""


def decide(wish: GateWish, facts: Facts, now: float, by: str = "") -> GateDecision:
    """What a gate says that knows these facts."""
    rulings = decisive_first(_rulings(wish, facts, now))
    value = VALUES[all_hold(rulings)]
    return GateDecision(
        shop=wish.shop,
        version=wish.version,
        at=now,
        value=value,
        summary=_summary(wish, value, rulings),
        rulings=rulings,
        not_asked=facts.missing,
        evaluated=evaluated(rulings),
        by=by,
        override=wish.override,
    )


def exit_code(
    decision: GateDecision,
    *,
    report_only: bool = False,
    on_inconclusive: Literal["pass", "fail"] | None = None,
) -> ExitCode:
    """0 where it is open, 1 where it is closed, 4 where that cannot be told; nothing evaluated is never 0."""
    if report_only or decision.overridden or decision.value == "open":
        return ExitCode.OK
    if decision.value == "closed" or on_inconclusive == "fail":
        return ExitCode.FAILED
    tolerated = on_inconclusive == "pass" and decision.evaluated > 0
    return ExitCode.OK if tolerated else ExitCode.CANNOT_TELL


def _summary(wish: GateWish, value: GateValue, rulings: Iterable[Ruling]) -> str:
    what = " ".join(filter(None, (wish.version, "of", wish.shop)))
    why = False if value == "closed" else None
    because = "; ".join(one.text for one in rulings if one.holds is why and not one.warns)
    if value == "open":
        return f"{what} may begin."
    if value == "closed":
        return f"{what} may not begin: {because}."
    nothing = "the gate looked at nothing, so nothing holds"
    return f"It cannot be told whether {what} may begin: {because or nothing}."


def _rulings(wish: GateWish, facts: Facts, now: float) -> Iterator[Ruling]:
    yield from _calendar(facts.closures or (), now)
    yield from (_budget(budget) for budget in facts.budgets or ())
    if facts.troubles is not None:
        yield from _incidents(wish.shop, facts, facts.troubles, now)
    yield from (_load(wish, load) for load in facts.loads)
    yield from (_other(one, wish.shop, now) for one in facts.others if one.version != wish.version)


def _calendar(closures: Iterable[Closure], now: float) -> Iterator[Ruling]:
    """Of each kind: the times that are in force, those that soon are, or that none is."""
    by_kind: dict[str, list[Closure]] = {}
    for one in closures:
        by_kind.setdefault(one.kind, []).append(one)
    for kind, ones in by_kind.items():
        in_force = [one for one in ones if one.starts <= now < one.ends]
        if not in_force:
            text = f"no {kind} of the calendar is in force"
            yield Ruling(f"gate.{kind}", kind, holds=True, text=text, samples=len(ones))
        for one in in_force:
            why = f" ({one.reason})" if one.reason else ""
            text = f'the {kind} "{one.name}"{why} lasts until {_clock(one.ends, one.zone)}'
            yield Ruling(f"gate.{kind}", one.name, holds=False, text=text, samples=1)
        for one in ones:
            if now < one.starts <= now + SOON:
                text = f'the {kind} "{one.name}" begins in {_span(one.starts - now)}, at {_clock(one.starts, one.zone)}'
                yield Ruling(f"gate.{kind}", one.name, holds=False, text=text, warns=True, samples=1)


def _budget(budget: Budget) -> Ruling:
    """A budget is that of the whole period: a check that is new has not spent it by its first failure."""
    runs = budget.good + budget.down
    days = f"{PERIOD / 86400:.0f} days"
    if not runs:
        text = f"{budget.check} has no run with a verdict in {days}, so its error budget is not known"
        return Ruling("gate.budget", budget.check, holds=None, text=text, check=budget.check)
    allowed = (1 - budget.objective) * max(runs, PERIOD / budget.every)
    holds = budget.down < allowed or not budget.down
    spent = f"{budget.down:,} of the {allowed:,.1f}".removesuffix(".0")
    text = f"{budget.check} has spent {spent} failed runs that {budget.objective * 100:.5g} % of {days} allow"
    return Ruling("gate.budget", budget.check, holds=holds, text=text, samples=runs, check=budget.check)


def _incidents(shop: str, facts: Facts, troubles: tuple[Trouble, ...], now: float) -> Iterator[Ruling]:
    for one in troubles:
        text = f"incident #{one.number} has been open for {_span(now - one.since)}: {one.title}"
        yield Ruling("gate.incident", f"#{one.number}", holds=False, text=text, samples=1)
    if troubles:
        return
    silent = _silence(shop, facts, now)
    if silent:
        yield Ruling("gate.incident", shop, holds=None, text=silent)
        return
    yield Ruling("gate.incident", shop, holds=True, text=f"{shop} has no open incident that pages", samples=1)


def _silence(shop: str, facts: Facts, now: float) -> str:
    """Why the absence of incidents says nothing; empty: it does."""
    if facts.blind:
        return facts.blind
    if facts.heard is None:
        return f"no check of {shop} ever ran, so nobody knows of incidents; start the daemon: techrun run"
    if now - facts.heard > facts.pause:
        ago = _span(now - facts.heard)
        return f"no check of {shop} has run for {ago}, so nobody knows of incidents; see that techrun run goes on"
    return ""


def _load(wish: GateWish, load: LoadFact) -> Ruling:
    rule, subject = "gate.load", load.scenario
    if load.under_way:
        text = f"the load test {load.scenario} of {wish.version} is still under way"
        return Ruling(rule, subject, holds=None, text=text)
    if not load.run:
        text = (
            f"{wish.version} has no load test {load.scenario}: techrun load run {_named(load.scenario, wish)}"
        )
        return Ruling(rule, subject, holds=False, text=text)
    holds = {"pass": True, "fail": False}.get(load.verdict)
    said = {"pass": "passed", "fail": "failed", "": "was not judged"}.get(load.verdict, f"is {load.verdict}")
    summary = "" if holds else f": {load.summary.rstrip('.')}" if load.summary else ""
    text = f"the load test {load.scenario} of {wish.version} {said} ({load.run}){summary}"
    return Ruling(rule, subject, holds=holds, text=text, samples=1)


def _named(scenario: str, wish: GateWish) -> str:
    shop, slash, name = scenario.rpartition("/")
    return f"{name} --shop {shop if slash else wish.shop} --release {wish.version}"


def _other(one: OtherRelease, shop: str, now: float) -> Ruling:
    text = f"{one.version} began {_span(now - one.begun)} ago and has not ended: incidents could be of either"
    text += f" (techrun release end {one.version} --shop {shop})"
    return Ruling("gate.underway", one.version, holds=False, text=text, warns=True, samples=1)


def _clock(moment: float, zone: str) -> str:
    return f"{datetime.fromtimestamp(moment, zone_of(zone)):%Y-%m-%d %H:%M} {zone}"


def _span(seconds: float) -> str:
    """`12m`: to the minute where it is longer than one."""
    seconds = max(0, round(seconds))
    if seconds >= 86400:
        seconds -= seconds % 3600
    elif seconds >= 60:
        seconds -= seconds % 60
    return show(seconds) if seconds else "0s"
