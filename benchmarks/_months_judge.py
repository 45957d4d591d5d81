"""Judges what was told in simulated months: false pages, share found, time to page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks._months_run import ONCALL, OWNER, Played, Sent
from benchmarks._months_world import Trouble, World
from techrun.model import CheckId
from techrun.standing import Incident

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
    false_pages: list[str] = field(default_factory=list)
    """What happened to the shop when it failed, and what was told of it."""
    own: int = 0
    """Messages that our own network is gone."""
    pages: int = 0
    recovered: int = 0
    tickets: Counter[str] = field(default_factory=Counter)
    """By kind of incident and what happened then."""
    in_storms: int = 0
    """Troubles of shops that a storm tells of."""
    repeated: int = 0
    """Pages about a trouble that was paged before, at the same shop; the message of a storm left out."""

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
    for storm in played.storms:
        for strike in _told_by(storm, verdict.strikes):
            verdict.in_storms += 1
            strike.paged = strike.paged or max(storm.told or 0.0, joined(storm, strike.shop))
    return verdict


def _told_by(storm: Incident, strikes: list[Strike]) -> list[Strike]:
    """The troubles of the shops that a storm gathered."""
    members = [(shop_of(one.check), one.since) for one in storm.members]
    return [
        strike
        for strike in strikes
        if any(shop == strike.shop and within(strike.trouble, since) for shop, since in members)
    ]


def joined(storm: Incident, shop: int) -> float:
    """When a shop was counted to a storm."""
    return min(one.joined for one in storm.members if shop_of(one.check) == shop)


def shop_of(check: CheckId) -> int:
    """The number of a check's shop."""
    return int(check.shop.removeprefix("shop-"))


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
    members = {(shop_of(one.check), one.since) for one in sent.incident.members}
    mine = [
        strike
        for strike in strikes.values()
        for shop, since in members
        if strike.shop == shop and within(strike.trouble, since)
    ]
    if not mine:
        waited = sent.message.created - sent.incident.since
        verdict.false_pages.append(f"{_around(sent, happened)}: {sent.message.title}, after {waited:.0f} s")
    for strike in mine:
        if strike.paged is None:
            strike.paged = sent.message.created
        elif (
            sent.incident.kind != "storm"
            and sent.message.channel == ONCALL
            and sent.message.created - strike.paged > NEAR
        ):
            verdict.repeated += 1


def _around(sent: Sent, happened: dict[int, list[Trouble]]) -> str:
    """What happened to the shops of an incident when it began."""
    kinds = sorted(
        {
            trouble.kind
            for member in sent.incident.members
            for trouble in happened[shop_of(member.check)]
            if within(trouble, member.since)
        }
    )
    return " and ".join(kinds) or "nothing"


def within(trouble: Trouble, moment: float) -> bool:
    """Whether what began then is of this trouble."""
    return trouble.start - NEAR <= moment <= trouble.end + NEAR


def quantile(values: list[float], share: float) -> float:
    """The value that this share does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
