"""The statistics of paired windows: what is the ratio, how sure is it, could it be chance. Pure and seeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log, sqrt
from typing import Any

import numpy as np
from scipy import stats

Array = np.ndarray[Any, np.dtype[np.float64]]
"""Numbers in one or two dimensions."""

CORRELATED = 0.2
"""Lag-1 autocorrelation from which windows are taken in blocks."""
BLOCK = 5.0
"""Seconds of a block, at least, where windows hang together."""
MANY = 12
"""Blocks that can tell chance from change without help from single windows."""
FEWEST = 8
"""Blocks without which chance is never ruled out: all of 8 signs are equal once in 256 times."""
RESAMPLES = 2000
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


def paired(logs: Array, tolerance: float, width: float, *, typical: bool) -> Estimate:
    """Judge the logarithms of new over old, window by window; `width` is a window's seconds.

    `typical`: the typical window counts (mean of the middle half, signed ranks), so that single bad moments of the
    machine do not; otherwise each counts in full (mean, sign flips), so that rare freezes of a release do.
    """
    draw = np.random.default_rng(20260101)
    length = block_length(logs, width)
    low, high, error = interval(logs, length, draw, typical=typical)
    values = blocked(logs, length, typical=typical) - log(tolerance)
    p = sign_flip(stats.rankdata(abs(values)) * np.sign(values) if typical else values, draw)
    ratio = exp(float(centre(logs, typical=typical)))
    return Estimate(ratio, exp(low), exp(high), p, error, len(values))


def centre(values: Array, *, typical: bool) -> Array:
    """Along the last axis the mean, or that of the middle half."""
    if typical:
        cut = values.shape[-1] // 4
        values = np.sort(values, axis=-1)[..., cut : values.shape[-1] - cut]
    mean: Array = values.mean(axis=-1)
    return mean


def autocorrelation(values: Array) -> float:
    """How much a window resembles the one before it: -1 to 1."""
    centred = values - values.mean()
    spread = float((centred * centred).sum())
    return float((centred[1:] * centred[:-1]).sum()) / spread if spread > 0 else 0.0


def block_length(values: Array, width: float) -> int:
    """How many windows are taken as one, since what disturbs a shop lasts for seconds.

    5 s, or a fifteenth of the run, if 12 such blocks or more fit: then they cost next to nothing, and correlation
    that hides behind the noise of small windows does no harm. In shorter runs windows stand for themselves, unless
    they visibly hang together (in so few chance alone shows a correlation of 0.2, so that it takes more): then
    blocks are 5 s again, or as long as leaves 8 of them.
    """
    count, seconds = len(values), ceil(BLOCK / width - 1e-9)
    if count >= MANY * seconds:
        return max(seconds, count // 15)
    if autocorrelation(values) <= max(CORRELATED, 1.645 / sqrt(count)):
        return 1
    return max(1, min(seconds, count // FEWEST))


def blocked(values: Array, length: int, *, typical: bool) -> Array:
    """The centre of each block; their lengths differ by one at most."""
    count = max(1, len(values) // length)
    return np.array([centre(part, typical=typical) for part in np.array_split(values, count)])


def interval(
    values: Array, length: int, draw: np.random.Generator, *, typical: bool
) -> tuple[float, float, float]:
    """95 % interval of the centre and its standard error, by a circular block bootstrap.

    Widened by what a bootstrap of few blocks is known to be too narrow (Student's t, and n - 1 for n).
    """
    count = len(values)
    starts = draw.integers(0, count, size=(RESAMPLES, ceil(count / length)))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, :count] % count
    centres = centre(values[drawn], typical=typical)
    free = max(1, count // length - 1)
    few = sqrt((free + 1) / free)
    wider = few * stats.t.ppf(0.975, free) / stats.norm.ppf(0.975)
    middle = float(centre(values, typical=typical))
    low, high = np.quantile(centres, [0.025, 0.975])
    return (
        middle + (float(low) - middle) * wider,
        middle + (float(high) - middle) * wider,
        float(centres.std()) * few,
    )


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
