"""The whole loop: schedule → probe → outcome → result → sinks. The engine owns time and identity."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from techrun.fetch import Fetcher
from techrun.model import Check, CheckId, Outcome, Reason, Result, Shop, Status, Trigger
from techrun.probes import Kind, OrderLedger, Run, kinds
from techrun.redact import Redactor
from techrun.running import Active, Doubt, new_run_id, outcome_of, stamped
from techrun.schedule import Clock, Due, Schedule, SystemClock
from techrun.sinks import Sink

log = logging.getLogger(__name__)

GATHER = 0.1
"""Seconds that results wait for one another before the sinks get them: one by one costs 5 % more CPU."""
PLACES = 4_000
"""Runs at a time: a shop that hangs takes one for each of its checks, and must leave enough for the others."""
DOUBTING = 5.0
"""Seconds that a doubt may take; then the outcome stands as it is."""
LONGEST_SLEEP = 1.0
"""Seconds after which the loop looks at the clock again: the machine may have been suspended."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the engine runs checks."""

    concurrency: int = PLACES
    """Runs at a time; those that wait for a place start late, which is measured."""
    grace: float = 2.0
    """Seconds beyond its deadlines after which a probe is given up."""
    patience: float = 3.0
    """Seconds that running checks get at a stop before they are interrupted."""
    location: str = "local"


class Engine:
    """Runs checks when they are due, each within its deadline, and hands the results to the sinks."""

    def __init__(
        self,
        checks: Sequence[Check],
        shops: Sequence[Shop],
        fetcher: Fetcher,
        ledger: OrderLedger,
        *,
        sinks: Sequence[Sink] = (),
        redactor: Redactor | None = None,
        settings: EngineSettings | None = None,
        clock: Clock | None = None,
        probes: Mapping[str, Kind] | None = None,
        doubt: Doubt | None = None,
        failed_orders: Mapping[CheckId, int] | None = None,
    ) -> None:
        self._checks, self._shops = tuple(checks), {shop.name: shop for shop in shops}
        self._fetcher, self._ledger, self._sinks = fetcher, ledger, tuple(sinks)
        self._redactor = redactor or Redactor()
        self._settings = settings or EngineSettings()
        self._clock = clock or SystemClock()
        self._kinds = kinds() if probes is None else probes
        self._doubt, self._failed_orders = doubt, failed_orders or {}
        self._schedule = Schedule(self._clock)
        self._waiting: deque[Due] = deque()
        self._active: set[Active] = set()
        self._results: list[Result] = []
        self._delivery: asyncio.TimerHandle | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._wake_at = 0.0
        self._running = False
        self._idle, self._stopped = asyncio.Event(), asyncio.Event()
        self._idle.set()

    @property
    def under_way(self) -> int:
        """How many runs have not ended yet."""
        return len(self._active)

    async def run_forever(self) -> None:
        """Run every check when it is due, until `stop`."""
        self._running = True
        self.replace(self._checks, tuple(self._shops.values()))
        self._schedule.recall(self._failed_orders)
        self._arm()
        await self._stopped.wait()

    def replace(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:
        """Take over a configuration: unchanged checks keep their timers, and what runs may end."""
        self._checks, self._shops = tuple(checks), {shop.name: shop for shop in shops}
        self._deliver()
        for sink in self._sinks:
            _guarded(sink.configure, self._checks, tuple(shops))
        self._schedule.replace(self._checks)
        self._waiting = deque(due for due in self._waiting if self._schedule.wants(due))
        self._tick()

    def hurry(self, checks: Iterable[CheckId]) -> None:
        """Run these checks now or right after their last run, without orders, unless they are being confirmed."""
        for check in checks:
            self._schedule.hurry(check)
        self._tick()

    def _tick(self) -> None:
        """Start what is due, and come back when the next check is."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if not self._running:
            return
        try:
            self._waiting.extend(self._schedule.take())
            self._start_waiting()
        finally:
            self._arm()

    def _start_waiting(self) -> None:
        """Start as many runs as there are places."""
        while self._waiting and len(self._active) < self._settings.concurrency:
            self._begin(self._waiting.popleft())

    def _arm(self) -> None:
        """See to it that the next check is not forgotten, nor a clock that jumped."""
        at, now = self._schedule.next_at(), self._clock.elapsed()
        at = now + LONGEST_SLEEP if at is None else min(at, now + LONGEST_SLEEP)
        if self._wake is not None and self._wake_at > at:
            self._wake.cancel()
            self._wake = None
        if self._wake is None:
            self._wake, self._wake_at = asyncio.get_running_loop().call_later(at - now, self._tick), at

    def _begin(self, due: Due, **options: Any) -> Active:
        """Start one run; it ends by itself, or is given up beyond its deadlines."""
        check, loop = due.check, asyncio.get_running_loop()
        run = Run(
            check=check,
            shop=self._shops[check.id.shop],
            run_id=new_run_id(self._clock.wall()),
            fetcher=self._fetcher,
            ledger=self._ledger,
            redactor=Redactor(parent=self._redactor),
            trigger=due.trigger,
            deadline=check.deadline,
            allow_orders=due.orders,
            **options,
        )
        task = loop.create_task(self._probe(run))
        active = Active(due, run, self._clock.wall(), self._clock.elapsed(), task)
        given = check.deadline + check.cleanup_deadline + self._settings.grace
        active.limit = loop.call_later(given, self._give_up, active, given)
        task.add_done_callback(partial(self._done, active))
        self._active.add(active)
        self._idle.clear()
        return active

    async def _probe(self, run: Run) -> Outcome:
        return await self._kinds[run.check.kind].run(run.check.prepared, run)

    def _done(self, active: Active, task: asyncio.Task[Outcome]) -> None:
        """The probe has returned, or failed to; what speaks against a shop is doubted once."""
        outcome = outcome_of(task, active.run)
        if active not in self._active:
            return
        if self._doubt is None or outcome.status is not Status.DOWN or active.ended is not None:
            self._end(active, outcome)
            return
        active.ended = self._clock.elapsed()
        if active.limit is not None:
            active.limit.cancel()
        active.task = asyncio.get_running_loop().create_task(
            self._doubted(self._doubt, outcome, active.began)
        )
        active.task.add_done_callback(partial(self._done, active))

    async def _doubted(self, doubt: Doubt, outcome: Outcome, began: float) -> Outcome:
        try:
            async with asyncio.timeout(DOUBTING):
                return await doubt(outcome, began)
        except Exception:
            log.exception("an outcome could not be doubted and stands as it is")
            return outcome

    def _give_up(self, active: Active, given: float) -> None:
        """The probe hangs: that is a failed sample, and it holds up nobody."""
        message = f"the probe `{active.run.check.kind}` did not return within {given:g} s and was given up"
        log.error("%s: %s", active.run.check.id, message)
        active.task.cancel()
        self._end(active, Outcome(Status.UNKNOWN, Reason.INTERNAL, message))

    def _end(self, active: Active, outcome: Outcome) -> None:
        """Stamp the outcome, plan what follows from it, and hand it on."""
        self._active.discard(active)
        if active.limit is not None:
            active.limit.cancel()
        result = stamped(active, outcome, self._clock.elapsed(), self._settings.location)
        told = result.outcome
        log.debug("%s %s: %s %s %s", result.check.id, result.trigger, told.status, told.step, told.message)
        if active.waiter is not None:
            if not active.waiter.done():
                active.waiter.set_result(result)
        elif self._schedule.finished(active.due, outcome):
            self._results.append(result)
            if self._delivery is None:
                self._delivery = asyncio.get_running_loop().call_later(GATHER, self._deliver)
        if not self._active:
            self._idle.set()
        if self._running:
            self._start_waiting()
            self._arm()

    def _deliver(self) -> None:
        """Hand the results that have gathered to the sinks."""
        if self._delivery is not None:
            self._delivery.cancel()
            self._delivery = None
        results, self._results = self._results, []
        for sink in self._sinks:
            for result in results:
                _guarded(sink.accept, result)

    async def run_once(
        self,
        check: Check,
        *,
        trigger: Trigger = "manual",
        allow_orders: bool = False,
        until: str | None = None,
        node: str | None = None,
        explain: bool = False,
    ) -> Result:
        """Run one check now; its result goes to no sink. Cancelled, it first lets the cleanup end."""
        due = Due(check, self._clock.elapsed(), trigger, allow_orders, missed=0)
        active = self._begin(due, until=until, node=node, explain=explain)
        active.waiter = asyncio.get_running_loop().create_future()
        try:
            return await asyncio.shield(active.waiter)
        except asyncio.CancelledError:
            active.task.cancel()
            await active.waiter
            raise

    async def stop(self) -> None:
        """Start nothing more, let short runs end, interrupt the others, then close the sinks.

        Takes at most the longest deadline and cleanup deadline, and the grace on top.
        """
        self._running = False
        self._waiting.clear()
        if self._wake is not None:
            self._wake.cancel()
        try:
            await asyncio.wait_for(self._idle.wait(), self._settings.patience)
        except TimeoutError:
            for active in self._active:
                active.task.cancel()
            await self._idle.wait()
        self._deliver()
        for sink in self._sinks:
            await asyncio.to_thread(_guarded, sink.close)
        self._stopped.set()


def _guarded(call: Callable[..., None], *arguments: object) -> None:
    """A sink that fails is a line in the log, never the end of the loop."""
    try:
        call(*arguments)
    except Exception:
        log.exception("the sink %s failed; the checks go on", getattr(call, "__self__", call))
