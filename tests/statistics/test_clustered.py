"""A bake against earlier ones, held against data whose truth is known."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from techrun.statistics import clustered
from techrun.statistics.clustered import changes

MEDIAN = (0.5,)


def bakes(seed, count=6, *, runs=30, noise=0.2, rho=0.0, apart=0.0):
    """So many bakes whose levels differ by `apart`, and whose neighbouring runs resemble each other by `rho`."""
    draw = np.random.default_rng(seed)
    steps = draw.normal(0, noise * np.sqrt(1 - rho**2), (count, runs))
    steps[:, 0] = draw.normal(0, noise, count)
    for run in range(1, runs):
        steps[:, run] += rho * steps[:, run - 1]
    return list(steps + draw.normal(0, apart, (count, 1)))


def test_the_ratio_is_that_of_the_medians():
    new, *earlier = bakes(1)
    (found,) = changes(new, earlier, MEDIAN)
    before = np.mean([np.median(each) for each in earlier])
    assert (found.old, found.ratio) == pytest.approx((exp(before), exp(np.median(new) - before)))
    assert found.new == pytest.approx(exp(np.median(new)))


def test_each_share_is_compared_by_itself():
    new, *earlier = bakes(2)
    both = changes(new, earlier, (0.5, 0.95))
    assert both == (*changes(new, earlier, MEDIAN), *changes(new, earlier, (0.95,)))


def test_slower_by_the_same_factor_everywhere_shifts_ratio_and_interval():
    new, *earlier = bakes(3)
    (same,), (slower,) = changes(new, earlier, MEDIAN), changes(new + np.log(1.5), earlier, MEDIAN)
    assert slower.ratio == pytest.approx(1.5 * same.ratio)
    assert (slower.low, slower.high) == pytest.approx((1.5 * same.low, 1.5 * same.high))
    assert slower.p < same.p


@pytest.mark.parametrize(
    "worse", [{"rho": 0.9}, {"apart": 0.3}], ids=["runs resemble each other", "releases differ"]
)
def test_what_makes_runs_worth_less_makes_the_estimate_less_sure(worse):
    errors = [
        np.mean(
            [
                changes(new, earlier, MEDIAN)[0].error
                for new, *earlier in (bakes(at, **each) for at in range(20))
            ]
        )
        for each in ({}, worse)
    ]
    assert errors[1] > 1.5 * errors[0]


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_false_alarms_stay_at_their_level_whatever_resembles_each_other(rho):
    """300 unchanged releases; at 5 % the bound is three standard errors above."""
    found = [
        changes(new, earlier, MEDIAN)[0].p for new, *earlier in (bakes(at, rho=rho) for at in range(300))
    ]
    assert np.mean(np.array(found) < 0.05) < 0.088


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_the_bootstrap_knows_the_variance_of_a_median(rho):
    """Also of runs that resemble each other over more than a block; measured from 2,000 bakes."""
    true = np.var([np.median(each) for each in bakes(5, 2000, rho=rho)])
    found = [clustered.within(each, MEDIAN, rho)[0] for each in bakes(6, 200, rho=rho)]
    assert np.mean(found) == pytest.approx(true, rel=0.4)


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.8])
def test_resemblance_is_found_in_short_bakes(rho):
    found = [clustered.resemblance(bakes(at, rho=rho)) for at in range(40)]
    assert np.mean(found) == pytest.approx(rho, abs=0.08)


def test_bakes_without_any_noise_resemble_nothing_and_still_differ_as_hours_do():
    flat = [np.zeros(30)] * 6
    (found,) = changes(flat[0], flat[1:], MEDIAN)
    assert found.ratio == 1.0
    assert found.error > clustered.APART


def test_what_is_detectable_is_found_in_four_of_five_bakes():
    earlier_and_new = [bakes(at, apart=0.05) for at in range(200)]
    (first,) = changes(earlier_and_new[0][0], earlier_and_new[0][1:], MEDIAN)
    ratio = clustered.detectable(first, 1.0, 0.01)
    found = [changes(new + np.log(ratio), earlier, MEDIAN)[0].p < 0.01 for new, *earlier in earlier_and_new]
    assert np.mean(found) == pytest.approx(0.8, abs=0.12)


def test_a_larger_tolerance_is_detected_later():
    new, *earlier = bakes(7)
    (found,) = changes(new, earlier, MEDIAN)
    assert clustered.detectable(found, 2.0, 0.01) > 2.0 > clustered.detectable(found, 1.05, 0.01)
