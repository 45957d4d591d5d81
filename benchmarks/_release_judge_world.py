"""Releases that never were, for `benchmarks.release_judge`: runs drawn from a model whose truth is known.

Failures: a shop is well or unwell; unwell, every check fails. How long it stays so follows from `rho`, the
autocorrelation of failures from one run to the next one (8 s). With `rho` 0 each run fails by itself.
Times: log-normal; neighbouring runs resemble each other by `rho`, and releases differ by `apart`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from techrun.model import Status
from techrun.releases.records import Counts, Sample, Verification

EVERY = 8.0
SETTLE = 60.0
HOURS = 7
RUNS = 60
"""Runs of a check in an hour before the release."""
CONFIRM = 4
"""Failures in a row after which a check is down."""


@dataclass(frozen=True)
class World:
    """What is true of a shop and of its new release."""

    runs: int = 30
    checks: int = 3
    steps: int = 4
    usual: float = 0.0
    """Share of runs that fail, also without a release."""
    fails: float = 0.0
    """Share that the release adds."""
    minutes: bool = False
    """The release fails for whole minutes, and not for single runs."""
    rho: float = 0.0
    uneven: float = 0.0
    """Variation of the usual share from hour to hour."""
    alone: bool = False
    """Each check has hiccups of its own."""
    noise: float = 0.2
    """Standard deviation of the logarithm of one time."""
    apart: float = 0.05
    """That of the level between two releases."""
    slower: float = 1.0
    slow_checks: int = 99
    accepted: int = 5


def unwell(draw, times, share, rho):
    """Whether the shop is unwell at these times (in order): a Markov chain in continuous time."""
    found = np.empty(len(times), bool)
    chance, before = draw.random(len(times)), 0.0
    for at, time in enumerate(times):
        keep = rho ** ((time - before) / EVERY) if at else 0.0
        found[at] = chance[at] < share + ((1.0 if at and found[at - 1] else 0.0) - share) * keep
        before = time
    return found


def failures(draw, world, times, added):
    """A row for each check: whether its run fails; `times` has such rows too."""
    share = world.usual * _hour(draw, world)
    if world.rho == 0:
        bad = draw.random(times.shape) < share
    elif world.alone:
        bad = np.array([unwell(draw, row, share, world.rho) for row in times])
    else:
        order = np.argsort(times, axis=None)
        bad = np.empty(times.size, bool)
        bad[order] = unwell(draw, times.ravel()[order], share, world.rho)
        bad = bad.reshape(times.shape)
    return bad | _added(draw, times, added, world.minutes)


def _hour(draw, world):
    """How bad this hour is, against the average one."""
    if not world.uneven:
        return 1.0
    shape = 1 / world.uneven**2
    return draw.gamma(shape, 1 / shape)


def _added(draw, times, share, minutes):
    if not minutes:
        return draw.random(times.shape) < share
    numbers = ((times + draw.random() * 60) // 60).astype(int)
    return (draw.random(numbers.max() + 1) < share)[numbers]


def before(draw, world):
    """The same hours of earlier days."""
    found = []
    for hour in range(HOURS):
        times = np.arange(RUNS) * 60.0 + np.arange(world.checks)[:, None] * 60 / world.checks
        failed = failures(draw, world, times, 0.0).sum(axis=1)
        found += [Counts(f"check-{at}", hour * 86400.0, RUNS, int(count)) for at, count in enumerate(failed)]
    return tuple(found)


def wander(draw, rows, length, rho):
    """Rows of noise with deviation 1, whose neighbours resemble each other by `rho`."""
    steps = draw.normal(0, np.sqrt(1 - rho**2), (rows, length))
    out = np.empty((rows, length))
    out[:, 0] = draw.normal(size=rows)
    for at in range(1, length):
        out[:, at] = rho * out[:, at - 1] + steps[:, at]
    return out


def levels(draw, world, slower):
    """Seconds by check, step and run. Half of the variance is the check's, half the step's own."""
    own = wander(draw, world.checks * world.steps, world.runs, world.rho).reshape(world.checks, world.steps, -1)
    shared = wander(draw, world.checks, world.runs, world.rho)[:, None, :]
    level = draw.normal(0, world.apart)
    found = 0.2 * np.exp(level + world.noise * np.sqrt(0.5) * (own + shared))
    found[: world.slow_checks] *= slower
    return found


def verification(draw, world, *, new, timed=True):
    """One that was kept (`new` False), or the one to be judged."""
    times = np.arange(world.runs) * EVERY + np.arange(world.checks)[:, None] * EVERY / world.checks
    failed = failures(draw, world, times, world.fails if new else 0.0)
    seconds = levels(draw, world, world.slower if new else 1.0) if timed else None
    names = [f"step-{at}" for at in range(world.steps)]
    samples = [
        Sample(
            f"check-{check}",
            SETTLE + time,
            SETTLE + time,
            Status.DOWN if failed[check, at] else Status.UP,
            float(seconds[check, :, at].sum()) if timed else 0.5,
            dict(zip(names, seconds[check, :, at].tolist(), strict=True)) if timed else {},
        )
        for check in range(world.checks)
        for at, time in enumerate(times[check].tolist())
    ]
    checks = tuple(f"check-{at}" for at in range(world.checks))
    return Verification(
        "simulated", "shop", 1, "new", "", 0.0, 0.0, SETTLE + world.runs * EVERY, samples=tuple(samples),
        judged=checks, wanted=world.runs, before=before(draw, world) if new else (),
        digests=dict.fromkeys(checks, "same"),
    )  # fmt: skip


def confirmed_down(verification):
    """Whether a check failed so often in a row that it is down: that ends a bake, whatever is usual."""
    row = {}
    for sample in verification.samples:
        row[sample.check] = row.get(sample.check, 0) + 1 if sample.status is Status.DOWN else 0
        if row[sample.check] == CONFIRM:
            return True
    return False
