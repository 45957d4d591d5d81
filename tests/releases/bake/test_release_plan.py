"""Which check runs when in a bake, without any clock."""

from __future__ import annotations

import pytest

from techrun.model import Status
from techrun.releases.bake import BakePlan

LIVE = 1_700_000_000.0


@pytest.fixture
def usual(a_check) -> BakePlan:
    """As it is without any settings: two checks of which one pages, and one that is rare."""
    home, search, rare = a_check("home"), a_check("search", every=120.0), a_check("rare", every=3600.0)
    return BakePlan(checks=(home, search, rare), judged=(home,))


def moments(plan: BakePlan, check, live: float, now: float) -> tuple[list[float], list[float]]:
    """When the runs of a check begin that takes no time, before and after what counts."""
    begins, counted, runs = plan.begins(live, now), 0, []
    at = plan.first(check, begins)
    while plan.goes_on(check, at, begins, counted):
        runs.append(at)
        counted += at >= begins
        at += plan.interval(check)
    return [at for at in runs if at < begins], [at for at in runs if at >= begins]


def test_a_judged_check_makes_three_warm_up_runs_and_thirty_that_count(usual) -> None:
    warm, counted = moments(usual, usual.judged[0], LIVE, LIVE + 20)
    assert (len(warm), len(counted)) == (3, 30)
    assert min(warm) >= LIVE + 60 - 3 * 8
    assert min(counted) >= LIVE + 60
    assert max(counted) < LIVE + 60 + 240


@pytest.mark.parametrize(
    ("name", "interval"), [("home", 8), ("search", 12), ("rare", 120)], ids=["judged", "ten times", "twice"]
)
def test_every_check_runs_faster_within_bounds(usual, name, interval) -> None:
    check = next(each for each in usual.checks if each.id.name == name)
    assert usual.interval(check) == interval
    assert len(moments(usual, check, LIVE, LIVE)[1]) >= 2


@pytest.mark.parametrize(("every", "pause"), [(5, 8), (30, 30), (3600, 60)], ids=["often", "usual", "seldom"])
def test_a_check_that_was_blocked_runs_at_its_usual_pace(a_check, every, pause) -> None:
    check = a_check(every=every)
    assert BakePlan(checks=(check,), judged=(check,)).interval(check, blocked=True) == pause


def test_no_check_runs_more_often_than_the_judged_ones(a_check) -> None:
    hasty = a_check("hasty", every=5.0)
    assert BakePlan(checks=(hasty, a_check()), judged=(a_check(),)).interval(hasty) == 8


def test_hundreds_of_checks_share_ten_runs_a_second(a_check) -> None:
    crowd = tuple(a_check(f"page-{number}") for number in range(500))
    plan = BakePlan(checks=crowd, judged=crowd[:1])
    assert plan.interval(crowd[-1]) == pytest.approx(49.9)
    assert plan.interval(crowd[0]) == 8


def test_a_release_that_is_live_for_long_is_warmed_up_all_the_same(usual) -> None:
    """Who verifies again an hour later waits for no settle time, only for the warm-up runs."""
    now = LIVE + 3600
    warm, counted = moments(usual, usual.judged[0], LIVE, now)
    assert min(warm) >= now
    assert (len(warm), len(counted)) == (3, 30)


def test_a_late_smoke_leaves_the_bake_its_whole_time(usual) -> None:
    assert usual.begins(LIVE, LIVE + 20) == LIVE + 60
    assert usual.begins(LIVE, LIVE + 50) == LIVE + 50 + 24


def test_a_check_that_lacks_runs_goes_on_for_half_the_time_again(usual) -> None:
    begins, home = LIVE + 60, usual.judged[0]
    assert usual.goes_on(home, begins + 359, begins, counted=29)
    assert not usual.goes_on(home, begins + 361, begins, counted=29)
    assert not usual.goes_on(home, begins + 241, begins, counted=30)


def test_only_judged_checks_and_the_control_go_on(a_check) -> None:
    home, other, control = a_check("home"), a_check("other"), a_check("control")
    plan = BakePlan(checks=(home, other, control), judged=(home,), control=(control,))
    late = LIVE + 241
    assert [plan.goes_on(each, late, LIVE, counted=0) for each in plan.checks] == [True, False, True]


@pytest.mark.parametrize(
    ("before", "ends"),
    [(None, False), (Status.DOWN, False), (Status.UP, True), (Status.DEGRADED, True)],
    ids=["nobody knows", "it was down", "it was well", "it was poor"],
)
def test_a_check_that_is_not_judged_ends_the_bake_only_where_it_was_well_before(
    a_check, before, ends
) -> None:
    home, other = a_check("home"), a_check("other")
    standing = {} if before is None else {"acme/other": before}
    plan = BakePlan(checks=(home, other), judged=(home,), before=standing)
    assert plan.ends_by(home)
    assert plan.ends_by(other) is ends
