"""One run as the process sees it that leads it: it begins, is told of, may be extended or stopped, and ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from math import inf

import gevent
from gevent.event import Event

from techrun.load import schedule as plan
from techrun.load.generator.crew import Crew
from techrun.load.generator.merging import Merger
from techrun.load.generator.pacing import Part
from techrun.load.generator.reading import Case
from techrun.load.generator.worker import Briefing
from techrun.load.records import Report

log = logging.getLogger(__name__)

TOLD_EVERY = 1.0
AFTER_WINDOW = 0.1
"""Seconds after a window's end at which it is told: what was measured in it has been added up by then."""
PATIENCE = 15.0
"""Seconds that a run may last longer than its drain and cleanup; a worker that is not done then is given up."""

Sink = Callable[[Report], None]


class Lead:
    """Leads one run."""

    def __init__(self, case: Case, crew: Crew, sink: Sink) -> None:
        self.schedule = case.ready.schedule
        self.finished = Event()
        """Every worker that lives has told everything, and so has this."""
        self.stopped = ""
        """Why it ended before its schedule did."""
        self._case = case
        self._crew = crew
        self._sink = sink
        self._merger = Merger(self.schedule)
        self._zero = inf
        self._until = inf

    def begin(self, briefing: Briefing, most: int) -> None:
        """Let the visitors come."""
        self._zero = time.monotonic() + briefing.lead
        self._until = plan.ends(self.schedule) + self._case.cleanup + PATIENCE
        for name in self._crew.begin(briefing, most):
            self._merger.expect(name)
        gevent.spawn(self._tell)

    def now(self) -> float:
        """Seconds since the first planned arrival."""
        return time.monotonic() - self._zero

    def extend(self, seconds: float) -> bool:
        """Measure for longer; False: too late, the last arrival is due."""
        if self.stopped or self.now() >= plan.arrivals_end(self.schedule):
            return False
        self.schedule = self._merger.schedule = plan.extended(self.schedule, seconds)
        self._until += seconds
        self._crew.extend(self.schedule)
        return True

    def stop(self, reason: str, drain: float | None = None) -> None:
        """No more arrivals; visits under way have so many seconds, or what the schedule gives them."""
        if not self.finished.is_set() and self.now() < plan.arrivals_end(self.schedule):
            self.stopped = self.stopped or reason
            self._merger.ended = min(self._merger.ended, max(0.0, self.now()))
        left = self.schedule.drain if drain is None else drain
        self._until = min(self._until, self.now() + left + self._case.cleanup + PATIENCE)
        self._crew.stop(drain)

    def wait(self) -> None:
        """Until it is over: the drain, the cleanup and some patience are the most that it takes."""
        self.finished.wait(max(0.0, self._until - self.now()) + TOLD_EVERY)

    def _tell(self) -> None:
        while not self._over():
            gevent.sleep(_to_next(self.now()))
            self._crew.collect(self._merger)
            self._sink(self._merger.take(self.now(), self._crew.alive()))
        self._crew.collect(self._merger)
        self._sink(self._merger.take(self.now(), self._crew.alive(), last=True))
        self.finished.set()

    def _over(self) -> bool:
        alive = self._crew.alive()
        if self.now() > self._until:
            log.error("given up: %s did not end", ", ".join(sorted(alive)))
            return True
        return self._merger.over(alive)


def _to_next(now: float) -> float:
    """Seconds to the moment at which the next report is due."""
    since = now - AFTER_WINDOW
    return (since // TOLD_EVERY + 1) * TOLD_EVERY - since


def brief(case: Case, *, control: str, seed: int, lead: float) -> Briefing:
    """What each process is told, its part left open."""
    return Briefing(
        schedule=case.ready.schedule,
        personas=case.weights,
        hosts=case.hosts,
        allow_orders=case.ready.allow_orders,
        part=Part(),
        lead=lead,
        cleanup=case.cleanup,
        control=control,
        seed=seed,
    )
