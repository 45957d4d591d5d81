"""One generating process during one run: its share of the arrivals, what it records, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import gevent
from gevent.event import Event
from locust.runners import STATE_RUNNING, STATE_SPAWNING, Runner

from techrun.load import schedule as plan
from techrun.load.bundle import Bundle
from techrun.load.generator.control import Control
from techrun.load.generator.health import NAP, Watch
from techrun.load.generator.pacing import Pacer, Part
from techrun.load.generator.recorder import Recorder
from techrun.load.records import Arm, Schedule
from techrun.load.visitor.equipment import Ways


@dataclass(frozen=True, slots=True)
class Briefing:
    """What the leading process tells each at the beginning; the same for all but `part`."""

    schedule: Schedule
    personas: tuple[tuple[str, float], ...]
    """Class names and weights of the visitors that take part."""
    hosts: Mapping[Arm, str]
    allow_orders: bool
    part: Part
    lead: float
    """Seconds from this message to the first planned arrival: workers never compare their clocks."""
    cleanup: float
    """Seconds that visits which were cut off have for their cleanup."""
    control: str = ""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Means:
    """What each visitor is given: `self.environment.techrun`.

    A visit that the end of the drain cuts off gets one `GreenletExit`, at which it drives its cleanup; `take`
    then returns None, and the visitor leaves for good.
    """

    pacer: Pacer
    recorder: Recorder
    bundle: Bundle
    hosts: Mapping[Arm, str]
    ways: Ways
    allow_orders: bool
    seed: int = 1


class Worker:
    """Makes the load of one process."""

    def __init__(self, runner: Runner, briefing: Briefing, bundle: Bundle, ways: Ways, zero: float) -> None:
        environment = runner.environment
        self.over = Event()
        """Every visit has ended and everything was recorded."""
        self.recorder = Recorder(briefing.schedule.width)
        self.pacer = Pacer(briefing.schedule, briefing.personas, briefing.part, self._make, zero)
        self._environment = environment
        self._runner = runner
        self._classes = {kind.__name__: kind for kind in environment.user_classes}
        self._cleanup = briefing.cleanup
        self._leave_by = inf
        self._hurried = False
        """Whoever stopped the run gives visits less time than the schedule does."""
        self._watch = Watch()
        self._health: list[list[float | int | None]] = []
        self._active: list[list[int]] = []
        host = briefing.hosts["new"]
        self._control = Control(briefing.control, host, self.recorder, self.pacer.now, share=briefing.part.of)
        means = Means(
            self.pacer, self.recorder, bundle, briefing.hosts, ways, briefing.allow_orders, briefing.seed
        )
        vars(environment)["techrun"] = means

    def begin(self) -> None:
        """Open the door; it lets nobody in before the first planned arrival."""
        beside = [gevent.spawn(work) for work in (self._nap, self._each_window, self._control.run)]
        gevent.spawn(self.pacer.run)
        gevent.spawn(self._end).link(lambda _: gevent.killall(beside, block=False))

    def _make(self, persona: str) -> None:
        """One more visitor, who waits at the door."""
        self._classes[persona](self._environment).start(self._runner.user_greenlets)

    def extend(self, schedule: Schedule) -> bool:
        """Go on by a longer schedule; False: too late."""
        return self.pacer.extend(schedule)

    def stop(self, drain: float | None = None) -> None:
        """No more arrivals; visits under way have so many seconds, or what the schedule gives them."""
        if drain is not None:
            self._hurried = drain < self.pacer.schedule.drain
            self._leave_by = min(self._leave_by, time.monotonic() + drain)
        self.pacer.stop()

    def wait(self) -> None:
        """Until every visit has ended; drain and cleanup are the most that it takes."""
        self.over.wait(self.pacer.schedule.drain + self._cleanup + 1.0)

    def part(self) -> dict[str, Any]:
        """What is new since the last call, for `merging`."""
        health, self._health = self._health, []
        active, self._active = self._active, []
        return {
            **self.recorder.take(),
            "traffic": self.pacer.take_arrivals(),
            "active": active,
            "health": health,
            "below": self.pacer.below,
            "over": self.over.is_set(),
        }

    def _end(self) -> None:
        """Wait for the visits under way, then cut them off, then send everybody home."""
        self.pacer.ended.wait()
        self._leave_by = min(self._leave_by, time.monotonic() + self.pacer.schedule.drain)
        self._until_empty()
        if self.pacer.active:
            if self._hurried:
                self.recorder.mute()
            gevent.killall(list(self.pacer.inside), block=False)
            self._leave_by = time.monotonic() + self._cleanup
            self._until_empty()
        self.pacer.close()
        self._control.close()
        self.over.set()

    def _until_empty(self) -> None:
        """Wait for the visits under way; `stop` may cut the time short."""
        while self.pacer.active and time.monotonic() < self._leave_by:
            gevent.sleep(0.02)

    def _nap(self) -> None:
        """Sleep for moments, to see how much longer they take."""
        while True:
            begun = time.monotonic()
            gevent.sleep(NAP)
            self._watch.overslept(time.monotonic() - begun - NAP)

    def _each_window(self) -> None:
        """At the end of each window: how this process fared in it, and how many visitors there are."""
        width = self.pacer.schedule.width
        gevent.sleep(max(0.0, -self.pacer.now()))
        self._watch = Watch()
        window = 0
        while True:
            gevent.sleep(max(0.0, (window + 1) * width - self.pacer.now()))
            now = plan.window_of(self.pacer.schedule, self.pacer.now())
            self._health.append(self._watch.window(window))
            self._active += [[missed, self.pacer.active] for missed in range(window, now)]
            window = max(now, window + 1)


def keep_visitors(runner: Runner) -> None:
    """Locust evens out its users when a worker comes or goes; these are a pool, of which it keeps its hands."""
    stop_users = runner.stop_users

    def at_the_end(user_classes_stop_count: dict[str, int]) -> None:
        if runner.state not in {STATE_SPAWNING, STATE_RUNNING}:
            stop_users(user_classes_stop_count)

    runner.stop_users = at_the_end  # type: ignore[method-assign]  # Locust asks nobody else
