"""Where a shop that is loaded step by step stops to keep up: the knee of its throughput, or of its p95. Pure.

Found by Kneedle: V. Satopää, J. Albrecht, D. Irwin, B. Raghavan, "Finding a 'Kneedle' in a Haystack: Detecting
Knee Points in System Behavior", ICDCS Workshops 2011. Both axes are stretched to 0…1; the knee is the point
furthest from the diagonal, if the curve comes back towards it afterwards. As any curve has such a point, and a
busy machine makes more of them, a bend must last: throughput falls short to the end, p95 stays doubled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from techrun.language.durations import show as shown
from techrun.language.rates import show
from techrun.load import schedule as plan
from techrun.load.histogram import merged, middle, quantile
from techrun.load.records import CONTROL, Cell, Run

SENSITIVITY = 1.0
"""Kneedle's S: how far the curve must come back, in steps of the load."""
SHORT = 0.95
"""Throughput below this share of what is asked does not follow any more."""
WORSE = 2.0
"""A p95 that has not grown by this factor, and stayed there, has not bent away."""
FEWEST = 3
"""Steps without which there is no curve."""


@dataclass(frozen=True, slots=True)
class Point:
    """One step of the load and what the shop made of it."""

    asked: float
    """Visits per second; in a closed model visitors at a time."""
    done: float
    """Visits per second that ended well within the step, whenever they began."""
    p95: float | None
    """Of the visits that began in it, in seconds, without think time; None where none ended well."""


@dataclass(frozen=True, slots=True)
class Knee:
    """The last step before the bend, and what bends."""

    point: Point
    why: str
    """In words."""


def points(run: Run) -> tuple[Point, ...]:
    """Each measured stage that was run to its end, with all the arrivals that it was to have."""
    visits = [cell for cell in run.cells if not cell.step and cell.journey != CONTROL]
    closed = run.closed
    width = run.schedule.width
    found = []
    for begin, end, stage in plan.placed(run.schedule):
        own = range(plan.window_of(run.schedule, begin), plan.window_of(run.schedule, end - 1e-6) + 1)
        if stage.phase == "measure" and own[-1] in closed and _was_given(run, own):
            done = sum(ended(visits, begin, end, width)) / stage.seconds
            p95 = quantile(merged(cell.buckets for cell in visits if cell.window in own), 0.95)
            found.append(Point((stage.start + stage.end) / 2, done, p95))
    return tuple(found)


def _was_given(run: Run, windows: range) -> bool:
    """Whether the visits of these windows were let in: in a run that was stopped the last were not."""
    wanted = sum(plan.planned(run.schedule, window) for window in windows)
    return sum(traffic.due for traffic in run.traffic if traffic.window in windows) >= SHORT * wanted


def ended(visits: Iterable[Cell], begin: float, end: float, width: float) -> Iterable[int]:
    """How many visits ended well between two moments: cells know when they began and how long they took."""
    for cell in visits:
        middle_of_window = (cell.window + 0.5) * width
        for bucket, count in cell.buckets.items():
            if begin <= middle_of_window + middle(bucket) < end:
                yield count


def knee(curve: Sequence[Point]) -> Knee | None:
    """The knee of throughput or of p95, whichever comes first; None where neither bends."""
    if len(curve) < FEWEST:
        return None
    found = [each for each in (_of_throughput(curve), _of_p95(curve)) if each]
    return min(found, key=lambda each: each.point.asked, default=None)


def _of_throughput(curve: Sequence[Point]) -> Knee | None:
    """The last step that was done as fast as it was asked."""
    at = kneedle([point.asked for point in curve], [point.done for point in curve])
    if at is None or curve[-1].done >= SHORT * _followed(curve, curve[-1]):
        return None
    most = max(point.done for point in curve)
    return Knee(curve[at], f"above it the shop does not do more than {show(most)}, whatever is asked")


def _followed(curve: Sequence[Point], point: Point) -> float:
    """What would be done if the shop did as well as in the first step."""
    return curve[0].done / curve[0].asked * point.asked


def _of_p95(curve: Sequence[Point]) -> Knee | None:
    """The last step before waiting grows faster than the load: the curve turned upside down."""
    timed = [(point, point.p95) for point in curve if point.p95 is not None]
    if len(timed) < FEWEST:
        return None
    at = kneedle([-point.asked for point, _ in reversed(timed)], [-p95 for _, p95 in reversed(timed)])
    if at is None:
        return None
    last = len(timed) - 1 - at
    before, after = (sorted(p95 for _, p95 in part) for part in (timed[: last + 1], timed[last + 1 :]))
    usual = before[len(before) // 2]
    if not after or after[0] < WORSE * usual:
        return None
    return Knee(timed[last][0], f"above it p95 of a visit grows from {shown(usual)} to {shown(timed[-1][1])}")


def kneedle(across: Sequence[float], up: Sequence[float]) -> int | None:
    """The index of the knee of a curve that rises ever less; None where it does not bend."""
    wide, high = across[-1] - across[0], max(up) - min(up)
    if wide <= 0 or high <= 0:
        return None
    away = [(y - min(up)) / high - (x - across[0]) / wide for x, y in zip(across, up, strict=True)]
    at = max(range(len(away)), key=away.__getitem__)
    threshold = away[at] - SENSITIVITY / (len(away) - 1)
    return at if away[at] > 0 and min(away[at:]) < threshold else None


def told(run: Run) -> str:
    """The knee of a run in one sentence."""
    curve = points(run)
    found = knee(curve)
    if not curve:
        return "no knee was found, as no step was run to its end"
    if found is None:
        return f"no knee was found up to {_level(run, curve[-1].asked)}"
    return f"the knee is at {_level(run, found.point.asked)}: {found.why}"


def _level(run: Run, asked: float) -> str:
    """A rate of visits, or how many visitors."""
    return f"{asked:g} visitors at a time" if run.schedule.model == "closed" else show(asked)
