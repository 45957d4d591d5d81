"""What the verification of a release saw and what was made of it, as frozen records that are plain JSON. No I/O.

Seconds everywhere; moments are Unix time, but `Sample.offset` counts from the moment when the release was live.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from techrun.model import Reason, Status

Stage = Literal["identity", "smoke", "bake", "judgement"]
"""What a verification does, in this order."""
STAGES: tuple[Stage, ...] = ("identity", "smoke", "bake", "judgement")
Value = Literal["pass", "fail", "inconclusive"]
VALUES: tuple[Value, ...] = ("pass", "fail", "inconclusive")
FRONT = "front"
"""The shop's own address: balancer, cache and CDN included."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a node must say to be taken to run the release."""

    version: str
    commit: str = ""
    """Empty: only the version is compared."""
    told: str = ""
    """What the shop says in place of the version when this release is live; empty: the version itself."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One answer to "what do you run?"."""

    at: float
    via: str
    """`front`, or the node's address."""
    through_cache: bool
    """Asked as a customer asks; else past every cache."""
    version: str = ""
    commit: str = ""
    failure: str = ""
    """Why nothing could be read, in words; empty: something was."""
    reason: Reason | None = None
    edge: str = ""
    """The CDN that answered (`Cloudflare`); empty: none that is known."""
    age: float | None = None
    """Seconds that the answer lay in a cache; None where it came from no cache."""
    answered_by: str = ""
    """What the answer says of who gave it (`server`, `x-served-by` and the like), for people."""


NodeState = Literal["new", "old", "wrong-commit", "mixed", "drained", "unreadable", "unreachable", "not-seen"]
"""`mixed`: old and new in turns until the end. `drained`: old, and left in time. `not-seen`: not asked, or too little."""


@dataclass(frozen=True, slots=True)
class NodeFinding:
    """What became of one node, or of the front."""

    via: str
    state: NodeState
    text: str
    """In words, with figures: "127.0.0.2 still serves v811 (asked 12 times, last 3 s ago)"."""
    version: str = ""
    """What it said last."""
    commit: str = ""
    in_a_row: int = 0
    samples: int = 0
    new_since: float | None = None
    """Since when it gave no other answer than the new one."""
    edge: str = ""
    cached: bool = False
    """What it said of the old version came from a cache that keeps it, not from a node."""
    reason: Reason | None = None
    """Of its last answer, where nothing could be read."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whether what was deployed is what is live."""

    expected: Expectation
    findings: tuple[NodeFinding, ...]
    """The nodes in their order, then the front."""
    not_seen: tuple[str, ...] = ()
    """What could not be looked at, each in words; never counted as good."""
    live: float | None = None
    """When the last node had turned; None where that has not happened."""


@dataclass(frozen=True, slots=True)
class SmokeResult:
    """One smoke run: a journey or a check, on a node or through the front."""

    name: str
    via: str
    status: Status
    reason: Reason | None = None
    step: str = ""
    message: str = ""
    duration: float = 0.0
    steps: int = 0
    orders: tuple[str, ...] = ()
    """What became of the test orders (`order_id=1000042 cancelled`)."""
    before: Status | None = None
    """How the same check was before the release; None where nobody knows or asks."""
    no_worse: bool = False
    excused: bool = False
    """It is down as it was before the release, and may be (`no_worse`)."""
    attempts: int = 1
    """How often it was run: a failure is asked again before it counts."""
    earlier: str = ""
    """Why it failed at first, though it passed when it was run again."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of a check in the bake."""

    check: str
    at: float
    offset: float
    """Seconds since the release was live."""
    status: Status
    duration: float
    steps: Mapping[str, float] = field(default_factory=dict)
    """Seconds by step of those that passed."""
    reason: Reason | None = None
    step: str = ""
    message: str = ""
    warm_up: bool = False
    """Its times do not count."""
    settling: bool = False
    """It was taken before the settle time was over: nothing of it counts."""
    confirms: bool = False
    """It was run beside the regular ones, since the one before failed."""
    decision: str = ""
    """The rule of the state machine that it met (`failure.counted`, `down.confirmed`, …); see `alerts.state`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How a check fared in one hour before the release."""

    check: str
    hour: float
    """When the hour, or the part of it that counts, began."""
    runs: int
    """Those with a verdict: neither blocked nor unknown, and not in a maintenance."""
    failed: int


@dataclass(frozen=True, slots=True)
class Figure:
    """What Prometheus answered to one query."""

    name: str
    value: float | None
    """None: no data, or no answer."""
    baseline: float | None = None
    failure: str = ""
    """Why there is no value, in words."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule and what it found."""

    rule: str
    """A name that stays: `identity.old_version`, `smoke.failed`, `errors.more`, …; see `releases.judge.rules`."""
    subject: str
    """What it is about: a node, a check, a step, a query."""
    holds: bool | None
    """None: cannot tell."""
    text: str
    """In words, with figures."""
    warns: bool = False
    """It is told and decides nothing."""
    samples: int = 0
    """How many runs, answers or sightings it rests on."""
    check: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be thought of a release."""

    value: Value
    summary: str
    """One sentence for the top of every report."""
    rulings: tuple[Ruling, ...] = ()
    """What decided first, then the rest."""
    could_see: tuple[str, ...] = ()
    """The smallest changes that would have been found, in words."""
    baseline: str = ""
    """What the release was held against, in words ("the last 5 accepted releases", "baseline recorded (1 of 5)")."""
    evaluated: int = 0
    """Rules that really could say yes or no; without one there is no `pass`."""


GateValue = Literal["open", "closed", "cannot-tell"]


@dataclass(frozen=True, slots=True)
class GateDecision:
    """Whether a release of a shop may begin."""

    shop: str
    version: str
    at: float
    value: GateValue
    summary: str
    """One sentence for the top of every report."""
    rulings: tuple[Ruling, ...] = ()
    """What decided first, then the rest; their names begin with `gate.`."""
    not_asked: tuple[str, ...] = ()
    """What there was nothing to look at for, each in words: it kept nobody from anything."""
    evaluated: int = 0
    """Rules that really could say yes or no; without one the gate never opens."""
    by: str = ""
    """Who asked."""
    override: str = ""
    """Why a person goes through all the same; empty: nobody does."""
    id: int = 0
    """Its number in the book."""

    @property
    def overridden(self) -> bool:
        """Whether a person goes through a gate that is not open."""
        return bool(self.override) and self.value != "open"


@dataclass(frozen=True, slots=True)
class Action:
    """What was done because of a verdict."""

    kind: Literal["command", "webhook", "grafana"]
    what: str
    """The command, or the host that heard; redacted."""
    at: float
    ok: bool
    answer: str
    """Exit code and output, or the answer's status; cut and redacted."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Verification:
    """One verification of a release from beginning to end: the whole of what is kept of it."""

    id: str
    shop: str
    release: int
    """Number of the release."""
    version: str
    commit: str
    begun: float
    """When the release began."""
    started: float
    ended: float
    location: str = "local"
    by: str = ""
    identity: Identity | None = None
    smoke: tuple[SmokeResult, ...] = ()
    samples: tuple[Sample, ...] = ()
    judged: tuple[str, ...] = ()
    """The checks that the bake judges."""
    wanted: int = 0
    """Samples of each judged check without which nothing is told."""
    standing: Mapping[str, Status] = field(default_factory=dict)
    """How checks were confirmed to be just before the release, where somebody knew."""
    before: tuple[Counts, ...] = ()
    """The same hours of earlier days."""
    accepted: tuple[str, ...] = ()
    """Ids of the verifications whose times were the baseline."""
    unanswered: tuple[str, ...] = ()
    """What the book did not answer (`counts`, `accepted`): a baseline may be there, and nobody knows it."""
    figures: tuple[Figure, ...] = ()
    cut: str = ""
    """Why it ended before its time, in words: interrupted, a check confirmed down, a newer release; empty: it did not."""
    superseded: str = ""
    """The version that began meanwhile; what came after that cannot be told apart."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Of the judged checks: times of a check that changed are not compared."""
    actions: tuple[Action, ...] = ()
    verdict: Verdict | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    """`releases:` as it was written."""
    format: int = 1

    @property
    def live(self) -> float | None:
        """When the release was live on every node; None where that was not seen."""
        return self.identity.live if self.identity else None
