"""New against old in one interleaved run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import _verdicts_simulation as simulation
from techrun.load.histogram import PER_DOUBLING
from techrun.load.judge.compare import ALPHA, interleaved, share_of_alpha


def contrast(run, statistic="p50", **how):
    return next(each for each in interleaved(run, **how).comparison.contrasts if each.statistic == statistic)


def scaled(run, doublings):
    """The same run with all times so many times doubled."""
    move = doublings * PER_DOUBLING
    return replace(
        run,
        cells=tuple(
            replace(cell, buckets={bucket + move: count for bucket, count in cell.buckets.items()})
            for cell in run.cells
        ),
    )


def swapped(run):
    other = {"new": "old", "old": "new"}
    return replace(run, cells=tuple(replace(cell, arm=other[cell.arm]) for cell in run.cells))


@pytest.mark.parametrize(
    ("slower", "regressed"), [(0.8, False), (1.0, False), (1.06, None), (1.3, True)], ids=str
)
def test_a_release_is_as_slow_as_it_is(slower, regressed):
    found = contrast(simulation.interleaved(4, slower=slower))
    assert found.regressed is regressed
    assert found.ratio == pytest.approx(slower, rel=0.04)
    assert found.low < slower < found.high
    assert found.new / found.old == pytest.approx(found.ratio)


def test_a_slow_release_is_told_with_its_figures():
    (ruling,) = [
        one for one in interleaved(simulation.interleaved(4, slower=1.5)).rulings if "median" in one.text
    ]
    assert (ruling.rule, ruling.subject, ruling.holds) == ("latency.regressed", "shopper step 0", False)
    assert "+5" in ruling.text
    assert ruling.text.endswith("slower than the +5 % that is tolerated")


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999), doublings=st.integers(-4, 4))
def test_seconds_or_milliseconds_make_no_difference(seed, doublings):
    run = simulation.interleaved(seed, windows=20)
    there, then = (
        interleaved(run).comparison.contrasts,
        interleaved(scaled(run, doublings)).comparison.contrasts,
    )
    assert [each.ratio for each in there] == pytest.approx([each.ratio for each in then])
    assert [each.regressed for each in there] == [each.regressed for each in then]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999))
def test_swapping_the_releases_inverts_every_ratio(seed):
    run = simulation.interleaved(seed, windows=20, slower=1.2)
    there, back = interleaved(run).comparison.contrasts, interleaved(swapped(run)).comparison.contrasts
    assert [each.ratio for each in back] == pytest.approx([1 / each.ratio for each in there])


def test_a_longer_run_sees_smaller_changes():
    short, long = (contrast(simulation.interleaved(1, windows=count)) for count in (30, 240))
    assert long.detectable < short.detectable
    assert long.high - long.low < short.high - short.low


def test_each_look_of_several_may_spend_its_share_only():
    run = simulation.interleaved(10, windows=30, slower=1.12)
    assert share_of_alpha(1, last_look=False) == share_of_alpha(3, last_look=True) < contrast(run).p < ALPHA
    assert contrast(run).regressed is True
    assert contrast(run, looks=1, last_look=False).regressed is None
    assert contrast(run, looks=3).regressed is None


def test_more_steps_make_each_less_certain():
    alone = contrast(simulation.interleaved(1, steps=1))
    among = contrast(simulation.interleaved(1, steps=6))
    assert among.detectable > alone.detectable


def test_a_step_with_too_few_answers_is_said_and_not_judged(make):
    cells = [make.cell(at, arm=arm) for at in range(60) for arm in ("new", "old")]
    cells += [
        make.cell(at, arm=arm, step="rare", count=1) for at in range(0, 60, 4) for arm in ("new", "old")
    ]
    found = interleaved(make.run(cells=cells, two=True))
    assert {each.step for each in found.comparison.contrasts} == {"product"}
    few = [ruling for ruling in found.rulings if ruling.rule == "latency.too_few"]
    assert [(one.step, one.holds) for one in few] == [("rare", None), ("rare", None)]
    assert "15 and 15 good answers are too few to compare the median" in few[0].text


def test_where_no_step_has_enough_nothing_was_compared(make):
    found = interleaved(make.run(3, two=True))
    assert found.comparison.contrasts == ()
    assert found.rulings[0].rule == "compared.nothing"


def test_a_release_that_answers_nothing_is_not_compared(make):
    cells = [
        make.cell(at, arm=arm, failed=10 if arm == "new" else 0) for at in range(60) for arm in ("new", "old")
    ]
    assert interleaved(make.run(cells=cells, two=True)).comparison.contrasts == ()


@pytest.mark.parametrize("correlation", [0.0, 0.6], ids=["free", "correlated"])
def test_an_unchanged_release_is_let_pass(correlation):
    """40 runs of a minute with three steps; the whole study is `python -m benchmarks.verdicts`."""
    runs = [simulation.interleaved(seed, steps=3, correlation=correlation) for seed in range(40)]
    verdicts = [[each.regressed for each in interleaved(run).comparison.contrasts] for run in runs]
    assert sum(True in each for each in verdicts) <= 1
    assert sum(None in each for each in verdicts) <= 12
