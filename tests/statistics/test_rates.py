"""How many failures are more than chance, held against data whose truth is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from techrun.statistics import rates


def test_the_chance_is_that_of_all_counts_from_there_on():
    known = rates.usual(3, 420)
    each = stats.betabinom(30, known.failed, known.passed).pmf(range(31))
    assert known.chance(2, 30) == pytest.approx(each[2:].sum())
    assert known.chance(0, 30) == pytest.approx(1.0)


def test_a_long_baseline_tells_more_than_a_short_one():
    assert (
        rates.usual(0, 10_000).chance(2, 30)
        < rates.usual(0, 420).chance(2, 30)
        < rates.usual(0, 0).chance(2, 30)
    )


@settings(max_examples=50, deadline=None)
@given(failed=st.integers(0, 50), runs=st.integers(50, 5000), bake=st.integers(2, 120))
def test_more_failures_are_never_likelier(failed, runs, bake):
    known = rates.usual(failed, runs)
    chances = [known.chance(count, bake) for count in range(bake + 1)]
    assert all(one >= other - 1e-9 for one, other in itertools.pairwise(chances))


def test_the_fewest_failures_are_the_first_that_are_improbable():
    known = rates.usual(2, 420)
    fewest = known.fewest(30, 0.01)
    assert known.chance(fewest, 30) < 0.01 <= known.chance(fewest - 1, 30)


def test_no_number_of_failures_is_news_where_nearly_all_fail():
    assert rates.usual(400, 420).fewest(10, 0.01) is None


def test_false_alarms_stay_below_their_level_where_hours_differ_by_chance_alone():
    """20,000 shops of which one run in 200 fails, each with its own baseline of 420 runs."""
    draw = np.random.default_rng(1)
    before, now = draw.binomial(420, 0.005, 20_000), draw.binomial(30, 0.005, 20_000)
    fewest = {count: rates.usual(int(count), 420).fewest(30, 0.01) for count in np.unique(before)}
    assert np.mean([new >= fewest[old] for old, new in zip(before, now, strict=True)]) < 0.01


@pytest.mark.parametrize(
    ("hours", "least", "most"),
    [
        ([], 0.25, 0.25),
        ([(0, 60)] * 7, 0.25, 0.25),
        ([(3, 60)] * 7, 0.25, 0.25),
        ([(0, 60), (0, 60), (8, 60), (1, 60), (0, 60), (7, 60), (0, 60)], 0.5, 1.0),
        ([(0, 60)] * 6 + [(40, 60)], 1.0, 1.0),
    ],
    ids=["no hours", "no failures", "the same each hour", "uneven", "one outage"],
)
def test_hours_that_differ_by_more_than_chance_make_the_rate_uncertain(hours, least, most):
    assert least <= rates.unevenness(hours) <= most


def test_short_hours_are_not_taken_for_good_ones():
    assert rates.unevenness([(6, 60), (1, 10), (6, 60), (1, 10)]) == rates.UNEVEN[0]


def test_what_is_findable_is_found_as_often_as_it_says():
    share = rates.findable(3, 30, 0.8)
    assert rates.found(share, 3, 30) == pytest.approx(0.8)
