"""What a bake decides without any baseline: a check that is down for sure, and too few runs to tell anything. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from techrun.model import Status
from techrun.releases.bake.confirming import CONFIRMED
from techrun.releases.bake.plan import decides
from techrun.releases.records import Ruling, Sample, Verification
from techrun.releases.runs import TELLING, at_step
from techrun.releases.weighing import broken

SILENT: Mapping[Status, str] = {
    Status.BLOCKED: "were blocked by a firewall or captcha",
    Status.UNKNOWN: "failed by techrun's own fault or its test data's",
}
"""Why a run tells nothing of the shop."""


def bake_rulings(verification: Verification) -> tuple[Ruling, ...]:
    """What the bake says by itself; nothing where there was none."""
    by_check: dict[str, list[Sample]] = {check: [] for check in verification.judged}
    for sample in verification.samples:
        if not sample.settling:
            by_check.setdefault(sample.check, []).append(sample)
    down = tuple(_down(verification, by_check))
    if broken(down):
        return down  # the bake ended for it, so all the others have too few
    return (*down, *_too_few(verification, by_check))


def _down(verification: Verification, by_check: Mapping[str, list[Sample]]) -> Iterator[Ruling]:
    """Each judged check that ran, and whatever else is down for sure."""
    for check, samples in by_check.items():
        sure = next((one for one in samples if one.decision in CONFIRMED), None)
        if sure is None:
            if check in verification.judged and (told := _telling(samples)):
                yield Ruling("bake.down", check, holds=True, text=_held(samples), samples=told, check=check)
            continue
        counts = decides(check, verification.judged, verification.standing)
        text = f"{_sure(samples, sure)}{'' if counts else _why_not(verification.standing.get(check))}"
        yield Ruling(
            "bake.down",
            check,
            holds=False,
            text=text,
            warns=not counts,
            samples=len(samples),
            check=check,
            step=sure.step,
        )


def _held(samples: list[Sample]) -> str:
    failed = sum(one.status is Status.DOWN for one in samples)
    return f"was never down for sure in {_telling(samples)} runs, of which {failed} failed"


def _sure(samples: list[Sample], sure: Sample) -> str:
    """Since when it is down and why, in words."""
    failed = 0
    for one in samples[: samples.index(sure) + 1]:
        failed = failed + 1 if one.status is Status.DOWN else failed if one.status in SILENT else 0
    recovered = any(one.decision == "recovered.confirmed" for one in samples)
    is_down = "was down for a while" if recovered else "is down"
    return f"{is_down}, {failed} runs in a row failed: {at_step(sure.step, sure.message)}"


def _why_not(before: Status | None) -> str:
    if before is Status.DOWN:
        return " (it was before the release, too)"
    return " (it is not judged, and nobody knows how it was before the release: see `bake.checks`)"


def _too_few(verification: Verification, by_check: Mapping[str, list[Sample]]) -> Iterator[Ruling]:
    for check in verification.judged:
        samples = by_check[check]
        told = _telling(samples)
        if told >= verification.wanted:
            continue
        text = f"{told} of {verification.wanted} runs{_lacking(verification, samples)}"
        yield Ruling("bake.too_few", check, None, text, samples=told, check=check)


def _lacking(verification: Verification, samples: list[Sample]) -> str:
    """Why there are not enough, in words."""
    silent = Counter(one.status for one in samples if one.status in SILENT)
    if silent:
        words = [f"{count} {SILENT[status]}" for status, count in silent.items()]
        last = next(one for one in reversed(samples) if one.status in SILENT)
        return f": {', '.join(words)} (at last: {last.message})"
    if verification.cut or verification.superseded:
        return f": it ended before its time, {verification.cut or f'{verification.superseded} began'}"
    if not samples:
        return ": it never ran"
    slow = sum(one.duration for one in samples) / len(samples)
    return f": one takes {slow:.1f} s; bake longer, or want fewer samples (`bake: {{for: …, samples: …}}`)"


def _telling(samples: list[Sample]) -> int:
    return sum(one.status in TELLING for one in samples)
