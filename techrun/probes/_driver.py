"""Drives a journey under asyncio: one exchange for each request, within the deadlines.

Whatever happens, the journey is brought to its end: a spent deadline or a stopping daemon is thrown
into it as `Interrupted`, and the requests of its cleanup are then made under a deadline of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from techrun.exchange import Failure, Interrupted, Request, Response, Wait
from techrun.model import Outcome, Reason
from techrun.probes import Run

log = logging.getLogger(__name__)

Done = TypeVar("Done")
Question = Request | Wait
Answer = Response | Failure | None
Journey = Generator[Question, Answer, Outcome]

OFF_LOOP = 100 * 1024
"""Bytes of a body from which on a journey is advanced in a thread: parsing it would hold the loop."""
SLACK = 0.25
"""Seconds that an exchange which ran into the deadline gets to report how far it came."""
RECORDING = 5.0
"""Seconds that the ledger gets to record an order, and never more than half of what is left of the deadline:
a disk that hangs is no outage of the shop."""


class Session(Protocol):
    """What a driver needs of `techrun.fetch`: connections of its own."""

    async def exchange(self, request: Request, timeout: float) -> Response | Failure:  # noqa: ASYNC109  libcurl times out by itself
        """Make exactly one exchange within `timeout` seconds."""


@dataclass(slots=True)
class Driver:
    """Brings one journey to its end; made for one run."""

    journey: Journey
    session: Session
    run: Run
    _end: float = 0.0
    """When the deadline that holds now is spent."""
    _alarm: asyncio.TimerHandle | None = None
    _task: asyncio.Task[object] | None = None
    _expired: bool = False
    _cleaning: bool = False
    _ordered: bool = False

    async def drive(self) -> Outcome:
        """The outcome of the journey; deadline and cancellation end it, and never raise."""
        self._task = asyncio.current_task()
        self._set_deadline(self.run.deadline)
        try:
            asked = _start(self.journey)
            while not isinstance(asked, Outcome):
                asked = await self._step(asked)
        finally:
            if self._alarm is not None:
                self._alarm.cancel()
        return await self._settled(asked)

    async def _step(self, asked: Question) -> Question | Outcome:
        """Do what is asked and tell the journey; an interruption is told instead of an answer."""
        if asked.cleanup and not self._cleaning:
            self._clean()
        if self._left() <= 0:
            return self._interrupt(self._spent())
        try:
            work = self._answer(asked)
            answer = await (self._to_its_end(work) if self._must_end(asked) else work)
        except asyncio.CancelledError:
            return self._interrupt(self._why())
        return await self._tell(answer)

    def _must_end(self, asked: Question) -> bool:
        """A cleanup, or an order that would leak if its answer were not waited for."""
        return self._cleaning or (isinstance(asked, Request) and asked.places_order)

    async def _to_its_end(self, work: Awaitable[Done]) -> Done:
        """Wait for work that only a deadline interrupts: a stopping daemon waits."""
        task = asyncio.ensure_future(work)
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                if self._expired:
                    task.cancel()
                    raise
                self._why()
        return task.result()

    async def _answer(self, asked: Question) -> Answer:
        left = self._left()
        if isinstance(asked, Wait):
            await asyncio.sleep(min(asked.seconds, left))
            return None
        if asked.places_order:
            refusal = await self._order_refused(asked.step)
            if refusal:
                return Failure(Reason.ORDER_CAP, refusal)
        timeout = left if asked.timeout is None else min(asked.timeout, left)
        try:
            return await self.session.exchange(asked, timeout)
        except Exception as error:
            log.exception("an exchange of %s failed by itself", self.run.check.id)
            return Failure(Reason.INTERNAL, f"{type(error).__name__}: {error}")

    async def _order_refused(self, step: str) -> str:
        """Why this order must not be sent; it is on record before it is."""
        if not self.run.allow_orders:
            return "this run may not place orders"
        self._ordered = True
        try:
            async with asyncio.timeout(min(RECORDING, self._left() / 2)):
                refusal = await self.run.ledger.begin(self.run.shop, self.run.check, self.run.run_id, step)
        except TimeoutError:
            refusal = "the order could not be recorded in time, so it was not sent"
        except Exception as error:
            log.exception("the order ledger failed")
            refusal = f"the order could not be recorded, so it was not sent: {error}"
        self._ordered = not refusal
        return refusal

    async def _tell(self, answer: Answer) -> Question | Outcome:
        """Advance the journey, in a thread where there is much to parse."""
        if not isinstance(answer, Response) or len(answer.body) <= OFF_LOOP:
            return _send(self.journey, answer)
        advance = asyncio.ensure_future(asyncio.to_thread(_send, self.journey, answer))
        interruption = None
        while not advance.done():
            try:
                await asyncio.wait({advance})
            except asyncio.CancelledError:
                interruption = self._why()
        asked = advance.result()
        if interruption is None or isinstance(asked, Outcome) or self._cleaning or asked.cleanup:
            return asked
        return self._interrupt(interruption)

    def _interrupt(self, interruption: Interrupted) -> Question | Outcome:
        """Stop the steps, and what the journey asks from now on is cleanup; or stop the cleanup."""
        if not self._cleaning:
            self._clean()
        return _throw(self.journey, interruption)

    def _clean(self) -> None:
        self._cleaning = True
        self._expired = False
        self._set_deadline(self.run.check.cleanup_deadline)

    def _set_deadline(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._alarm is not None:
            self._alarm.cancel()
        self._end = loop.time() + seconds
        self._alarm = loop.call_at(self._end + SLACK, self._expire)

    def _expire(self) -> None:
        self._expired = True
        if self._task is not None:
            self._task.cancel()

    def _left(self) -> float:
        return self._end - asyncio.get_running_loop().time()

    def _why(self) -> Interrupted:
        """Why the task was cancelled; the cancellation is used up by telling the journey."""
        if self._task is not None:
            self._task.uncancel()
        if not self._expired:
            return Interrupted(Reason.INTERRUPTED, "techrun was stopped while the check ran")
        self._expired = False
        return self._spent()

    def _spent(self) -> Interrupted:
        which, seconds = ("deadline", self.run.deadline)
        if self._cleaning:
            which, seconds = ("cleanup deadline", self.run.check.cleanup_deadline)
        return Interrupted(Reason.TIMEOUT, f"the {which} of {seconds:g} s is spent")

    async def _settled(self, outcome: Outcome) -> Outcome:
        """Tell the ledger what became of the orders; one that time ran out for was never sent."""
        if not self._ordered:
            return replace(outcome, orders=()) if outcome.orders else outcome
        try:
            settling = self.run.ledger.settle(self.run.shop, self.run.run_id, outcome.orders)
            await self._to_its_end(settling)
        except Exception:
            log.exception("the order ledger failed")
        return outcome


def _start(journey: Journey) -> Question | Outcome:
    return _advance(lambda: next(journey))


def _send(journey: Journey, answer: Answer) -> Question | Outcome:
    return _advance(lambda: journey.send(answer))


def _throw(journey: Journey, interruption: Interrupted) -> Question | Outcome:
    return _advance(lambda: journey.throw(interruption))


def _advance(step: Callable[[], Question]) -> Question | Outcome:
    """The journey's next question, or its outcome."""
    try:
        return step()
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome
