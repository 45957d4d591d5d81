"""The verdict on a release, from all that its verification found. Pure: the same record gives the same verdict."""

from __future__ import annotations

from collections.abc import Sequence

from techrun.config.releases import Releases
from techrun.releases.judge import errors
from techrun.releases.judge.evidence import evidence
from techrun.releases.judge.summing_up import summary
from techrun.releases.records import Ruling, Value, Verdict, Verification


def judge(verification: Verification, accepted: Sequence[Verification], releases: Releases) -> Verdict:
    """Judge a release; `accepted`: verifications of earlier releases that passed, the newest first."""
    seen = evidence(verification, releases)
    rulings = ordered((*errors.rulings(seen, verification.before, releases), *_ended(verification)))
    value = decided(rulings)
    kept = min(releases.judge.releases, len(accepted) + (value == "pass"))
    baseline = f"baseline recorded ({kept} of {releases.judge.releases})"
    return Verdict(
        value,
        summary(value, rulings, (), baseline),
        rulings,
        baseline=baseline,
        evaluated=sum(_decides(each) and each.holds is not None for each in rulings),
    )


def decided(rulings: Sequence[Ruling]) -> Value:
    """One that does not hold fails, one that cannot be told leaves it open, and nothing is never a pass."""
    deciding = [each.holds for each in rulings if _decides(each)]
    if False in deciding:
        return "fail"
    return "inconclusive" if None in deciding or not deciding else "pass"


def ordered(rulings: Sequence[Ruling]) -> tuple[Ruling, ...]:
    """What decided first: what does not hold, what cannot be told, then warnings, then the rest."""
    if not any(_decides(each) and each.holds is not None for each in rulings):
        nothing = Ruling("judged.nothing", "the release", None, "there was nothing that could be judged")
        rulings = (*rulings, nothing)
    rank = {False: 0, None: 1, True: 2}
    return tuple(sorted(rulings, key=lambda each: (each.warns and 1.5) or rank[each.holds]))


def _decides(ruling: Ruling) -> bool:
    return not ruling.warns


def _ended(verification: Verification) -> tuple[Ruling, ...]:
    """That it ended before its time."""
    if verification.superseded:
        text = f"{verification.superseded} began meanwhile: what came after that cannot be told apart"
        return (Ruling("release.superseded", verification.version, None, text, warns=True),)
    if verification.cut:
        return (Ruling("release.cut", "the verification", None, f"it was cut short: {verification.cut}"),)
    return ()
