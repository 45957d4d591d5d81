"""Kayenta's published rule (its default judge, NetflixACAJudge), written anew for `benchmarks.release_judge`.

For each metric the 98 % confidence interval of the shift between two samples comes from inverting the rank test of
Mann and Whitney, its estimate from Hodges and Lehmann. The new sample is High where the whole interval lies above a
quarter of the estimate, and the ratio of means is at least the allowed increase (by default any).
"""

from __future__ import annotations

import numpy as np
from scipy import stats

CONFIDENCE = 0.98
TOLERANCE = 0.25


def high(old, new, allowed_increase=1.0):
    """Whether one metric is called too high."""
    old, new = np.asarray(old, float), np.asarray(new, float)
    together = np.concatenate((old, new))
    if np.ptp(together) == 0 or np.array_equal(old, new):
        return False
    if np.ptp(old) == 0 and np.ptp(new) == 0:
        return bool(new[0] > old[0])  # it adds noise of 1e-5 so that the test can run
    low, estimate = shift(old, new)
    before = old.mean()
    ratio = new.mean() / before if before else (np.inf if new.mean() > 0 else 1.0)
    return bool(low > TOLERANCE * abs(estimate) and ratio >= allowed_increase)


def shift(old, new):
    """The lower end of the interval of the shift, and its estimate."""
    gaps = np.sort(np.subtract.outer(new, old), axis=None)
    many, few = len(new), len(old)
    reach = stats.norm.ppf((1 + CONFIDENCE) / 2) * np.sqrt(many * few * (many + few + 1) / 12)
    place = max(int(np.floor(many * few / 2 - reach)), 1)
    return gaps[place - 1], np.median(gaps)
