"""Which failures count as separate ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.model import Status
from techrun.releases.judge.moments import tally, together
from techrun.releases.records import Sample


def samples(pattern, check="checkout", shift=0.0):
    """`.x.` is a good run, a failed one and a good one, 8 s apart."""
    return [
        Sample(check, 8.0 * at + shift, 8.0 * at, Status.DOWN if each == "x" else Status.UP, 0.5)
        for at, each in enumerate(pattern)
    ]


@pytest.mark.parametrize(
    ("pattern", "moments", "separate"),
    [
        ("." * 30, 0, 0),
        ("x" + "." * 29, 1, 1),
        ("..xxxx" + "." * 24, 1, 1),
        ("..xxxxxxxxxxxx" + "." * 16, 1, 1),
        ("..x..x" + "." * 24, 2, 2),
        (".xx..xx..xx." + "." * 18, 3, 3),
        ("x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.", 15, 15),
        (".xx" * 10, 10, 20),
        ("x" * 30, 1, 30),
    ],
    ids=[
        "none",
        "one",
        "a hiccup",
        "a long hiccup",
        "two",
        "three bursts",
        "every other",
        "two of three",
        "all",
    ],
)
def test_a_burst_counts_once_and_frequent_failures_count_as_many(pattern, moments, separate):
    found = tally(samples(pattern))
    assert (found.moments, found.separate) == (moments, separate)


def test_a_hiccup_that_fails_several_checks_at_once_is_one_moment():
    found = together(
        samples("..xx........", check, shift) for check, shift in (("home", 0), ("cart", 12), ("pay", 24))
    )
    assert (found.runs, found.failed, found.moments, found.separate) == (36, 6, 1, 1)


def test_checks_that_fail_at_different_times_are_different_moments():
    found = together([samples("..x......."), samples("......x...", "cart", 3.0)])
    assert (found.failed, found.moments) == (2, 2)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_separate_failures_are_never_more_than_failures_and_never_fewer_than_moments(pattern):
    found = tally(samples("".join("x" if each else "." for each in pattern)))
    assert found.moments <= found.separate <= found.failed
