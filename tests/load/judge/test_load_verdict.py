"""The verdict: validity first, then errors, then latency."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import _verdicts_simulation as simulation
from techrun.load.judge import criteria as limits
from techrun.load.judge.rules import RULES
from techrun.load.judge.summing_up import open_question
from techrun.load.judge.verdict import judge, wants_more, wants_rerun
from techrun.load.records import Persona

FEW_ERRORS = {"errors": "0.5%"}
FAST = {"step": "product", "p95": "500ms"}


def failing(make, failed, **how):
    return make.run(cells=[make.cell(at, failed=failed) for at in range(60)], **how)


def test_a_good_run_without_a_baseline_passes_and_is_recorded(make):
    verdict = judge(make.run(), [FEW_ERRORS, FAST], [])
    assert verdict.value == "pass"
    assert verdict.comparison.baseline_runs == 1
    assert verdict.summary == (
        "All limits hold; nothing to compare with (no accepted run of this scenario yet);"
        " baseline recorded (1 of 5)."
    )


def test_a_run_that_cannot_be_believed_is_neither_passed_nor_failed(make):
    verdict = judge(failing(make, 10, workers=2, workers_lost=1), [FEW_ERRORS], [])
    assert verdict.value == "invalid"
    assert verdict.summary.startswith(
        "This run proves nothing: generator: 1 of 2 generating processes died. But "
    )
    assert verdict.comparison is None


def test_a_criterion_that_is_missed_fails_the_release(make):
    verdict = judge(failing(make, 1), [FEW_ERRORS, FAST], [])
    assert verdict.value == "fail"
    assert verdict.rulings[0].rule == "errors.criterion"
    assert verdict.summary.startswith("The release does not hold: 10 % of all steps failed")


def test_errors_are_told_before_latency(make):
    run = make.run(cells=[make.cell(at, 0.9, failed=1) for at in range(60)])
    assert [one.rule for one in judge(run, [FAST, FEW_ERRORS], []).rulings][:2] == [
        "errors.criterion",
        "latency.criterion",
    ]


def test_a_shop_that_drowns_fails(make):
    traffic = [make.traffic(at, started=7, dropped=3, active=500) for at in range(60)]
    verdict = judge(make.run(traffic=traffic), [FEW_ERRORS], [])
    assert (verdict.value, verdict.rulings[0].rule) == ("fail", "errors.drowned")


def test_a_run_that_was_stopped_because_it_could_not_hold_any_more_fails(make):
    cells = [make.cell(at, failed=10) for at in range(10)]
    one_step = Persona("Guest", "guest", 1.0, steps=("product",))
    run = make.run(
        cells=cells,
        traffic=[make.traffic(at) for at in range(10)],
        stopped="errors cannot hold",
        personas=(one_step,),
    )
    criteria = [{"errors": "0.5%", "abort": True}]
    assert judge(run, criteria, []).value == "fail"
    assert judge(run, [FEW_ERRORS], []).value == "invalid"


def test_a_starved_generator_is_told_what_to_do(make):
    summary = judge(make.run(health=[make.health(at, lag=0.03) for at in range(60)]), [], []).summary
    assert summary == (
        "This run proves nothing: the generator was 30 ms late at the worst of each second, on average; the limit is"
        " 10 ms. The machine that makes the load is too busy: let nothing else run on it, take more processes"
        " (--workers) or ask for less (--rate), and run it again."
    )


def test_steps_that_could_not_be_compared_are_not_called_as_fast_as_before():
    run = simulation.interleaved(1)
    rare = [replace(cell, step="rare") for cell in run.cells if cell.window < 3 and cell.step == "step 0"]
    summary = judge(replace(run, cells=(*run.cells, *rare)), [], []).summary
    assert "none of the steps with enough answers to compare (1 of 2) is slower than is tolerated" in summary


def test_a_criterion_whose_stretch_is_not_over_says_so(make):
    run = make.run(cells=[make.cell(at) for at in range(5)], traffic=[make.traffic(at) for at in range(5)])
    (ruling,) = limits.rulings(run, [{"p99": "2s", "over": "10s"}])
    assert (ruling.holds, ruling.text) == (None, "no stretch of 10s with 10 answers of all steps is over")


def test_what_is_not_yet_clear_is_told_before_it_is_measured_for_longer():
    first = judge(simulation.interleaved(4, windows=20, slower=1.07), [], [], last_look=False)
    assert wants_more(first)
    assert open_question(first).startswith("Not yet clear: shopper step 0: median ")


def test_without_criterion_and_comparison_nothing_was_judged(make):
    verdict = judge(make.run(), [], [])
    assert (verdict.value, verdict.rulings[0].rule) == ("inconclusive", "judged.nothing")


def test_an_unchanged_release_passes_with_what_could_have_been_seen():
    verdict = judge(simulation.interleaved(1), [], [])
    assert verdict.value == "pass"
    assert verdict.summary == (
        "All limits hold. Against old, in the same run, none of its steps is slower than is tolerated: the largest"
        " change is -1 % (step 0), and ≥ +18 % would have been seen in each of them."
    )


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"slower": 1.4}, "latency.regressed"), ({"fails": 0.05}, "errors.regressed")],
    ids=["slower", "fails"],
)
def test_a_worse_release_fails(changes, rule):
    verdict = judge(simulation.interleaved(1, **changes), [], [])
    assert (verdict.value, verdict.rulings[0].rule, verdict.rulings[0].holds) == ("fail", rule, False)
    assert not wants_more(verdict)


def test_what_cannot_be_told_wants_more_and_is_inconclusive_at_last():
    run = simulation.interleaved(4, windows=20, slower=1.07)
    first = judge(run, [], [], looks=1, last_look=False)
    assert wants_more(first)
    last = judge(run, [], [], looks=3)
    assert last.value == "inconclusive"
    assert last.summary.startswith("It cannot be told: shopper step 0: median ")
    assert last.comparison.looks == 3


def test_a_look_at_a_run_that_goes_on_does_not_miss_its_end():
    run = simulation.interleaved(1)
    running = replace(run, traffic=run.traffic[:40])
    assert judge(running, [], [], last_look=False).value == "pass"
    assert judge(running, [], []).value == "invalid"


def test_a_criterion_about_a_stretch_that_is_not_over_yet_makes_no_run_longer():
    run = simulation.interleaved(1, windows=20)
    running = replace(run, traffic=run.traffic[:18])
    verdict = judge(running, [{"p99": "2s", "over": "20s"}], [], last_look=False)
    assert verdict.value == "inconclusive"
    assert not wants_more(verdict)


def test_a_run_above_the_stored_ones_is_repeated_once_and_then_fails(make):
    baseline = [make.run() for _ in range(3)]
    slow = make.run(cells=[make.cell(at, 0.3) for at in range(60)])
    first = judge(slow, [FEW_ERRORS], baseline)
    assert (first.value, wants_rerun(first), wants_more(first)) == ("inconclusive", True, False)
    again = judge(slow, [FEW_ERRORS], baseline, before=first)
    assert (again.value, wants_rerun(again)) == ("fail", False)
    fine = judge(make.run(), [FEW_ERRORS], baseline, before=first)
    assert (fine.value, fine.comparison.baseline_runs) == ("pass", 4)


def test_every_rule_that_is_used_is_explained(make):
    worse = simulation.interleaved(1, slower=1.5, fails=0.05)
    verdicts = [
        judge(make.run(), [FEW_ERRORS, FAST, {"apdex": 0.9, "at": "1s"}, {"throughput": "1/s"}], []),
        judge(make.run(workers_lost=1), [], []),
        judge(worse, [], []),
        judge(make.run(3, two=True), [], []),
    ]
    assert {ruling.rule for verdict in verdicts for ruling in verdict.rulings} <= RULES.keys()


@settings(max_examples=25, deadline=None)
@given(more=st.integers(min_value=0, max_value=60))
def test_more_of_the_same_never_turns_a_pass_into_something_else(make, more):
    assert judge(make.run(30 + more, two=True), [FEW_ERRORS], []).value == "pass"
    assert judge(make.run(30 + more), [FEW_ERRORS], []).value == "pass"
