"""What could have been seen: the smallest changes that such a bake finds, and the limit of what it cannot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from techrun.config.releases import Releases
from techrun.releases.judge.errors import ALL, ALPHA, Held
from techrun.releases.judge.evidence import Evidence
from techrun.releases.judge.latency import MEDIAN, Compared
from techrun.releases.judge.wording import change_text, share_text, statistic, subject
from techrun.statistics.rates import findable, found
from techrun.statistics.resampling import POWER

ONE_IN_TEN = 0.1
"""Share of failing requests whose chance to be found is told."""

SURE = 0.999
"""What is told as "over" that."""


@dataclass(frozen=True, slots=True)
class Reach:
    """From where on failures of a check are found."""

    subject: str
    runs: int
    requests: int
    """Of one run."""
    fewest: int
    """Separate failures that fail the release."""
    share: float
    """Of failing runs, that is found in 80 % of such bakes."""

    @property
    def one_in_ten(self) -> float:
        """How probably a release is found that fails one request in ten."""
        return found(1 - (1 - ONE_IN_TEN) ** self.requests, self.fewest, self.runs)


def reaches(held: Sequence[Held], seen: Evidence, releases: Releases) -> Iterator[Reach]:
    """Of each check, and of all together, by the strictest of Holm's limits."""
    for each in held:
        runs = each.now.runs
        fewest = each.usual.rate.fewest(runs, ALPHA / len(held)) if runs else None
        if fewest is None:
            continue
        samples = seen.samples.get(each.subject, ())
        requests = max((len(sample.steps) for sample in samples), default=1)
        share = max(findable(fewest, runs, POWER), each.usual.share + releases.judge.errors)
        yield Reach(each.subject, runs, max(requests, 1), fewest, share)


@dataclass(frozen=True, slots=True)
class Sight:
    """What could have been seen, in words."""

    failures: tuple[str, ...]
    times: tuple[str, ...]
    limits: tuple[str, ...]
    """Of requests that fail now and then."""

    @property
    def words(self) -> tuple[str, ...]:
        """All of it."""
        return (*self.failures, *self.times, *self.limits)

    @property
    def headline(self) -> str:
        """What belongs into the verdict's sentence."""
        return ", and ".join((*self.failures[:1], *self.times[:1]))


def sight(held: Sequence[Held], seen: Evidence, compared: Compared, releases: Releases) -> Sight:
    """What such a bake could have seen."""
    found = tuple(reaches(held, seen, releases))
    each = [one for one in found if one.subject != ALL]
    return Sight(
        failures=(*_failures(each), *_everywhere(found)),
        times=tuple(_times(compared)),
        limits=tuple(_limits(each)),
    )


def _failures(found: Sequence[Reach]) -> Iterator[str]:
    if found:
        worst = max(found, key=lambda one: one.share)
        where = worst.subject if len(found) == 1 else "any one check"
        yield f"failures in ≥ {share_text(worst.share, 1)} of the runs of {where}"


def _everywhere(found: Sequence[Reach]) -> Iterator[str]:
    for one in found:
        if one.subject == ALL:
            yield f"failures in ≥ {share_text(one.share, 1)} of the runs of all checks together"


def _times(compared: Compared) -> Iterator[str]:
    """The smallest change of a whole check's median, then the range of all statistics."""
    if not compared.contrasts:
        return
    medians = [one for one in compared.contrasts if not one.step and one.share == MEDIAN]
    best = min(medians or compared.contrasts, key=lambda one: one.seen)
    yield f"times ≥ {change_text(best.seen)} ({statistic(best.share)} of {subject(best.check, best.step)})"
    worst = max(compared.contrasts, key=lambda one: one.seen)
    yield (
        f"times ≥ {change_text(worst.seen)} in each statistic of each check and step"
        f" ({statistic(worst.share)} of {subject(worst.check, worst.step)} is the hardest to see)"
    )


def _limits(found: Sequence[Reach]) -> Iterator[str]:
    """Of the check that finds least."""
    if not found:
        return
    one = min(found, key=lambda each: each.one_in_ten)
    chance = "over 99.9 %" if one.one_in_ten > SURE else f"{100 * one.one_in_ten:.3g} %"
    sends = "one request" if one.requests == 1 else f"{one.requests} requests"
    yield (
        f"a release that fails one request in ten, in {chance} of cases"
        f" by the {one.runs} runs of {one.subject} alone ({sends} each)"
    )
