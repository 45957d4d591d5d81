"""Judges what was told in simulated months: false pages, share found, time to page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks._months_run import ONCALL, OWNER, Played, Sent
from benchmarks._months_world import Trouble, World

NEAR = 5.0
"""Seconds around a trouble that belong to it."""
TOLD_OF = frozenset({"opened", "raised"})
CONFIRMABLE = 40.0
"""An outage is to be found if its first failed run leaves it so many seconds."""


@dataclass(slots=True)
class Strike:
    """A real trouble at one shop, and what was told of it."""

    trouble: Trouble
    shop: int
    first: float | None = None
    """When the first failed run of a check that pages began; None if none ran into it."""
    first_ended: float | None = None
    first_of_any: float | None = None
    paged: float | None = None

    @property
    def to_page(self) -> float | None:
        """Seconds from the beginning of the first failed run to the page."""
        return None if self.paged is None or self.first is None else self.paged - self.first

    @property
    def to_page_from_its_end(self) -> float | None:
        """Seconds from the end of the first failed run to the page."""
        return None if self.paged is None or self.first_ended is None else self.paged - self.first_ended

    @property
    def confirmable(self) -> bool:
        """Whether it went on long enough after the first run that saw it."""
        return self.first is not None and self.trouble.end - self.first >= CONFIRMABLE

    @property
    def hangs(self) -> bool:
        return self.trouble.how == "hang"


@dataclass(slots=True)
class Verdict:
    """What is to be said of one play."""

    strikes: list[Strike]
    false_pages: list[tuple[Sent, str]] = field(default_factory=list)
    """With what happened to the shop then, if anything did."""
    own: int = 0
    """Messages that our own network is gone."""
    pages: int = 0
    recovered: int = 0
    tickets: Counter[str] = field(default_factory=Counter)
    """By kind of incident and what happened then."""
    repeated: int = 0
    """Pages about a trouble that was paged before, at the same shop."""

    def of(self, *kinds: str) -> list[Strike]:
        return [one for one in self.strikes if one.trouble.kind in kinds]


def judge(world: World, played: Played) -> Verdict:
    """Compare what was told with what happened."""
    strikes = {
        (trouble.number, shop): Strike(trouble, shop)
        for trouble in world.troubles
        if trouble.pages
        for shop in trouble.shops
    }
    for key, first in played.first.items():
        if key in strikes:
            found = first.paging or (None, None)
            strikes[key].first, strikes[key].first_ended = found
            strikes[key].first_of_any = first.any[0] if first.any else None
    verdict = Verdict(list(strikes.values()))
    happened = by_shop(world.troubles)
    for sent in played.sent:
        _count(sent, strikes, happened, verdict)
    return verdict


def by_shop(troubles: Iterable[Trouble]) -> dict[int, list[Trouble]]:
    """What happens to each shop."""
    found: defaultdict[int, list[Trouble]] = defaultdict(list)
    for trouble in troubles:
        for shop in trouble.shops:
            found[shop].append(trouble)
    return found


def _count(
    sent: Sent, strikes: dict[tuple[int, int], Strike], happened: dict[int, list[Trouble]], verdict: Verdict
) -> None:
    message, incident = sent.message, sent.incident
    if incident.kind == "uplink":
        verdict.own += message.event in TOLD_OF
    elif message.severity != "page" and message.event in TOLD_OF:
        verdict.tickets[f"{incident.kind}: {_around(sent, happened)}"] += 1
    elif message.severity == "page" and message.event in TOLD_OF and message.channel in {ONCALL, OWNER}:
        _count_page(sent, strikes, happened, verdict)
    verdict.recovered += message.event == "recovered" and message.channel == ONCALL


def _count_page(
    sent: Sent, strikes: dict[tuple[int, int], Strike], happened: dict[int, list[Trouble]], verdict: Verdict
) -> None:
    verdict.pages += sent.message.channel == ONCALL
    members = {(int(one.check.shop[-2:]), one.since) for one in sent.incident.members}
    mine = [
        strike
        for strike in strikes.values()
        for shop, since in members
        if strike.shop == shop and _within(strike.trouble, since)
    ]
    if not mine:
        verdict.false_pages.append((sent, _around(sent, happened)))
    for strike in mine:
        if strike.paged is None:
            strike.paged = sent.message.created
        elif sent.message.channel == ONCALL and sent.message.created - strike.paged > NEAR:
            verdict.repeated += 1


def _around(sent: Sent, happened: dict[int, list[Trouble]]) -> str:
    """What happened to the shops of an incident when it began."""
    kinds = sorted(
        {
            trouble.kind
            for member in sent.incident.members
            for trouble in happened[int(member.check.shop[-2:])]
            if _within(trouble, member.since)
        }
    )
    return " and ".join(kinds) or "nothing"


def _within(trouble: Trouble, moment: float) -> bool:
    return trouble.start - NEAR <= moment <= trouble.end + NEAR


def quantile(values: list[float], share: float) -> float:
    """The value that this share does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
