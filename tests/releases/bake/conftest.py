"""An engine whose only kind of check does what a script says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from techrun.engine import Engine
from techrun.language.definition import Definition
from techrun.model import Check, CheckId, Confirmation, Outcome, Reason, Shop, Status
from techrun.probes import Kind, Run
from techrun.releases.bake import Baked, BakePlan, bake
from techrun.releases.records import Sample

UP = Outcome(Status.UP)
DOWN = Outcome(Status.DOWN, Reason.STATUS, "got 500", step="shipping")
QUICK = Confirmation(delays=(0.02, 0.02, 0.02))
Script = Callable[[Run, int], Awaitable[Outcome]]


@dataclass
class Oven:
    """Bakes checks by a script: it is told the run and how often its check ran before."""

    script: Script
    runs: list[Run] = field(default_factory=list)
    under_way: set[CheckId] = field(default_factory=set)
    overlapped: bool = False
    told: list[Sample] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def probe(self, _: object, run: Run) -> Outcome:
        before = sum(each.check.id == run.check.id for each in self.runs)
        self.runs.append(run)
        self.overlapped |= run.check.id in self.under_way
        self.under_way.add(run.check.id)
        try:
            return await self.script(run, before)
        except asyncio.CancelledError:
            return Outcome(Status.UNKNOWN, Reason.INTERRUPTED)
        finally:
            self.under_way.discard(run.check.id)

    async def bake(self, plan: BakePlan, live: float) -> Baked:
        kind = Kind("fake", Definition, self.probe, None, "A fake.")
        engine = Engine(plan.checks, [Shop("acme", "http://shop.invalid")], None, None, probes={"fake": kind})
        return await bake(engine, plan, live, self.told.append, self.stop)


@pytest.fixture
async def oven(monkeypatch: pytest.MonkeyPatch) -> Callable[[Script], Oven]:
    """Bakes in a time that passes only while everybody waits: no machine is too busy for it."""
    now, selector = 1_000_000.0, asyncio.get_running_loop()._selector
    look = selector.select

    def wait(timeout: float | None = None) -> list[object]:
        nonlocal now
        found = look(0 if timeout else timeout)
        if timeout and not found:
            now += timeout
        return found

    monkeypatch.setattr(selector, "select", wait)
    for clock in ("time", "monotonic"):
        monkeypatch.setattr(time, clock, lambda: now)
    monkeypatch.setattr(time, "clock_gettime", lambda _: now)
    return Oven


@pytest.fixture
def a_check() -> Callable[..., Check]:
    """A check of the shop acme that is confirmed quickly."""

    def make(name: str = "home", every: float = 60.0, **settings: object) -> Check:
        settings.setdefault("confirmation", QUICK)
        return Check(CheckId("acme", name), "fake", every=every, deadline=2.0, **settings)

    return make
