"""What is counted of one check, on the probe loop: a few microseconds a result."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from itertools import chain
from typing import NamedTuple

from techrun.model import Check, Outcome, Phases, Reason, Result, Status
from techrun.sinks._prometheus_families import CHECK_BOUNDS, STEP_BOUNDS, expected_reasons
from techrun.sinks._prometheus_text import Buckets

GOOD = (Status.UP, Status.DEGRADED)


class LastRun(NamedTuple):
    """What the metrics need of the last run; its outcome may hold bodies and is let go."""

    status: Status
    ended: float
    duration: float
    measures: Mapping[str, float]
    phases: Phases
    steps: tuple[tuple[str, bool], ...]
    """The steps that ran, and whether they held."""


class Counts:
    """The counters and histograms of one check, and its last run."""

    __slots__ = (
        "created",
        "durations",
        "failed",
        "failures",
        "last",
        "last_good",
        "runs",
        "steps",
    )

    def __init__(self, check: Check) -> None:
        self.runs = dict.fromkeys(Status, 0)
        self.failures = dict.fromkeys(expected_reasons(check), 0)
        self.failed = 0
        self.durations = Buckets(CHECK_BOUNDS)
        self.steps = {name: Buckets(STEP_BOUNDS) for name in check.steps}
        self.created = 0
        self.last: LastRun | None = None
        self.last_good: float | None = None

    def following(self, check: Check) -> Counts:
        """The counts for a changed definition: they go on, but steps that are gone leave."""
        after = copy(self)
        after.failures = dict.fromkeys(expected_reasons(check), 0) | self.failures
        after.steps = {name: self.steps.get(name) or Buckets(STEP_BOUNDS) for name in check.steps}
        return after

    def take(self, result: Result) -> None:
        """Count one result."""
        outcome, ended = result.outcome, result.started + result.duration
        status = outcome.status
        self.runs[status] += 1
        if outcome.reason is not None and status is not Status.UP:
            self._fail(outcome.reason)
        self.durations.observe(result.duration)
        if status in GOOD:
            self.last_good = ended
        if outcome.orders:
            self.created += len(outcome.orders)
        steps = self._take_steps(outcome) if self.steps else ()
        self.last = LastRun(status, ended, result.duration, outcome.measures, outcome.phases, steps)

    def _fail(self, reason: Reason) -> None:
        self.failures[reason] = self.failures.get(reason, 0) + 1
        self.failed += 1

    def _take_steps(self, outcome: Outcome) -> tuple[tuple[str, bool], ...]:
        """Count the steps that ran; those of `cleanup` are steps of the journey too."""
        ran = []
        for step in chain(outcome.steps, outcome.cleanup):
            if not step.skipped:
                if step.name not in self.steps:
                    self.steps[step.name] = Buckets(STEP_BOUNDS)
                self.steps[step.name].observe(step.duration)
                ran.append((step.name, step.status in GOOD))
        return tuple(ran)
