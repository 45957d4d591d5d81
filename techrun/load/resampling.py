"""The statistics of paired windows: what is the ratio, how sure is it, could it be chance. Pure and seeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log, sqrt
from typing import Any

import numpy as np
from scipy import stats

Array = np.ndarray[Any, np.dtype[np.float64]]
"""Numbers in one dimension."""

CORRELATED = 0.2
"""Lag-1 autocorrelation from which windows are taken in blocks."""
BLOCK = 5.0
"""Seconds of a block, at least, where windows hang together."""
RESAMPLES = 4000
FLIPS = 20000
"""Sign flips that are drawn where there are too many to go through all."""
EXACT = 13
"""Blocks up to which all sign flips are gone through."""
POWER = 0.8
"""What `detectable` promises to find."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What paired windows say of a ratio."""

    ratio: float
    low: float
    high: float
    """95 % interval."""
    p: float
    """Of "no larger than the tolerance", one-sided, not corrected."""
    error: float
    """Standard error of the logarithm."""
    blocks: int
    """How many windows, or blocks of them, stand for themselves."""


def paired(logs: Array, tolerance: float, width: float) -> Estimate:
    """Judge the logarithms of new over old, window by window; `width` is a window's seconds."""
    length = block_length(logs, width)
    middles = blocked(logs, length)
    draw = np.random.default_rng(20260101)
    low, high, error = interval(logs, length, draw)
    mean = float(logs.mean())
    p = sign_flip(middles - log(tolerance), draw)
    return Estimate(exp(mean), exp(low), exp(high), p, error, len(middles))


def autocorrelation(values: Array) -> float:
    """How much a window resembles the one before it: -1 to 1."""
    centred = values - values.mean()
    spread = float((centred * centred).sum())
    return float((centred[1:] * centred[:-1]).sum()) / spread if spread > 0 else 0.0


def block_length(values: Array, width: float) -> int:
    """How many windows hang together: 1, or at least 5 s of them.

    In few windows chance alone shows a correlation of 0.2, so that there it takes more.
    """
    if autocorrelation(values) <= max(CORRELATED, 1.645 / sqrt(len(values))):
        return 1
    return max(ceil(BLOCK / width - 1e-9), 2)


def blocked(values: Array, length: int) -> Array:
    """The mean of each block; the last may be shorter by less than half."""
    count = max(1, round(len(values) / length))
    return np.array([part.mean() for part in np.array_split(values, count)])


def interval(values: Array, length: int, draw: np.random.Generator) -> tuple[float, float, float]:
    """95 % interval of the mean and its standard error, by a circular block bootstrap.

    Widened by what a bootstrap of few blocks is known to be too narrow (Student's t, and n - 1 for n).
    """
    count = len(values)
    blocks = ceil(count / length)
    starts = draw.integers(0, count, size=(RESAMPLES, blocks))
    ring = np.concatenate([values, values[:length]])
    sums = np.convolve(ring, np.ones(length), "valid")[:count]
    means = sums[starts].sum(axis=1) / (blocks * length)
    free = max(1, round(count / length) - 1)
    wider = sqrt((free + 1) / free) * stats.t.ppf(0.975, free) / stats.norm.ppf(0.975)
    centre = float(values.mean())
    low, high = np.quantile(means, [0.025, 0.975])
    error = float(means.std()) * sqrt((free + 1) / free)
    return centre + (float(low) - centre) * wider, centre + (float(high) - centre) * wider, error


def sign_flip(values: Array, draw: np.random.Generator) -> float:
    """How often random signs give so large a sum: the chance of it where the truth is at most 0."""
    count = len(values)
    seen = float(values.sum()) - 1e-12
    if count <= EXACT:
        signs = 1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
        return float((signs @ values >= seen).mean())
    above = sum(
        int((draw.choice((-1.0, 1.0), size=(FLIPS // 10, count)) @ values >= seen).sum()) for _ in range(10)
    )
    return (above + 1) / (FLIPS + 1)


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Each p-value as it is when so many are looked at (Holm)."""
    worst, out = 0.0, [0.0] * len(ps)
    for rank, at in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        worst = max(worst, min(1.0, ps[at] * (len(ps) - rank)))
        out[at] = worst
    return tuple(out)


def detectable(estimate: Estimate, tolerance: float, alpha: float) -> float:
    """The true ratio that would be found beyond the tolerance in 80 % of such runs."""
    free = max(1, estimate.blocks - 1)
    reach = float(stats.t.ppf(1 - alpha, free) + stats.t.ppf(POWER, free))
    return tolerance * exp(min(reach * estimate.error, 5.0))
