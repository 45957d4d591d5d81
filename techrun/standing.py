"""How checks stand and what is wrong with a shop: the records that outlive a restart. No I/O.

Seconds everywhere; moments are Unix time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from techrun.model import CheckId, Reason, Severity, Status

STORED = 2_000
"""Characters of a message that are kept."""


def storable(text: str) -> str:
    """The text as UTF-8 can hold it (a shop's JSON may carry halves of characters), bounded in length."""
    text = text if len(text) <= STORED else f"{text[: STORED - 1]}…"
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class CheckState:
    """The confirmed status of a check, and the streak of runs that may turn it."""

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


@dataclass(frozen=True, slots=True)
class Incident:
    """What is wrong with a shop, from its first change to its recovery."""

    id: int
    check: CheckId
    severity: Severity
    """Effective: outside production nothing pages."""
    title: str
    """Stable for the incident's life: pagers and mail threads join messages by it."""
    since: float
    """When the first failed run started."""
    opened: float
    """When the outage was confirmed."""
    reason: Reason | None = None
    step: str = ""
    message: str = ""
    last_good: float | None = None
    runs: int = 0
    trace_id: str = ""
    closed: float | None = None
    closed_by: str = ""
    """The name of the rule that closed it."""


Event = Literal["opened", "recovered", "withdrawn", "leaked", "trial"]
"""What a message tells: an outage, its end, that its check is no longer watched, that a test order
stands in the shop, or only that the channel works."""

LEAKS_ALLOWED = 2
"""So many test orders may stand in a shop before no more are placed."""


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
    id: int = 0
    """Given by the outbox."""
    attempt: int = 0
    """Counts from 1 with every claim for delivery."""

    @property
    def key(self) -> str:
        """The same for every attempt: a receiver that sees it twice may drop the second."""
        return f"{self.incident}-{self.event}-{self.channel}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one attempt to deliver a message."""

    ok: bool
    elapsed: float
    answer: str = ""
    """What the service said, redacted and bounded."""
