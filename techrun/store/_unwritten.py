"""How messages stand that the disk refused: kept in memory until it takes them. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from techrun.model import Severity
from techrun.standing import LOUDNESS, Delivery, Message, Receipt, Told

FAR_OFF = 1200.0
"""No message is told to wait for so many seconds: the clock was set back, and the message is due."""


class Key(NamedTuple):
    """What makes a message the same one, in memory and on the disk."""

    incident: int
    event: str
    nth: int
    channel: str


def key_of(message: Message) -> Key:
    """The key of a message."""
    return Key(message.incident, message.event, message.nth, message.channel)


@dataclass(frozen=True, slots=True)
class Line:
    """One message as it stands, without its text."""

    key: Key
    state: Delivery
    attempts: int
    not_before: float
    severity: Severity = "ticket"

    def due(self, now: float) -> float:
        """When it may be tried."""
        return self.not_before if self.not_before <= now + FAR_OFF else now


@dataclass(frozen=True, slots=True)
class Attempt:
    """A receipt and what it is of."""

    number: int
    at: float
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A message as it really stands; the disk has no row of it, or an older one."""

    message: Message
    state: Delivery = "waiting"
    attempts: int = 0
    not_before: float = 0.0
    settled: float | None = None
    receipts: tuple[Attempt, ...] = ()

    @property
    def line(self) -> Line:
        """The same without its text."""
        return Line(key_of(self.message), self.state, self.attempts, self.not_before, self.message.severity)

    @property
    def told(self) -> Told:
        """The same as routing needs it."""
        one = self.message
        return Told(
            one.incident,
            one.event,
            one.nth,
            one.channel,
            one.severity,
            one.created,
            self.state,
            self.attempts,
            one.stands_for,
        )

    def claimed(self, attempt: int) -> Unwritten:
        """Being sent now, for this time."""
        return replace(self, state="sending", attempts=attempt)

    def after(self, attempt: Attempt, retry_at: float | None) -> Unwritten:
        """What an attempt made of it; a late receipt of an earlier attempt is only noted."""
        noted = replace(self, receipts=(*self.receipts, attempt))
        if attempt.number < self.attempts:
            return noted
        if not attempt.receipt.ok and retry_at is not None:
            return replace(noted, state="waiting", attempts=attempt.number, not_before=retry_at)
        return replace(
            noted,
            state="sent" if attempt.receipt.ok else "given_up",
            attempts=attempt.number,
            settled=attempt.at,
        )


def heads(lines: Iterable[Line]) -> list[Line]:
    """Of each incident the first message that is not settled (the others wait for it), the loudest first."""
    first: dict[int, Line] = {}
    for line in lines:
        if line.state in ("waiting", "sending"):
            first.setdefault(line.key.incident, line)
    return sorted(first.values(), key=lambda line: -LOUDNESS[line.severity])
