"""How often the verdict of a load test is wrong, and what it finds, next to the usual rule.

    python -m benchmarks.verdicts [--trials 36] [--simulated 300] [--keep FILE] [--judge FILE]

Real servers (about 1.5 ms of work, then a pause of 8 ms) on this machine: two that are the same, three that do 10, 25
and 50 % more, one that fails one request in fifty; 50 visits a second each, all in one run. Each trial of 24 s is
judged as three runs of 8 s with one look, and as one with up to three looks (8, 16 and 24 s). The usual rule is "p95
more than 10 % above the stored run"; the stored run is the first server's of the trial before, half a minute ago.
Then load tests that never were, thousands of them, for what takes too long in truth.

--keep FILE adds what was measured to FILE, --judge FILE judges what a file holds and measures nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks import _verdicts_simulation as simulation
from benchmarks._verdicts_server import rounds_of
from benchmarks._verdicts_trial import ARMS, WORK, as_run, measured
from techrun.load.histogram import merged, quantile
from techrun.load.judge import failures
from techrun.load.judge.compare import interleaved
from techrun.load.judge.stored import stored
from techrun.load.judge.verdict import judge, wants_more, wants_rerun
from techrun.statistics.shares import wilson

SECONDS = 24
LOOK = 8
NEW = {"unchanged": "A2", **{name: name for name in list(ARMS)[2:]}}
ERRORS = [{"errors": "0.5%"}]
ROW = "{:<26}{:>6}{:>19}{:>9}{:>9}{:>20}{:>20}"


def one_look(trial, name, begin):
    return judge(as_run(trial, name, "A1", begin, LOOK), ERRORS, []).value


def anyway(trial, name, begin):
    """Whether the comparison alone finds it worse, be the run to be believed or not."""
    run = as_run(trial, name, "A1", begin, LOOK)
    return any(ruling.holds is False for ruling in (*interleaved(run).rulings, *failures.rulings(run)))


def three_looks(trial, name):
    for looks in (1, 2, 3):
        run = as_run(trial, name, "A1", 0, LOOK * looks)
        verdict = judge(run, ERRORS, [], looks=looks, last_look=looks == 3)
        if not wants_more(verdict):
            break
    return verdict.value


def naive(trial, before, name, begin):
    """The usual rule."""
    return p95(trial, name, begin) > 1.1 * p95(before, "A1", begin)


def p95(trial, name, begin):
    run = as_run(trial, name, "A1", begin, LOOK)
    return quantile(merged(cell.buckets for cell in run.cells if cell.arm == "new"), 0.95)


def share(count, of):
    low, high = wilson(count, of)
    return f"{count / max(of, 1):.0%} ({low:.0%} to {high:.0%})" if of else "-"


def told(name, values, *beside):
    """One row: of the runs that can be believed, how many were called worse."""
    counts = Counter(values)
    believed = len(values) - counts["invalid"]
    unsure = f"{counts['inconclusive'] / believed:.0%}" if believed else "-"
    beside = (*beside, "", "")[:2]
    print(ROW.format(name, believed, share(counts["fail"], believed), unsure, counts["invalid"], *beside))


def head(title, *beside):
    titles = ("release", "runs", "called worse", "cannot", "invalid", *(*beside, "", "")[:2])
    print(f"\n{title}\n{ROW.format(*titles)}")


def real(trials):
    begins = range(0, SECONDS, LOOK)
    head("Real servers, 8 s, one look", "invalid ones too", "usual rule")
    for label, name in NEW.items():
        values = [one_look(trial, name, begin) for trial in trials for begin in begins]
        all_ = [anyway(trial, name, begin) for trial in trials for begin in begins]
        usual = [
            naive(*pair, name, begin) for pair in zip(trials[1:], trials, strict=False) for begin in begins
        ]
        told(label, values, share(sum(all_), len(all_)), share(sum(usual), len(usual)))
    against_stored(trials)
    head("Real servers, up to three looks at 8, 16 and 24 s")
    for label, name in NEW.items():
        told(label, [three_looks(trial, name) for trial in trials])


def against_stored(trials):
    """Each trial against the accepted runs of earlier ones, re-run once 8 s later; without a control request."""
    head("Real servers, 8 s, against the last 5 accepted runs, with one re-run")
    for label, name in NEW.items():
        accepted, values = [], []
        for trial in trials:
            first = judge(as_run(trial, name, "", 0, LOOK), ERRORS, accepted[:5])
            again = judge(as_run(trial, name, "", LOOK, LOOK), ERRORS, accepted[:5], before=first)
            if len(accepted) >= 3:
                values.append((again if wants_rerun(first) else first).value)
            old = as_run(trial, "A1", "", 0, LOOK)
            if judge(old, ERRORS, []).value == "pass":
                accepted.insert(0, old)
        told(label, values)


def simulated(count):
    head("Simulated, 60 s at 20 visits a second and release, windows of one release correlate by 0.5")
    for label, how in (
        ("unchanged", {}),
        ("unchanged, 8 steps", {"steps": 8}),
        ("+5 %, which is tolerated", {"slower": 1.05}),
        ("+10 %", {"slower": 1.10}),
        ("+25 %", {"slower": 1.25}),
        ("fails 1 in 50", {"fails": 0.02}),
    ):
        runs = (simulation.interleaved(seed, correlation=0.5, **how) for seed in range(count))
        told(label, [judge(run, ERRORS, []).value for run in runs])


def with_baseline(count):
    head(
        "Simulated, stored baseline, runs differ by 15 % of which the control request sees 70 %",
        "without a re-run",
    )
    for kept in (3, 5):
        for slower in (1.0, 1.25, 1.5, 2.0):
            values, once = [], []
            for seed in range(0, count * 7, 7):
                found = _again(seed, kept, slower)
                once.append(found[0])
                values.append("fail" if all(found) else "pass")
            told(
                f"{slower - 1:+.0%}, {kept} accepted runs",
                values,
                share(sum(once), count),
            )


def _again(seed, kept, slower):
    """Whether the run was beyond the tolerance, and the one after it."""
    baseline = [simulation.alone(seed + at, windows=20) for at in range(kept)]
    runs = [simulation.alone(seed + at, windows=20, slower=slower) for at in (5, 6)]
    return [
        any(each.regressed is not False for each in stored(run, baseline).comparison.contrasts)
        for run in runs
    ]


def measure(count, keep):
    rounds, trials = rounds_of(WORK), []
    for number in range(count):
        trials.append(measured(SECONDS, int(time.time()), rounds))
        print(f"trial {number + 1} of {count}", file=sys.stderr)
        if keep:
            with keep.open("a") as file:
                file.write(json.dumps(trials[-1]) + "\n")
    return trials


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=36)
    parser.add_argument("--simulated", type=int, default=300)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--judge", type=Path)
    asked = parser.parse_args()
    if asked.judge:
        trials = [json.loads(line) for line in asked.judge.read_text().splitlines()]
    else:
        trials = measure(asked.trials, asked.keep)
    real(trials)
    simulated(asked.simulated)
    with_baseline(asked.simulated)


if __name__ == "__main__":
    main()
