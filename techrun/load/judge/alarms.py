"""What runs of a release against itself tell: how often it is called slower, and what would be found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median

from techrun.load.records import Run, Verdict
from techrun.statistics.shares import wilson


@dataclass(frozen=True, slots=True)
class Alarms:
    """Runs of a release against itself."""

    runs: int
    """That could be believed."""
    invalid: int
    """That could not: they raise no alarm, and tell nothing."""
    false_alarms: int
    """Where a step was called slower, or was said to fail more often."""
    unclear: int
    low: float
    high: float
    """95 % interval of the share of false alarms (Wilson's)."""
    detectable: tuple[tuple[str, str, float], ...]
    """Step, statistic and the smallest ratio that four of five runs find, in the middle of all runs."""


def reckoned(runs: Sequence[Run]) -> Alarms:
    """What these runs tell."""
    verdicts = [run.verdict for run in runs if run.verdict]
    believed = [one for one in verdicts if one.value != "invalid"]
    false = sum(map(is_alarm, believed))
    low, high = wilson(false, len(believed))
    return Alarms(
        runs=len(believed),
        invalid=len(runs) - len(believed),
        false_alarms=false,
        unclear=sum(one.value == "inconclusive" for one in believed),
        low=low,
        high=high,
        detectable=tuple(_detectable(believed)),
    )


def is_alarm(verdict: Verdict) -> bool:
    """Whether the new release was called worse than the old."""
    return any(ruling.holds is False and ruling.rule.endswith(".regressed") for ruling in verdict.rulings)


def _detectable(verdicts: Iterable[Verdict]) -> Iterable[tuple[str, str, float]]:
    found: dict[tuple[str, str], list[float]] = {}
    for verdict in verdicts:
        for contrast in verdict.comparison.contrasts if verdict.comparison else ():
            found.setdefault((contrast.step, contrast.statistic), []).append(contrast.detectable)
    for (step, statistic), ratios in found.items():
        middle = median(ratios)
        if isfinite(middle):
            yield step or "whole visit", statistic, middle
