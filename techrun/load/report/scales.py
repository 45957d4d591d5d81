"""From values to places on a chart, in per cent of its width and height: scales, ticks and paths. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from techrun.load.report.series import Point

Write = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`; logarithmic ones need both above nought."""

    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """Per cent of the axis, within it."""
        low, high, value = (
            log10(max(one, 1e-9)) if self.log else one for one in (self.low, self.high, value)
        )
        return min(100.0, max(0.0, 100.0 * (value - low) / (high - low)))


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, and what is written beside it."""

    at: float
    """Per cent."""
    label: str
    minor: bool = False
    """Left out where there is little room."""


def nice(span: float, parts: int) -> float:
    """A round step (1, 2 or 5 of some power of ten) that divides the span into about so many parts."""
    rough = span / parts
    power = 10.0 ** floor(log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)


def from_nought(highest: float, parts: int = 4) -> Scale:
    """A linear scale from nought to a round number that holds the highest value."""
    if highest <= 0:
        return Scale(0.0, 1.0)
    step = nice(highest, parts)
    return Scale(0.0, step * ceil(highest / step - 1e-9))


def decades(lowest: float, highest: float) -> Scale:
    """A logarithmic scale between steps of 1, 2, 5 that holds both."""
    below = [one for one in _ladder(lowest, highest) if one <= lowest * 1.001]
    above = [one for one in _ladder(lowest, highest) if one >= highest * 0.999]
    return Scale(below[-1], above[0], log=True)


def _ladder(lowest: float, highest: float) -> list[float]:
    """1, 2, 5, 10, 20 … around these two."""
    powers = range(floor(log10(lowest)) - 1, ceil(log10(highest)) + 2)
    return [step * 10.0**power for power in powers for step in (1, 2, 5)]


def ticks(scale: Scale, write: Write, parts: int = 4) -> tuple[Tick, ...]:
    """Round values along the axis; every second one is minor where there are many."""
    if scale.log:
        values = [
            one for one in _ladder(scale.low, scale.high) if scale.low * 0.999 <= one <= scale.high * 1.001
        ]
        if len(values) > 8:
            values = [one for one in values if f"{one:e}"[0] == "1"]
    else:
        step = nice(scale.high - scale.low, parts)
        first = ceil(scale.low / step - 1e-9)
        values = [step * number for number in range(first, floor(scale.high / step + 1e-9) + 1)]
    many = len(values) > 5
    return tuple(
        Tick(round(scale.place(one), 2), write(one), minor=many and number % 2 == 1)
        for number, one in enumerate(values)
    )


CLOCK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
"""Seconds that people count time in."""


def clock_ticks(scale: Scale, write: Write, parts: int = 7) -> tuple[Tick, ...]:
    """Round moments along an axis of time."""
    length = scale.high - scale.low
    step = next((one for one in CLOCK_STEPS if length / one <= parts), nice(length, parts))
    many = length / step > 4
    return tuple(
        Tick(round(scale.place(number * step), 2), write(number * step), minor=many and number % 2 == 1)
        for number in range(int(length / step + 1e-9) + 1)
    )


def line(points: Sequence[Point], x: Scale, y: Scale, *, dots: bool = False) -> str:
    """An SVG path through all points in a field of 100 by 100; where a value is missing it is broken.

    `dots`: the points only, for a stroke with round ends.
    """
    parts: list[str] = []
    drawn = False
    for at, value in points:
        if value is not None:
            place = f"{_short(x.place(at))},{_short(100 - y.place(value))}"
            parts.append(f"L{place}" if drawn else f"M{place}h0")
        drawn = value is not None and not dots
    return "".join(parts)


def steps(edges: Sequence[tuple[float, float, float]], x: Scale, y: Scale) -> str:
    """An SVG path over stairs, each from where to where and how high; closed along the bottom."""
    if not edges:
        return ""
    parts = [f"M{_short(x.place(edges[0][0]))},100"]
    for begin, end, height in edges:
        top = _short(100 - y.place(height))
        parts.append(f"L{_short(x.place(begin))},{top}L{_short(x.place(end))},{top}")
    return "".join([*parts, f"L{_short(x.place(edges[-1][1]))},100Z"])


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
