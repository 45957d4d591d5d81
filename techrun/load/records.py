"""What a load test is made of and what it found, as frozen records that are plain JSON on the wire. No I/O.

Seconds everywhere. Moments within a run count from its beginning, the first planned arrival; only `started`
and `ended` of a `Run` are Unix time. Rates are visits per second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Phase = Literal["ramp", "warm-up", "measure", "drain"]
"""All are recorded, only `measure` is judged."""
Arm = Literal["new", "old"]
"""Which release a visit goes to; `old` only where two are compared in one run."""
Model = Literal["open", "closed"]
"""`open`: visitors arrive on a schedule, whatever the shop does. `closed`: each waits for its answer first."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the schedule in which the rate goes evenly from `start` to `end`."""

    phase: Phase
    seconds: float
    start: float
    """Visits per second (`closed`: visitors at a time) at its beginning."""
    end: float
    name: str = ""
    """For people, where a schedule has several of a phase ("40/s", "spike", "Monday 20:00")."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who arrives when: known before the run, the same on every worker."""

    stages: tuple[Stage, ...]
    model: Model = "open"
    drain: float = 30.0
    """Seconds after the last arrival that visits under way are waited for, at most."""
    arms: tuple[Arm, ...] = ("new",)
    """Two arms: each pair of arrivals goes to both, in random order."""
    seed: int = 1
    width: float = 1.0
    """Seconds of one window of what is recorded."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One planned arrival."""

    number: int
    """Counts over all workers; also the row of the test data that this visit takes."""
    due: float
    """The intended start: latency counts from here."""
    arm: Arm = "new"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one step did in one window, by its intended start, on one arm.

    `step` "" is the visit as a whole (the time of its exchanges and what it started late, think time left out).
    """

    arm: Arm
    journey: str
    step: str
    window: int
    """The window's number: it begins at `window * schedule.width`."""
    buckets: Mapping[int, int] = field(default_factory=dict)
    """How many durations fell into each bucket of `load.histogram`; failed steps are left out."""
    errors: Mapping[str, int] = field(default_factory=dict)
    """Failed steps by reason."""

    @property
    def count(self) -> int:
        """All of them, failed ones too."""
        return sum(self.buckets.values()) + sum(self.errors.values())


@dataclass(frozen=True, slots=True)
class Traffic:
    """The arrivals of one window, over all workers."""

    window: int
    due: int
    """Planned arrivals."""
    started: int
    late: int
    """Of these, begun more than `LATE` after they were due."""
    dropped: int
    """Never begun: as many visitors were in the shop as the run may have at a time."""
    active: int
    """Visitors in the shop at the window's end."""
    closed: bool = False
    """It is over on every worker: nothing of it is still to come but what visits under way record."""


LATE = 0.05
"""Seconds after which a start is late."""


@dataclass(frozen=True, slots=True)
class Health:
    """How one generator process fared in one window; None where the system does not tell."""

    process: str
    """`worker 1`, or `local`."""
    window: int
    cpu: float
    """CPU seconds per second: 1.0 is a whole core, the most that one process can use."""
    quota: float | None = None
    """Cores that the process may use by its control group and affinity."""
    waited: float | None = None
    """Share of the time that it was ready to run and did not get a core (run-queue delay)."""
    steal: float | None = None
    """Share of the machine's time that went to others on the same host."""
    lag: float = 0.0
    """The longest that its event loop overslept, in seconds."""
    jump: float = 0.0
    """Seconds that the wall clock moved against the monotonic one."""
    memory: int = 0
    """Resident bytes."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the generator tells about once a second: additions to what it told before."""

    at: float
    """Seconds since the run's beginning."""
    cells: tuple[Cell, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    health: tuple[Health, ...] = ()
    workers: int = 1
    """Generating processes that are alive."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """`orders`, `orders_leaked`, `cleanup_failed`, `visits_cut`: see `COUNTS`."""
    examples: tuple[Example, ...] = ()


COUNTS: Mapping[str, str] = {
    "orders": "test orders placed",
    "orders_leaked": "test orders that stand in the shop",
    "orders_unconfirmed": "test orders that were sent and never answered: the shop may have them",
    "cleanup_failed": "visits whose cleanup failed",
    "visits_cut": "visits that the end of the drain cut off",
}
"""What is counted over a whole run."""


@dataclass(frozen=True, slots=True)
class Example:
    """One failed step, told so that a person sees why; a few of each reason are kept. Redacted."""

    arm: Arm
    journey: str
    step: str
    reason: str
    message: str
    at: float


Value = Literal["pass", "fail", "inconclusive", "invalid"]
"""`invalid`: the run itself cannot be believed. `inconclusive`: it can, and does not suffice."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule and what it found."""

    rule: str
    """A name that stays: `invalid.no_requests`, `errors.criterion`, `latency.regressed`, …; see `load.judge.rules`."""
    subject: str
    """What it is about: `product`, `all steps`, `generator`."""
    holds: bool | None
    """None: cannot tell."""
    text: str
    """In words, with figures."""
    journey: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One statistic of one step, new against old."""

    journey: str
    step: str
    statistic: Literal["p50", "p95"]
    old: float
    new: float
    """Seconds."""
    ratio: float
    """new / old, the estimate."""
    low: float
    high: float
    """95 % interval of the ratio."""
    p: float
    """Of "no slower than the tolerance allows", corrected by Holm over all contrasts."""
    detectable: float
    """The smallest ratio that this run would have found in 80 % of cases."""
    regressed: bool | None
    """None: cannot tell."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the release is held against, and how that came out."""

    against: str
    """In words: "v811, in the same run" or "the last 5 accepted runs"; empty where there was nothing."""
    method: Literal["interleaved", "stored", "none"]
    contrasts: tuple[Contrast, ...] = ()
    baseline_runs: int = 0
    """Accepted runs with the same fingerprint, this one included if it was accepted."""
    why_none: str = ""
    """Why nothing was compared ("no run with this fingerprint: cpu differs")."""
    looks: int = 1
    """How often the data was looked at; the run went on in between."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the run says of the release."""

    value: Value
    summary: str
    """One sentence for the top of every report."""
    rulings: tuple[Ruling, ...] = ()
    """What decided first, then the rest."""
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Persona:
    """One kind of visitor of a scenario."""

    name: str
    journey: str
    weight: float
    until: str = ""
    steps: tuple[str, ...] = ()
    """The steps it takes, in order."""
    left_out: str = ""
    """Why it does not take part ("this shop has no journey business-customer")."""


@dataclass(frozen=True, slots=True)
class Run:
    """One load test from beginning to end: the whole of what is kept of it."""

    id: str
    shop: str
    scenario: str
    release: str
    host: str
    started: float
    ended: float
    schedule: Schedule
    """As it was carried out, extensions included."""
    personas: tuple[Persona, ...] = ()
    cells: tuple[Cell, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    health: tuple[Health, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    """What must be equal for two runs to be compared: machine, versions, journeys, schedule."""
    old_release: str = ""
    old_host: str = ""
    workers: int = 1
    """Generating processes that were asked for."""
    workers_lost: int = 0
    stopped: str = ""
    """Why it ended before its schedule did; empty: it did not."""
    criteria: tuple[Mapping[str, Any], ...] = ()
    """As they were written."""
    control: str = ""
    """What the `control` step asked: the runner's own loopback, or a page of the shop."""
    notes: tuple[str, ...] = ()
    """What else a reader must know."""
    asked: Mapping[str, str] = field(default_factory=dict)
    """What the command was given, by the option's name (`rate`: "5/s"; a switch is ""), so that it can be run again."""
    verdict: Verdict | None = None
    version: int = 1
    """Of this format."""

    @property
    def closed(self) -> frozenset[int]:
        """The windows that are over on every worker."""
        return frozenset(traffic.window for traffic in self.traffic if traffic.closed)


CONTROL = "control"
"""The journey and step name of the request that measures the runner itself, not the release."""
