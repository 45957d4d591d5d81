"""The short form of `python -m benchmarks.release_judge`: how often the judge is wrong, and Kayenta's rule beside it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks._release_judge_kayenta import high
from benchmarks._release_judge_world import World, wander
from benchmarks.release_judge import judged


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_unchanged_releases_pass(rho):
    """400 of each, 0.5 % of whose runs fail; 2 % may fail, and 3.5 % is that and three standard errors."""
    said = judged(World(usual=0.005, rho=rho), 400, timed=False, kayenta=False)
    assert said["default"] / 400 < 0.035
    assert said["inconclusive"] == 0


def test_unchanged_releases_pass_where_times_may_fail_them_too():
    said = judged(World(usual=0.005, rho=0.8), 60, timed=True)
    assert said["with times"] <= 4
    assert said["kayenta"] >= 8


@pytest.mark.parametrize(
    ("world", "least"),
    [
        (World(fails=0.2, failing=1), 0.9),
        (World(usual=0.005, fails=0.6, failing=1), 0.99),
        (World(fails=0.6, minutes=True), 0.9),
        (World(checks=1, fails=1 - 0.9**5), 0.99),
    ],
    ids=["one run in five", "three of five", "three of five minutes", "one request in ten"],
)
def test_releases_that_fail_now_and_then_are_found(world, least):
    assert judged(world, 100, timed=False, kayenta=False)["default"] / 100 >= least


def test_releases_that_are_twice_as_slow_are_found():
    assert judged(World(rho=0.5, slower=2.0), 25, timed=True, kayenta=False)["times"] >= 24


@pytest.mark.parametrize(
    ("rho", "least", "most"), [(0.0, 0, 0.01), (0.5, 0.01, 0.07), (0.8, 0.1, 0.2), (0.95, 0.26, 0.38)]
)
def test_kayentas_rule_is_as_often_wrong_as_was_measured_of_it(rho, least, most):
    """One metric of 30 points on each side; 0, 3, 14 to 16, and 30 to 34 % were measured of the original rule."""
    rows = np.exp(0.2 * wander(np.random.default_rng(3), 1200, 30, rho))
    assert least <= np.mean([high(old, new) for old, new in zip(rows[::2], rows[1::2], strict=True)]) <= most


@pytest.mark.parametrize(("share", "called"), [(0.6, False), (0.7, True)])
def test_kayentas_rule_passes_what_fails_in_three_of_five_minutes(share, called):
    assert high(np.zeros(30), np.arange(30) < share * 30) is called
