"""Which failures are separate ones: a hiccup fails several runs in a row and several checks at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from techrun.model import Status
from techrun.releases.records import Sample

NEAR = 5.0
"""Seconds within which failures of different checks are one moment."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in which runs failed without a good one in between."""

    since: float
    until: float
    """Unix time of the first failed run's beginning, and of the last one's end."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many runs there were and how many failed."""

    runs: int
    failed: int
    moments: int

    @property
    def share(self) -> float:
        """Failed runs of all."""
        return self.failed / self.runs if self.runs else 0.0

    @property
    def separate(self) -> int:
        """As how many failures, each by itself, they count.

        Failures that have nothing to do with each other also follow each other by chance, the more so the more there
        are: so many moments are left of `moments / (share that passes)`. A hiccup stays one, whatever its length.
        """
        if self.failed == self.runs:
            return self.failed
        return min(self.failed, int(self.moments / (1 - self.share) + 1e-9))


def moments(samples: Sequence[Sample]) -> list[Moment]:
    """Those of one check; samples in the order of time."""
    found: list[Moment] = []
    failing = False
    for sample in samples:
        if sample.status is Status.DOWN:
            since = found.pop().since if failing else sample.at
            found.append(Moment(since, sample.at + sample.duration))
        failing = sample.status is Status.DOWN
    return found


def tally(samples: Sequence[Sample]) -> Tally:
    """Of one check."""
    failed = sum(sample.status is Status.DOWN for sample in samples)
    return Tally(len(samples), failed, len(moments(samples)))


def together(checks: Iterable[Sequence[Sample]]) -> Tally:
    """Of several checks: what fails at the same time is one moment."""
    checks = list(checks)
    tallies = [tally(samples) for samples in checks]
    joined: list[Moment] = []
    for moment in sorted(
        (each for samples in checks for each in moments(samples)), key=lambda each: each.since
    ):
        if joined and moment.since <= joined[-1].until + NEAR:
            joined[-1] = Moment(joined[-1].since, max(joined[-1].until, moment.until))
        else:
            joined.append(moment)
    return Tally(sum(each.runs for each in tallies), sum(each.failed for each in tallies), len(joined))
