"""What persons do that incidents depend on: windows, acknowledgements, releases, load tests. Records without I/O.

Seconds everywhere; moments are Unix time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

WindowKind = Literal["silence", "maintenance", "grace"]
AFTERMATH = 120.0
"""Seconds for which a shop may suffer from a load that is over: queues drain, and checks run once a minute."""
BAKE = 900.0
"""Seconds after which a release that nobody verifies is taken to have proved itself."""
LONGEST_BAKE = 4 * 3600.0
"""Seconds after which it is, however late it was verified."""


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which alerts of some checks are held; kept for ever, so that reports can leave it out."""

    id: int
    kind: WindowKind
    """A person's silence, announced maintenance, or the grace after a release's beginning."""
    selectors: tuple[str, ...]
    """Any of these (`acme-es/checkout`, `acme-*/*`); empty: all."""
    starts: float
    ends: float
    reason: str = ""
    author: str = ""
    client: str = ""
    """Narrowed to this client; empty: any."""
    tags: tuple[str, ...] = ()
    """Narrowed to checks with one of these tags; empty: any."""
    created: float = 0.0
    ended: float | None = None
    """When a person ended it before its time."""
    source: str = ""
    """Where it comes from if not from a person (`calendar: …`, `release v812`); names one occurrence."""

    def covers(self, moment: float) -> bool:
        """Whether it is in force at this moment."""
        return self.starts <= moment < min(self.ends, self.ended if self.ended is not None else self.ends)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person has taken an incident on: no reminders, no escalation."""

    incident: int
    at: float
    author: str
    note: str = ""


Fault = Literal["release", "hosting", "psp", "client", "third-party", "techrun", "unknown"]
"""Who or what was at fault, as a person says afterwards."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a person adds to an incident, for the record and the report."""

    incident: int
    at: float
    author: str
    text: str = ""
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """One deployed version of a shop."""

    id: int
    shop: str
    version: str
    begun: float
    commit: str = ""
    author: str = ""
    link: str = ""
    ended: float | None = None
    committed: float | None = None
    """When the newest of its commits was made: lead time counts from there."""
    told: str = ""
    """What the shop says in place of the version when this release is live; empty: the version itself."""
    rolled_back: bool = False
    """Its end was that the release before it came back."""
    verdict: str = ""
    """Of its last verification that says `pass` or `fail`, else `inconclusive`; empty: none has ended."""
    verified: float | None = None
    """When that ended."""
    live: float | None = None
    """When it was first seen on every node."""

    def bakes(self, moment: float) -> bool:
        """Whether it had yet to prove itself then: it was new, not verified and not rolled back."""
        coming = self.begun if self.live is None else max(self.begun, self.live)
        over = coming + BAKE if self.verified is None else min(self.verified, coming + LONGEST_BAKE)
        if self.rolled_back and self.ended is not None:
            over = min(over, self.ended)
        return self.begun <= moment < over


def suspects(releases: Iterable[Release], since: float) -> tuple[Release, ...]:
    """The releases of one shop that may have caused what began then, newest first.

    That is the last one before it; and if that had yet to prove itself, earlier ones that had to as well: which of
    them it was cannot be told.
    """
    before = sorted(
        (one for one in releases if one.begun <= since), key=lambda one: (one.begun, one.id), reverse=True
    )
    if not before or not before[0].bakes(since):
        return tuple(before[:1])
    return (before[0], *(one for one in before[1:] if one.bakes(since)))


@dataclass(frozen=True, slots=True)
class LoadTest:
    """A time in which a shop was under load; the alerts tell it, and nothing is held for it."""

    id: str
    shop: str
    scenario: str
    release: str
    host: str
    """The address that the visitors went to."""
    began: float
    until: float
    """It is over from then on; a test whose process died is taken to be over from then on."""

    def runs(self, moment: float) -> bool:
        """Whether it is under way at this moment."""
        return self.began <= moment < self.until

    def concerns(self, shops: Collection[str], since: float, until: float) -> bool:
        """Whether one of these shops was under it in this time, or until so shortly before that it may matter."""
        return self.shop in shops and self.began <= until and self.until >= since - AFTERMATH
