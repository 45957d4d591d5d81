"""What all generating processes told, as one report for the whole run. Pure.

A worker tells what it did since it last told. A window is over when it is over on every worker that lives; one
that was frozen and comes back adds to windows that were over, and its late starts count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from techrun.load import schedule as plan
from techrun.load.histogram import merged
from techrun.load.records import Arm, Cell, Example, Health, Report, Schedule, Traffic


@dataclass(slots=True)
class Arrivals:
    """The arrivals of one window, as far as they were not told on yet."""

    due: int = 0
    started: int = 0
    late: int = 0
    dropped: int = 0


@dataclass(slots=True)
class _Process:
    """How far one worker is."""

    below: float = 0
    """All windows below this one are over."""
    over: bool = False


@dataclass(slots=True)
class Merger:
    """Adds up the workers' parts; `take` makes the next report of them."""

    schedule: Schedule
    ended: float = inf
    """When arrivals were stopped, in seconds; what was planned later is not asked for."""
    processes: dict[str, _Process] = field(default_factory=dict)
    _cells: dict[tuple[Arm, str, str, int], tuple[dict[int, int], dict[str, int]]] = field(
        default_factory=dict
    )
    _arrivals: dict[int, Arrivals] = field(default_factory=dict)
    _active: dict[int, dict[str, int]] = field(default_factory=dict)
    _health: list[Health] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)
    _examples: list[Example] = field(default_factory=list)
    _next: int = 0
    """The first window that was not yet told as over."""

    def expect(self, process: str) -> None:
        """A worker that takes part: no window is over before it says so, as long as it lives."""
        self.processes[process] = _Process()

    def add(self, process: str, part: Mapping[str, Any]) -> None:
        """What a worker told."""
        self._add_cells(part)
        for window, *numbers in part["traffic"]:
            found = self._arrivals.setdefault(window, Arrivals())
            due, started, late, dropped = numbers
            found.due += due
            found.started += started
            found.late += late
            found.dropped += dropped
        for window, active in part["active"]:
            self._active.setdefault(window, {})[process] = active
        self._health += [Health(process, *values) for values in part["health"]]
        known = self.processes.setdefault(process, _Process())
        known.below = max(known.below, part["below"])
        known.over = known.over or part["over"]

    def _add_cells(self, part: Mapping[str, Any]) -> None:
        for arm, journey, step, window, buckets, errors in part["cells"]:
            key = (arm, journey, step, window)
            known = self._cells.get(key, ({}, {}))
            mine = known[1]
            for reason, count in errors.items():
                mine[reason] = mine.get(reason, 0) + count
            self._cells[key] = (merged((known[0], buckets)), mine)
        for name, count in part["counts"].items():
            self._counts[name] = self._counts.get(name, 0) + count
        self._examples += [Example(*example) for example in part["examples"]]

    def over(self, alive: Collection[str]) -> bool:
        """Whether every worker that lives has told everything."""
        return all(state.over for name, state in self.processes.items() if name in alive)

    def take(self, at: float, alive: Collection[str], *, last: bool = False) -> Report:
        """What is new since the last report; the last one closes all windows."""
        below = self._below(at, alive) if not last else plan.window_of(self.schedule, at) + 1
        below = max(below, self._next, *(window + 1 for window in self._arrivals if last), 0)
        report = Report(
            at=at,
            cells=tuple(Cell(*key, *values) for key, values in self._cells.items()),
            traffic=self._traffic(below),
            health=tuple(self._health),
            workers=sum(name in alive or state.over for name, state in self.processes.items()),
            counts=self._counts,
            examples=tuple(self._examples),
        )
        self._cells, self._health, self._counts, self._examples = {}, [], {}, []
        return report

    def _below(self, at: float, alive: Collection[str]) -> int:
        """All windows below this one are over on every worker that lives."""
        now = plan.window_of(self.schedule, at)
        told = [state.below for name, state in self.processes.items() if name in alive and not state.over]
        return int(min((now, *told)))

    def _traffic(self, below: int) -> tuple[Traffic, ...]:
        """Windows that are over now, and what came late to those that were."""
        late = [window for window in sorted(self._arrivals) if window < self._next]
        told = [self._told(window, new=False) for window in late]
        told += [self._told(window, new=True) for window in range(self._next, below)]
        self._next = below
        for window in [window for window in self._active if window < below - KEPT]:
            del self._active[window]
        return tuple(told)

    def _told(self, window: int, *, new: bool) -> Traffic:
        """One window; what is due in it is told once, whether or not its worker lived to see it."""
        found = self._arrivals.pop(window, Arrivals())
        planned = self.schedule.model == "open" and (window + 1) * self.schedule.width <= self.ended
        due = found.due if not planned else plan.planned(self.schedule, window) if new else 0
        active = sum(self._active.get(window, {}).values())
        return Traffic(window, due, found.started, found.late, found.dropped, active, closed=True)


KEPT = 60
"""Windows for which the number of visitors is kept, since a frozen worker may still add to them."""
