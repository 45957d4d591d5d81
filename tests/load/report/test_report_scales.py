"""Places on a chart, its ticks and its paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.load.report import words
from techrun.load.report.scales import Scale, clock_ticks, decades, from_nought, line, nice, steps, ticks

VALUES = st.floats(1e-6, 1e7)


@given(VALUES)
def test_a_scale_from_nought_holds_the_highest_value_and_wastes_little(highest):
    scale = from_nought(highest)
    assert scale.low == 0
    assert highest <= scale.high * 1.0001
    assert scale.high <= highest * 2.01


@given(VALUES, VALUES)
def test_a_logarithmic_scale_holds_both_ends(one, other):
    low, high = min(one, other), max(one, other) * 1.01
    scale = decades(low, high)
    assert scale.low <= low * 1.001
    assert scale.high >= high * 0.999
    assert 0 <= scale.place(low) <= scale.place(high) <= 100


@given(VALUES, st.booleans())
def test_ticks_are_few_and_lie_on_the_axis_in_order(highest, log):
    scale = decades(highest / 1000, highest) if log else from_nought(highest)
    places = [tick.at for tick in ticks(scale, words.rate)]
    assert places == sorted(places)
    assert 1 <= len(places) <= 8
    assert all(0 <= place <= 100 for place in places)


@pytest.mark.parametrize(
    ("span", "parts", "step"), [(1, 4, 0.5), (10, 4, 5), (100, 5, 20), (0.3, 4, 0.1), (7, 4, 2)]
)
def test_steps_are_round(span, parts, step):
    assert nice(span, parts) == pytest.approx(step)


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (1, ["0:00", "0:01"]),
        (90, ["0:00", "0:15", "0:30", "0:45", "1:00", "1:15", "1:30"]),
        (600, ["0:00", "2:00", "4:00", "6:00", "8:00", "10:00"]),
        (1800, ["0:00", "5:00", "10:00", "15:00", "20:00", "25:00", "30:00"]),
        (7200, ["0:00", "30:00", "1:00:00", "1:30:00", "2:00:00"]),
    ],
    ids=str,
)
def test_an_axis_of_time_counts_in_round_moments(seconds, labels):
    assert [tick.label for tick in clock_ticks(Scale(0, seconds), words.clock)] == labels


def test_a_line_is_broken_where_nothing_is_known():
    points = [(0, 0.0), (5, 10.0), (6, None), (10, 5.0)]
    assert line(points, Scale(0, 10), Scale(0, 10)) == "M0,100h0L50,0M100,50h0"


def test_a_value_beyond_the_axis_is_drawn_at_its_end():
    assert line([(20, 99.0)], Scale(0, 10), Scale(0, 10)) == "M100,0h0"


def test_stairs_are_closed_along_the_ground():
    assert (
        steps([(0, 5, 10), (5, 10, 5)], Scale(0, 10), Scale(0, 10)) == "M0,100L0,0L50,0L50,50L100,50L100,100Z"
    )
