"""Ratios of new to old with their intervals, as rows of a table with a little plot in each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite

from techrun.load.figures import STATISTICS
from techrun.load.records import Contrast
from techrun.load.report import words
from techrun.load.report.scales import Scale, Tick, nice, ticks

LEAST, MOST = 0.5, 2.0
"""The widest axis of ratios; what lies beyond is cut off, and its figures say so."""


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One contrast, in figures and in per cent of the axis."""

    journey: str
    contrast: Contrast
    statistic: str
    says: str
    sign: words.Said
    low: float
    at: float | None
    """None where it lies beyond the axis."""
    high: float
    cut_low: bool
    cut_high: bool


@dataclass(frozen=True, slots=True)
class Forest:
    """All contrasts on one axis."""

    rows: tuple[ForestRow, ...]
    ticks: tuple[Tick, ...]
    even: float
    """Where new and old are the same."""


SEEN = {
    True: words.Said("slower", "✗", "bad"),
    False: words.Said("not slower", "✓", "good"),
    None: words.Said("cannot tell", "?", "unsure"),
}


def forest(contrasts: Sequence[Contrast]) -> Forest | None:
    """The plot of all contrasts in their order; None where there are none."""
    if not contrasts:
        return None
    bounds = [bound for one in contrasts for bound in (one.low, one.high, one.ratio) if isfinite(bound)]
    low, high = max(LEAST, min([0.95, *bounds])), min(MOST, max([1.05, *bounds]))
    step = nice(high - low, 5)
    x = Scale(step * floor(low / step + 1e-9), step * ceil(high / step - 1e-9))
    return Forest(
        rows=tuple(_row(one, x) for one in contrasts),
        ticks=_around(ticks(x, words.change, 5), x.place(1.0)),
        even=round(x.place(1.0), 2),
    )


def _around(marks: Sequence[Tick], even: float) -> tuple[Tick, ...]:
    """The same marks; where some are left out, the one where both are the same stays."""
    middle = min(range(len(marks)), key=lambda number: abs(marks[number].at - even))
    return tuple(
        replace(one, minor=len(marks) > 5 and (number - middle) % 2 == 1) for number, one in enumerate(marks)
    )


def _row(contrast: Contrast, x: Scale) -> ForestRow:
    low, at, high = (
        one if isfinite(one) else x.high for one in (contrast.low, contrast.ratio, contrast.high)
    )
    return ForestRow(
        contrast.journey,
        contrast,
        STATISTICS[contrast.statistic],
        says=f"{words.change(contrast.low)} to {words.change(contrast.high)}",
        sign=SEEN[contrast.regressed],
        low=round(x.place(low), 2),
        at=round(x.place(at), 2) if x.low <= at <= x.high and isfinite(contrast.ratio) else None,
        high=round(x.place(high), 2),
        cut_low=low < x.low,
        cut_high=high > x.high or not isfinite(contrast.high),
    )
