"""One release against the last accepted runs of the same scenario, measured by the same runner.

Runs of different days differ by what the runner did, whatever the release: the request that measures the runner
divides that out, the tolerance is wide, and one bad run alone stops no release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import exp, inf, log, sqrt
from statistics import median, stdev
from typing import Literal

from scipy import stats

from techrun.load.figures import change_text
from techrun.load.judge import contrasts as contrasting
from techrun.load.judge import fingerprint
from techrun.load.judge.compare import Found
from techrun.load.judge.windows import control, quantiles, steps
from techrun.load.records import Comparison, Contrast, Ruling, Run
from techrun.statistics import resampling

ENOUGH = 3
"""Accepted runs that make a baseline; see docs/load-statistics.md for why."""
KEPT = 5
"""Accepted runs that are compared with, at most."""
TOLERANCE = 1.25
"""What a release may be slower, at least: runs of unchanged code differ by that much."""
SPREADS = 3
"""Of the baseline's own spread (1.48 times the median absolute deviation), if that is more."""
NEEDED = {"p50": 40, "p95": 200}
"""Good answers of a step for its statistic to mean anything."""

Key = tuple[str, str, Literal["p50", "p95"]]


def stored(run: Run, baseline: Sequence[Run], before: Comparison | None = None) -> Found:
    """Compare with those runs of `baseline` (the newest first) that have this run's fingerprint.

    A step fails only where `before`, the comparison of the run before this one on the same release, said so too.
    """
    same = [other for other in baseline if not fingerprint.differing(run.fingerprint, other.fingerprint)]
    if len(same) < ENOUGH:
        return _none(run, baseline, same)
    used = same[:KEPT]
    steadied = all(control(each) is not None for each in (run, *used))
    now = _figures(run, steadied=steadied)
    then = [_figures(other, steadied=steadied) for other in used]
    runner = exp(_runner(run)) if steadied else 1.0
    contrasts = [
        _contrast(key, now[key], [figures[key] for figures in then if key in figures], runner)
        for key in now
        if sum(key in figures for figures in then) >= ENOUGH
    ]
    if not contrasts:
        return _too_few(len(same))
    judged = tuple(replace(each, regressed=_confirmed(each, before)) for each in _corrected(contrasts))
    by = "" if steadied else ", not steadied by a control request"
    comparison = Comparison(
        f"the last {len(used)} accepted runs{by}", "stored", judged, len(same), looks=2 if before else 1
    )
    return Found(comparison, tuple(_ruling(each, twice=before is not None) for each in judged))


def _corrected(contrasts: Sequence[Contrast]) -> tuple[Contrast, ...]:
    """The p-values as they are when so many are looked at."""
    corrected = resampling.holm([each.p for each in contrasts])
    return tuple(replace(each, p=p) for each, p in zip(contrasts, corrected, strict=True))


def _confirmed(contrast: Contrast, before: Comparison | None) -> bool | None:
    """Beyond the tolerance twice is a regression, once asks for another run, or was chance."""
    if contrast.regressed is False or before is None:
        return contrast.regressed
    return any(
        (each.journey, each.step, each.statistic) == (contrast.journey, contrast.step, contrast.statistic)
        and each.regressed is not False
        for each in before.contrasts
    )


def _too_few(baseline_runs: int) -> Found:
    why = f"no step had the {NEEDED['p50']} good answers in each run that a comparison needs"
    return Found(Comparison("", "none", (), baseline_runs, why_none=why), ())


def _none(run: Run, baseline: Sequence[Run], same: Sequence[Run]) -> Found:
    """Nothing to compare with, and why."""
    if same:
        why = f"only {len(same)} of the {ENOUGH} accepted runs that a comparison needs"
    elif baseline:
        how = fingerprint.in_words(run.fingerprint, baseline[0].fingerprint)
        why = f"no accepted run with this fingerprint: other than in the last one are {how}"
    else:
        why = "no accepted run of this scenario yet"
    return Found(Comparison("", "none", (), len(same), why_none=why), ())


def _runner(run: Run) -> float:
    """The logarithm of the control request's median."""
    asked = control(run)
    assert asked is not None, "only asked where there is one"  # noqa: S101  narrows the type
    return float(quantiles(asked.new.sum(axis=0, keepdims=True), asked.first, 0.5)[0])


def _figures(run: Run, *, steadied: bool) -> Mapping[Key, float]:
    """Logarithms of each step's statistics, by the runner's own speed where that is known."""
    by = _runner(run) if steadied else 0.0
    found: dict[Key, float] = {}
    for step in steps(run):
        whole = step.new.sum(axis=0, keepdims=True)
        for statistic, share in (("p50", 0.5), ("p95", 0.95)):
            if whole.sum() >= NEEDED[statistic]:
                key: Key = (step.journey, step.name, "p50" if statistic == "p50" else "p95")
                found[key] = float(quantiles(whole, step.first, share)[0]) - by
    return found


def _contrast(key: Key, now: float, then: Sequence[float], runner: float) -> Contrast:
    """One figure of this run against the middle of theirs, in seconds as this runner would measure them."""
    middle = median(then)
    spread = 1.4826 * median(abs(each - middle) for each in then)
    tolerance = max(log(TOLERANCE), SPREADS * spread)
    error = stdev(then) * sqrt(1 + 1 / len(then))
    free = len(then) - 1
    ratio, reach = now - middle, float(stats.t.ppf(0.975, free)) * error
    beyond = (ratio - tolerance) / error if error else (inf if ratio > tolerance else -inf)
    return Contrast(
        *key,
        old=exp(middle) * runner,
        new=exp(now) * runner,
        ratio=exp(ratio),
        low=exp(ratio - reach),
        high=exp(ratio + reach),
        p=float(stats.t.sf(beyond, free)),
        detectable=exp(tolerance + float(stats.norm.ppf(resampling.POWER)) * error),
        regressed=None if ratio > tolerance else False,
    )


def _ruling(contrast: Contrast, *, twice: bool) -> Ruling:
    what = contrasting.in_words(contrast)
    say = {
        True: f"{what}: slower than earlier runs explain, in two runs one after the other",
        None: f"{what}: slower than earlier runs explain; one run alone is no proof",
        False: f"{what}; {change_text(contrast.detectable)} would have been found"
        + (" (in both runs)" if twice else ""),
    }
    return contrasting.ruling(contrast, say[contrast.regressed])
