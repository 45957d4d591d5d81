"""The charts that have no time: how latencies are spread, and latency against the rate of visits. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from techrun.load.histogram import PER_DOUBLING, Buckets
from techrun.load.report import words
from techrun.load.report.charts import Chart, Stroke, Table
from techrun.load.report.figures import StageRow
from techrun.load.report.scales import Scale, from_nought, line, steps, ticks
from techrun.load.report.series import Figures, Side, distribution, together

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
        x=ticks(x, words.duration),
        y=ticks(y, words.share),
        table=_spread_table([(side.name, figures.buckets, figures) for side, _, figures in found]),
    )


def _edge(bar: int) -> float:
    """Where a bar begins, in seconds."""
    return float(2.0 ** (bar * PER_BAR / PER_DOUBLING))


def _stairs(bars: dict[int, float], low: int, high: int) -> list[tuple[float, float, float]]:
    return [(_edge(bar), _edge(bar + 1), bars.get(bar, 0.0)) for bar in range(low, high + 1)]


def _spread(name: str, figures: Figures) -> str:
    half, most, top = (words.duration(figures.quantile(share)) for share in (0.5, 0.95, 1.0))
    return f"{name}: half of the steps within {half}, 95 % within {most}, the slowest {top}."


def _spread_table(found: Sequence[tuple[str, Buckets, Figures]]) -> Table:
    rows = tuple(
        (label, *(words.duration(figures.quantile(share)) for _, _, figures in found))
        for label, share in SHARES
    )
    return Table(("Steps", *(f"{name}, within" for name, *_ in found)), rows)


def by_rate(rows: Sequence[StageRow], name: str) -> Chart | None:
    """Latency against visits per second, stage by stage: where it bends is the knee; None below three stages."""
    known = sorted(
        (row.begun, row.figures.quantile(0.95)) for row in rows if row.figures.buckets and row.begun
    )
    if len(known) < 3 or known[0][0] == known[-1][0]:
        return None
    x = from_nought(known[-1][0], 6)
    y = from_nought(max(p95 or 0.0 for _, p95 in known))
    return Chart(
        name="by-rate",
        title="Latency against load",
        says=(
            f"The p95 of all steps went from {words.duration(known[0][1])} at {words.rate(known[0][0])} visits"
            f" a second to {words.duration(known[-1][1])} at {words.rate(known[-1][0])}."
        ),
        x_axis="visits per second",
        y_axis="latency",
        strokes=(
            Stroke("new", f"{name}, p95", line(known, x, y)),
            Stroke("new dots", "", line(known, x, y, dots=True)),
        ),
        x=ticks(x, words.rate, 6),
        y=ticks(y, words.duration),
        table=Table(
            ("Visits per second", "p95"), tuple((words.rate(at), words.duration(p95)) for at, p95 in known)
        ),
    )
