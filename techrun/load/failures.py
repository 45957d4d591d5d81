"""Whether more requests failed on the new release than on the old, and more than chance would have it.

Fisher's exact test on the shares, as if each request failed by itself. Failures that come in bursts do not, so
that signs of the difference are flipped by stretches of 5 s as well, and the more careful of both counts: one bad
moment of the network that hit one side is no proof, one failure in fifty all along is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from techrun.load import resampling
from techrun.load.compare import share_of_alpha
from techrun.load.figures import share_text, subject
from techrun.load.records import Ruling, Run
from techrun.load.windows import Step, merged, steps

TOLERANCE = 0.001
"""Share of requests: one more in a thousand stops nobody."""


@dataclass(frozen=True, slots=True)
class _Shares:
    """Failed requests of one step on both releases."""

    journey: str
    step: str
    new: tuple[int, int]
    """Failed, of how many."""
    old: tuple[int, int]
    p: float
    """The more careful one of both tests."""
    alone: float
    """As if each request failed by itself."""
    low: float
    high: float
    """95 % interval of the difference of the shares (Newcombe)."""


def rulings(run: Run, *, looks: int = 1, last_look: bool = True) -> tuple[Ruling, ...]:
    """What the failures of the two releases say, for all steps together and for each that failed more often."""
    found = steps(run)
    if not found:
        return ()
    shares = [_shares("", "", found, run.schedule.width)]
    shares += [_shares(step.journey, step.name, (step,), run.schedule.width) for step in found]
    alpha = share_of_alpha(looks, last_look=last_look)
    careful = resampling.holm([each.p for each in shares])
    alone = resampling.holm([each.alone for each in shares])
    ruled = [_ruling(*each, alpha) for each in zip(shares, careful, alone, strict=True)]
    return (ruled[0], *(ruling for ruling in ruled[1:] if ruling.holds is not True))


def _shares(journey: str, name: str, found: Sequence[Step], width: float) -> _Shares:
    """Both releases' failures of these steps, and how they could have come about."""
    new_failed = np.sum([step.failed_new for step in found], axis=0)
    old_failed = np.sum([step.failed_old for step in found], axis=0)
    new = (int(new_failed.sum()), int(sum(step.failed_new.sum() + step.new.sum() for step in found)))
    old = (int(old_failed.sum()), int(sum(step.failed_old.sum() + step.old.sum() for step in found)))
    table = [[new[0], new[1] - new[0]], [old[0], old[1] - old[0]]]
    alone = float(stats.fisher_exact(table, alternative="greater").pvalue)
    difference = merged(new_failed - old_failed, max(1, round(1 / width)))
    return _Shares(
        journey, name, new, old, max(alone, _flipped(difference, max(width, 1.0))), alone, *newcombe(new, old)
    )


def _flipped(values: resampling.Array, width: float) -> float:
    """The chance of such a difference if either release were as likely to fail in each stretch."""
    if len(values) < 3:
        return 1.0
    length = resampling.block_length(values, width)
    return resampling.sign_flip(resampling.blocked(values, length), np.random.default_rng(1))


def newcombe(new: tuple[int, int], old: tuple[int, int]) -> tuple[float, float]:
    """95 % interval of the difference of two shares (failed, of how many), by Newcombe's hybrid score."""
    if not new[1] or not old[1]:
        return -1.0, 1.0
    (share_new, low_new, high_new), (share_old, low_old, high_old) = _wilson(*new), _wilson(*old)
    gap = share_new - share_old
    return (
        gap - sqrt((share_new - low_new) ** 2 + (high_old - share_old) ** 2),
        gap + sqrt((high_new - share_new) ** 2 + (share_old - low_old) ** 2),
    )


def _wilson(failed: int, of: int) -> tuple[float, float, float]:
    found = stats.binomtest(failed, of).proportion_ci(method="wilson")
    return failed / of, float(found.low), float(found.high)


def _ruling(shares: _Shares, careful: float, alone: float, alpha: float) -> Ruling:
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
    elif holds:
        what += ": no more than chance explains" if shares.new[0] > shares.old[0] else ""
    named = subject(shares.journey, shares.step) if shares.journey else "all steps"
    return Ruling("errors.regressed", named, holds, what, shares.journey, shares.step)
