"""The door of the shop: lets each visitor in when its arrival is due, whatever the shop does meanwhile.

Visitors that are free wait here. Where none is free for an arrival a new one is made, so that a shop that freezes
meets as many visitors as would have come: that is what makes the model open. A visitor is kept for the next arrival.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil

import gevent
from gevent.event import AsyncResult, Event

from techrun.load import schedule as plan
from techrun.load.generator.merging import Arrivals
from techrun.load.records import LATE, Schedule, Slot

LOOK = 0.1
"""Seconds after which a closed model looks again how many visitors there shall be."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which of all arrivals are this process' own: every `of`-th, from `index` on."""

    index: int = 0
    of: int = 1
    most: int = 5000
    """Visitors in the shop at a time, in this process."""


@dataclass(slots=True)
class _Pool:
    """The visitors of one persona that are free, and arrivals for which one is being made."""

    free: list[AsyncResult] = field(default_factory=list)
    ready: deque[Slot] = field(default_factory=deque)


class Pacer:
    """Hands the arrivals of one process out to its visitors."""

    def __init__(
        self,
        schedule: Schedule,
        personas: Sequence[tuple[str, float]],
        part: Part,
        make: Callable[[str], None],
        zero: float,
    ) -> None:
        self.schedule = schedule
        self.ended = Event()
        """No more arrivals: the last one was handed out, or they were stopped."""
        self._names = [name for name, _ in personas]
        self._weights = tuple(weight for _, weight in personas)
        self._part = part
        self._make = make
        self._zero = zero
        self._pools: dict[str, _Pool] = defaultdict(_Pool)
        self._inside: dict[gevent.Greenlet, Slot] = {}
        self._unbegun: dict[int, float] = {}
        self._arrivals: dict[int, Arrivals] = defaultdict(Arrivals)
        self._next = part.index
        self._wake = Event()
        self._closed = False

    def now(self) -> float:
        """Seconds since the first planned arrival."""
        return time.monotonic() - self._zero

    def take(self, persona: str) -> Slot | None:
        """The next arrival of this persona: blocks until it is due; None: there are no more, leave."""
        self.leave()
        pool = self._pools[persona]
        if not pool.ready:
            if self._closed:
                return None
            slot = self._wait(pool)
            if slot is None:
                return None
        else:
            slot = pool.ready.popleft()
        self._enter(slot)
        return slot

    def _wait(self, pool: _Pool) -> Slot | None:
        """Until it is this visitor's turn; one that is sent away meanwhile leaves no trace."""
        turn = AsyncResult()
        pool.free.append(turn)
        try:
            slot: Slot | None = turn.get()
        except BaseException:
            if turn in pool.free:
                pool.free.remove(turn)
            elif turn.value is not None:
                del self._unbegun[turn.value.number]
            raise
        return slot

    def _enter(self, slot: Slot) -> None:
        """The visit begins now, and perhaps late."""
        me = gevent.getcurrent()
        me.rawlink(self._gone)
        self._inside[me] = slot
        del self._unbegun[slot.number]
        arrivals = self._arrivals[self._window(slot.due)]
        arrivals.started += 1
        arrivals.late += self.now() - slot.due > LATE

    def leave(self) -> None:
        """The visit of this visitor is over; `take` says so too."""
        me = gevent.getcurrent()
        if me in self._inside:
            me.unlink(self._gone)
            self._gone(me)

    def _gone(self, visitor: gevent.Greenlet) -> None:
        self._inside.pop(visitor, None)
        if self.schedule.model == "closed":
            self._wake.set()

    @property
    def active(self) -> int:
        """Visits under way, those that are about to begin included."""
        return len(self._inside) + len(self._unbegun)

    @property
    def inside(self) -> tuple[gevent.Greenlet, ...]:
        """Whose visits are under way."""
        return tuple(self._inside)

    @property
    def below(self) -> int:
        """All windows below this one are over here: what was due in them has begun or was dropped."""
        moments = [self.now(), *self._unbegun.values()]
        if (
            self.schedule.model == "open"
            and not self.ended.is_set()
            and self._next < plan.total(self.schedule)
        ):
            moments.append(plan.due(self.schedule, self._next))
        return self._window(max(min(moments), 0.0))

    def take_arrivals(self) -> list[list[int]]:
        """The arrivals by window since the last call."""
        arrivals, self._arrivals = self._arrivals, defaultdict(Arrivals)
        return [[window, one.due, one.started, one.late, one.dropped] for window, one in arrivals.items()]

    def run(self) -> None:
        """Let visitors in until the schedule ends or `stop` is called."""
        try:
            while not self.ended.is_set():
                wait = self._step() if self.schedule.model == "open" else self._fill()
                if wait is None:
                    return
                self._pause(wait)
        finally:
            self.ended.set()  # also where no visitor could be made: the arrivals that are missing then tell it

    def _pause(self, seconds: float) -> None:
        if seconds <= 0:
            gevent.sleep(0)  # whoever was let in begins before the next one is
            return
        self._wake.wait(seconds)
        self._wake.clear()

    def _step(self) -> float | None:
        """Let the next one in if it is due; else the seconds to wait for it, None after the last."""
        if self._next >= plan.total(self.schedule):
            left = plan.arrivals_end(self.schedule) - self.now()
            return left if left > 0 else None  # until then the schedule may be extended
        due = plan.due(self.schedule, self._next)
        early = due - self.now()
        if early > 0:
            return early
        self._let_in(due)
        return 0.0

    def _fill(self) -> float | None:
        """Let in as many as there shall be now; each comes when it can, so none is ever late."""
        now = self.now()
        if now >= plan.arrivals_end(self.schedule):
            return None
        wanted = ceil((plan.level(self.schedule, now) - self._part.index) / self._part.of)
        while now >= 0 and self.active < wanted:
            self._let_in(now)
        return LOOK if now >= 0 else -now

    def _let_in(self, due: float) -> None:
        """Hand the next arrival to a free visitor, else to a new one; drop it where there may be no more."""
        number, self._next = self._next, self._next + self._part.of
        arrivals = self._arrivals[self._window(due)]
        arrivals.due += 1
        if self.active >= self._part.most:
            arrivals.dropped += 1
            return
        slot = Slot(number, due, plan.arm_of(self.schedule, number))
        persona = self._persona(number)
        pool = self._pools[persona]
        self._unbegun[number] = due
        if pool.free:
            pool.free.pop().set(slot)
        else:
            pool.ready.append(slot)
            self._make(persona)

    def _persona(self, number: int) -> str:
        visit = plan.visit_of(self.schedule, number)
        return self._names[plan.persona_of(self._weights, visit, self.schedule.seed)]

    def extend(self, schedule: Schedule) -> bool:
        """Go on by a longer schedule; False: too late, the arrivals are over."""
        if self.ended.is_set():
            return False
        self.schedule = schedule
        self._wake.set()
        return True

    def stop(self) -> None:
        """No more arrivals."""
        self.ended.set()
        self._wake.set()

    def close(self) -> None:
        """Send all home who wait here."""
        self.stop()
        self._closed = True
        for pool in self._pools.values():
            for turn in pool.free:
                turn.set(None)
            pool.free.clear()

    def _window(self, at: float) -> int:
        return plan.window_of(self.schedule, at)
