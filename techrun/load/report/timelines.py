"""The charts over time: latency, failed steps, visits per second, visitors, and how the generator fared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from techrun.load.generator.health import busy
from techrun.load.records import Health, Run, Traffic
from techrun.load.report import words
from techrun.load.report.charts import Axes, Chart, Curve, over_time, time_scale
from techrun.load.report.series import (
    Figures,
    Point,
    Side,
    highest,
    is_step,
    of_cells,
    peaks,
    point_width,
    sums,
    together,
)
from techrun.load.schedule import measured


def _of_side(side: Side, kind: str, name: str, value: Callable[[Figures], float | None]) -> Curve:
    return Curve(kind, name, lambda width: of_cells(side.cells, side.schedule, width, value))


def _both(new: Side, old: Side | None) -> list[tuple[Side, str]]:
    return [(new, "new"), *([(old, "old")] if old else [])]


def _quantile(side: Side, kind: str, name: str, share: float) -> Curve:
    return _of_side(side, kind, f"{side.name}, {name}", lambda found: found.quantile(share))


def latency(run: Run, new: Side, old: Side | None) -> Chart:
    """The 95th percentile and the median of all steps over time, both releases overlaid."""
    curves = [
        _quantile(side, kind + faint, name, share)
        for side, kind in _both(new, old)
        for name, share, faint in (("p95", 0.95, ""), ("median", 0.5, " faint"))
    ]
    axes = Axes(time_scale(run, old), "latency", words.mark, wild=True)
    begin, end = measured(run.schedule)
    points = curves[0].value(point_width(run.schedule, axes.x.high))
    says = _latency_says(new, old, highest([point for point in points if begin <= point[0] < end]))
    return over_time(run, curves, axes, name="latency", title="Latency over time", says=says)


def _latency_says(new: Side, old: Side | None, top: Point | None) -> str:
    parts = [
        f"{words.duration(figures.quantile(0.95))} ({side.name})"
        for side, _ in _both(new, old)
        if (figures := together(side.cells, side.measured)).buckets
    ]
    if not parts or top is None:
        return "No step was answered while it was measured."
    return (
        f"While it was measured, 95 % of all steps were answered within {words.listed(parts)}. "
        f"The slowest moment of {new.name} was around {words.clock(top[0])}, with {words.duration(top[1])}."
    )


def errors(run: Run, new: Side, old: Side | None) -> Chart | None:
    """The share of failed steps over time; None where none failed."""
    if not any(together(side.cells).failed for side, _ in _both(new, old)):
        return None
    curves = [_of_side(side, kind, side.name, lambda one: one.error_share) for side, kind in _both(new, old)]
    axes = Axes(time_scale(run, old), "share of steps", words.share)
    top = highest(curves[0].value(point_width(run.schedule, axes.x.high)))
    says = f"No step of {new.name} failed."
    if top and top[1]:
        says = f"At its worst, around {words.clock(top[0])}, {words.share(top[1])} of the steps of {new.name} failed."
    return over_time(run, curves, axes, name="failed", title="Failed steps over time", says=says)


def arrivals(run: Run) -> Chart | None:
    """Visits per second, asked for and begun; None in a closed model or where nobody was due."""
    if run.schedule.model == "closed" or not run.traffic:
        return None
    curves = (
        _traffic(run, "asked", "asked for", lambda one: one.due),
        _traffic(run, "new", "begun", lambda one: one.started),
    )
    due, begun, late, dropped = (
        sum(getattr(one, name) for one in run.traffic) for name in ("due", "started", "late", "dropped")
    )
    says = (
        f"Of {words.number_of(due, 'visit')} asked for, {words.count(begun)} were begun, {words.count(late)} of them"
        f" late, and {words.count(dropped)} dropped."
    )
    axes = Axes(time_scale(run), "visits per second", words.rate)
    return over_time(run, curves, axes, name="arrivals", title="Visits per second", says=says)


def _traffic(
    run: Run, kind: str, name: str, value: Callable[[Traffic], float], *, mean: bool = False
) -> Curve:
    def points(width: int) -> list[Point]:
        return sums(((one.window, value(one)) for one in run.traffic), run.schedule, width, mean=mean)

    return Curve(kind, name, points)


def visitors(run: Run) -> Chart | None:
    """Visitors in the shop at a time, next to the steps that they took each second; None where nobody came."""
    if not run.traffic:
        return None

    def taken(width: int) -> list[Point]:
        counts = ((cell.window, cell.count) for cell in run.cells if is_step(cell))
        return sums(counts, run.schedule, width)

    curves = (
        _traffic(run, "new", "visitors in the shop", lambda one: one.active, mean=True),
        Curve("asked", "steps per second", taken),
    )
    most = max(one.active for one in run.traffic)
    top = highest(taken(point_width(run.schedule, time_scale(run).high)))
    says = f"At most {words.number_of(most, 'visitor')} at a time were in the shop"
    says += f", and at most {words.rate(top[1] or 0)} steps a second were taken." if top else "."
    axes = Axes(time_scale(run), "visitors, steps per second", words.rate)
    return over_time(run, curves, axes, name="visitors", title="Visitors and their steps", says=says)


def generator(run: Run) -> Chart | None:
    """How much of its processor the busiest process used and how long it waited for one; None where unknown."""
    if not run.health:
        return None
    curves = [
        _worst(run, "new", "processor used", lambda one: busy(one.cpu, one.quota)),
        _worst(run, "old", "ready, but waiting", lambda one: one.waited),
        _worst(run, "asked", "taken by others", lambda one: one.steal),
    ]
    curves = [one for one in curves if one.value(1)]
    top = highest(curves[0].value(1))
    says = f"The busiest process used at most {words.share(top[1] if top else None)} of what it may use."
    axes = Axes(time_scale(run), "share", words.share)
    return over_time(run, curves, axes, name="generator", title="The generator's own load", says=says)


def _worst(run: Run, kind: str, name: str, value: Callable[[Health], float | None]) -> Curve:
    """The highest among the processes, and of the windows that make one point."""

    def known() -> Iterable[tuple[int, float]]:
        return ((one.window, found) for one in run.health if (found := value(one)) is not None)

    return Curve(kind, name, lambda width: peaks(known(), run.schedule, width))


def all_of(charts: Sequence[Chart | None]) -> tuple[Chart, ...]:
    """Those that there are."""
    return tuple(one for one in charts if one)
