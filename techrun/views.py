"""What a person on call is shown, as records. No I/O.

They are the JSON of `/api/v1` and of `--format json`. Moments are Unix time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from techrun.handling import Acknowledgement, Annotation, LoadTest, Release, Window
from techrun.impact import Cost
from techrun.model import Reason, Severity, Status
from techrun.standing import Delivery, Event, Hold, IncidentKind, OwnNetwork


@dataclass(frozen=True, slots=True)
class LastRun:
    """What one run found."""

    started: float
    status: Status
    reason: Reason | None
    step: str
    message: str
    duration: float


@dataclass(frozen=True, slots=True)
class CheckStanding:
    """One check: what is confirmed, and what its last run found."""

    shop: str
    check: str
    status: Status
    since: float | None
    last_good: float | None
    uptime_7d: float | None
    """The good share of the last seven days' runs that had a verdict."""
    last_run: LastRun | None


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """A check that belongs to an incident."""

    check: str
    severity: Severity
    since: float
    recovered: float | None
    reason: Reason | None
    step: str
    message: str
    joined: float
    joined_by: str
    last_good: float | None
    runs: int
    trace_id: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class IncidentStanding:
    """An incident, who has taken it on, and what holds its alerts."""

    id: int
    kind: IncidentKind
    shop: str
    severity: Severity
    title: str
    since: float
    opened: float
    closed: float | None
    closed_by: str
    text: str
    members: tuple[MemberStanding, ...]
    acknowledged: Acknowledgement | None
    held: tuple[Hold, ...]
    """What holds its alerts now."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver a message, and what the service answered."""

    at: float
    attempt: int
    ok: bool
    elapsed: float
    answer: str


@dataclass(frozen=True, slots=True)
class ChannelStanding:
    """A channel whose messages wait."""

    channel: str
    messages: int
    oldest: float
    last_attempt: Attempt | None


@dataclass(frozen=True, slots=True)
class LeakedOrder:
    """A test order that stands in a shop."""

    check: str
    reference: str
    begun: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that a person on call asks first."""

    checks: tuple[CheckStanding, ...]
    incidents: tuple[IncidentStanding, ...]
    windows: tuple[Window, ...]
    """In force now."""
    undelivered: tuple[ChannelStanding, ...]
    leaked_orders: tuple[LeakedOrder, ...]
    own_network: OwnNetwork = "unknown"
    runs: tuple[LastRun, ...] = ()
    """The newest runs, where one check alone is asked for."""
    load_tests: tuple[LoadTest, ...] = ()
    """Under way now."""
    version: int = 1


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """A message about an incident, and each attempt to deliver it."""

    event: Event
    nth: int
    channel: str
    severity: Severity
    title: str
    created: float
    state: Delivery
    stands_for: str
    shadow: bool
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class NamedDecision:
    """What techrun decided, and by which rule."""

    at: float
    decision: str
    check: str
    detail: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known of one incident."""

    incident: IncidentStanding
    decisions: tuple[NamedDecision, ...]
    holds: tuple[Hold, ...]
    """What held its alerts, from when to when; without `until` where it still does."""
    messages: tuple[ToldMessage, ...]
    acknowledgements: tuple[Acknowledgement, ...]
    annotations: tuple[Annotation, ...]
    lost: Cost | None
    """From its beginning to its end, or until now; None where the shop has no baseline."""
    load_tests: tuple[LoadTest, ...] = ()
    """Under way at any time of it, or right before."""
    releases: tuple[Release, ...] = ()
    """What may have caused it, newest first: the shop's last release, and others that were new as well."""


@dataclass(frozen=True, slots=True)
class ShadowMessage:
    """What would have been sent: nobody was told."""

    created: float
    incident: int
    event: Event
    channel: str
    severity: Severity
    title: str


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """A load run as it stands in a list."""

    id: str
    shop: str
    scenario: str
    release: str
    host: str
    started: float
    ended: float
    verdict: str
    """`pass`, `fail`, `inconclusive`, `invalid`; empty where it was not judged."""
    summary: str
    """The verdict in one sentence."""
    accepted: bool
    """It passed, so that later runs may be held against it."""
    fingerprint: Mapping[str, str]
    """What must be equal for two runs to be compared."""
    whole: bool = True
    """All that was measured is still kept, not only this."""


@dataclass(frozen=True, slots=True)
class StepFigures:
    """What one step did in the measured phase of a load run."""

    arm: str
    journey: str
    step: str
    """Empty: the visit as a whole."""
    count: int
    """All of them, failed ones too."""
    failed: int
    p50: float | None
    """Seconds; None where none held."""
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class VerificationSummary:
    """The verification of a release as it stands in a list."""

    id: str
    shop: str
    release: int
    version: str
    commit: str
    started: float
    ended: float | None
    """None while it is under way."""
    location: str
    by: str
    verdict: str
    """`pass`, `fail`, `inconclusive`; empty where there is none yet, or will be none."""
    summary: str
    """The verdict in one sentence, or why there is none."""
    samples: int
    """Runs in the bake that count."""
    state: Literal["running", "ended", "abandoned"]
    """`abandoned`: its process died, and somebody else took over."""
    alive: float
    """When it last gave a sign of life."""
    whole: bool = True
    """All that was seen is still kept, not only this."""


def hold_text(hold: Hold) -> str:
    """What holds the alerts of an incident, for people."""
    return hold.detail or hold.rule.removeprefix("held.").replace("_", " ")
