"""Runs that worked, but slower or poorer than promised: more than after earlier releases? Told, and decides nothing.

What exceeds the absolute limit of a budget is down, and counts with the errors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from techrun.model import Status
from techrun.releases.judge.evidence import Evidence, telling
from techrun.releases.records import Ruling, Sample, Verification

MORE = 0.10
"""Share of runs, beyond the usual one, from which it is told."""
FEWEST = 2
"""Runs from which it is told."""


def rulings(seen: Evidence, accepted: Sequence[Verification]) -> Iterator[Ruling]:
    """One for each judged check that is degraded more often than it was."""
    earlier = [telling(each) for each in accepted]
    for check, samples in seen.samples.items():
        poor = _poor(samples)
        usual = [sample for found in earlier for sample in found.get(check, ())]
        before = len(_poor(usual)) / len(usual) if usual else 0.0
        if len(poor) < FEWEST or len(poor) / len(samples) <= before + MORE:
            continue
        reasons = Counter(str(each.reason) for each in poor if each.reason)
        named = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(3))
        was = f", {len(_poor(usual))} of {len(usual)} after earlier releases" if usual else ""
        text = f"{len(poor)} of {len(samples)} runs were degraded ({named or 'no reason given'}){was}"
        yield Ruling(
            "degraded.more", check, holds=False, text=text, warns=True, samples=len(samples), check=check
        )


def _poor(samples: Sequence[Sample]) -> list[Sample]:
    return [each for each in samples if each.status is Status.DEGRADED]
