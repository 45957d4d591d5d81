"""Releases that never were, for `benchmarks.release_judge`: runs drawn from a model whose truth is known.

Failures: a shop is well or unwell; unwell, every check fails. How long it stays so follows from `rho`, the
autocorrelation of failures from one run to the next one (8 s). With `rho` 0 each run fails by itself.
Times: log-normal; neighbouring runs resemble each other by `rho`, and releases differ by `apart`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from techrun.model import Status
from techrun.releases.records import Counts, Expectation, Identity, NodeFinding, Sample, Verification

EVERY = 8.0
SETTLE = 60.0
HOURS = 7
RUNS = 60
"""Runs of a check in an hour before the release."""
DELAYS = (5.0, 10.0, 15.0)
"""When a failure is confirmed, after the first, second and third; the fourth is an outage."""


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
    failing: int = 99
    """Checks that it does so to."""
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
    accepted: int = 5


@dataclass
class Health:
    """Whether the shop is unwell: a Markov chain in continuous time, asked in the order of time."""

    draw: np.random.Generator
    share: float
    rho: float
    at: float = -np.inf
    unwell: bool = False

    def fails(self, at):
        keep = self.rho ** ((at - self.at) / EVERY) if self.rho else 0.0
        self.unwell = self.draw.random() < self.share + (float(self.unwell) - self.share) * keep
        self.at = at
        return self.unwell


@dataclass
class Lane:
    """The runs of one check in the bake: regular ones, and those that confirm a failure."""

    number: int
    due: float
    runs: int = 0
    in_a_row: int = 0
    counts_from: float = -np.inf
    confirm_at: float = np.inf

    @property
    def next_at(self):
        return min(self.due, self.confirm_at)

    def note(self, at, failed):
        """Whether the check is down for sure now."""
        if at >= self.due:
            self.due += EVERY
            self.runs += 1
        if not failed:
            self.in_a_row, self.counts_from, self.confirm_at = 0, -np.inf, np.inf
        elif at >= self.counts_from:
            self.in_a_row += 1
            delay = DELAYS[min(self.in_a_row, len(DELAYS)) - 1]
            self.counts_from = self.confirm_at = at + delay
        return self.in_a_row > len(DELAYS)


def share_now(draw, world):
    """How much fails in this hour, without any release."""
    if not world.uneven:
        return world.usual
    shape = 1 / world.uneven**2
    return world.usual * draw.gamma(shape, 1 / shape)


def bake(draw, world, *, new, whole):
    """(check, regular run or None, at, failed, down) of each run, until a check is down (`whole`: to the end)."""
    share = share_now(draw, world)
    health = [Health(draw, share, world.rho) for _ in range(world.checks)]
    if not world.alone and world.rho:
        health = [health[0]] * world.checks
    lanes = [Lane(at, SETTLE + at * EVERY / world.checks) for at in range(world.checks)]
    ends = SETTLE + world.runs * EVERY
    bad_minutes = draw.random(int(ends // 60) + 2) < (world.fails if new and world.minutes else 0.0)
    added, shift = (world.fails if new and not world.minutes else 0.0), draw.random() * 60
    while True:
        lane = min(lanes, key=lambda lane: lane.next_at)
        at = lane.next_at
        if at >= ends:
            return
        regular = lane.runs if at >= lane.due else None
        failed = health[lane.number].fails(at) or bool(bad_minutes[int((at + shift) // 60)])
        failed = failed or (lane.number < world.failing and draw.random() < added)
        down = lane.note(at, failed)
        yield lane.number, regular, at, failed, down
        if down and not whole:
            return


def before(draw, world):
    """The same hours of earlier days."""
    times = np.arange(RUNS) * 60.0
    found = []
    for hour in range(HOURS):
        share = share_now(draw, world)
        if world.rho and share:
            failed = [sum(map(Health(draw, share, world.rho).fails, times)) for _ in range(world.checks)]
            failed = failed if world.alone else failed[:1] * world.checks
        else:
            failed = draw.binomial(RUNS, share, world.checks).tolist()
        found += [Counts(f"check-{at}", hour * 86400.0, RUNS, count) for at, count in enumerate(failed)]
    return tuple(found)


def wander(draw, rows, length, rho):
    """Rows of noise with deviation 1, whose neighbours resemble each other by `rho`."""
    steps = draw.normal(0, np.sqrt(1 - rho**2), (rows, length))
    out = np.empty((rows, length))
    out[:, 0] = draw.normal(size=rows)
    for at in range(1, length):
        out[:, at] = rho * out[:, at - 1] + steps[:, at]
    return out


def times(draw, world, slower):
    """Seconds by check, step and run. Three quarters of a time's variance are the whole check's, the rest the step's."""
    own = wander(draw, world.checks * world.steps, world.runs, world.rho).reshape(
        world.checks, world.steps, -1
    )
    shared = wander(draw, world.checks, world.runs, world.rho)[:, None, :]
    level = draw.normal(0, world.apart)
    return 0.2 * slower * np.exp(level + world.noise * (np.sqrt(0.25) * own + np.sqrt(0.75) * shared))


def verification(draw, world, *, new, timed=True, whole=False):
    """One that was kept (`new` False), or the one to be judged; `whole`: it ends by its time alone."""
    seconds = times(draw, world, world.slower if new else 1.0) if timed else None
    names = [f"step-{at}" for at in range(world.steps)]
    samples = []
    for check, run, at, failed, down in bake(draw, world, new=new, whole=whole):
        steps = seconds[check, :, run].tolist() if timed and run is not None else [0.1] * world.steps
        status = Status.DOWN if failed else Status.UP
        samples.append(
            Sample(
                f"check-{check}", at, at, status, sum(steps), dict(zip(names, steps, strict=True)),
                confirms=run is None, decision="down.confirmed" if down else "",
            )
        )  # fmt: skip
    checks = tuple(f"check-{at}" for at in range(world.checks))
    seen = NodeFinding("front", "new", "serves it", in_a_row=3, samples=3)
    down = any(sample.decision for sample in samples)
    return Verification(
        "simulated", "shop", 1, "new", "", 0.0, 0.0, SETTLE + world.runs * EVERY,
        identity=Identity(Expectation("new"), (seen,), live=0.0), samples=tuple(samples), judged=checks,
        wanted=world.runs, before=before(draw, world) if new else (), cut="down" if down else "",
        digests=dict.fromkeys(checks, "same"),
    )  # fmt: skip


def earlier(draw, world):
    """The accepted releases before it."""
    return [verification(draw, world, new=False, whole=True) for _ in range(world.accepted)]
