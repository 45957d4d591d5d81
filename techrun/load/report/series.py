"""What was measured, as figures by step and as series over time. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TypeVar

from techrun.load import histogram
from techrun.load.records import CONTROL, Arm, Cell, Run, Schedule
from techrun.load.report import words
from techrun.load.schedule import windows

Key = tuple[str, str]
"""Journey and step."""
Point = tuple[float, float | None]
"""Seconds from the run's beginning, and the value; None where there is none."""
EVERY = range(1 << 40)
"""All windows that there can be."""
MOST_POINTS = 120
"""In a series: more cannot be told apart on a page."""
WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
"""How many windows may make one point."""


@dataclass(slots=True)
class Figures:
    """What one step did over some windows; more can be added."""

    buckets: dict[int, int] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, cell: Cell) -> None:
        """Take in one more cell."""
        for bucket, count in cell.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count
        self.errors.update(cell.errors)

    @property
    def failed(self) -> int:
        """Failed steps."""
        return sum(self.errors.values())

    @property
    def count(self) -> int:
        """All of them, failed ones too."""
        return sum(self.buckets.values()) + self.failed

    @property
    def error_share(self) -> float | None:
        """Failed among all; None where there are none."""
        return self.failed / self.count if self.count else None

    def quantile(self, share: float) -> float | None:
        """In seconds, of those that did not fail; None where there are none."""
        return histogram.quantile(self.buckets, share)


def is_step(cell: Cell) -> bool:
    """Whether it tells of a step of the shop: not of a whole visit, not of the control request."""
    return bool(cell.step) and cell.journey != CONTROL


def by_step(cells: Iterable[Cell], within: range = EVERY) -> dict[Key, Figures]:
    """Each step's figures in these windows; `("…", "")` are whole visits."""
    found: dict[Key, Figures] = {}
    for cell in cells:
        if cell.window in within:
            found.setdefault((cell.journey, cell.step), Figures()).add(cell)
    return found


def together(cells: Iterable[Cell], within: range = EVERY) -> Figures:
    """All steps of the shop as one."""
    whole = Figures()
    for cell in cells:
        if cell.window in within and is_step(cell):
            whole.add(cell)
    return whole


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two releases that a report holds against each other."""

    name: str
    cells: tuple[Cell, ...]
    schedule: Schedule

    @property
    def measured(self) -> range:
        """The windows that are judged."""
        return windows(self.schedule, "measure")


def sides(run: Run, baseline: Run | None = None) -> tuple[Side, Side | None]:
    """The new release, and the old one: of the same run, else the stored baseline, else None."""
    new = Side(words.short(run.release) or "this release", _of(run, "new"), run.schedule)
    if "old" in run.schedule.arms:
        old = Side(words.short(run.old_release) or "the old release", _of(run, "old"), run.schedule)
    elif baseline:
        old = Side(words.short(baseline.release) or "the baseline", _of(baseline, "new"), baseline.schedule)
    else:
        return new, None
    if new.name == old.name:
        new = Side(f"{new.name} (new)", new.cells, new.schedule)
        old = Side(f"{old.name} (old)", old.cells, old.schedule)
    return new, old


def _of(run: Run, arm: Arm) -> tuple[Cell, ...]:
    return tuple(cell for cell in run.cells if cell.arm == arm)


def steps_in_order(run: Run, cells: Iterable[Cell]) -> list[Key]:
    """The steps of the shop by journey, as the visitors take them; what no persona names comes last."""
    seen = dict.fromkeys((one.journey, one.step) for one in cells if is_step(one))
    planned = dict.fromkeys((who.journey, step) for who in run.personas for step in who.steps)
    keys = [key for key in planned if key in seen] + sorted(seen.keys() - planned.keys())
    journeys = list(dict.fromkeys(journey for journey, _ in keys))
    return sorted(keys, key=lambda key: journeys.index(key[0]))


def point_width(schedule: Schedule, last: float, most: int = MOST_POINTS) -> int:
    """How many windows make one point, so that there are not too many points."""
    number = max(1, ceil(last / schedule.width))
    fitting = (width for width in WIDTHS if ceil(number / width) <= most)
    return next(fitting, ceil(number / most))


def of_cells(
    cells: Iterable[Cell], schedule: Schedule, width: int, value: Callable[[Figures], float | None]
) -> list[Point]:
    """One value of all steps together, for every `width` windows, at the middle of each."""
    bins: dict[int, Figures] = {}
    for cell in cells:
        if is_step(cell):
            bins.setdefault(cell.window // width, Figures()).add(cell)
    return _points(bins, schedule, width, lambda figures: value(figures) if figures else None)


def sums(
    amounts: Iterable[tuple[int, float]], schedule: Schedule, width: int, *, mean: bool = False
) -> list[Point]:
    """Amounts by window, per second and `width` windows; `mean`: the mean amount."""
    bins: dict[int, list[float]] = {}
    for window, amount in amounts:
        bins.setdefault(window // width, []).append(amount)
    if mean:
        return _points(bins, schedule, width, lambda found: sum(found) / len(found) if found else None)
    return _points(bins, schedule, width, lambda found: sum(found or ()) / (width * schedule.width))


def peaks(amounts: Iterable[tuple[int, float]], schedule: Schedule, width: int) -> list[Point]:
    """The highest of the amounts by window, for every `width` windows."""
    bins: dict[int, float] = {}
    for window, amount in amounts:
        bins[window // width] = max(amount, bins.get(window // width, amount))
    return _points(bins, schedule, width, lambda found: found)


Found = TypeVar("Found")


def _points(
    bins: dict[int, Found], schedule: Schedule, width: int, value: Callable[[Found | None], float | None]
) -> list[Point]:
    step = width * schedule.width
    if not bins:
        return []
    return [((number + 0.5) * step, value(bins.get(number))) for number in range(max(bins) + 1)]


def distribution(buckets: histogram.Buckets, grouped: int) -> dict[int, float]:
    """The share of all in each `grouped` buckets."""
    total = sum(buckets.values())
    shares: dict[int, float] = {}
    for bucket, amount in buckets.items():
        group = (bucket - 1) // grouped
        shares[group] = shares.get(group, 0.0) + amount / total
    return shares


def highest(points: Sequence[Point]) -> Point | None:
    """The point with the highest value; None where there are none."""
    known = [point for point in points if point[1] is not None]
    return max(known, key=lambda point: point[1] or 0.0, default=None)
