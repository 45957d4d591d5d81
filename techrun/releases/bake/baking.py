"""The runs of a bake: one task for each check, so that none ever overlaps itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from techrun.engine import Engine
from techrun.model import Check, Result, Status, Step
from techrun.releases.bake.confirming import CONFIRMED, Watched, noted
from techrun.releases.bake.plan import BakePlan
from techrun.releases.records import Sample
from techrun.releases.runs import GOOD, TELLING, at_step, told_by

HELD = "held.control"
"""The decision on a failure that need not be the shop's: the control check failed, too."""

Told = Callable[[Sample], None]


@dataclass(frozen=True, slots=True)
class Baked:
    """What a bake found."""

    samples: tuple[Sample, ...]
    """In the order in which the runs ended."""
    cut: str = ""
    """Why it ended before its time, in words: a check is down; empty: it did not, or somebody else ended it."""


async def bake(engine: Engine, plan: BakePlan, live: float, told: Told, stop: asyncio.Event) -> Baked:
    """Run the checks faster until there is enough, one of them is down for sure, or `stop` is set.

    `live` (Unix time) is when the release was seen on every node. Runs under way at the end are waited for;
    those under way at a stop are interrupted, their cleanups are not.
    """
    return await _Bake(engine, plan, live, told).run(stop)


@dataclass(slots=True)
class _Lane:
    """What is known of one check's runs."""

    check: Check
    planned: float
    """When its next regular run is due."""
    runs: int = 0
    """All of them, warm-up runs included."""
    counted: int = 0
    """Those that told something of the shop and count."""
    watched: Watched = field(default_factory=Watched)

    @property
    def confirms(self) -> bool:
        """Whether the next run comes before its regular time, to confirm a failure."""
        return self.watched.confirm_at is not None and self.watched.confirm_at < self.planned

    @property
    def next_at(self) -> float:
        """When the next run is due."""
        return min(self.planned, self.watched.confirm_at or self.planned)


class _Bake:
    """One bake, from its first run to its last."""

    def __init__(self, engine: Engine, plan: BakePlan, live: float, told: Told) -> None:
        self._engine, self._plan, self._live, self._told = engine, plan, live, told
        self._clock = time.time() - time.monotonic()
        self._begins = plan.begins(live, self._now())
        self._samples: list[Sample] = []
        self._down = asyncio.Event()
        self._cut = ""
        self._dark = False
        """Whether the control check failed last."""

    def _now(self) -> float:
        """Unix time that does not jump."""
        return self._clock + time.monotonic()

    async def run(self, stop: asyncio.Event) -> Baked:
        """The bake until it ends."""
        whole = asyncio.create_task(self._all())
        ends = [asyncio.create_task(event.wait()) for event in (stop, self._down)]
        try:
            await asyncio.wait([whole, *ends], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (whole, *ends):
                task.cancel()
            await asyncio.wait([whole, *ends])
        if not whole.cancelled():
            whole.result()
        return Baked(tuple(self._samples), self._cut)

    async def _all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for check in self._plan.checks:
                group.create_task(self._lane(check))

    async def _lane(self, check: Check) -> None:
        """All runs of one check, one after the other."""
        lane = _Lane(check, self._plan.first(check, self._begins))
        while self._plan.goes_on(check, max(lane.next_at, self._now()), self._begins, lane.counted):
            await asyncio.sleep(max(0.0, lane.next_at - self._now()))
            confirms, started = lane.confirms, self._now()
            # Of the engine's clock, which goes by the time of day, anybody may set the hands meanwhile.
            result = replace(await self._engine.run_once(check, trigger="release"), started=started)
            if not confirms:
                blocked = result.outcome.status is Status.BLOCKED
                interval = self._plan.interval(check, blocked=blocked)
                lane.planned = max(lane.planned + interval, self._now())
            self._take(lane, result, confirms=confirms)

    def _take(self, lane: _Lane, result: Result, *, confirms: bool) -> None:
        """Keep what a run found, and end the bake where its check is down for sure."""
        settling = result.started < self._begins
        decision = "" if settling else self._decided(lane, result)
        sample = replace(
            sample_of(result, self._live),
            settling=settling,
            warm_up=settling or lane.runs < self._plan.warm_up,
            confirms=confirms,
            decision=decision,
        )
        lane.runs += 1
        lane.counted += not settling and sample.status in TELLING
        self._samples.append(sample)
        self._told(sample)
        if decision in CONFIRMED and self._plan.ends_by(lane.check) and not self._cut:
            self._cut = f"{sample.check} is down: {at_step(sample.step, sample.message)}"
            self._down.set()

    def _decided(self, lane: _Lane, result: Result) -> str:
        """The rule of the state machine that a run met; what fails while the control check does is not the shop's."""
        down = result.outcome.status is Status.DOWN
        if lane.check in self._plan.control:
            if result.outcome.status in TELLING:
                self._dark = down
            return HELD if down else ""
        if down and self._dark:
            return HELD
        lane.watched, decision = noted(lane.watched, result, lane.check.confirmation)
        return decision


def sample_of(result: Result, live: float) -> Sample:
    """What is kept of one run."""
    outcome = result.outcome
    status, message = told_by(result.check, outcome)
    return Sample(
        check=str(result.check.id),
        at=result.started,
        offset=result.started - live,
        status=status,
        duration=result.duration,
        steps={step.name: step.duration for step in outcome.steps if result.check.steps and _passed(step)},
        reason=outcome.reason,
        step=outcome.step,
        message=message,
    )


def _passed(step: Step) -> bool:
    return step.status in GOOD and not step.skipped
