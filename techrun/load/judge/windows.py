"""What each step did in the measured phase, window by window, as arrays. No judgement.

Only windows that are closed on every worker count, so that a run can be looked at while it goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from techrun.load import schedule as plan
from techrun.load.histogram import PER_DOUBLING
from techrun.load.records import CONTROL, Arm, Cell, Run
from techrun.statistics.resampling import Array


@dataclass(frozen=True, slots=True)
class Step:
    """One step on both releases: rows are windows, columns are buckets of durations."""

    journey: str
    name: str
    first: int
    """The bucket of the first column."""
    new: Array
    old: Array
    failed_new: Array
    """Failed requests of each window."""
    failed_old: Array


def measured(run: Run) -> tuple[int, ...]:
    """The numbers of the windows that are judged."""
    closed = run.closed
    return tuple(window for window in plan.windows(run.schedule, "measure") if window in closed)


def steps(run: Run) -> tuple[Step, ...]:
    """Every step of every journey, the control request and whole visits left out, by name."""
    rows = {window: row for row, window in enumerate(measured(run))}
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in run.cells:
        if cell.window in rows and cell.step and cell.journey != CONTROL:
            found.setdefault((cell.journey, cell.step), []).append(cell)
    return tuple(_step(name, cells, rows) for name, cells in sorted(found.items()))


def control(run: Run) -> Step | None:
    """The request that measures the runner; None where none was sent."""
    rows = {window: row for row, window in enumerate(measured(run))}
    cells = [cell for cell in run.cells if cell.journey == CONTROL and cell.window in rows]
    cells = [cell for cell in cells if cell.step] or cells
    return _step((CONTROL, CONTROL), cells, rows) if any(cell.buckets for cell in cells) else None


def _step(name: tuple[str, str], cells: Sequence[Cell], rows: dict[int, int]) -> Step:
    """The cells of one step as arrays."""
    hit = {bucket for cell in cells for bucket in cell.buckets}
    first = min(hit, default=0)
    width = max(hit, default=0) - first + 1
    counts: dict[Arm, Array] = {arm: np.zeros((len(rows), width)) for arm in ("new", "old")}
    failed: dict[Arm, Array] = {arm: np.zeros(len(rows)) for arm in ("new", "old")}
    for cell in cells:
        row = rows[cell.window]
        failed[cell.arm][row] += sum(cell.errors.values())
        for bucket, count in cell.buckets.items():
            counts[cell.arm][row, bucket - first] += count
    return Step(*name, first, counts["new"], counts["old"], failed["new"], failed["old"])


def merged(counts: Array, together: int) -> Array:
    """Windows added up so many at a time; a rest at the end is left out."""
    whole = len(counts) // together * together
    shape = (whole // together, together, *counts.shape[1:])
    added: Array = counts[:whole].reshape(shape).sum(axis=1)
    return added


def quantiles(counts: Array, first: int, share: float) -> Array:
    """The logarithm of this quantile of every row, even within a bucket; a row without counts gives nan."""
    totals = counts.sum(axis=1)
    sums = counts.cumsum(axis=1)
    wanted = np.maximum(1.0, np.ceil(share * totals - 1e-9))
    at = np.minimum((sums < wanted[:, None]).sum(axis=1), counts.shape[1] - 1)
    lines = np.arange(len(counts))
    inside = counts[lines, at]
    before = sums[lines, at] - inside
    with np.errstate(invalid="ignore", divide="ignore"):
        place = (wanted - before - 0.5) / inside
    logs: Array = (first + at - 1 + place) / PER_DOUBLING * np.log(2)
    logs[totals == 0] = np.nan
    return logs


def coarseness(new: Array, old: Array, needed: int, fewest: int) -> int | None:
    """How many windows to add up so that nine in ten have enough on both sides; None: too few in all."""
    both = np.minimum(new.sum(axis=1), old.sum(axis=1)) if new.ndim > 1 else np.minimum(new, old)
    if both.sum() < needed * fewest:
        return None
    for together in _candidates(len(both) // fewest):
        if np.quantile(merged(both, together), 0.1) >= needed:
            return together
    return None


def _candidates(most: int) -> Iterable[int]:
    """1, 2, 3, 4, 5, 7, 9, 12, …: a quarter more each time."""
    together = 1
    while together <= most:
        yield together
        together = max(together + 1, ceil(together * 1.25))
