"""One run of one check: its identity, how its probe ended, and the result that is made of that."""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from techrun.model import Outcome, Reason, Result, Status
from techrun.probes import Run
from techrun.redact import Redactor
from techrun.schedule import Due

Doubt = Callable[[Outcome, float], Awaitable[Outcome]]
"""Given what speaks against a shop, and when that run began: what is to be made of it."""

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Active:
    """One run that is under way."""

    due: Due
    run: Run
    started: float
    """Unix time."""
    began: float
    """The same moment on the clock that never jumps."""
    task: asyncio.Task[Outcome]
    """Its probe; then what doubts its outcome."""
    ended: float | None = None
    """When the probe returned; doubts take no time of the shop's."""
    limit: asyncio.TimerHandle | None = None
    waiter: asyncio.Future[Result] | None = None
    """Where `run_once` waits; the result of a scheduled run goes to the sinks instead."""


def stamped(active: Active, outcome: Outcome, now: float, location: str) -> Result:
    """What was found, with what only the engine knows; `now` is on the clock of `began`."""
    return Result(
        check=active.run.check,
        outcome=_redacted(outcome, active.run.redactor),
        run_id=active.run.run_id,
        started=active.started,
        duration=(now if active.ended is None else active.ended) - active.began,
        lateness=max(0.0, active.began - active.due.planned),
        missed=active.due.missed,
        trigger=active.due.trigger,
        location=location,
    )


def outcome_of(task: asyncio.Task[Outcome], run: Run) -> Outcome:
    """What the probe returned; what it raised is our own fault and never the shop's."""
    if task.cancelled():
        return Outcome(Status.UNKNOWN, Reason.INTERRUPTED, "techrun was stopped while the check ran")
    error = task.exception()
    if error is None and isinstance(task.result(), Outcome):
        return task.result()
    if error is None:
        error = TypeError(f"it returned {task.result()!r} and no Outcome")
    log.error("%s: %s", run.check.id, run.redactor("".join(traceback.format_exception(error))))
    message = f"the probe `{run.check.kind}` failed by itself: {type(error).__name__}: {error}"
    return Outcome(Status.UNKNOWN, Reason.INTERNAL, message)


def new_run_id(now: float) -> str:
    """Unique, and sorted by time: milliseconds since 1970 and 40 random bits, in hex."""
    return f"{int(now * 1000):012x}{random.getrandbits(40):010x}"


def _redacted(outcome: Outcome, redactor: Redactor) -> Outcome:
    """The last net: whatever a probe says, its message names no secret."""
    message = redactor(outcome.message)
    return outcome if message == outcome.message else replace(outcome, message=message)
