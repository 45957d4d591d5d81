"""How many failures are more than chance, when it is known how often something usually fails. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

UNKNOWN = (1.0, 199.0)
"""What is taken for granted before anything was seen: one run in 200 fails, known as vaguely as that can be."""
UNEVEN = (0.25, 1.0)
"""Squared variation of the rate from hour to hour: taken for granted, and the most that is believed."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What is known of a share of failures: a beta distribution."""

    failed: float
    passed: float

    @property
    def mean(self) -> float:
        """The share that is expected."""
        return self.failed / (self.failed + self.passed)

    def chance(self, failed: int, runs: int) -> float:
        """How probable so many failures, or more, are in so many runs."""
        return float(stats.betabinom.sf(failed - 1, runs, self.failed, self.passed))

    def fewest(self, runs: int, alpha: float) -> int | None:
        """The fewest failures, two at least, that are less probable than `alpha`; None: not even if all fail."""
        return next((count for count in range(2, runs + 1) if self.chance(count, runs) < alpha), None)


def usual(failed: int, runs: int, uneven: float = UNEVEN[0]) -> Rate:
    """The rate after so many failures in so many runs, and as uncertain as hours differ."""
    shape, rest = UNKNOWN[0] + failed, UNKNOWN[1] + runs - failed
    mean = shape / (shape + rest)
    wide = (1 + 1 / shape) * (1 + uneven) - 1
    return Rate(1 / wide, (1 - mean) / mean / wide)


def unevenness(hours: Sequence[tuple[int, int]]) -> float:
    """How much the share varies from hour to hour (failed, of so many), beyond chance: its squared variation."""
    least, most = UNEVEN
    runs = sum(of for _, of in hours)
    mean = sum(failed for failed, _ in hours) / runs if runs else 0.0
    if len(hours) < 2 or not mean:
        return least
    spread = sum((failed - of * mean) ** 2 for failed, of in hours) * len(hours) / (len(hours) - 1)
    beyond = (spread - runs * mean) / sum((of * mean) ** 2 for _, of in hours)
    return min(most, max(least, beyond))


def found(share: float, fewest: int, runs: int) -> float:
    """How probable at least `fewest` failures are, when this share fails."""
    return float(stats.binom.sf(fewest - 1, runs, share))


def findable(fewest: int, runs: int, often: float) -> float:
    """The share of failing runs of which at least `fewest` are seen so often."""
    return float(stats.beta.ppf(often, fewest, runs - fewest + 1))
