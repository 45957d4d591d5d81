"""A release against the last accepted runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import _verdicts_simulation as simulation
from techrun.load.judge.stored import stored


def runs(*seconds, make):
    return [make.run(cells=[make.cell(at, each) for at in range(60)]) for each in seconds]


def only(found, statistic="p50"):
    return next(each for each in found.comparison.contrasts if each.statistic == statistic)


@pytest.mark.parametrize(
    ("now", "regressed"), [(0.05, False), (0.10, False), (0.12, False), (0.15, None)], ids=str
)
def test_a_run_far_above_the_baseline_asks_for_another(make, now, regressed):
    (run,) = runs(now, make=make)
    found = only(stored(run, runs(0.1, 0.1, 0.1, make=make)))
    assert found.regressed is regressed
    assert found.ratio == pytest.approx(now / 0.1, rel=0.02)


def test_beyond_the_tolerance_twice_is_a_regression(make):
    baseline = runs(0.1, 0.1, 0.1, make=make)
    first, second = runs(0.15, 0.16, make=make)
    before = stored(first, baseline).comparison
    found = stored(second, baseline, before)
    assert only(found).regressed is True
    assert found.rulings[0].text.endswith("slower than earlier runs explain, in two runs one after the other")


def test_beyond_the_tolerance_once_was_chance(make):
    baseline = runs(0.1, 0.1, 0.1, make=make)
    fine, slow = runs(0.1, 0.16, make=make)
    assert only(stored(slow, baseline, stored(fine, baseline).comparison)).regressed is False
    assert only(stored(fine, baseline, stored(slow, baseline).comparison)).regressed is False


def test_a_baseline_that_varies_widens_the_tolerance(make):
    (run,) = runs(0.16, make=make)
    assert only(stored(run, runs(0.1, 0.07, 0.13, 0.09, 0.12, make=make))).regressed is False


def test_a_slow_runner_is_divided_out(make):
    baseline = [
        replace(run, cells=(*run.cells, *(make.control(at, 0.002) for at in range(60))))
        for run in runs(0.1, 0.1, 0.1, make=make)
    ]
    (slow,) = runs(0.2, make=make)
    here = replace(slow, cells=(*slow.cells, *(make.control(at, 0.004) for at in range(60))))
    found = only(stored(here, baseline))
    assert found.ratio == pytest.approx(1.0, abs=0.02)
    assert (found.old, found.new) == pytest.approx((0.2, 0.2), rel=0.03)
    without = stored(slow, baseline)
    assert only(without).regressed is None
    assert without.comparison.against == "the last 3 accepted runs, not steadied by a control request"


def test_the_newest_five_count(make):
    found = stored(runs(0.1, make=make)[0], runs(0.1, 0.1, 0.1, 0.1, 0.1, 9.0, 9.0, make=make)).comparison
    assert found.against.startswith("the last 5 accepted runs")
    assert found.contrasts[0].ratio == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("baseline", "why"),
    [
        ([], "no accepted run of this scenario yet"),
        ([0.1], "only 1 of the 3 accepted runs that a comparison needs"),
    ],
    ids=["none", "one"],
)
def test_too_few_runs_are_no_baseline(make, baseline, why):
    found = stored(runs(0.1, make=make)[0], runs(*baseline, make=make))
    assert (found.comparison.method, found.comparison.why_none, found.rulings) == ("none", why, ())


def test_another_machine_is_named_as_the_reason(make):
    others = [replace(run, fingerprint={"cpu": "Xeon"}) for run in runs(0.1, 0.1, 0.1, make=make)]
    found = stored(runs(0.1, make=make)[0], others).comparison
    assert found.method == "none"
    assert found.why_none == (
        "no accepted run with this fingerprint: other than in the last one are"
        " the processor's model (Xeon, now EPYC)"
    )


def test_a_smoke_test_has_too_few_answers_to_compare(make):
    few = [make.run(3) for _ in range(4)]
    assert stored(few[0], few[1:]).comparison.why_none.startswith("no step had the 40 good answers")


def test_runs_of_unchanged_code_hardly_ever_fail_twice():
    """40 releases, runs that differ by 15 %; the whole study is `python -m benchmarks.verdicts`."""
    failed = 0
    for seed in range(0, 280, 7):
        baseline = [simulation.alone(seed + at, windows=10) for at in range(5)]
        first, second = (simulation.alone(seed + at, windows=10) for at in (5, 6))
        found = stored(second, baseline, stored(first, baseline).comparison)
        failed += any(each.regressed for each in found.comparison.contrasts)
    assert failed <= 1
