"""The statistics of paired windows, held against data whose truth is known."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from techrun.statistics import resampling

logs = st.lists(st.floats(-0.5, 0.5), min_size=8, max_size=40).map(np.array)
either = pytest.mark.parametrize("typical", [True, False], ids=["typical window", "every window"])


quick = settings(max_examples=25, deadline=None)


def wander(seed, count, deviation, correlation):
    """Noise whose neighbours resemble each other."""
    draw = np.random.default_rng(seed)
    values = [draw.normal(0, deviation)]
    for step in draw.normal(0, deviation * np.sqrt(1 - correlation**2), count - 1):
        values.append(correlation * values[-1] + step)
    return np.array(values)


@either
@quick
@given(values=logs)
def test_swapping_the_releases_inverts_the_ratio(typical, values):
    there = resampling.paired(values, 1.05, 1.0, typical=typical)
    back = resampling.paired(-values, 1.05, 1.0, typical=typical)
    assert back.ratio == pytest.approx(1 / there.ratio)
    assert (back.low, back.high) == pytest.approx((1 / there.high, 1 / there.low), rel=0.05, abs=0.02)


@either
@quick
@given(values=logs)
def test_the_same_data_give_the_same_figures(typical, values):
    assert resampling.paired(values, 1.1, 1.0, typical=typical) == resampling.paired(
        values, 1.1, 1.0, typical=typical
    )


@either
@quick
@given(values=logs, shift=st.floats(0.01, 1.0))
def test_a_slower_release_is_never_less_suspicious(typical, values, shift):
    before = resampling.paired(values, 1.05, 1.0, typical=typical)
    after = resampling.paired(values + shift, 1.05, 1.0, typical=typical)
    assert after.p <= before.p + 0.02  # signs are drawn where there are too many to go through
    assert after.ratio == pytest.approx(before.ratio * exp(shift))


@quick
@given(
    values=st.lists(st.floats(-1, 1).filter(lambda x: abs(x) > 1e-3), min_size=5, max_size=13, unique_by=abs)
)
def test_ranks_with_flipped_signs_are_the_signed_rank_test(values):
    signed = stats.rankdata(np.abs(values)) * np.sign(values)
    ours = resampling.sign_flip(signed, np.random.default_rng(1))
    assert ours == pytest.approx(stats.wilcoxon(values, alternative="greater", method="exact").pvalue)


def test_many_signs_are_drawn_about_as_if_all_were_gone_through():
    values = np.random.default_rng(3).normal(0.2, 1.0, 40)
    drawn = resampling.sign_flip(values, np.random.default_rng(1))
    exactly = stats.permutation_test(
        (values,), np.sum, permutation_type="samples", alternative="greater", n_resamples=50000, rng=2
    ).pvalue
    assert drawn == pytest.approx(exactly, abs=0.01)


def test_a_typical_window_takes_no_notice_of_a_bad_moment_and_the_mean_does():
    values = np.zeros(60)
    values[20:23] = 4.0
    assert resampling.paired(values, 1.05, 1.0, typical=True).ratio == 1.0
    assert resampling.paired(values, 1.05, 1.0, typical=False).ratio == pytest.approx(exp(0.2))


def test_two_bad_moments_of_the_old_release_do_not_hide_a_slower_new_one():
    values = wander(1, 30, 0.02, 0.0) + 0.2
    values[[5, 20]] = -4.0
    assert resampling.paired(values, 1.05, 1.0, typical=True).p < 0.01
    assert resampling.paired(values, 1.05, 1.0, typical=False).p > 0.1


def test_a_release_that_freezes_now_and_then_is_found_by_the_mean():
    values = wander(1, 300, 0.05, 0.3)
    values[::20] += 4.0
    assert resampling.paired(values, 1.10, 1.0, typical=False).p < 0.01


@pytest.mark.parametrize(
    ("count", "width", "correlation", "length"),
    [(300, 1.0, 0.0, 20), (60, 1.0, 0.0, 5), (40, 1.0, 0.0, 1), (40, 1.0, 0.9, 5), (16, 0.5, 0.9, 2)],
    ids=["long", "a minute", "short", "short and correlated", "very short and correlated"],
)
def test_windows_that_hang_together_are_taken_in_blocks(count, width, correlation, length):
    assert resampling.block_length(wander(2, count, 0.1, correlation), width) == length


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8])
@either
def test_at_the_tolerance_itself_false_alarms_are_as_rare_as_promised(correlation, typical):
    """200 runs of three minutes whose truth is the tolerance: about one in twenty is significant at 5 %."""
    found = sum(
        resampling.paired(wander(seed, 180, 0.1, correlation) + log(1.1), 1.1, 1.0, typical=typical).p < 0.05
        for seed in range(200)
    )
    assert found <= 28 if correlation == 0.8 else found <= 20  # blocks of 12 s do not hold all of the worst


def test_an_interval_holds_the_truth_nineteen_times_in_twenty():
    held = 0
    for seed in range(200):
        found = resampling.paired(wander(seed, 120, 0.1, 0.4), 1.1, 1.0, typical=False)
        held += found.low <= 1.0 <= found.high
    assert held >= 180


def test_what_is_called_detectable_is_found_in_four_of_five_runs():
    alpha = 0.05
    found = [resampling.paired(wander(seed, 120, 0.1, 0.0), 1.1, 1.0, typical=False) for seed in range(100)]
    promised = float(np.median([resampling.detectable(each, 1.1, alpha) for each in found]))
    seen = sum(
        resampling.paired(wander(seed, 120, 0.1, 0.0) + log(promised), 1.1, 1.0, typical=False).p < alpha
        for seed in range(100)
    )
    assert 0.7 <= seen / 100 <= 0.92


def test_holm_multiplies_the_smallest_most_and_keeps_the_order():
    assert resampling.holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert resampling.holm([0.9, 0.8]) == (1.0, 1.0)
    assert resampling.holm([]) == ()
