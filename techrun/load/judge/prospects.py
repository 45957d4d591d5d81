"""How much may still come to some windows, at most. Pure.

A visit does one step at a time. So what begins in a window that is over, and is not recorded yet, is one step of
each visit under way, at most; and what begins later is bounded by the steps of the visits under way and of those
that are still planned.
"""

from __future__ import annotations

from techrun.config.load import Criterion
from techrun.load import schedule as plan
from techrun.load.records import CONTROL, Run


class Prospects:
    """What may still come of what a criterion is about; `closed` are the windows that are over."""

    def __init__(self, run: Run, criterion: Criterion, closed: frozenset[int]) -> None:
        self._schedule = run.schedule
        self._closed = closed
        self._under_way = _under_way(run, closed)
        self._a_visit = _of_a_visit(run, criterion)
        self._first_open = next(window for window in range(len(closed) + 1) if window not in closed)
        self._planned: dict[int, int] = {}

    def of(self, windows: range) -> int | None:
        """Steps (or visits) that may still be recorded in these windows, at most; None: there is no bound."""
        to_come = [window for window in range(self._first_open, windows.stop) if window not in self._closed]
        if not to_come:
            return self._under_way
        if self._a_visit is None or self._schedule.model == "closed":
            return None
        return (self._under_way + sum(map(self._arrivals, to_come))) * self._a_visit

    def _arrivals(self, window: int) -> int:
        if window not in self._planned:
            self._planned[window] = plan.planned(self._schedule, window)
        return self._planned[window]


def _under_way(run: Run, closed: frozenset[int]) -> int:
    """Visits of the windows that are over, which have not ended; those of both releases."""
    begun = sum(each.due - each.dropped for each in run.traffic if each.window in closed)
    visits = (cell for cell in run.cells if not cell.step and cell.journey != CONTROL)
    return max(0, begun - sum(cell.count for cell in visits if cell.window in closed))


def _of_a_visit(run: Run, criterion: Criterion) -> int | None:
    """How many of them one visit brings, at most; None where nobody knows."""
    if criterion.visit or criterion.step is not None:
        return 1
    mine = [each for each in run.personas if criterion.journey in {None, each.journey}]
    lengths = [len(each.steps) for each in mine if not each.left_out]
    return max(lengths) if lengths and all(lengths) else None
