"""Failed requests, new release against old."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import _verdicts_simulation as simulation
from techrun.load.judge.failures import in_bursts, rulings


def cells(make, new, old=lambda _: 0, windows=60):
    return [
        make.cell(at, arm=arm, failed=failed(at))
        for at in range(windows)
        for arm, failed in (("new", new), ("old", old))
    ]


def overall(run):
    return rulings(run)[0]


@pytest.mark.parametrize(
    ("new", "old", "holds"),
    [
        (lambda at: 0, lambda at: 0, True),
        (lambda at: at % 5 == 0, lambda at: 0, False),
        (lambda at: at % 5 == 0, lambda at: at % 5 == 1, True),
        (lambda at: 0, lambda at: at % 5 == 0, True),
        (lambda at: at == 7, lambda at: 0, True),
        (lambda at: 10 * (at == 7), lambda at: 0, None),
        (lambda at: 4 * (30 <= at < 33), lambda at: 0, None),
        (lambda at: 10, lambda at: 0, False),
    ],
    ids=[
        "none",
        "one in fifty",
        "as many on both",
        "fewer than before",
        "a single one",
        "all of one second",
        "a burst of three seconds",
        "all",
    ],
)
def test_a_release_that_fails_more_often_is_found(make, new, old, holds):
    ruling = overall(make.run(cells=cells(make, new, old), two=True))
    assert (ruling.rule, ruling.subject, ruling.holds) == ("errors.regressed", "all steps", holds)


def test_one_more_failure_in_two_thousand_stops_nobody(make):
    """12 of 24,000 are more than chance explains, and too few to mind."""
    found = [
        make.cell(at, arm=arm, count=400, failed=int(arm == "new" and at % 5 == 0))
        for at in range(60)
        for arm in ("new", "old")
    ]
    ruling = overall(make.run(cells=found, two=True))
    assert ruling.holds is True
    assert ruling.text.startswith("12 of 24012 requests failed")


def test_a_release_that_fails_one_request_in_fifty_is_always_found():
    """50 runs of a minute at 20 requests a second; by chance 4 to 40 of 1200 fail."""
    runs = [simulation.interleaved(seed, fails=0.02, slower=1.0) for seed in range(50)]
    assert all(overall(run).holds is False for run in runs)


def test_shared_trouble_is_not_the_new_releases():
    runs = [simulation.interleaved(seed) for seed in range(3)]
    assert all(overall(run).holds is True for run in runs)


def test_the_step_that_fails_is_named(make):
    found = cells(make, lambda at: 0) + [
        make.cell(at, arm=arm, step="cart", failed=2 * (arm == "new"))
        for at in range(60)
        for arm in ("new", "old")
    ]
    told = rulings(make.run(cells=found, two=True))
    assert [(one.subject, one.holds) for one in told] == [("all steps", False), ("guest cart", False)]
    assert told[1].text == "120 of 600 requests failed (20 %), on the old release 0 of 600 (0 %)"


def test_no_requests_are_no_failures(make):
    assert rulings(make.run(cells=(), two=True)) == ()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 500), chance=st.floats(0.05, 2.0))
def test_failures_that_come_by_themselves_count_about_one_each(seed, chance):
    failed = np.random.default_rng(seed).poisson(chance, 300).astype(float)
    assert 1.0 <= in_bursts(failed, 1.0) < 2.0
