"""How sure a share is: the intervals of Wilson and of Newcombe."""

from __future__ import annotations

import pytest

from techrun.statistics.shares import newcombe, wilson


@pytest.mark.parametrize(
    ("found", "of", "low", "high"),
    [(0, 20, 0.0, 0.161), (2, 20, 0.028, 0.301), (20, 20, 0.839, 1.0), (0, 0, 0.0, 1.0)],
)
def test_the_interval_of_a_share_is_wilsons(found, of, low, high):
    assert wilson(found, of) == pytest.approx((low, high), abs=0.001)


def test_newcombes_interval_is_that_of_his_paper():
    """The tables of Newcombe 1998, method 10: 56/70 against 48/80, and 9/10 against 3/10."""
    assert newcombe((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert newcombe((9, 10), (3, 10)) == pytest.approx((0.1705, 0.8090), abs=1e-4)
    assert newcombe((0, 0), (1, 10)) == (-1.0, 1.0)
