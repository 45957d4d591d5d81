"""Whether more requests failed on the new release than on the old, and more than chance would have it.

Fisher's exact test on the shares, as if each request failed by itself. Failures that come in bursts do not: where
they vary from second to second by more than chance explains, so many count as one (the design effect). One bad
moment of the network that hit one side is no proof, one failure in fifty all along is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from techrun.load.figures import share_text, subject
from techrun.load.judge.compare import share_of_alpha
from techrun.load.judge.windows import Step, merged, steps
from techrun.load.records import Ruling, Run
from techrun.statistics import resampling
from techrun.statistics.resampling import Array
from techrun.statistics.shares import newcombe

TOLERANCE = 0.001
"""Share of requests: one more in a thousand stops nobody."""
FEWEST = 4
"""Stretches of time that can show whether failures come in bursts."""


@dataclass(frozen=True, slots=True)
class _Shares:
    """Failed requests of one step on both releases."""

    journey: str
    step: str
    new: tuple[int, int]
    """Failed, of how many."""
    old: tuple[int, int]
    alone: float
    """The chance of it as if each request failed by itself."""
    careful: float
    """The same with bursts taken as what they are."""
    low: float
    """Lower end of the 95 % interval of the difference of the shares (Newcombe)."""


def rulings(run: Run, *, looks: int = 1, last_look: bool = True) -> tuple[Ruling, ...]:
    """What the failures of the two releases say, for all steps together and for each that failed more often."""
    found = steps(run)
    if not found:
        return ()
    shares = [_shares("", "", found, run.schedule.width)]
    if len(found) > 1:
        shares += [_shares(step.journey, step.name, (step,), run.schedule.width) for step in found]
    alpha = share_of_alpha(looks, last_look=last_look)
    alone = resampling.holm([each.alone for each in shares])
    careful = resampling.holm([each.careful for each in shares])
    ruled = [_ruling(*each, alpha) for each in zip(shares, alone, careful, strict=True)]
    return (ruled[0], *(ruling for ruling in ruled[1:] if ruling.holds is not True))


def _shares(journey: str, name: str, found: Sequence[Step], width: float) -> _Shares:
    """Both releases' failures of these steps, and how likely chance makes them."""
    failed_new = np.sum([step.failed_new for step in found], axis=0)
    failed_old = np.sum([step.failed_old for step in found], axis=0)
    new = (int(failed_new.sum()), int(failed_new.sum() + sum(step.new.sum() for step in found)))
    old = (int(failed_old.sum()), int(failed_old.sum() + sum(step.old.sum() for step in found)))
    burst = max(in_bursts(failed_new, width), in_bursts(failed_old, width))
    low, _ = newcombe(new, old)
    return _Shares(journey, name, new, old, _fisher(new, old, 1.0), _fisher(new, old, burst), low)


def _fisher(new: tuple[int, int], old: tuple[int, int], burst: float) -> float:
    """The chance of so many more failures on the new release, if so many of them count as one."""
    table = [[round(failed / burst), round((of - failed) / burst)] for failed, of in (new, old)]
    return float(stats.fisher_exact(table, alternative="greater").pvalue)


def in_bursts(failed: Array, width: float) -> float:
    """How many failures come together: 1 where they vary in time no more than chance explains."""
    worst = 1.0
    for seconds in (1.0, resampling.BLOCK):
        values = merged(failed, max(1, round(seconds / width)))
        if len(values) >= FEWEST and values.sum() > 0:
            free = len(values) - 1
            variation = float(values.var(ddof=1) / values.mean())
            if variation > stats.chi2.ppf(0.95, free) / free:
                worst = max(worst, variation)
    return worst


def _ruling(shares: _Shares, alone: float, careful: float, alpha: float) -> Ruling:
    """More failures than chance and the tolerance allow do not hold; a burst cannot be told from chance."""
    what = (
        f"{shares.new[0]} of {shares.new[1]} requests failed ({share_text(*shares.new)}),"
        f" on the old release {shares.old[0]} of {shares.old[1]} ({share_text(*shares.old)})"
    )
    holds: bool | None = True
    if alone < alpha and shares.low > TOLERANCE:
        holds = False if careful < alpha else None
    if holds is None:
        what += ": more than chance explains if each failed by itself, but they came in bursts"
    elif holds and shares.new[0] > shares.old[0]:
        what += ": no more than chance or the tolerance explain"
    named = subject(shares.journey, shares.step) if shares.journey else "all steps"
    return Ruling("errors.regressed", named, holds, what, shares.journey, shares.step)
