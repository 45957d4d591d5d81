"""Drives one visit under gevent: one exchange for each request, think time between the steps, cleanup at its end.

Think time is a pause of the customer's: it counts in no duration, and the journey's deadline waits for it. What
the end of the run cuts off (Locust throws `GreenletExit`) is told to the journey as `Interrupted`, and its
cleanup is then driven under a deadline of its own. A second `GreenletExit` does not end that, nor an order whose
answer is awaited: Locust waits for a greenlet that it kills, for as long as its own caller allows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

import gevent
from gevent import GreenletExit

from techrun.exchange import Failure, Interrupted, Request, Response, Wait
from techrun.model import Outcome, Reason

Question = Request | Wait
Answer = Response | Failure | None
Journey = Generator[Question, Answer, Outcome]


class Driver:
    """Brings one visit to its end; made for one visit."""

    __slots__ = (
        "_cleaning",
        "_cleanup_deadline",
        "_deadline",
        "_end",
        "_exchange",
        "_first",
        "_think",
        "begun",
        "clock",
        "cut",
        "thought",
    )

    def __init__(
        self,
        exchange: Callable[[Request, float], Response | Failure],
        deadlines: tuple[float, float],
        think: Callable[[], float] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange = exchange
        self._deadline, self._cleanup_deadline = deadlines
        self._think = think
        self.clock = clock
        self._end = 0.0
        self._cleaning = False
        self._first = True
        self.begun: float | None = None
        """When the step that runs now sent its first request; None: it has not."""
        self.cut = False
        """The end of the run came first."""
        self.thought = 0.0
        """Seconds of think time so far."""

    def drive(self, journey: Journey) -> Outcome:
        """The outcome of the journey; deadline and the end of the run end it, and never raise."""
        self._end = self.clock() + self._deadline
        send = journey.send
        try:
            asked = next(journey)
            while True:
                if asked.cleanup and not self._cleaning:
                    self._clean()
                left = self._end - self.clock()
                if left <= 0 or (self.cut and not self._cleaning):
                    asked = self._interrupt(journey)
                    continue
                try:
                    answer = self._answer(asked, left)
                except GreenletExit:
                    self.cut = True
                    asked = self._interrupt(journey)
                else:
                    asked = send(answer)
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome

    def next_step(self) -> float | None:
        """A step is done: what comes next belongs to another. When the one before sent its first request."""
        begun, self.begun = self.begun, None
        self._first = self._first and begun is None
        return begun

    def _answer(self, asked: Question, left: float) -> Answer:
        if isinstance(asked, Wait):
            self._sleep(min(asked.seconds, left))
            return None
        if self.begun is None:
            if self._think is not None and not self._first and not self._cleaning:
                self._pause(self._think())
            self.begun = self.clock()
        seconds = left if asked.timeout is None else min(asked.timeout, left)
        if self._cleaning or asked.places_order:
            return self._to_its_end(asked, seconds)
        return self._exchange(asked, seconds)

    def _pause(self, seconds: float) -> None:
        """Think: the deadline moves by as long, so what was left of it still is."""
        before = self.clock()
        gevent.sleep(seconds)
        took = self.clock() - before
        self._end += took
        self.thought += took

    def _to_its_end(self, request: Request, seconds: float) -> Response | Failure:
        """An exchange that only its own time ends."""
        work = gevent.spawn(self._exchange, request, seconds)
        while True:
            try:
                answer: Response | Failure = work.get()
            except GreenletExit:
                self.cut = True
            else:
                return answer

    def _sleep(self, seconds: float) -> None:
        if not self._cleaning:
            gevent.sleep(seconds)
            return
        until = self.clock() + seconds
        while (left := until - self.clock()) > 0:
            try:
                gevent.sleep(left)
            except GreenletExit:
                self.cut = True

    def _interrupt(self, journey: Journey) -> Question:
        """Stop the steps, and what the journey asks from now on is cleanup; or stop the cleanup."""
        if self._cleaning:
            why = f"the cleanup deadline of {self._cleanup_deadline:g} s is spent"
        elif self.cut:
            why = "the run was over before the answer came"
        else:
            why = f"the deadline of {self._deadline:g} s is spent"
        if not self._cleaning:
            self._clean()
        return journey.throw(Interrupted(Reason.TIMEOUT, why))

    def _clean(self) -> None:
        self._cleaning = True
        self._end = self.clock() + self._cleanup_deadline
