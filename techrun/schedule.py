"""When each check runs. Pure: it is told the time, it starts nothing.

Every check has its own moments: a grid in wall-clock time, `every` seconds apart, shifted by a hash of
the check's name. So checks spread evenly, and a restart or another machine keeps the same moments.
A check that is rarer than once a minute also runs once within a minute of a start, since nobody wants
to wait an hour for a first answer; a check that places orders waits for its own moment.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Protocol

from techrun.model import Check, CheckId, Outcome, Status, Trigger

SETTLE = 60.0
"""Seconds after a start or a long standstill within which every check runs that places no orders."""
TOO_LATE = 5.0
"""A moment that is late by this many seconds (or by a whole interval) is missed, not run late:
after a suspended machine wakes up, checks spread again instead of all running at once."""
ORDER_RETRY = 60.0
"""Seconds from the end of a failed order to the one more order that confirms it."""
JUST_RUN = 5.0
"""Seconds after the start of a run before the check is asked again."""

_STALE = -1
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # the clock that goes on while suspended


class Clock(Protocol):
    """The time, in seconds."""

    def wall(self) -> float:
        """Unix time; it may jump."""

    def elapsed(self) -> float:
        """Never jumps, and goes on while the machine is suspended."""


class SystemClock:
    """The clock of this machine."""

    def wall(self) -> float:
        """Unix time."""
        return time.time()

    def elapsed(self) -> float:
        """Seconds since some fixed moment."""
        return time.clock_gettime(_CLOCK)


@dataclass(frozen=True, slots=True)
class Due:
    """One run that is to start now."""

    check: Check
    planned: float
    """The moment on `Clock.elapsed` for which it was planned."""
    trigger: Trigger
    orders: bool
    """It may place orders."""
    missed: int
    """Planned runs since the last one that never started."""


@dataclass(frozen=True, slots=True)
class _Extra:
    """A run beside the regular ones: the first after a start, or one that confirms a failure."""

    at: float
    trigger: Trigger
    orders: bool = False


@dataclass(slots=True, eq=False)
class _Timer:
    """What is known of one check's past and next runs."""

    check: Check
    share: float
    """Where in its interval it runs, from 0 to 1."""
    regular: float = 0.0
    extra: _Extra | None = None
    busy: bool = False
    started: float = -inf
    """When its last run started, on `Clock.elapsed`."""
    failures: int = 0
    """In a row; runs that tell nothing about the shop neither count nor reset."""
    order_retried: bool = False
    asked: bool = False
    """Somebody wants to know how it is after the run that is under way."""
    missed: int = 0
    ticket: int = _STALE
    """Number of its valid entry in the heap; all others are stale."""


class Schedule:
    """Tells which checks are due; no check ever overlaps itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timers: dict[CheckId, _Timer] = {}
        self._heap: list[tuple[float, int, _Timer]] = []
        self._tickets = count()

    def replace(self, checks: Iterable[Check]) -> None:
        """Schedule these checks and no others; one with an equal digest keeps its timer and streak."""
        now = self._clock.elapsed()
        before, self._timers = self._timers, {}
        for check in checks:
            timer = before.pop(check.id, None)
            if timer is None or timer.check.digest != check.digest:
                timer = self._renew(timer, check, now)
            timer.check = check
            self._timers[check.id] = timer
        for gone in before.values():
            gone.ticket = _STALE

    def next_at(self) -> float | None:
        """The moment on `Clock.elapsed` at which to ask `take` again; None without checks."""
        while self._heap and self._heap[0][1] != self._heap[0][2].ticket:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self) -> list[Due]:
        """All runs that are due now; each check is busy until `finished` is told."""
        now = self._clock.elapsed()
        due = []
        while self._heap and self._heap[0][0] <= now:
            _, ticket, timer = heappop(self._heap)
            run = self._fire(timer, now) if ticket == timer.ticket else None
            if run is not None:
                due.append(run)
        return due

    def hurry(self, check: CheckId) -> None:
        """Let a check run now beside its regular moments, without orders.

        If it runs or has just run, a little later: what it found then may be older than the question. Not if it
        has failed and waits to be confirmed: asked sooner, a hiccup would count as an outage.
        """
        timer = self._timers.get(check)
        if timer is None or _is_being_confirmed(timer):
            return
        if timer.busy:
            timer.asked = True
            return
        timer.extra = self._hurried(timer)
        self._push(timer)

    def recall(self, failed_orders: Mapping[CheckId, int]) -> None:
        """Go on after a restart where so many orders failed in a row: the one more is owed still, and only one."""
        now = self._clock.elapsed()
        for check, failed in failed_orders.items():
            timer = self._timers.get(check)
            if timer is None or not timer.check.places_orders:
                continue
            timer.failures, timer.order_retried = failed, True
            if failed == 1:
                timer.extra = _Extra(now + ORDER_RETRY, "confirmation", orders=True)
                self._push(timer)

    def wants(self, run: Due) -> bool:
        """Whether a run that has not started yet is still wanted; if not, its check is free again."""
        timer = self._timers.get(run.check.id)
        if timer is None or timer.check.digest == run.check.digest:
            return timer is not None
        timer.busy = False
        return False

    def finished(self, run: Due, outcome: Outcome) -> bool:
        """A run has ended: plan its confirmation; false if the check has left or changed meanwhile."""
        timer = self._timers.get(run.check.id)
        if timer is None:
            return False
        timer.busy = False
        if timer.check.digest != run.check.digest:
            return False
        timer.extra = _confirmation(timer, run, outcome, self._clock.elapsed())
        asked, timer.asked = timer.asked, False
        if asked and not _is_being_confirmed(timer):
            timer.extra = self._hurried(timer)
        if timer.extra is not None:
            self._push(timer)
        return True

    def _hurried(self, timer: _Timer) -> _Extra:
        """A run as soon as it tells something new."""
        return _Extra(max(self._clock.elapsed(), timer.started + JUST_RUN), "confirmation")

    def _renew(self, old: _Timer | None, check: Check, now: float) -> _Timer:
        """A new timer; a run that is still under way under the old definition is not overlapped."""
        timer = _Timer(check, _share(check.id), busy=old is not None and old.busy)
        if old is not None:
            old.ticket = _STALE
        self._plan(timer, now)
        return timer

    def _fire(self, timer: _Timer, now: float) -> Due | None:
        """Start the run of this timer, or count it as missed."""
        late = now - timer.regular
        if late >= min(timer.check.every, TOO_LATE):
            timer.missed += 1 + int(late // timer.check.every)
            self._plan(timer, now)
            return None
        if late >= 0 and _waits_to_confirm(timer, now):
            timer.regular = self._following(timer, now)
            self._push(timer)
            return None
        extra, timer.extra = timer.extra, None
        if late >= 0:
            extra = _Extra(timer.regular, "schedule", orders=True)
            timer.regular = self._following(timer, now)
        self._push(timer)
        if timer.busy or extra is None:
            timer.missed += late >= 0
            return None
        missed, timer.missed, timer.busy, timer.started = timer.missed, 0, True, now
        return Due(timer.check, extra.at, extra.trigger, extra.orders and timer.check.places_orders, missed)

    def _plan(self, timer: _Timer, now: float) -> None:
        """The next moment of the check's grid, and an earlier first run where that is far away."""
        every, share = timer.check.every, timer.share
        timer.regular = now + (share * every - self._clock.wall()) % every
        first = now + share * SETTLE
        wants_first = every > SETTLE and first < timer.regular and not timer.check.places_orders
        timer.extra = _Extra(first, "schedule") if wants_first else None
        self._push(timer)

    def _following(self, timer: _Timer, now: float) -> float:
        """The next regular moment: one interval on, pulled back to the grid if the wall clock jumped."""
        every = timer.check.every
        wall_then = self._clock.wall() - (now - timer.regular)
        drift = (wall_then - timer.share * every + every / 2) % every - every / 2
        return timer.regular + every - drift

    def _push(self, timer: _Timer) -> None:
        """Enter the timer's next moment; any earlier entry becomes stale."""
        timer.ticket = next(self._tickets)
        at = timer.regular if timer.extra is None else min(timer.regular, timer.extra.at)
        heappush(self._heap, (at, timer.ticket, timer))


def _confirmation(timer: _Timer, run: Due, outcome: Outcome, now: float) -> _Extra | None:
    """Count the failures in a row; the run that confirms the last one, if one is wanted."""
    if outcome.status in {Status.UP, Status.DEGRADED}:
        failed, timer.failures = timer.failures, 0
        timer.order_retried = timer.order_retried and not run.orders
        return _recovery(timer, failed, now)
    if outcome.status is not Status.DOWN:
        return None
    timer.failures += 1
    if outcome.order_failed:
        return _order_again(timer, now)
    delays = timer.check.confirmation.delays
    if timer.failures > len(delays):
        return None
    return _Extra(max(now, timer.started + delays[timer.failures - 1]), "confirmation")


def _recovery(timer: _Timer, failed: int, now: float) -> _Extra | None:
    """The run that confirms that a check which was down works again."""
    known = timer.check.confirmation
    wanted = failed >= known.fail_after and known.recover_after > 1
    return _Extra(now + known.delays[0], "confirmation") if wanted and known.delays else None


def _waits_to_confirm(timer: _Timer, now: float) -> bool:
    """Whether a regular run would confirm its last failure too soon: a hiccup would count as an outage."""
    # A check that runs more often than that keeps its moments, and one that places orders its turn.
    planned = timer.extra is not None and timer.extra.trigger == "confirmation" and timer.extra.at > now
    seldom = timer.check.every >= sum(timer.check.confirmation.delays) and not timer.check.places_orders
    return planned and timer.failures > 0 and seldom


def _is_being_confirmed(timer: _Timer) -> bool:
    """Whether it has failed, and runs that confirm or forget that are still to come."""
    planned = timer.extra is not None and timer.extra.trigger == "confirmation"
    return planned or 0 < timer.failures < timer.check.confirmation.fail_after


def _order_again(timer: _Timer, now: float) -> _Extra | None:
    """Exactly one more order confirms a failed one; nothing else would tell anything."""
    if timer.order_retried:
        return None
    timer.order_retried = True
    return _Extra(now + ORDER_RETRY, "confirmation", orders=True)


def _share(check: CheckId) -> float:
    """Where in its interval a check runs, from 0 to 1: the same on every machine, for ever."""
    digest = hashlib.blake2b(str(check).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
