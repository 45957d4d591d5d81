"""Load tests that never were, for `benchmarks.verdicts`: answer times drawn from a model whose truth is known.

A window's answer times are log-normal (a p95 of 1.6 medians). What disturbs both releases alike moves the window,
and cancels; what disturbs one alone hangs together from second to second, as a real shop's caches and queues do.
"""

from __future__ import annotations

import numpy as np

from techrun.load.histogram import PER_DOUBLING
from techrun.load.records import CONTROL, Cell, Run, Schedule, Stage, Traffic

SPREAD = 0.3
"""Standard deviation of the logarithm of one answer time."""
MEDIAN = 0.1
"""Seconds."""


def wander(draw, windows, deviation, correlation):
    """A series whose neighbours resemble each other (AR(1)), of this standard deviation."""
    steps = draw.normal(0, deviation * np.sqrt(1 - correlation**2), windows)
    out = np.empty(windows)
    out[0] = draw.normal(0, deviation)
    for at in range(1, windows):
        out[at] = correlation * out[at - 1] + steps[at]
    return out


def _histogram(seconds):
    buckets = np.ceil(np.log2(seconds) * PER_DOUBLING).astype(int)
    return dict(zip(*(part.tolist() for part in np.unique(buckets, return_counts=True)), strict=True))


def cells(draw, arm, step, levels, rate, *, fails=0.0, spread=SPREAD, journey="shopper"):
    """One step on one release: `levels` is the logarithm of each window's median."""
    found = []
    for window, level in enumerate(levels):
        failed = int(draw.binomial(rate, fails)) if fails else 0
        times = np.exp(level + draw.normal(0, spread, rate - failed))
        found.append(
            Cell(arm, journey, step, window, _histogram(times), {"status": failed} if failed else {})
        )
    return found


def run_of(found, windows, arms, rate, **more):
    """A run that was carried out to the letter."""
    total = float(rate * len(arms))
    traffic = tuple(
        Traffic(window, int(total), int(total), 0, 0, 5, closed=True) for window in range(windows)
    )
    schedule = Schedule((Stage("measure", float(windows), total, total),), arms=arms)
    return Run(
        "simulated", "shop", "simulation", "new", "http://127.0.0.1", 0.0, float(windows), schedule,
        cells=tuple(found), traffic=traffic, **more,
    )  # fmt: skip


def interleaved(seed, *, windows=60, rate=20, steps=1, slower=1.0, fails=0.0, noise=0.05, correlation=0.0):
    """New and old in one run; `slower` and `fails` are what is true of the first step of the new release."""
    draw = np.random.default_rng(seed)
    shared = wander(draw, windows, 0.2, 0.7)
    found = []
    for number in range(steps):
        for arm in ("new", "old"):
            changed = arm == "new" and number == 0
            level = np.log(MEDIAN * (slower if changed else 1.0)) + shared
            level = level + wander(draw, windows, noise, correlation)
            found += cells(draw, arm, f"step {number}", level, rate, fails=fails if changed else 0.0)
    return run_of(found, windows, ("new", "old"), rate, old_release="old")


def alone(seed, *, windows=60, rate=40, slower=1.0, between=0.15, seen=0.7):
    """One release; `between`: how much runs differ, of which the control request sees a share (`seen`)."""
    draw = np.random.default_rng(seed)
    runner = draw.normal(0, between * np.sqrt(seen))
    rest = draw.normal(0, between * np.sqrt(1 - seen))
    inside = wander(draw, windows, 0.05, 0.5)
    found = cells(draw, "new", "page", np.log(MEDIAN * slower) + runner + rest + inside, rate)
    found += cells(draw, "new", CONTROL, np.log(0.002) + runner + inside, 5, journey=CONTROL)
    return run_of(found, windows, ("new",), rate, fingerprint={"cpu": "simulated"})
