"""Tells what became of one visit: each step when it is done, the visit at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from gevent import GreenletExit

from techrun.exchange import Response
from techrun.journey.state import Done
from techrun.load.generator.recorder import Recorder
from techrun.load.records import Slot
from techrun.load.visitor.visit import Driver
from techrun.model import Finding, Outcome, Reason, Status

_FAILED = frozenset({Status.DOWN, Status.BLOCKED, Status.UNKNOWN})


class StepError(Exception):
    """A failed step in Locust's own statistics. They keep each text apart, so it says the reason alone."""

    def __repr__(self) -> str:
        return str(self)


class Teller:
    """Made for one visit.

    The first step counts from when the visit was due, so a late start counts; later steps count from their own
    start. Locust is told of each step by one event, fired here: `catch_response` would cost a request of Locust's
    own client for each exchange, and count every redirect.
    """

    __slots__ = (
        "_driver",
        "_failed",
        "_fire",
        "_first",
        "_journey",
        "_recorder",
        "_seconds",
        "_slot",
        "_told",
    )

    def __init__(
        self, recorder: Recorder, slot: Slot, journey: str, driver: Driver, fire: Callable[..., None]
    ) -> None:
        self._recorder, self._slot, self._journey = recorder, slot, journey
        self._driver, self._fire = driver, fire
        self._first = True
        self._failed: tuple[str, float] | None = None
        """Reason and intended start of the step that failed."""
        self._seconds = 0.0
        self._told = 0
        """Steps that are done."""

    def step_done(self, report: Done) -> None:
        """Record a step; one that asked for nothing (a wait, a false `when`) is none that a customer waits for."""
        begun = self._driver.next_step()
        failure = report.failure
        self._told += not report.cleanup
        if report.cleanup or (begun is None and (failure is None or report.interrupted)):
            return
        now = self._driver.clock()
        at = now if begun is None else begun
        seconds = report.log.elapsed if failure is None else now - at
        if self._first:
            self._first = False
            seconds += at - self._slot.due
            at = self._slot.due
        self._seconds += seconds
        reason = failure.reason.value if failure else ""
        if failure:
            self._failed = (reason, at)
        name = report.step.name
        self._recorder.step(self._slot.arm, self._journey, name, at, seconds, reason)
        try:
            self._tell_locust(report, seconds, failure)
        except GreenletExit:  # a listener of the scenario's own waited for something when the run ended
            self._driver.cut = True

    def broke(self, steps: Sequence[str], why: str) -> None:
        """Techrun itself failed in the middle of a visit: the step under way has failed, and not by the shop."""
        reason, step = Reason.INTERNAL.value, steps[min(self._told, len(steps) - 1)]
        now = self._driver.clock()
        begun = now if self._driver.begun is None else self._driver.begun
        at = self._slot.due if self._first else begun
        self._recorder.step(self._slot.arm, self._journey, step, at, now - at, reason)
        self._recorder.visit(self._slot, self._journey, self._seconds, reason)
        self._recorder.example(self._slot.arm, self._journey, step, reason, why, at)

    def _tell_locust(self, report: Done, seconds: float, failure: Finding | None) -> None:
        request, answer = report.log.exchanges[-1] if report.log.exchanges else (None, None)
        self._fire(
            request_type=report.step.method,
            name=report.step.name,
            response_time=seconds * 1000,
            response_length=len(answer.body) if isinstance(answer, Response) else 0,
            exception=StepError(_words(failure, report.http_status)) if failure else None,
            context={},
            response=None,
            start_time=time.time() - seconds,
            url=request.url if request else "",
        )

    def visit_done(self, outcome: Outcome) -> None:
        """Record the visit. One that was cut off while the customer thought says nothing of the shop."""
        recorder, slot = self._recorder, self._slot
        if self._driver.cut:
            recorder.count("visits_cut")
        if self._failed is not None or not self._driver.cut:
            reason = outcome.reason.value if outcome.reason and outcome.status in _FAILED else ""
            recorder.visit(slot, self._journey, self._seconds, reason)
        if self._failed is not None:
            recorder.example(
                slot.arm, self._journey, outcome.step, self._failed[0], outcome.message, self._failed[1]
            )
        if outcome.cleanup_failed:
            recorder.count("cleanup_failed")
        for order in outcome.orders:
            recorder.count("orders_unconfirmed" if order.state == "unconfirmed" else "orders")
            if order.state == "leaked":
                recorder.count("orders_leaked")


def _words(failure: Finding, status: int | None) -> str:
    if failure.reason is Reason.STATUS and status is not None:
        return f"{failure.reason.value} {status}"
    return failure.reason.value
