"""What a person on call asks and does: the protocol behind command line and API. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from techrun.errors import CannotTellError, UsageError
from techrun.handling import Annotation, Fault, Release, Window
from techrun.model import Severity
from techrun.views import IncidentStanding, ShadowMessage, Standing, Story

LONGEST_WINDOW = 30 * 86400.0
"""Seconds that a person may silence for at most: what is silent for longer is forgotten."""


class UnknownError(UsageError):
    """There is no incident, window or release of this name."""


class TakenError(CannotTellError):
    """Somebody else is at it already."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the daemon was asked to do, and whether it has done so already; else it will when it runs."""

    request: int
    done: bool
    incident: int | None = None
    """The incident that it is about, once it has a number."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which checks are meant; everything empty means all."""

    selectors: tuple[str, ...] = ()
    client: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowWish:
    """A silence or a maintenance that a person wants."""

    kind: Literal["silence", "maintenance"]
    chosen: Chosen
    seconds: float
    reason: str
    starts: float | None = None
    """Now, where none is named."""


@dataclass(frozen=True, slots=True)
class ReleaseWish:
    """A release that begins."""

    shop: str
    version: str
    commit: str = ""
    link: str = ""
    committed: float | None = None
    """When the newest of its commits was made."""
    told: str = ""
    """What the shop says in place of the version when this release is live."""


class Operations(Protocol):
    """What can be asked and done, here or on another machine.

    `by` is the person who acts. UsageError tells what was asked wrongly, UnknownError what is not there,
    CannotTellError that nobody can answer.
    """

    def status(self, chosen: Chosen) -> Standing:
        """How these checks stand, and what is wrong."""

    def incidents(self, *, since: float | None = None, shop: str = "") -> tuple[IncidentStanding, ...]:
        """What was opened since then, oldest first; without a moment what is open."""

    def story(self, incident: int) -> Story:
        """Everything about one incident."""

    def open_incident(self, shop: str, text: str, severity: Severity, by: str) -> Asked:
        """A person reports what techrun has missed."""

    def close_incident(self, incident: int, by: str) -> Asked:
        """A person ends an incident that a person reported."""

    def acknowledge(self, incident: int, note: str, by: str) -> IncidentStanding:
        """A person takes an incident on."""

    def annotate(self, incident: int, text: str, fault: Fault | None, by: str) -> Annotation:
        """A person adds something to an incident."""

    def windows(self, since: float | None = None) -> tuple[Window, ...]:
        """What was in force since then or is to come; without a moment what is not over."""

    def add_window(self, wish: WindowWish, by: str) -> Window:
        """Hold alerts of some checks for a time."""

    def end_window(self, window: int, by: str) -> Window:
        """End such a time early."""

    def releases(self, *, since: float, shop: str = "") -> tuple[Release, ...]:
        """What began since then, newest first."""

    def begin_release(self, wish: ReleaseWish, by: str) -> Release:
        """A release of a shop begins."""

    def end_release(self, shop: str, version: str, by: str, *, rolled_back: bool = False) -> Release:
        """A release of a shop has ended; `rolled_back`: the one before it came back."""

    def shadow(self, since: float) -> tuple[ShadowMessage, ...]:
        """What would have been sent since then, oldest first."""

    def orders_cancelled(self, shop: str, by: str) -> int:
        """A person has cancelled the shop's leaked test orders; how many they were."""
