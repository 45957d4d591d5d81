"""How sure a share is, and the difference of two. Pure."""

from __future__ import annotations

from math import sqrt

from scipy import stats


def wilson(found: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share, by Wilson's score."""
    if not of:
        return 0.0, 1.0
    interval = stats.binomtest(found, of).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def newcombe(new: tuple[int, int], old: tuple[int, int]) -> tuple[float, float]:
    """95 % interval of the difference of two shares (found, of how many), by Newcombe's hybrid score."""
    if not new[1] or not old[1]:
        return -1.0, 1.0
    (low_new, high_new), (low_old, high_old) = wilson(*new), wilson(*old)
    share_new, share_old = new[0] / new[1], old[0] / old[1]
    gap = share_new - share_old
    return (
        gap - sqrt((share_new - low_new) ** 2 + (high_old - share_old) ** 2),
        gap + sqrt((high_new - share_new) ** 2 + (share_old - low_old) ** 2),
    )
