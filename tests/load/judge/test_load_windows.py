"""What each step did, window by window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techrun.load.histogram import bucket_of
from techrun.load.judge import windows
from techrun.load.records import Stage


def test_only_closed_windows_of_the_measured_phase_count(make):
    run = make.run(6, traffic=[make.traffic(at, closed=at < 5) for at in range(6)])
    stages = (Stage("warm-up", 2.0, 10.0, 10.0), Stage("measure", 4.0, 10.0, 10.0))
    assert windows.measured(replace(run, schedule=replace(run.schedule, stages=stages))) == (2, 3, 4)


def test_whole_visits_and_the_control_request_are_no_steps(make):
    cells = [make.cell(0), make.cell(0, step=""), make.control(0)]
    run = make.run(1, cells=cells)
    assert [step.name for step in windows.steps(run)] == ["product"]
    assert windows.control(run).new.sum() == 2
    assert windows.control(make.run(1)) is None


@settings(max_examples=25, deadline=None)
@given(seconds=st.lists(st.floats(0.001, 10.0), min_size=1, max_size=50), share=st.sampled_from([0.5, 0.95]))
def test_a_quantile_is_right_within_a_bucket(seconds, share):
    first = min(map(bucket_of, seconds))
    counts = np.zeros((1, max(map(bucket_of, seconds)) - first + 1))
    for each in seconds:
        counts[0, bucket_of(each) - first] += 1
    found = float(np.exp(windows.quantiles(counts, first, share)[0]))
    exact = sorted(seconds)[max(0, int(np.ceil(share * len(seconds) - 1e-9)) - 1)]
    assert found == pytest.approx(exact, rel=0.022)


def test_a_window_without_answers_has_no_quantile():
    assert np.isnan(windows.quantiles(np.array([[0.0, 0.0], [1.0, 0.0]]), 0, 0.5)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("rate", "count", "together"),
    [(20, 60, 1), (10, 60, 2), (2, 100, 12), (2, 60, None), (0, 60, None)],
    ids=["enough", "half enough", "a step seldom taken", "too few in all", "none"],
)
def test_windows_are_added_up_until_each_has_enough(rate, count, together):
    assert windows.coarseness(np.full(count, rate), np.full(count, rate), needed=20, fewest=8) == together
