"""The verdict on a release, from all that one load test found. Pure: the same run gives the same verdict.

First whether the run can be believed, then errors, then latency. Three values for what it says (`pass`, `fail`,
`inconclusive`) and one for a run that says nothing (`invalid`): nothing passes because little was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from techrun.load.judge import criteria as limits
from techrun.load.judge import failures, old_release, validity
from techrun.load.judge.compare import Found, interleaved
from techrun.load.judge.rules import COMPARED, decides
from techrun.load.judge.stored import KEPT, stored
from techrun.load.judge.summing_up import summary
from techrun.load.records import Comparison, Ruling, Run, Value, Verdict

CUT_SHORT = frozenset({"invalid.stopped", "invalid.no_requests"})
"""What is no reason to doubt a run that was stopped because it could not hold any more."""


def judge(
    run: Run,
    criteria: Sequence[limits.Stated],
    baseline: Sequence[Run],
    *,
    looks: int = 1,
    last_look: bool = True,
    before: Verdict | None = None,
) -> Verdict:
    """Judge a run.

    `baseline`: accepted runs, the newest first; those with another fingerprint only tell why they do not count.
    `looks`: which look at the data this is; the run may go on after any but the last (`wants_more`).
    `before`: the verdict on the run before this one, if this one only repeats it (`wants_rerun`).
    """
    stopping = limits.hopeless(run, criteria) if run.stopped else None
    broken = [
        ruling
        for ruling in validity.rulings(run, finished=last_look)
        if not (stopping and ruling.rule in CUT_SHORT)
    ]
    if broken:
        beside = validity.besides(run)
        return _verdict("invalid", (*broken, *((beside,) if beside else ())), None)
    ruled = tuple(limits.rulings(run, criteria))
    if stopping:
        ruled = (stopping, *(ruling for ruling in ruled if ruling != stopping))
    found = _compared(run, baseline, looks=looks, last_look=last_look, before=before)
    old_broke = any(ruling.rule == "compared.broken" for ruling in found.rulings)
    drowned = None if old_broke else validity.drowned(run)  # else it may be the old one that filled the room
    rulings = ((drowned,) if drowned else ()) + ruled + found.rulings
    return _accepted(_verdict(_value(rulings), _ordered(rulings), found.comparison))


def _compared(
    run: Run, baseline: Sequence[Run], *, looks: int, last_look: bool, before: Verdict | None
) -> Found:
    """Errors and latency, new against old."""
    if "old" in run.schedule.arms:
        found = interleaved(run, looks=looks, last_look=last_look)
        broken = old_release.broken(run)
        if broken is not None:
            return Found(replace(found.comparison, contrasts=()), (broken,))
        failed = failures.rulings(run, looks=looks, last_look=last_look)
        return replace(found, rulings=(*failed, *found.rulings))
    return stored(run, baseline, before.comparison if before else None)


def _value(rulings: Sequence[Ruling]) -> Value:
    deciding = [ruling.holds for ruling in rulings if decides(ruling)]
    if False in deciding:
        return "fail"
    return "inconclusive" if None in deciding or not deciding else "pass"


def _ordered(rulings: Sequence[Ruling]) -> tuple[Ruling, ...]:
    """What decided first: what does not hold, then what cannot be told; errors before latency."""
    if not any(decides(ruling) for ruling in rulings):
        nothing = Ruling(
            "judged.nothing", "run", None, "there was neither a criterion nor a release to compare with"
        )
        rulings = (nothing, *rulings)

    def place(ruling: Ruling) -> tuple[bool, int, bool]:
        rank = {False: 0, None: 1, True: 2}[ruling.holds]
        return not decides(ruling), rank, not ruling.rule.startswith("errors.")

    return tuple(sorted(rulings, key=place))


def _accepted(verdict: Verdict) -> Verdict:
    """Count this run with the baseline, if it is accepted."""
    comparison = verdict.comparison
    if comparison is None or comparison.method == "interleaved":
        return verdict
    runs = min(KEPT, comparison.baseline_runs + (verdict.value == "pass"))
    counted = replace(comparison, baseline_runs=runs)
    return _verdict(verdict.value, verdict.rulings, counted)


def _verdict(value: Value, rulings: tuple[Ruling, ...], comparison: Comparison | None) -> Verdict:
    return Verdict(value, summary(value, rulings, comparison), rulings, comparison)


def wants_more(verdict: Verdict) -> bool:
    """Whether a longer run could tell what this one cannot: new and old were compared, and it is open."""
    comparison = verdict.comparison
    return (
        verdict.value == "inconclusive"
        and comparison is not None
        and comparison.method == "interleaved"
        and any(ruling.holds is None and ruling.rule in COMPARED for ruling in verdict.rulings)
    )


def wants_rerun(verdict: Verdict) -> bool:
    """Whether the run is to be repeated once: it is slower than the stored ones, and one run is no proof."""
    comparison = verdict.comparison
    return (
        verdict.value == "inconclusive"
        and comparison is not None
        and comparison.method == "stored"
        and any(contrast.regressed is None for contrast in comparison.contrasts)
    )
