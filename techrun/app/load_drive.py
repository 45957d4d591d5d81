"""One run from its first arrival to the end of its drain: watched all the time, ended early where there is a reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from techrun.app.interrupts import Interrupts
from techrun.app.load_feed import Feed
from techrun.config.load import Criterion
from techrun.errors import TechrunError
from techrun.load.guards.killswitch import KillSwitch
from techrun.load.job import Generator
from techrun.load.judge import criteria as criteria_rules
from techrun.load.judge import stairs
from techrun.load.judge.summing_up import open_question
from techrun.load.judge.verdict import wants_more
from techrun.load.live import Picture, picture
from techrun.load.records import Report, Ruling, Run, Verdict
from techrun.load.schedule import arrivals_end, ends, extended, measured
from techrun.load.tally import Tally, settled

log = logging.getLogger(__name__)

TICK = 0.25
"""Seconds between two looks at the run."""
SILENCE = 20.0
"""Seconds without a report after which the generator is taken to hang."""
SHORT_DRAIN = 3.0
"""Seconds that visits under way are waited for after Ctrl-C; a pipeline that cancels kills soon after."""
GRACE = 120.0
"""Seconds that a run may last longer than its schedule and drain: cleanup has time of its own."""
BEFORE_END = 2.5
"""Seconds before the last arrival at which it is decided whether to go on: the generator needs to hear of it in time."""
MOST_LOOKS = 3
CARE = 20
"""The criteria are reckoned so seldom that they take at most one part in so many of the time."""

Ended = Literal["", "interrupted", "killed", "hopeless", "knee"]
"""Why a run ended before its schedule did; empty: it did not."""


class Onlooker(Protocol):
    """Who sees a run while it goes."""

    def moves(self, seen: Picture) -> None:
        """The run at this moment, some times a second."""

    def says(self, text: str) -> None:
        """Something happened."""


class Collector(Protocol):
    """Whoever counts along: metrics."""

    def add(self, report: Report) -> None:
        """One report of the generator."""

    def settle(self, run: Run) -> None:
        """The run is over and judged."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a run is driven by."""

    generator: Generator
    run: Run
    criteria: tuple[Criterion, ...]
    judge: Callable[[Run, int], Verdict]
    """The verdict so far, at the n-th look."""
    onlooker: Onlooker
    interrupts: Interrupts
    kill_switch: KillSwitch | None = None
    collector: Collector | None = None
    breakpoint: bool = False
    reckon_every: float = 1.0
    """Seconds between two looks at the criteria, at least."""
    silence: float = SILENCE


@dataclass(frozen=True, slots=True)
class Driven:
    """A run that is over, not yet judged."""

    run: Run
    ended: Ended
    looks: int
    fault: Exception | None = None


def drive(course: Course) -> Driven:
    """Let the visitors come, and watch until the last has left or there is a reason to stop."""
    return _Drive(course).go()


class _Drive:
    def __init__(self, course: Course) -> None:
        self._course = course
        self._run = course.run
        self._tally = Tally()
        self._feed = Feed(course.generator)
        self._ended: Ended = ""
        self._deadline = 0.0
        self._started = 0.0
        self._looks = 1
        self._last_look = len(course.run.schedule.arms) == 1
        self._extension = _measured_seconds(course.run)
        self._rulings: tuple[Ruling, ...] = ()
        self._reckon_next = 0.0

    def go(self) -> Driven:
        self._course.generator.begin()
        self._started = time.time()
        self._deadline = time.monotonic() + ends(self._run.schedule) + GRACE
        self._feed.begin()
        while not (self._feed.over or self._too_late()):
            for report in self._feed.within(TICK):
                self._take(report)
            self._look()
        run = self._tally.into(replace(self._run, started=self._started, ended=time.time()))
        return Driven(run, self._ended, self._looks, self._fault())

    def _take(self, report: Report) -> None:
        if not self._tally.at:
            self._started = time.time() - report.at
        if report.workers < self._tally.workers:
            self._course.onlooker.says(f"a generating process is gone: {report.workers} left")
        self._tally.add(report)
        if self._course.collector is not None:
            self._course.collector.add(report)

    def _look(self) -> None:
        """Decide whether to go on, then let it be seen."""
        if not self._stopping() and not self._feed.over:
            self._decide()
        at = max(self._tally.at, min(self._tally.at + 2.0, time.time() - self._started))
        self._course.onlooker.moves(picture(self._tally, self._run, at, self._rulings))

    def _stopping(self) -> bool:
        """Whether the end has begun; a signal makes it begin, a second one comes at once."""
        count = self._course.interrupts.count
        if count and self._ended != "interrupted":
            self._stop("interrupted", f"interrupted ({self._course.interrupts.name})", SHORT_DRAIN)
            self._deadline = min(self._deadline, time.monotonic() + SHORT_DRAIN + 1)
        if count > 1:
            self._deadline = 0.0
        return bool(self._ended)

    def _decide(self) -> None:
        switch = self._course.kill_switch
        if switch is not None and switch.broken is not None:
            self._stop("killed", switch.broken.reason)
            return
        if time.monotonic() < self._reckon_next or not self._tally.at:
            return
        began = time.monotonic()
        self._reckon()
        cost = time.monotonic() - began
        self._reckon_next = began + max(self._course.reckon_every, cost * CARE)

    def _reckon(self) -> None:
        """Hold what was measured so far against the criteria."""
        run = self._tally.into(self._run)
        lost = criteria_rules.hopeless(run, self._course.criteria)
        if lost is not None:
            why: Ended = "knee" if self._course.breakpoint else "hopeless"
            self._stop(why, f"it cannot hold any more: {lost.text}")
        elif self._course.breakpoint:
            self._climb(run)
        elif not self._last_look and self._near_end():
            self._extend(run)
        if self._tally.at > measured(self._run.schedule)[0]:
            self._rulings = criteria_rules.rulings(settled(run), self._course.criteria)

    def _climb(self, run: Run) -> None:
        steps = stairs.steps(run, self._course.criteria)
        if steps and not steps[-1].holds:
            self._stop("knee", stairs.found(run, steps))

    def _near_end(self) -> bool:
        return self._tally.at >= arrivals_end(self._run.schedule) - BEFORE_END

    def _extend(self, run: Run) -> None:
        """Measure on where so far nothing can be told, as often as may be."""
        verdict = self._course.judge(settled(run), self._looks)
        if not wants_more(verdict) or self._looks >= MOST_LOOKS:
            self._last_look = True
            return
        try:
            self._course.generator.extend(self._extension)
        except TechrunError as error:
            log.info("%s", error)
            self._last_look = True
            return
        self._run = replace(self._run, schedule=extended(self._run.schedule, self._extension))
        self._deadline += self._extension
        self._looks += 1
        self._course.onlooker.says(
            f"{open_question(verdict)} So it is measured for another {self._extension:g} s."
        )

    def _stop(self, why: Ended, reason: str, drain: float | None = None) -> None:
        self._ended = why
        self._run = replace(self._run, stopped=reason)
        self._course.onlooker.says(f"stopping: {reason}")
        self._course.generator.stop(reason, drain)
        self._deadline = min(self._deadline, time.monotonic() + self._run.schedule.drain + GRACE)

    def _too_late(self) -> bool:
        """Whether the generator has had all the time that it may have."""
        now = time.monotonic()
        return now > self._deadline or now - self._feed.last > self._course.silence

    def _fault(self) -> Exception | None:
        """What was wrong with the generator; nothing where it was told to end and had no time for it."""
        if self._feed.fault is not None or self._feed.over or self._ended == "interrupted":
            return self._feed.fault if self._ended != "interrupted" else None
        return TimeoutError("the generating process told nothing any more, and was ended")


def _measured_seconds(run: Run) -> float:
    begin, end = measured(run.schedule)
    return end - begin
