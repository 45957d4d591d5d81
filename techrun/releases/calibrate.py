"""What a gate with these settings would have said of earlier releases. Pure: the judge is handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from techrun.config.releases import Releases
from techrun.releases.dora import ROLLED_BACK
from techrun.releases.records import Value, Verdict, Verification

Judge = Callable[[Verification, Sequence[Verification], Releases], Verdict]
"""A verification, those that were accepted before it (newest first) and the settings; see `releases.judge`."""
NAMED = 10
"""Versions that a sentence names."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One release, judged again from what was kept of it."""

    verification: str
    release: int
    version: str
    begun: float
    was: Value | None
    """The verdict that it had."""
    now: Value
    summary: str
    """The new verdict in one sentence."""
    harm: tuple[str, ...] = ()
    """What is known against it besides a verdict, in words: it was rolled back, incidents."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Earlier releases judged again, newest first."""

    shop: str
    summary: str
    replayed: tuple[Replayed, ...]


def calibrate(
    shop: str,
    kept: Iterable[Verification],
    judge: Judge,
    releases: Releases,
    *,
    asked: int,
    harm: Mapping[int, Sequence[str]],
) -> Calibration:
    """Judge the last `asked` of these verifications again, each against what would have been accepted before it.

    Of each release the last verification counts. `harm`: what is known against a release, by its number.
    """
    accepted: list[Verification] = []
    found: list[Replayed] = []
    for one in _last_of_each(kept):
        verdict = judge(one, accepted[: releases.judge.releases], releases)
        against = tuple(harm.get(one.release, ()))
        was = one.verdict.value if one.verdict else None
        found.insert(
            0,
            Replayed(
                one.id, one.release, one.version, one.begun, was, verdict.value, verdict.summary, against
            ),
        )
        if verdict.value == "pass" and ROLLED_BACK not in against:
            accepted.insert(0, one)
    chosen = tuple(found[:asked])
    return Calibration(shop, _summary(chosen), chosen)


def _last_of_each(kept: Iterable[Verification]) -> list[Verification]:
    """The last verification of each release, oldest first; one that could not tell replaces none that could."""
    last: dict[int, Verification] = {}
    for one in sorted(kept, key=lambda each: each.started):
        if one.release not in last or _told(one) or not _told(last[one.release]):
            last[one.release] = one
    return sorted(last.values(), key=lambda each: (each.begun, each.release))


def _told(one: Verification) -> bool:
    """Whether it said yes or no."""
    return one.verdict is not None and one.verdict.value != "inconclusive"


def _summary(found: Sequence[Replayed]) -> str:
    """`Of your last 40 releases this gate would have failed 1: v812.`, and what else is to be known."""
    many = "release" if len(found) == 1 else f"{len(found)} releases"
    said = [f"Of your last {many} this gate would have failed {_named(found, 'fail') or 'none'}."]
    untold = _named(found, "inconclusive")
    said += [f"It could not have told of {untold}."] if untold else []
    missed = [one for one in found if one.now == "pass" and one.harm]
    caught = [one for one in found if one.now == "fail" and one.harm]
    said += [f"Rightly: {_versions(caught)}."] if caught else []
    said += [f"It would have let through {_versions(missed)}."] if missed else []
    return " ".join(said)


def _named(found: Sequence[Replayed], value: Value) -> str:
    """`2: v812, v799`; empty where there is none."""
    ones = [one for one in found if one.now == value]
    return f"{len(ones)}: {_listed([one.version for one in ones])}" if ones else ""


def _versions(ones: Sequence[Replayed]) -> str:
    """`v812 (rolled back), v799 (incident #12)`."""
    return _listed([f"{one.version} ({', '.join(one.harm)})" for one in ones])


def _listed(words: Sequence[str]) -> str:
    more = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {more} more" if more > 0 else "")
