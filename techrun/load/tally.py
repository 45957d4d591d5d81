"""What the generator reported so far, added up: the run as it grows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from techrun.load.histogram import merged
from techrun.load.records import CONTROL, Arm, Cell, Example, Health, Report, Run, Traffic

EXAMPLES = 5
"""Failed steps that are kept of each reason of each step."""

StepKey = tuple[Arm, str, str]


class Tally:
    """Adds reports up; a run takes what it has whenever it is asked."""

    def __init__(self) -> None:
        self.at = 0.0
        """How far the run is, in seconds, as the generator told last."""
        self.workers = 0
        """Generating processes that were alive at the last report."""
        self._cells: dict[int, dict[StepKey, Cell]] = {}
        self._totals: dict[tuple[Arm, str], Cell] = {}
        self._traffic: dict[int, Traffic] = {}
        self._health: list[Health] = []
        self._counts: Counter[str] = Counter()
        self._examples: dict[tuple[Arm, str, str, str], list[Example]] = {}
        self._most_workers = 0

    @property
    def active(self) -> int:
        """Visitors in the shop, as the generator told last."""
        return self._traffic[max(self._traffic)].active if self._traffic else 0

    @property
    def health(self) -> Mapping[str, Health]:
        """The last that each process told of itself."""
        return {one.process: one for one in self._health}

    @property
    def counts(self) -> Mapping[str, int]:
        """What is counted over the whole run."""
        return self._counts

    @property
    def traffic(self) -> Mapping[int, Traffic]:
        """The arrivals by window."""
        return self._traffic

    def add(self, report: Report) -> None:
        """Take in one report: it adds to what was told before."""
        self.at = max(self.at, report.at)
        self.workers = report.workers
        self._most_workers = max(self._most_workers, report.workers)
        for cell in report.cells:
            self._add_cell(cell)
        for traffic in report.traffic:
            known = self._traffic.get(traffic.window)
            self._traffic[traffic.window] = _more(known, traffic) if known else traffic
        self._health += report.health
        self._counts.update(report.counts)
        for example in report.examples:
            kept = self._examples.setdefault((example.arm, example.journey, example.step, example.reason), [])
            if len(kept) < EXAMPLES:
                kept.append(example)

    def _add_cell(self, cell: Cell) -> None:
        window = self._cells.setdefault(cell.window, {})
        key = (cell.arm, cell.journey, cell.step)
        window[key] = _both(window[key], cell) if key in window else cell
        if cell.journey != CONTROL:
            name = (cell.arm, cell.step)
            self._totals[name] = _both(self._totals[name], cell) if name in self._totals else cell

    def recent(self, windows: int) -> list[Cell]:
        """What the last windows hold, the control request left out."""
        newest = int(max(self._cells, default=0))
        return [
            cell
            for window in range(newest - windows + 1, newest + 1)
            for cell in self._cells.get(window, {}).values()
            if cell.journey != CONTROL
        ]

    def total(self, arm: Arm, step: str) -> Cell:
        """A step of all journeys since the beginning."""
        return self._totals.get((arm, step), Cell(arm, "", step, 0))

    def into(self, run: Run) -> Run:
        """The run with everything that is known of it now."""
        return replace(
            run,
            cells=tuple(cell for window in self._cells.values() for cell in window.values()),
            traffic=tuple(self._traffic[window] for window in sorted(self._traffic)),
            health=tuple(self._health),
            counts=dict(self._counts),
            examples=tuple(one for kept in self._examples.values() for one in kept),
            workers_lost=max(0, self._most_workers - self.workers),
        )


def _both(one: Cell, other: Cell) -> Cell:
    errors = Counter(one.errors)
    errors.update(other.errors)
    return replace(one, buckets=merged((one.buckets, other.buckets)), errors=dict(errors))


def _more(known: Traffic, added: Traffic) -> Traffic:
    """Arrivals add up; how many visitors there are is what was told last."""
    return Traffic(
        window=known.window,
        due=known.due + added.due,
        started=known.started + added.started,
        late=known.late + added.late,
        dropped=known.dropped + added.dropped,
        active=added.active,
        closed=known.closed or added.closed,
    )


def settled(run: Run) -> Run:
    """Only the windows that are over: in the others the slow steps are still to come."""
    over = run.closed
    return replace(
        run,
        cells=tuple(cell for cell in run.cells if cell.window in over),
        traffic=tuple(traffic for traffic in run.traffic if traffic.closed),
    )
