"""What a chart is: lines, axes and phases in per cent of its field, a sentence, and the same in figures. Pure.

The template draws it. Words stand beside the SVG as HTML, so they keep their size on a phone and in print.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from techrun.load.records import Run, Schedule
from techrun.load.report import words
from techrun.load.report.scales import Scale, Tick, Write, clock_ticks, decades, from_nought, line, ticks
from techrun.load.report.series import Point, Side, point_width
from techrun.load.schedule import arrivals_end, ends, placed

TABLE_ROWS = 30
"""In the figures below a chart over time."""
WILD = 12
"""A logarithmic axis from so many times the usual value on."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line or area: `kind` is its looks (`new`, `old`, `asked`, …)."""

    kind: str
    name: str
    path: str
    area: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A phase or stage behind the lines, in per cent."""

    left: float
    width: float
    label: str
    judged: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The same in figures."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One picture with its words."""

    name: str
    title: str
    says: str
    """One sentence or two with the figures that matter."""
    x_axis: str
    y_axis: str
    strokes: tuple[Stroke, ...]
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    table: Table
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class Curve:
    """A value over time."""

    kind: str
    name: str
    value: Callable[[int], list[Point]]
    """Its points, given how many windows make one."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What both axes of a chart over time are about."""

    x: Scale
    unit: str
    write: Write
    wild: bool = False
    """Whether a few high values may make the axis logarithmic."""


def time_scale(run: Run, other: Side | None = None) -> Scale:
    """From the first arrival to the last thing that was recorded, the plan included."""
    last = max([-1, *(cell.window for cell in run.cells), *(one.window for one in run.traffic)])
    known = [1.0, arrivals_end(run.schedule), (last + 1) * run.schedule.width]
    if other:
        known.append((max((cell.window for cell in other.cells), default=-1) + 1) * other.schedule.width)
    return Scale(0.0, max(known))


def over_time(run: Run, curves: Sequence[Curve], axes: Axes, *, name: str, title: str, says: str) -> Chart:
    """A chart over time, with its phases and its table."""
    drawn = [one.value(point_width(run.schedule, axes.x.high)) for one in curves]
    y = _value_scale([value for points in drawn for _, value in points if value], wild=axes.wild)
    return Chart(
        name=name,
        title=title,
        says=f"{says} The upright axis is logarithmic." if y.log else says,
        x_axis="minutes from the first arrival" if axes.x.high >= 60 else "seconds from the first arrival",
        y_axis=axes.unit,
        strokes=tuple(
            Stroke(one.kind, one.name, line(points, axes.x, y))
            for one, points in zip(curves, drawn, strict=True)
        ),
        x=clock_ticks(axes.x, words.clock),
        y=ticks(y, axes.write),
        table=_time_table(run, curves, axes),
        bands=bands(run.schedule, axes.x),
    )


def _value_scale(values: Sequence[float], *, wild: bool) -> Scale:
    """Linear from nought, unless a few values would press all others to the ground."""
    ranked = sorted(values)
    if wild and ranked and ranked[-1] > WILD * ranked[len(ranked) // 2]:
        return decades(ranked[0], ranked[-1])
    return from_nought(ranked[-1] if ranked else 0.0)


def _time_table(run: Run, curves: Sequence[Curve], axes: Axes) -> Table:
    width = point_width(run.schedule, axes.x.high, TABLE_ROWS)
    columns = [dict(one.value(width)) for one in curves]
    half = width * run.schedule.width / 2
    rows = tuple(
        (
            f"{words.clock(at - half)} to {words.clock(at + half)}",
            *(words.NOTHING if (value := one.get(at)) is None else axes.write(value) for one in columns),
        )
        for at in sorted({at for column in columns for at in column})
    )
    return Table(("Time", *(one.name for one in curves)), rows)


def bands(schedule: Schedule, x: Scale) -> tuple[Band, ...]:
    """The phases along an axis of time; stages that have names apart."""
    parts = [(begin, end, one.phase, one.name) for begin, end, one in placed(schedule)]
    parts.append((arrivals_end(schedule), min(ends(schedule), x.high), "drain", ""))
    found: list[Band] = []
    for (phase, name), group in groupby(parts, key=lambda one: (one[2], one[3])):
        together = list(group)
        left, right = x.place(together[0][0]), x.place(together[-1][1])
        label = name or {"measure": "measured"}.get(phase, phase)
        if right > left:
            found.append(Band(round(left, 2), round(right - left, 2), label, phase == "measure"))
    return tuple(found)
