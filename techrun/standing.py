"""How checks stand and what is wrong with a shop: the records that outlive a restart. No I/O.

Seconds everywhere; moments are Unix time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from techrun.model import CheckId, Reason, Severity, Status

STORED = 2_000
"""Characters of a message that are kept."""

LEAKS_ALLOWED = 2
"""So many test orders may stand in a shop before no more are placed."""

OwnNetwork = Literal["ok", "lost", "unknown"]
"""Whether the witnesses could be reached; `unknown` without witnesses."""

LOUDNESS: dict[Severity, int] = {"info": 0, "ticket": 1, "page": 2}
"""Severities in their order."""


_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")
"""All but tab and line feed: they would act on the terminal of whoever reads the text."""


def storable(text: str) -> str:
    """The text as UTF-8 can hold it (a shop's JSON may carry halves of characters), bounded in length.

    Characters that act on a terminal are replaced.
    """
    text = text if text.isprintable() else text.translate(_CONTROLS)
    text = text if len(text) <= STORED else f"{text[: STORED - 1]}…"
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class CheckState:
    """The confirmed status of a check, and the streaks of runs that may turn it."""

    status: Status = Status.UNKNOWN
    """Confirmed; `unknown` until the first verdict."""
    since: float = 0.0
    """When the first run of the streak that made it so started."""
    streak: Status = Status.UNKNOWN
    """What the last runs with a verdict found alike: up, degraded or down."""
    runs: int = 0
    """How many runs in a row found `streak`."""
    streak_since: float = 0.0
    goods: int = 0
    """How many runs in a row were good, degraded ones included."""
    goods_since: float = 0.0
    order_failures: int = 0
    """How many of the failures in a row were at the step that places an order."""
    failed_step: str = ""
    """The step that only a run which reaches it can prove well again."""
    last_good: float | None = None
    """When the last good run started."""
    blind_runs: int = 0
    """How many runs in a row, up to the last one, gave no verdict: blocked or unknown."""
    blind_since: float = 0.0
    blind_reason: Reason | None = None
    """Why the last of them gave none."""
    last_run: float | None = None
    """When the last run that told anything, be it that it is blind, started."""


@dataclass(frozen=True, slots=True)
class Change:
    """A check's confirmed status turned."""

    check: CheckId
    before: Status
    after: Status
    at: float
    since: float
    """When the first run of this streak started."""
    runs: int
    """How many runs in a row confirmed it."""
    last_good: float | None = None
    reason: Reason | None = None
    step: str = ""
    message: str = ""
    decision: str = ""
    """The name of the rule that decided (`down.confirmed`, `recovered.confirmed`, …)."""
    trace_id: str = ""
    http_status: int | None = None
    """Of the answer that decided; not stored."""
    excerpt: str = ""
    """The beginning of that answer's body, redacted; not stored."""


IncidentKind = Literal["outage", "degraded", "blind", "fixture", "leak", "uplink", "storm", "reported"]
"""What is wrong: customers cannot do something; they can, but poorly; techrun cannot tell; our own test data
are at fault; a test order stands in the shop; techrun's own network is gone; many shops at once; a person
says so."""


@dataclass(frozen=True, slots=True)
class Member:
    """A check that belongs to an incident."""

    check: CheckId
    severity: Severity
    """Effective: outside production nothing pages."""
    since: float
    """When its first failed run started."""
    joined: float
    joined_by: str = ""
    """The name of the rule by which it belongs here (`joined.first`, `joined.depends_on`, …)."""
    reason: Reason | None = None
    step: str = ""
    message: str = ""
    excerpt: str = ""
    """The beginning of the answer that failed, redacted."""
    last_good: float | None = None
    runs: int = 0
    trace_id: str = ""
    recovered: float | None = None
    """When its first good run started; None while it is down."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What is wrong with a shop, from its first change to its recovery: one per cause, not one per check."""

    id: int
    kind: IncidentKind
    shop: str
    """Empty where it is about techrun itself or about many shops."""
    severity: Severity
    """The loudest of its members'."""
    title: str
    """In words, without the severity; it never changes once a message was written (`told`)."""
    since: float
    """When the first failed run started."""
    opened: float
    """When it was confirmed."""
    members: tuple[Member, ...] = ()
    """The first one leads: title and message tell of it."""
    cause: str = ""
    """Members of one shop with an equal cause belong together; see `alerts.incidents.cause_of`."""
    text: str = ""
    """What a person, or techrun about itself, has to say; empty for incidents of checks."""
    storm: int | None = None
    """The incident about many shops that tells of this one."""
    told: float | None = None
    """When the first message about it was written."""
    closed: float | None = None
    closed_by: str = ""
    """The name of the rule that closed it."""

    @property
    def lead(self) -> Member | None:
        """The member that title and message tell of."""
        return self.members[0] if self.members else None

    @property
    def failing(self) -> tuple[Member, ...]:
        """The members that have not recovered."""
        return tuple(member for member in self.members if member.recovered is None)

    @property
    def shops(self) -> frozenset[str]:
        """The shops that it is about; none where it is about techrun itself."""
        return frozenset(filter(None, (self.shop, *(member.check.shop for member in self.members))))

    def member(self, check: CheckId) -> Member | None:
        """The member of this check."""
        return next((member for member in self.members if member.check == check), None)

    def with_member(self, changed: Member) -> Incident:
        """The incident with this member in the place of the one of the same check, or added."""
        if self.member(changed.check) is None:
            return replace(self, members=(*self.members, changed))
        members = tuple(changed if one.check == changed.check else one for one in self.members)
        return replace(self, members=members)


def loudest(members: Iterable[Member], otherwise: Severity) -> Severity:
    """The loudest severity of these members; `otherwise` of none."""
    return max((member.severity for member in members), key=LOUDNESS.__getitem__, default=otherwise)


Event = Literal["opened", "raised", "update", "reminder", "escalated", "recovered", "withdrawn", "trial"]
"""What a message tells: an incident; that it is worse than was told; that other checks of it fail now; that it
goes on; that nobody acknowledged it; its end; that what it is about is no longer watched; or only that the
channel works."""


@dataclass(frozen=True, slots=True)
class Message:
    """One text for one channel, as it waits in the outbox."""

    incident: int
    event: Event
    channel: str
    title: str
    body: str
    created: float
    severity: Severity = "ticket"
    html: str = ""
    """The same as HTML, for services that show it; empty where there is none."""
    nth: int = 1
    """Counts the messages of the same event to this channel."""
    stands_for: str = ""
    """The channel that failed and in whose place this one hears of it."""
    shadow: bool = False
    """Only recorded, never sent: `techrun run --shadow`."""
    id: int = 0
    """Given by the outbox."""
    attempt: int = 0
    """Counts from 1 with every claim for delivery."""

    @property
    def key(self) -> str:
        """The same for every attempt: a receiver that sees it twice may drop the second."""
        nth = f".{self.nth}" if self.nth > 1 else ""
        return f"{self.incident}-{self.event}{nth}-{self.channel}"


Delivery = Literal["waiting", "sending", "sent", "given_up"]


@dataclass(frozen=True, slots=True)
class Told:
    """A message that was written, and what became of it: what routing needs to know of the outbox."""

    incident: int
    event: Event
    nth: int
    channel: str
    severity: Severity
    created: float
    state: Delivery = "waiting"
    attempts: int = 0
    """Attempts that were begun."""
    stands_for: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one attempt to deliver a message."""

    ok: bool
    elapsed: float
    answer: str = ""
    """What the service said, redacted and bounded."""
    retry_after: float | None = None
    """Seconds that the service asked us to wait."""
    refused: bool = False
    """The service will never take it: trying again is no use."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing is told of an incident now."""

    rule: str
    """`held.group_wait`, `held.silence`, `held.maintenance`, `held.deploy_grace`, `held.maintenance_page`,
    `held.parent`, `held.storm`, `held.uplink`."""
    until: float | None = None
    """When it ends by itself, if that is known."""
    detail: str = ""
    """What holds it, for people: `silence #4 by dee: "new PSP"`."""
    since: float | None = None
    """When it began, once that is known."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with its name, for the story of an incident or of a check."""

    at: float
    decision: str
    check: CheckId | None = None
    incident: int | None = None
    detail: str = ""
