"""What the steps that one criterion is about did, window by window, and whether that keeps to its limit. Pure.

All decisions are made on whole numbers, so that no rounding stands between a run that is hopeless and one that
fails. Durations are counted by the buckets of `load.histogram`: what lies in the limit's own bucket is within it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from techrun.config.load import PERCENTILES, Criterion
from techrun.load.histogram import bucket_of
from techrun.load.records import Cell

TOLERATED = 4
"""A step that takes up to so many times T is tolerated, by Apdex."""


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted in some windows."""

    done: int = 0
    """Without a failure."""
    failed: int = 0
    within: int = 0
    """Of those done: within the limit of a percentile, or satisfying by Apdex."""
    tolerated: int = 0
    """Of those done: tolerated by Apdex."""

    def __add__(self, other: Count) -> Count:
        return Count(
            self.done + other.done,
            self.failed + other.failed,
            self.within + other.within,
            self.tolerated + other.tolerated,
        )

    def __sub__(self, other: Count) -> Count:
        return Count(
            self.done - other.done,
            self.failed - other.failed,
            self.within - other.within,
            self.tolerated - other.tolerated,
        )

    @property
    def total(self) -> int:
        """All of them, failed ones too."""
        return self.done + self.failed

    def at_best(self, more: int) -> Count:
        """With so many more to come, each of them good."""
        return self + Count(done=more, within=more)


_NOTHING = Count()


def by_window(criterion: Criterion, cells: Iterable[Cell]) -> Mapping[int, Count]:
    """The counts of each window that has any."""
    satisfying, tolerable = _borders(criterion)
    found: dict[int, Count] = {}
    for cell in cells:
        done = within = tolerated = 0
        for bucket, number in cell.buckets.items():
            done += number
            if bucket <= satisfying:
                within += number
            elif bucket <= tolerable:
                tolerated += number
        found[cell.window] = found.get(cell.window, _NOTHING) + Count(
            done, sum(cell.errors.values()), within, tolerated
        )
    return found


def _borders(criterion: Criterion) -> tuple[int, int]:
    """The last bucket that is within the limit (or satisfies), and the last that is tolerated."""
    if criterion.at is not None:
        return bucket_of(criterion.at), bucket_of(TOLERATED * criterion.at)
    border = bucket_of(criterion.limit) if criterion.measure in PERCENTILES else 0
    return border, border


def keeps(criterion: Criterion, count: Count, seconds: float) -> bool | None:
    """Whether these windows, which last so many seconds, keep to the limit; None where nothing was done."""
    return _KEEPS.get(criterion.measure, _percentile)(criterion, count, seconds)


def _percentile(criterion: Criterion, count: Count, _seconds: float) -> bool | None:
    """Nearest rank: so many of every hundred that did not fail lie within. Where all fail, none is in time."""
    if not count.done:
        return False if count.failed else None
    return count.within >= needed(count.done, PERCENTILES[criterion.measure])


def needed(done: int, percent: int) -> int:
    """How many of so many must lie within, by nearest rank."""
    return -(-done * percent // 100)


def _errors(criterion: Criterion, count: Count, _seconds: float) -> bool | None:
    limit = Fraction(str(criterion.limit))
    return count.failed * limit.denominator <= count.total * limit.numerator if count.total else None


def _apdex(criterion: Criterion, count: Count, _seconds: float) -> bool | None:
    limit = Fraction(str(criterion.limit))
    satisfied_twice = 2 * count.within + count.tolerated
    return satisfied_twice * limit.denominator >= 2 * count.total * limit.numerator if count.total else None


def _throughput(criterion: Criterion, count: Count, seconds: float) -> bool | None:
    return count.done >= ceil(round(criterion.limit * seconds, 9)) if seconds else None


_KEEPS: Mapping[str, Callable[[Criterion, Count, float], bool | None]] = {
    "errors": _errors,
    "apdex": _apdex,
    "throughput": _throughput,
}


def badness(criterion: Criterion, count: Count) -> float:
    """Orders counts of equally many windows by how bad they are for this criterion."""
    if criterion.measure == "throughput":
        return -count.done
    if criterion.measure == "errors":
        return count.failed / count.total if count.total else 0.0
    if criterion.measure == "apdex":
        return -apdex(count)
    return 1 - count.within / count.done if count.done else 1.0


def apdex(count: Count) -> float:
    """The Application Performance Index: satisfied ones, and half of the tolerated, as a share of all."""
    return (count.within + count.tolerated / 2) / count.total if count.total else 0.0
