"""How the runs of each check went in the bake, counted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from techrun.model import Status
from techrun.releases.records import Sample, Verification
from techrun.releases.runs import TELLING, at_step


@dataclass(frozen=True, slots=True)
class BakeRow:
    """The runs of one check that count."""

    check: str
    judged: bool
    runs: int
    """With a verdict: neither blocked nor unknown."""
    failed: int
    degraded: int
    untold: int
    """Blocked, or our own fault."""
    median: float | None
    """Seconds of the runs that were not down and not for warming up; None without any."""
    failure: str = ""
    """What the last failed run says."""


def bake_rows(verification: Verification) -> list[BakeRow]:
    """The checks that are judged first, each group by name."""
    by_check: dict[str, list[Sample]] = {check: [] for check in verification.judged}
    for sample in verification.samples:
        if not sample.settling:
            by_check.setdefault(sample.check, []).append(sample)
    rows = [_row(check, found, judged=check in verification.judged) for check, found in by_check.items()]
    return sorted(rows, key=lambda row: (not row.judged, row.check))


def _row(check: str, samples: Sequence[Sample], *, judged: bool) -> BakeRow:
    told = [one for one in samples if one.status in TELLING]
    failed = [one for one in told if one.status is Status.DOWN]
    times = [one.duration for one in told if one.status is not Status.DOWN and not one.warm_up]
    return BakeRow(
        check=check,
        judged=judged,
        runs=len(told),
        failed=len(failed),
        degraded=sum(one.status is Status.DEGRADED for one in told),
        untold=len(samples) - len(told),
        median=median(times) if times else None,
        failure=_failure(failed[-1]) if failed else "",
    )


def _failure(sample: Sample) -> str:
    return at_step(sample.step, sample.message or str(sample.reason or ""))
