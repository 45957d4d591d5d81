"""What a run says of a criterion, in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from techrun.config.load import PERCENTILES, Criterion
from techrun.language import durations, rates
from techrun.load.figures import seconds_text, share_text
from techrun.load.histogram import merged, quantile
from techrun.load.judge.counting import Count, apdex, by_window
from techrun.load.records import Cell

MOST_REASONS = 3
"""Reasons of failures that are named."""


def subject(criterion: Criterion) -> str:
    """What a criterion is about: `product`, `all steps`, `visits of guest-checkout`."""
    if criterion.step is not None:
        return f"{criterion.journey} {criterion.step}" if criterion.journey else criterion.step
    name = "visits" if criterion.visit else "all steps"
    return f"{name} of {criterion.journey}" if criterion.journey else name


def sentence(
    criterion: Criterion,
    cells: Sequence[Cell],
    moments: tuple[float, float],
    broken: tuple[int, int],
    *,
    keeps: bool | None,
) -> str:
    """What was found in a stretch, and what the limit is.

    `moments`: from when to when the stretch lasts, in seconds; `broken`: how many of how many stretches fail.
    """
    count = sum(by_window(criterion, cells).values(), Count())
    seconds = moments[1] - moments[0]
    if criterion.measure == "errors":
        told = _errors(criterion, cells, count)
    elif criterion.measure == "throughput":
        told = (
            f"{rates.show(count.done / seconds)} of {subject(criterion)} were done without a failure, "
            f"at least {rates.show(criterion.limit)} are wanted"
        )
    elif criterion.measure == "apdex":
        told = (
            f"Apdex of {subject(criterion)} is {apdex(count):.3g} at {seconds_text(criterion.at or 0)}, "
            f"at least {criterion.limit:g} is wanted"
        )
    else:
        told = _percentile(criterion, cells, count, keeps=keeps)
    return told + (_where(moments, broken) if criterion.over is not None else "")


def _errors(criterion: Criterion, cells: Sequence[Cell], count: Count) -> str:
    reasons: Counter[str] = Counter()
    for cell in cells:
        reasons.update(cell.errors)
    named = ", ".join(f"{reason} {number}" for reason, number in _commonest(reasons))
    which = f": {named}" if named else ""
    return (
        f"{share_text(count.failed, count.total)} of {subject(criterion)} failed "
        f"({count.failed} of {count.total}{which}), the limit is {share_text(criterion.limit, 1)}"
    )


def _commonest(reasons: Counter[str]) -> list[tuple[str, int]]:
    """The commonest reasons, in an order that does not depend on the windows'."""
    return sorted(reasons.items(), key=lambda each: (-each[1], each[0]))[:MOST_REASONS]


def _percentile(criterion: Criterion, cells: Sequence[Cell], count: Count, *, keeps: bool | None) -> str:
    limit = f"the limit is {seconds_text(criterion.limit)}"
    found = quantile(merged(cell.buckets for cell in cells), PERCENTILES[criterion.measure] / 100)
    if found is None:
        return f"all {count.failed} of {subject(criterion)} failed, so none was in time; {limit}"
    shown = min(found, criterion.limit) if keeps else found
    return f"{criterion.measure} of {subject(criterion)} is {seconds_text(shown)}, {limit}"


def _where(moments: tuple[float, float], broken: tuple[int, int]) -> str:
    begin, end = moments
    number, of = broken
    many = f"; it breaks in {number} of {of} such stretches" if number > 1 else ""
    return f", in the {durations.show(end - begin)} from {durations.show(begin)} on{many}"
