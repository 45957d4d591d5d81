"""One series of times against a few earlier ones, each a cluster by itself: is it slower, and how sure is that.

Runs of one bake resemble each other, and so do all runs after one release: thirty runs are not thirty witnesses. The
variance within a bake comes from a moving-block bootstrap, that between bakes from how the earlier ones differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, exp, log, sqrt

import numpy as np
from scipy import stats

from techrun.statistics.resampling import POWER, Array

RESAMPLES = 200
MOST = 0.95
"""Autocorrelation beyond which a short series cannot tell a trend from noise anyway."""
APART = 0.05
"""Deviation (logarithm) between two releases that is taken for granted: hours differ."""
WEIGHT = 12
"""As how many earlier bakes that, and the bootstrap, count against what the earlier ones really show."""


@dataclass(frozen=True, slots=True)
class Change:
    """The ratio of new to old."""

    old: float
    """Seconds: the typical earlier bake."""
    ratio: float
    low: float
    high: float
    """95 % interval."""
    p: float
    """Of "not slower", one-sided, not corrected."""
    error: float
    """Standard error of the logarithm."""
    freedom: int

    @property
    def new(self) -> float:
        """Seconds, as they are held against the old ones."""
        return self.old * self.ratio


def changes(new: Array, earlier: Sequence[Array], shares: Sequence[float]) -> tuple[Change, ...]:
    """Compare quantiles; all series are logarithms of seconds in the order of time."""
    bakes = [new, *earlier]
    rho = resemblance(bakes)
    levels = np.array([quantiles(np.sort(values), shares) for values in bakes])
    inside = np.array([within(values, shares, rho) for values in bakes])
    return tuple(
        _change(level, variance) for level, variance in zip(levels.T, inside.T + APART**2, strict=True)
    )


def _change(levels: Array, expected: Array) -> Change:
    """From the levels of all bakes, the new one first, and the variance that each is expected to have."""
    count = len(levels) - 1
    freedom = WEIGHT + count - 1
    seen = float(levels[1:].var(ddof=1)) if count > 1 else 0.0
    spread = (WEIGHT * float(expected[1:].mean()) + (count - 1) * seen) / freedom
    error = sqrt(max(spread, float(expected[0])) + spread / count)
    old = float(levels[1:].mean())
    change = float(levels[0]) - old
    reach = float(stats.t.ppf(0.975, freedom)) * error
    p = float(stats.t.sf(change / error, freedom))
    return Change(exp(old), exp(change), exp(change - reach), exp(change + reach), p, error, freedom)


def detectable(change: Change, tolerance: float, alpha: float) -> float:
    """The true ratio that would be found in 80 % of such bakes."""
    often = float(stats.t.ppf(POWER, change.freedom))
    sure = float(stats.t.ppf(1 - alpha, change.freedom)) * change.error
    return exp(min(max(sure, log(tolerance)) + often * change.error, 5.0))


def quantiles(ordered: Array, shares: Sequence[float]) -> Array:
    """Of values in order along the last axis, between neighbours in proportion; the shares become the last axis."""
    places = np.array(shares) * (ordered.shape[-1] - 1)
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, ordered.shape[-1] - 1)
    part = places - below
    found: Array = ordered[..., below] * (1 - part) + ordered[..., above] * part
    return found


def within(values: Array, shares: Sequence[float], rho: float) -> Array:
    """Variances of quantiles within a bake, by a circular moving-block bootstrap.

    Blocks that are short enough to have several of them miss a part of what resembles each other over longer times:
    how much, follows from the autocorrelation of all bakes together.
    """
    count = len(values)
    length = max(2, round(count / 6))
    drawn = quantiles(np.sort(values[_blocks(count, length)], axis=1), shares)
    found: Array = drawn.var(axis=0) * missed(count, length, rho)
    return found


@cache
def _blocks(count: int, length: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Positions of each resample; seeded."""
    draw = np.random.default_rng(20260101)
    starts = draw.integers(0, count, size=(RESAMPLES, ceil(count / length)))
    return (starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, :count] % count


def missed(count: int, length: int, rho: float) -> float:
    """By what the true variance of a mean is larger than that of a bootstrap with such blocks."""
    true = _effect(count, rho)
    seen = _effect(length, rho) * max(1 - true / count, 0.1)
    return max(1.0, true / seen)


def _effect(length: int, rho: float) -> float:
    """By what resemblance makes the variance of a mean larger."""
    lags = np.arange(1, length)
    return 1 + 2 * float(((1 - lags / length) * rho**lags).sum())


def resemblance(bakes: Sequence[Array]) -> float:
    """Autocorrelation from one run to the next over all bakes, each around its own mean; short ones show too little."""
    centred = [values - values.mean() for values in bakes]
    spread = sum(float((values * values).sum()) for values in centred)
    if spread == 0:
        return 0.0
    rho = sum(float((values[1:] * values[:-1]).sum()) for values in centred) / spread
    count = sum(map(len, bakes)) / len(bakes)
    return float(min(max(rho + (1 + 4 * rho) / count, 0.0), MOST))
