"""Failed runs: more than in the same hours of earlier days? Pure.

Failures are counted as separate moments, not as runs, held against what a long baseline leads to expect (an exact
beta-binomial test), corrected by Holm for the number of checks, and must exceed a floor in percentage points.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from techrun.config.releases import Releases
from techrun.load.figures import share_text
from techrun.releases.judge.evidence import Evidence
from techrun.releases.judge.moments import Tally, tally, together
from techrun.releases.records import Counts, Ruling
from techrun.statistics.rates import Rate, unevenness, usual
from techrun.statistics.resampling import holm

ALPHA = 0.01
"""Chance of any false alarm about failures, in the whole verdict."""
OUTAGE = 0.10
"""An hour in which so much more failed than in the typical one had an outage: it tells nothing of usual hours."""
ALL = "all checks"
HIDDEN = 1 / 3
"""Share of hidden samples from which nothing can be told."""


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
    p: float = 1.0
    """Corrected for how many are looked at."""


def rulings(evidence: Evidence, before: Sequence[Counts], releases: Releases) -> tuple[Ruling, ...]:
    """What the failed runs say of the release."""
    floor = releases.judge.errors
    ruled = tuple(_ruling(each, floor) for each in held(evidence, before) if each.now.runs)
    total = evidence.hidden + evidence.counted
    if not evidence.hidden:
        return ruled
    return (*ruled, _hidden(evidence.hidden, total))


def held(evidence: Evidence, before: Sequence[Counts]) -> tuple[Held, ...]:
    """All checks together, where there are several, then each of them."""
    typical = tuple(without_outages(before))
    checks = evidence.samples
    found = [Held(check, tally(samples), _usual([check], typical)) for check, samples in checks.items()]
    if len(found) > 1:
        found.insert(0, Held(ALL, together(checks.values()), _usual(tuple(checks), typical)))
    chances = [each.usual.rate.chance(each.now.separate, each.now.runs) for each in found]
    return tuple(
        Held(each.subject, each.now, each.usual, p) for each, p in zip(found, holm(chances), strict=True)
    )


def without_outages(before: Sequence[Counts]) -> Iterable[Counts]:
    """Leave out the hours in which a check was down: a release that breaks it must not pass because of them."""
    hours: defaultdict[str, list[float]] = defaultdict(list)
    for each in before:
        if each.runs:
            hours[each.check].append(each.failed / each.runs)
    typical = {check: median(shares) for check, shares in hours.items()}
    return (each for each in before if each.runs and each.failed / each.runs <= typical[each.check] + OUTAGE)


def _usual(checks: Sequence[str], before: Sequence[Counts]) -> Usual:
    found = [each for each in before if each.check in checks]
    by_hour: defaultdict[float, int] = defaultdict(int)
    for each in before:
        by_hour[each.hour] += each.failed
    failed, runs = sum(each.failed for each in found), sum(each.runs for each in found)
    return Usual(failed, runs, usual(failed, runs, unevenness(tuple(by_hour.values()))))


def broken(each: Held, floor: float) -> bool:
    """Whether so many failures are neither chance nor too few to mind."""
    return each.p < ALPHA and each.now.separate > 1 and each.now.share - each.usual.share > floor


def _ruling(each: Held, floor: float) -> Ruling:
    now, usually = each.now, each.usual
    separate = f" at {now.moments} separate times" if 1 < now.moments < now.failed else ""
    at_once = " in a row" if now.moments == 1 < now.failed else ""
    told = f"{now.failed} of {now.runs} runs failed{separate}{at_once}"
    if usually.runs:
        told += f", {share_text(usually.failed, usually.runs)} usually ({usually.failed} of {usually.runs})"
    check = "" if each.subject == ALL else each.subject
    holds = not broken(each, floor)
    why = f" (chance: {each.p:.1g})" if not holds else ""
    return Ruling("errors.more", each.subject, holds, told + why, samples=now.runs, check=check)


def _hidden(hidden: int, total: int) -> Ruling:
    share = hidden / total
    text = f"{hidden} of {total} runs do not count: the control check failed at the same time"
    lost = share > HIDDEN
    return Ruling("errors.hidden", "the network", None if lost else True, text, warns=not lost, samples=total)
