"""Answer times against the same minutes after earlier accepted releases. Pure.

Caches are cold after every release, so that only other releases tell what is usual then. Each is one witness, whatever
number of runs it has. Slower is what is slower by the minimum effect, in per cent and in time, and not by chance
after Holm's correction for all checks, steps and statistics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from techrun.config.releases import JudgeSettings
from techrun.releases.judge.evidence import Evidence, steadily, telling, timed
from techrun.releases.judge.wording import change_text, seconds_text, statistic, subject
from techrun.releases.records import Ruling, Sample, Verification
from techrun.statistics.clustered import Change, changes, detectable
from techrun.statistics.resampling import Array, holm

ALPHA = 0.01
"""Chance of any false alarm about times, in the whole verdict."""
FEWEST = 3
"""Earlier releases without which times are not compared."""
MEDIAN = 0.5
NEEDED = {MEDIAN: 8, 0.95: 20}
"""Good answers of a bake for the statistic to mean anything."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One statistic of a check or step, new against old."""

    check: str
    step: str
    """Empty: the check as a whole."""
    share: float
    change: Change
    p: float
    """Corrected for how many are looked at."""
    seen: float
    """The ratio that would have been found."""
    samples: int

    def slower(self, settings: JudgeSettings) -> bool:
        """Whether it is, by more than nobody minds and than chance explains."""
        change = self.change
        return (
            self.p < ALPHA
            and change.ratio >= 1 + settings.slower
            and change.new - change.old >= settings.slower_by
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """All contrasts, and what could not be compared."""

    contrasts: tuple[Contrast, ...] = ()
    releases: int = 0
    """The most earlier releases that something was held against."""
    told: tuple[Ruling, ...] = ()
    control: bool = False
    """Whether the control check's times were divided out."""


@dataclass(frozen=True, slots=True)
class _Bake:
    """The times of one check after one release, and the level of the control check then."""

    samples: Sequence[Sample]
    level: float

    def logs(self, step: str) -> Array:
        found = [each.steps.get(step) if step else each.duration for each in self.samples]
        return np.array([log(max(seconds, 1e-6)) - self.level for seconds in found if seconds is not None])


@dataclass(frozen=True, slots=True)
class _Series:
    """What is compared: one step, its new times and the earlier ones."""

    check: str
    step: str
    new: Array
    earlier: tuple[Array, ...]
    shares: tuple[float, ...]


def compared(
    verification: Verification, seen: Evidence, accepted: Sequence[Verification], settings: JudgeSettings
) -> Compared:
    """Hold the times of a bake against those after earlier releases, the newest first."""
    if settings.latency == "off":
        return Compared()
    earlier = [(each, telling(each)) for each in accepted[: settings.releases]]
    steady = _control(seen.control, earlier, settings)
    series: list[_Series] = []
    told: list[Ruling] = []
    for check, samples in seen.samples.items():
        same = [
            at
            for at, (each, _) in enumerate(earlier)
            if each.digests.get(check) == verification.digests.get(check)
        ]
        if len(same) < min(FEWEST, len(earlier)):
            told.append(_changed(check, len(earlier) - len(same), len(earlier)))
        window = timed(samples)
        bakes = [
            _Bake(_same_minutes(earlier[at][1].get(check, ()), window), steady.get(at, 0.0)) for at in same
        ]
        found = list(_series(check, _Bake(window, steady.get(-1, 0.0)), bakes))
        series += found
        if len(same) >= FEWEST and not found:
            told.append(_too_few(check, len(window)))
    used = max((len(each.earlier) for each in series), default=0)
    return Compared(_contrasts(series, settings), used, tuple(told), bool(steady))


def _control(
    control: Sequence[Sample],
    earlier: Sequence[tuple[Verification, Mapping[str, Sequence[Sample]]]],
    settings: JudgeSettings,
) -> dict[int, float]:
    """The control check's level (logarithm) after each release, -1 being the new one; empty where one lacks it."""
    if settings.control is None:
        return {}
    bakes = {
        -1: timed(control),
        **{at: timed(steadily(found, settings.control)) for at, (_, found) in enumerate(earlier)},
    }
    if any(len(samples) < NEEDED[MEDIAN] for samples in bakes.values()):
        return {}
    levels = {
        at: float(np.median([log(max(each.duration, 1e-6)) for each in samples]))
        for at, samples in bakes.items()
    }
    return {at: level - levels[-1] for at, level in levels.items()}


def _same_minutes(samples: Sequence[Sample], window: Sequence[Sample]) -> tuple[Sample, ...]:
    """Of an earlier release, what was taken in the same minutes after it was live."""
    if not window:
        return ()
    first, last = window[0].offset, window[-1].offset
    slack = (last - first) / len(window)
    return tuple(each for each in timed(samples) if first - slack <= each.offset <= last + slack)


def _series(check: str, new: _Bake, bakes: Sequence[_Bake]) -> Iterator[_Series]:
    names = list(dict.fromkeys(name for sample in new.samples for name in sample.steps))
    for step in ("", *(names if len(names) > 1 else ())):
        mine, old = new.logs(step), [bake.logs(step) for bake in bakes]
        usable = [values for values in old if len(values) >= NEEDED[MEDIAN]]
        few = min((len(values) for values in (mine, *usable)), default=0)
        shares = tuple(share for share, needed in NEEDED.items() if few >= needed)
        if len(usable) >= FEWEST and shares:
            yield _Series(check, step, mine, tuple(usable), shares)


def _contrasts(series: Sequence[_Series], settings: JudgeSettings) -> tuple[Contrast, ...]:
    found = [
        (each, share, change)
        for each in series
        for share, change in zip(each.shares, changes(each.new, each.earlier, each.shares), strict=True)
    ]
    corrected = holm([change.p for *_, change in found])
    strictest = ALPHA / max(len(found), 1)
    return tuple(
        Contrast(
            each.check,
            each.step,
            share,
            change,
            p,
            detectable(change, max(1 + settings.slower, 1 + settings.slower_by / change.old), strictest),
            len(each.new),
        )
        for (each, share, change), p in zip(found, corrected, strict=True)
    )


def rulings(found: Compared, settings: JudgeSettings) -> tuple[Ruling, ...]:
    """What the comparison says of the release."""
    return (*(_ruling(each, settings) for each in found.contrasts), *found.told)


def _ruling(each: Contrast, settings: JudgeSettings) -> Ruling:
    change, slower = each.change, each.slower(settings)
    text = (
        f"{statistic(each.share)} {seconds_text(change.old)} → {seconds_text(change.new)}, {change_text(change.ratio)}"
        f" (95 % interval {change_text(change.low)} to {change_text(change.high)})"
    )
    return Ruling(
        "latency.slower",
        subject(each.check, each.step),
        not slower,
        text if slower else f"{text}; ≥ {change_text(each.seen)} would have been seen",
        warns=settings.latency != "fail",
        samples=each.samples,
        check=each.check,
        step=each.step,
    )


def _changed(check: str, changed: int, of: int) -> Ruling:
    text = f"it was another check at {changed} of the last {of} accepted releases: its times are not compared"
    return Ruling("latency.changed", check, None, text, warns=True, check=check)


def _too_few(check: str, count: int) -> Ruling:
    text = (
        f"{count} good answers in the same minutes are too few to compare their times:"
        f" {NEEDED[MEDIAN]} are needed, now and after {FEWEST} earlier releases"
    )
    return Ruling("latency.too_few", check, None, text, warns=True, samples=count, check=check)
