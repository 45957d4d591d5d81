"""How often the judge of releases is wrong, and what it finds, next to Kayenta's published rule.

    python -m benchmarks.release_judge [--trials 100] [--only false-fails|failures|requests|times|harder]

Nothing is measured: releases are drawn from a model whose truth is known (`_release_judge_world`) and judged by the
code that is shipped, in its default settings; each table has fixed seeds. A shop has three judged checks of four steps
each, a run of each every 8 s, an hour of each of seven earlier days (60 runs each), and the times of five accepted
releases. Kayenta's rule gets the same runs, and those after the release before as its baseline: for each check one
metric of times and one of failures (0 or 1 a run); the release is called worse where any of them is High.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace

import numpy as np

from benchmarks._release_judge_kayenta import high
from benchmarks._release_judge_world import World, earlier, verification
from techrun.config.releases import JudgeSettings, Releases
from techrun.model import Status
from techrun.releases.judge.verdict import judge
from techrun.statistics.shares import wilson

DEFAULT = Releases()
LATENCY = Releases(judge=JudgeSettings(latency="fail"))
RHOS = (0.0, 0.5, 0.8, 0.95)
RUNS = (10, 30, 60)
SEED = 20261201


def judged(world, trials, *, timed, kayenta=True):
    """How often each thing is said: by the judge in default settings, with `latency: fail`, and by Kayenta's rule."""
    draw = np.random.default_rng(SEED)
    said = Counter()
    for _ in range(trials):
        old = earlier(draw, world) if timed else []
        new = verification(draw, world, new=True, timed=timed)
        verdict = judge(new, old, LATENCY if timed else DEFAULT)
        failing = {ruling.rule for ruling in verdict.rulings if ruling.holds is False and not ruling.warns}
        said["default"] += bool(failing - {"latency.slower"})
        said["down"] += "bake.down" in failing
        said["times"] += "latency.slower" in failing
        said["with times"] += bool(failing)
        said["inconclusive"] += verdict.value == "inconclusive"
        if kayenta:
            pair = [verification(draw, world, new=each, timed=timed, whole=True) for each in (False, True)]
            said["kayenta"] += worse(*pair, timed=timed)
    return said


def worse(old, new, *, timed):
    """What Kayenta's rule says: any metric of any check is High."""
    return any(
        high(values(old, check), values(new, check))
        for check in new.judged
        for values in ((failures, durations) if timed else (failures,))
    )


def failures(bake, check):
    return [
        float(each.status is Status.DOWN)
        for each in bake.samples
        if each.check == check and not each.confirms
    ]


def durations(bake, check):
    return [each.duration for each in bake.samples if each.check == check and not each.confirms]


def share(count, of):
    low, high = wilson(count, of)
    return f"{100 * count / of:.1f} % ({100 * low:.1f} to {100 * high:.1f})".replace(".0 ", " ").replace(
        ".0)", ")"
    )


def percent(count, of):
    return f"{100 * count / of:.0f} %"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(title, *cells):
    print(f"\n{title}\n")
    row(*cells)
    row(*("---" for _ in cells))


def false_fails(trials):
    """Nothing changed."""
    head(
        "Unchanged releases that fail; 0.5 % of the runs fail anyway",
        "rho", "runs of each check", "default settings", "of these: down for sure", "with `latency: fail`",
        "inconclusive", "Kayenta's rule",
    )  # fmt: skip
    for rho in RHOS:
        for runs in RUNS:
            world = World(runs=runs, rho=rho, usual=0.005)
            many = judged(world, 5 * trials, timed=False, kayenta=False)
            said = judged(world, trials, timed=True)
            row(
                rho, runs, share(many["default"], 5 * trials), share(many["down"], 5 * trials),
                share(said["with times"], trials), share(many["inconclusive"], 5 * trials),
                share(said["kayenta"], trials),
            )  # fmt: skip


def found_failures(trials):
    """A release that fails now and then."""
    for minutes in (False, True):
        what = "whole minutes" if minutes else "single runs"
        head(
            f"Releases found that fail in {what}, {'all checks' if minutes else 'one check of three'}",
            "usually", "fails", *(f"{runs} runs" for runs in RUNS), "Kayenta's rule, 30 runs",
        )  # fmt: skip
        for usual in (0.0, 0.005):
            for fails in (0.01, 0.05, 0.2, 0.6):
                world = World(usual=usual, fails=fails, failing=1, minutes=minutes)
                said = {runs: judged(replace(world, runs=runs), trials, timed=False) for runs in RUNS}
                found = (percent(said[runs]["default"], trials) for runs in RUNS)
                row(f"{100 * usual:g} %", percent(fails, 1), *found, percent(said[30]["kayenta"], trials))


def found_requests(trials):
    """A release that fails one request in ten."""
    head(
        "Releases found that fail one request in ten, one check, usually none fails",
        "requests of a run",
        "30 runs",
    )
    for requests in (1, 2, 5, 10):
        world = World(checks=1, fails=1 - 0.9**requests)
        said = judged(world, 10 * trials, timed=False, kayenta=False)
        row(requests, share(said["default"], 10 * trials))


def found_times(trials):
    """A slower release."""
    for slower in (1.2, 1.5, 2.0):
        head(
            f"Releases found that are {percent(slower - 1, 1)} slower, with `latency: fail`",
            "rho", *(f"{runs} runs" for runs in RUNS), "Kayenta's rule, 30 runs",
        )  # fmt: skip
        for rho in RHOS:
            said = {
                runs: judged(World(runs=runs, rho=rho, slower=slower), trials, timed=True) for runs in RUNS
            }
            found = (percent(said[runs]["times"], trials) for runs in RUNS)
            row(rho, *found, percent(said[30]["kayenta"], trials))


def harder(trials):
    """Nothing changed, in shops that are harder to judge."""
    head(
        "Unchanged releases that fail in harder shops, 30 runs",
        "what is harder", "default settings", "with `latency: fail`", "Kayenta's rule",
    )  # fmt: skip
    for what, world in {
        "one check, rho 0.8": World(usual=0.005, rho=0.8, checks=1),
        "ten checks, rho 0.8": World(usual=0.005, rho=0.8, checks=10),
        "ten checks, each with failures of its own, that do not last": World(
            usual=0.005, checks=10, alone=True
        ),
        "ten checks, each with hiccups of its own, rho 0.8": World(
            usual=0.005, rho=0.8, checks=10, alone=True
        ),
        "bad hours: failures vary by 100 %": World(usual=0.005, uneven=1.0),
        "2 % fail anyway, rho 0.5": World(usual=0.02, rho=0.5),
        "releases differ by 10 %, rho 0.5": World(rho=0.5, apart=0.10),
        "releases differ by 15 %, rho 0.5": World(rho=0.5, apart=0.15),
        "three accepted releases, rho 0.8": World(rho=0.8, accepted=3),
        "times vary by 40 %, rho 0.8": World(rho=0.8, noise=0.4),
    }.items():
        said = judged(world, trials, timed=True)
        row(what, *(share(said[name], trials) for name in ("default", "with times", "kayenta")))


TABLES = {
    "false-fails": false_fails,
    "failures": found_failures,
    "requests": found_requests,
    "times": found_times,
    "harder": harder,
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--only", choices=TABLES, action="append")
    asked = parser.parse_args()
    for name in asked.only or TABLES:
        TABLES[name](asked.trials)


if __name__ == "__main__":
    main()
