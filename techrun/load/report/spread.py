"""The charts that have no time: how latencies are spread, and latency against the rate of visits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from techrun.load.histogram import PER_DOUBLING
from techrun.load.judge import knee
from techrun.load.records import Run
from techrun.load.report import words
from techrun.load.report.charts import Chart, Stroke, Table
from techrun.load.report.scales import Scale, from_nought, line, steps, ticks
from techrun.load.report.series import Figures, Point, Side, distribution, together

PER_BAR = 4
"""Buckets of the histogram in one bar: 8 bars for each doubling."""
SHARES = (("fastest half", 0.5), ("75 %", 0.75), ("90 %", 0.9), ("95 %", 0.95), ("99 %", 0.99), ("all", 1.0))
"""Rows of the table below the histogram."""


def histogram(new: Side, old: Side | None) -> Chart | None:
    """How the latencies of all steps are spread, both releases overlaid; None where there are none."""
    both = [(side, kind) for side, kind in ((new, "new"), (old, "old")) if side]
    found = [(side, kind, together(side.cells, side.measured)) for side, kind in both]
    found = [one for one in found if one[2].buckets]
    if not found:
        return None
    bars = {kind: distribution(figures.buckets, PER_BAR) for _, kind, figures in found}
    low, high = min(min(one) for one in bars.values()), max(max(one) for one in bars.values())
    x = Scale(_edge(low), _edge(high + 1), log=True)
    y = from_nought(max(max(one.values()) for one in bars.values()))
    strokes = (
        Stroke(kind, side.name, steps(_stairs(bars[kind], low, high), x, y), area=True)
        for side, kind, _ in found
    )
    return Chart(
        name="spread",
        title="How latencies are spread",
        says=" ".join(_spread(side.name, figures) for side, _, figures in found),
        x_axis="latency of a step, logarithmic",
        y_axis="share of steps",
        strokes=tuple(strokes),
        x=ticks(x, words.mark),
        y=ticks(y, words.share),
        table=_spread_table([(side.name, figures) for side, _, figures in found]),
    )


def _edge(bar: int) -> float:
    """Where a bar begins, in seconds."""
    return float(2.0 ** (bar * PER_BAR / PER_DOUBLING))


def _stairs(bars: dict[int, float], low: int, high: int) -> list[tuple[float, float, float]]:
    return [(_edge(bar), _edge(bar + 1), bars.get(bar, 0.0)) for bar in range(low, high + 1)]


def _spread(name: str, figures: Figures) -> str:
    half, most, top = (words.duration(figures.quantile(share)) for share in (0.5, 0.95, 1.0))
    return f"{name}: half of the steps within {half}, 95 % within {most}, the slowest {top}."


def _spread_table(found: Sequence[tuple[str, Figures]]) -> Table:
    rows = tuple(
        (label, *(words.duration(figures.quantile(share)) for _, figures in found)) for label, share in SHARES
    )
    return Table(("Steps", *(f"{name}, within" for name, _ in found)), rows)


def by_rate(run: Run) -> Chart | None:
    """Latency of a visit against load, where the load went up in steps; the last one before the bend is marked."""
    curve = [one for one in knee.points(run) if one.p95 is not None] if _climbs(run) else []
    if len(curve) < knee.FEWEST:
        return None
    places: list[Point] = [(one.asked, one.p95) for one in curve]
    x, y = from_nought(curve[-1].asked, 6), from_nought(max(one.p95 or 0.0 for one in curve))
    bend = knee.knee(curve)
    strokes = [
        Stroke("asked dots", "the knee", line([(bend.point.asked, bend.point.p95)], x, y)) if bend else None,
        Stroke("new dots", "", line(places, x, y, dots=True)),
        Stroke("new", "p95 of a visit", line(places, x, y)),
    ]
    told = knee.told(run)
    rows = ((words.rate(one.asked), words.rate(one.done), words.duration(one.p95)) for one in curve)
    unit = "visitors at a time" if run.schedule.model == "closed" else "visits per second"
    return Chart(
        name="by-rate",
        title="Latency against load",
        says=f"{told[:1].upper()}{told[1:]}.",
        x_axis=f"{unit}, asked for",
        y_axis="p95 of a visit",
        strokes=tuple(one for one in strokes if one),
        x=ticks(x, words.rate, 6),
        y=ticks(y, words.mark),
        table=Table((f"Asked for, {unit}", "Done per second", "p95 of a visit"), tuple(rows)),
    )


def _climbs(run: Run) -> bool:
    """Whether each measured stage asks for more than the one before."""
    rates = [(one.start + one.end) / 2 for one in run.schedule.stages if one.phase == "measure"]
    return all(low < high for low, high in pairwise(rates))
