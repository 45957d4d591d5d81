"""Failed runs: more than in the same hours of earlier days? Pure.

Failures are counted as separate moments, not as runs, held against what a long baseline leads to expect (an exact
beta-binomial test), corrected by Holm for the number of checks, and must exceed a floor in percentage points.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from techrun.config.releases import Releases
from techrun.model import Status
from techrun.releases.judge.evidence import Evidence
from techrun.releases.judge.moments import Tally, tally, together
from techrun.releases.judge.wording import share_text
from techrun.releases.records import Counts, Ruling, Sample
from techrun.releases.runs import at_step
from techrun.statistics.rates import Rate, unevenness, usual
from techrun.statistics.resampling import holm

ALPHA = 0.01
"""Chance of any false alarm about failures, in the whole verdict."""
OUTAGE = 0.10
"""An hour in which so much more failed than in the typical one had an outage: it tells nothing of usual hours."""
RUNS = 4
"""Failed runs of an hour, at least, that are an outage."""
ALL = "all checks"
RARE = 0.0001
"""Chance that is not worth a figure."""
HIDDEN = 1 / 3
"""Share of a check's samples that are hidden, from which nothing can be told."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How often a check usually fails."""

    failed: int
    runs: int
    rate: Rate

    @property
    def share(self) -> float:
        """Failed runs of all."""
        return self.failed / self.runs if self.runs else 0.0


@dataclass(frozen=True, slots=True)
class Held:
    """One check, or all together, held against what is usual."""

    subject: str
    now: Tally
    usual: Usual
    why: str
    """What fails most often, in words."""
    p: float = 1.0
    """Corrected for how many are looked at."""


def rulings(seen: Evidence, found: Sequence[Held], releases: Releases) -> tuple[Ruling, ...]:
    """What the failed runs say of the release."""
    ruled = tuple(_ruling(each, releases.judge.errors) for each in found if each.now.runs)
    if not seen.hidden:
        return ruled
    return (*ruled, _hidden(seen))


def held(seen: Evidence, before: Sequence[Counts]) -> tuple[Held, ...]:
    """Each check, and all of them together, where there are several."""
    typical = tuple(without_outages(before))
    checks = seen.samples
    found = [
        Held(check, tally(samples), _usual([check], typical), _why(samples))
        for check, samples in checks.items()
    ]
    if len(found) > 1:
        everything = [sample for samples in checks.values() for sample in samples]
        usual = _usual(tuple(checks), typical)
        found.append(Held(ALL, together(checks.values()), usual, _why(everything)))
    chances = [each.usual.rate.chance(each.now.separate, each.now.runs) for each in found]
    return tuple(replace(each, p=p) for each, p in zip(found, holm(chances), strict=True))


def _why(samples: Iterable[Sample]) -> str:
    """`payment: HTTP 500`."""
    told = Counter(
        at_step(each.step, each.message) for each in samples if each.status is Status.DOWN and each.message
    )
    return told.most_common(1)[0][0] if told else ""


def without_outages(before: Sequence[Counts]) -> Iterable[Counts]:
    """Leave out the hours in which a check was down: a release that breaks it must not pass because of them."""
    hours: defaultdict[str, list[float]] = defaultdict(list)
    for each in before:
        if each.runs:
            hours[each.check].append(each.failed / each.runs)
    typical = {check: median(shares) for check, shares in hours.items()}
    return (
        each
        for each in before
        if each.runs and (each.failed < RUNS or each.failed / each.runs <= typical[each.check] + OUTAGE)
    )


def _usual(checks: Sequence[str], before: Sequence[Counts]) -> Usual:
    found = [each for each in before if each.check in checks]
    hours = {each.hour for each in before}
    by_hour = [_sum(each for each in before if each.hour == hour) for hour in sorted(hours)]
    failed, runs = _sum(found)
    return Usual(failed, runs, usual(failed, runs, unevenness(by_hour)))


def _sum(counts: Iterable[Counts]) -> tuple[int, int]:
    """Failed runs, of how many."""
    counts = list(counts)
    return sum(each.failed for each in counts), sum(each.runs for each in counts)


def broken(each: Held, floor: float) -> bool:
    """Whether so many failures are neither chance nor too few to mind."""
    return each.p < ALPHA and each.now.separate > 1 and each.now.share - each.usual.share > floor


def _ruling(each: Held, floor: float) -> Ruling:
    check = "" if each.subject == ALL else each.subject
    holds = not broken(each, floor)
    text = _told(each) if holds else f"{_told(each)}; {_chance(each.p)}"
    return Ruling("errors.more", each.subject, holds, text, samples=each.now.runs, check=check)


def _told(each: Held) -> str:
    """`5 of 30 runs failed at 4 separate times (payment: HTTP 500), usually 0.24 % (1 of 420)`."""
    now, usually = each.now, each.usual
    times = f" at {now.moments} separate times" if 1 < now.moments < now.failed else ""
    in_a_row = " in a row" if now.moments == 1 < now.failed else ""
    why = f" ({each.why})" if each.why else ""
    usual = f", usually {share_text(usually.failed, usually.runs)} ({usually.failed} of {usually.runs})"
    return f"{now.failed} of {now.runs} runs failed{times}{in_a_row}{why}{usual if usually.runs else ''}"


def _chance(p: float) -> str:
    often = f"in {100 * p:.1g} % of releases" if p >= RARE else "almost never"
    return f"chance alone does that {often}"


def _hidden(seen: Evidence) -> Ruling:
    total = seen.hidden + seen.counted
    text = f"{seen.hidden} of {total} runs do not count: the control check failed at the same time"
    lost = seen.darkest > HIDDEN
    return Ruling("errors.hidden", "the network", None if lost else True, text, warns=not lost, samples=total)
