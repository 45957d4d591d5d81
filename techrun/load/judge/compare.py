"""New release against old in one interleaved run: how much slower is each step, and how sure is that.

Requests of one second share its disturbances, so that seconds are compared and not requests: each step's median
and p95 of a window on the new release, over the same on the old one in the same window.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Literal

import numpy as np

from techrun.load.figures import STATISTICS, change_text, subject
from techrun.load.judge import contrasts as contrasting
from techrun.load.judge.windows import Step, coarseness, merged, quantiles, steps
from techrun.load.records import Comparison, Contrast, Ruling, Run
from techrun.statistics import resampling
from techrun.statistics.resampling import Array

ALPHA = 0.05
"""Chance of any false alarm, if nothing is slower than the tolerance, in the whole comparison."""
LOOKS = 3
"""How often a run is looked at, at most; each look has its share of ALPHA."""
TOLERANCE = {"p50": 1.05, "p95": 1.10}
"""What a release may be slower without anybody minding."""
NEEDED = {"p50": 5, "p95": 20}
"""Requests of a window on each side for its statistic to mean anything."""
MOST = 600
"""Windows: more of them tell nothing more, and take long to go through."""

Statistic = Literal["p50", "p95"]


@dataclass(frozen=True, slots=True)
class Found:
    """A comparison and what it rules."""

    comparison: Comparison
    rulings: tuple[Ruling, ...]


@dataclass(frozen=True, slots=True)
class _Pairs:
    """One statistic of one step, window by window."""

    step: Step
    statistic: Statistic
    new: Array
    old: Array
    """Logarithms of seconds."""
    width: float


def share_of_alpha(looks: int, *, last_look: bool) -> float:
    """What one look may spend: all of it where it is the only one."""
    return ALPHA if looks == 1 and last_look else ALPHA / LOOKS


def interleaved(run: Run, *, looks: int = 1, last_look: bool = True) -> Found:
    """Compare the two releases of a run step by step."""
    found = steps(run)
    wanted: tuple[Statistic, ...] = ("p50", "p95")
    tried = [_pairs(step, statistic, run.schedule.width) for step in found for statistic in wanted]
    few = [reason for reason in tried if isinstance(reason, Ruling)]
    contrasts = _contrasts(
        [pairs for pairs in tried if isinstance(pairs, _Pairs)], share_of_alpha(looks, last_look=last_look)
    )
    comparison = Comparison(
        against=f"{run.old_release or 'the old release'}, in the same run",
        method="interleaved",
        contrasts=contrasts,
        looks=looks,
    )
    return Found(comparison, (*_nothing(contrasts, few), *(_ruling(one) for one in contrasts), *few))


def _pairs(step: Step, statistic: Statistic, width: float) -> _Pairs | Ruling:
    """The windows of both releases that have enough, or why there are too few."""
    needed = NEEDED[statistic]
    together = coarseness(step.new, step.old, needed, resampling.FEWEST)
    if together is None:
        return _too_few(step, statistic)
    together = max(together, len(step.new) // MOST)
    new, old = merged(step.new, together), merged(step.old, together)
    enough = np.minimum(new.sum(axis=1), old.sum(axis=1)) >= needed / 2
    share = int(statistic[1:]) / 100
    return _Pairs(
        step,
        statistic,
        quantiles(new[enough], step.first, share),
        quantiles(old[enough], step.first, share),
        width * together,
    )


def _too_few(step: Step, statistic: Statistic) -> Ruling:
    """Said, not judged."""
    new, old = int(step.new.sum()), int(step.old.sum())
    return Ruling(
        "latency.too_few",
        subject(step.journey, step.name),
        None,
        f"{new} and {old} good answers are too few to compare the {STATISTICS[statistic]}: at least"
        f" {NEEDED[statistic]} in each of {resampling.FEWEST} stretches of time are needed on both releases",
        step.journey,
        step.name,
    )


def _contrasts(pairs: list[_Pairs], alpha: float) -> tuple[Contrast, ...]:
    """Every statistic of every step, corrected for how many there are."""
    estimates = [
        resampling.paired(
            each.new - each.old, TOLERANCE[each.statistic], each.width, typical=each.statistic == "p50"
        )
        for each in pairs
    ]
    corrected = resampling.holm([estimate.p for estimate in estimates])
    return tuple(
        _contrast(each, estimate, p, alpha, alpha / len(pairs))
        for each, estimate, p in zip(pairs, estimates, corrected, strict=True)
    )


def _contrast(
    pairs: _Pairs, estimate: resampling.Estimate, p: float, alpha: float, strictest: float
) -> Contrast:
    tolerance = TOLERANCE[pairs.statistic]
    regressed: bool | None = False
    if estimate.ratio > tolerance:
        regressed = True if p < alpha and estimate.low > tolerance else None
    old = exp(float(resampling.centre(pairs.old, typical=pairs.statistic == "p50")))
    return Contrast(
        pairs.step.journey,
        pairs.step.name,
        pairs.statistic,
        old=old,
        new=old * estimate.ratio,
        ratio=estimate.ratio,
        low=estimate.low,
        high=estimate.high,
        p=p,
        detectable=resampling.detectable(estimate, tolerance, strictest),
        regressed=regressed,
    )


def _ruling(contrast: Contrast) -> Ruling:
    interval = f"95 % interval {change_text(contrast.low)} to {change_text(contrast.high)}"
    what = f"{contrasting.in_words(contrast)} ({interval})"
    tolerated = change_text(TOLERANCE[contrast.statistic])
    say = {
        True: f"{what}: slower than the {tolerated} that is tolerated",
        None: f"{what}: perhaps slower than the {tolerated} that is tolerated, this run cannot tell",
        False: f"{what}; {change_text(contrast.detectable)} would have been found",
    }
    return contrasting.ruling(contrast, say[contrast.regressed])


def _nothing(contrasts: tuple[Contrast, ...], few: list[Ruling]) -> tuple[Ruling, ...]:
    """That nothing could be compared, where that is so."""
    if contrasts:
        return ()
    why = "every step had too few good answers" if few else "there were no good answers"
    return (Ruling("compared.nothing", "all steps", None, f"{why} to compare the two releases"),)
