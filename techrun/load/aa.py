"""What the verdict is worth on one's own runner: the same release against itself, many times. Pure.

Each run has the same address as new and as old, so that whatever it reports is false.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from scipy import stats

from techrun.load import failures, validity
from techrun.load.compare import interleaved
from techrun.load.figures import STATISTICS, change_text, share_text
from techrun.load.records import Contrast, Run
from techrun.load.rules import decides


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What many runs of one release against itself found."""

    runs: int
    """Runs that could be believed."""
    invalid: int
    alarms: int
    """Of the runs, how many called the release slower or more faulty than itself."""
    unsure: int
    """Of the runs, how many could not tell."""
    low: float
    high: float
    """95 % interval of the share of false alarms (Clopper and Pearson)."""
    detectable: tuple[tuple[str, float], ...]
    """By statistic the ratio that the typical run would have found in 80 % of cases."""
    text: str
    """All of that in words."""


def self_test(runs: Sequence[Run]) -> SelfTest:
    """How often the comparison is wrong, from runs of a release against itself."""
    sound = [run for run in runs if not validity.rulings(run)]
    contrasts: list[Contrast] = []
    alarms = unsure = 0
    for run in sound:
        found = interleaved(run)
        holds = [ruling.holds for ruling in (*found.rulings, *failures.rulings(run)) if decides(ruling)]
        alarms += False in holds
        unsure += False not in holds and None in holds
        contrasts += found.comparison.contrasts
    low, high = share_interval(alarms, len(sound))
    detectable = tuple(
        (name, median(each.detectable for each in contrasts if each.statistic == name))
        for name in STATISTICS
        if any(each.statistic == name for each in contrasts)
    )
    counts = (len(sound), len(runs) - len(sound), alarms, unsure)
    return SelfTest(*counts, low, high, detectable, _text(*counts, detectable))


def share_interval(count: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Clopper and Pearson); 0 to 1 where nothing was counted."""
    if not of:
        return 0.0, 1.0
    found = stats.binomtest(count, of).proportion_ci()
    return float(found.low), float(found.high)


def _text(runs: int, invalid: int, alarms: int, unsure: int, detectable: Iterable[tuple[str, float]]) -> str:
    if not runs:
        return f"None of {invalid} runs could be believed: this runner cannot measure."
    low, high = share_interval(alarms, runs)
    told = f"{alarms} false alarms in {runs} runs of the release against itself ({share_text(alarms, runs)},"
    told += f" 95 % interval {share_text(low, 1)} to {share_text(high, 1)}); {unsure} could not tell"
    if invalid:
        told += f"; {invalid} more could not be believed"
    finds = ", ".join(f"{change_text(ratio)} in the {STATISTICS[name]}" for name, ratio in detectable)
    return f"{told}. The typical run finds {finds}." if finds else f"{told}."
