"""The short form of `python -m benchmarks.verdicts`: real servers, a moment each, judged like any run."""

from __future__ import annotations

from benchmarks._verdicts_trial import ARMS, RATE, WARM_UP, as_run, measured
from techrun.load.judge.verdict import judge


def test_every_visit_of_a_trial_is_recorded_and_judged():
    trial = measured(2.0, seed=1, rounds=100)
    for arm in ARMS:
        good = sum(count for row in trial["buckets"][arm] for _, count in row)
        assert good + sum(trial["errors"][arm]) == RATE * (WARM_UP + 2)
    for new in ("A2", "+50 %", "fails 1 in 50"):
        verdict = judge(as_run(trial, new, "A1", 0.0, 2.0), [], [])
        assert verdict.value in {"pass", "fail", "inconclusive", "invalid"}
        assert verdict.summary
