"""When checks run, told by a clock that the test sets."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.model import Check, CheckId, Confirmation, Outcome, Reason, Status
from techrun.schedule import Due, Schedule

HOME = CheckId("acme", "home")
UP = Outcome(Status.UP)
DOWN = Outcome(Status.DOWN, Reason.STATUS)
ORDER_DOWN = Outcome(Status.DOWN, Reason.STATUS, order_failed=True)
BLOCKED = Outcome(Status.BLOCKED, Reason.BLOCKED)


class Clock:
    """A clock that stands still unless it is told."""

    def __init__(self, wall: float = 1_700_000_000.0, elapsed: float = 50.0) -> None:
        self.now_wall, self.now = wall, elapsed

    def wall(self) -> float:
        return self.now_wall

    def elapsed(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now_wall += seconds
        self.now += seconds

    def to(self, elapsed: float) -> None:
        self.forward(elapsed - self.now)


def a_check(name: str = "home", every: float = 30.0, **settings) -> Check:
    return Check(CheckId("acme", name), "http", every=every, deadline=10.0, **settings)


def scheduled(*checks: Check, clock: Clock | None = None) -> tuple[Schedule, Clock]:
    clock = clock or Clock()
    schedule = Schedule(clock)
    schedule.replace(checks)
    return schedule, clock


def take_next(schedule: Schedule, clock: Clock) -> Due:
    """Wait for the next run and take it."""
    while True:
        at = schedule.next_at()
        assert at is not None
        clock.to(max(at, clock.now))
        taken = schedule.take()
        if taken:
            assert len(taken) == 1
            return taken[0]


def end(schedule: Schedule, run: Due, outcome: Outcome = UP) -> bool:
    return schedule.finished(run, outcome)


def take_after_end(schedule: Schedule, clock: Clock) -> Due:
    run = take_next(schedule, clock)
    end(schedule, run)
    return run


def phase_of(run: Due, clock: Clock) -> float:
    """Where in its interval of wall-clock time the run was planned."""
    return (clock.now_wall + run.planned - clock.now) % run.check.every


class TestSpread:
    def test_first_runs_spread_evenly_over_the_interval(self):
        checks = [a_check(f"check-{number}", every=60.0) for number in range(6000)]
        schedule, clock = scheduled(*checks)
        per_second = []
        for _ in range(60):
            clock.forward(1.0)
            per_second.append(len(schedule.take()))
        assert sum(per_second) == 6000
        assert max(per_second) < 2 * 6000 / 60

    def test_a_restart_keeps_the_moments(self):
        first, clock = scheduled(a_check(every=30.0))
        phase = phase_of(take_next(first, clock), clock)
        later = Clock(wall=clock.now_wall + 1000.0, elapsed=7.0)
        second, _ = scheduled(a_check(every=30.0), clock=later)
        assert phase_of(take_next(second, later), later) == pytest.approx(phase, abs=1e-3)

    def test_a_rare_check_runs_within_a_minute_of_the_start(self):
        schedule, clock = scheduled(a_check(every=3600.0))
        began = clock.now
        assert take_next(schedule, clock).planned - began <= 60.0

    def test_a_rare_check_then_keeps_its_own_moment(self):
        schedule, clock = scheduled(a_check(every=3600.0))
        end(schedule, take_next(schedule, clock))
        second = take_next(schedule, clock)
        end(schedule, second)
        assert take_next(schedule, clock).planned - second.planned == pytest.approx(3600.0)

    def test_a_restart_alone_places_no_order(self):
        names = [f"order-{number}" for number in range(50)]
        for name in names:
            schedule, clock = scheduled(a_check(name, every=3600.0, places_orders=True))
            early = Clock(clock.now_wall, clock.now)
            grid, _ = scheduled(a_check(name, every=3600.0), clock=early)
            grid_moments = {round(take_after_end(grid, early).planned, 3) for _ in range(2)}
            assert round(take_next(schedule, clock).planned, 3) in grid_moments

    def test_different_shops_with_the_same_check_do_not_run_together(self):
        one = Check(CheckId("acme", "home"), "http", every=60.0, deadline=10.0)
        other = Check(CheckId("bolt", "home"), "http", every=60.0, deadline=10.0)
        schedule, clock = scheduled(one, other)
        assert take_next(schedule, clock).planned != take_next(schedule, clock).planned


class TestInterval:
    def test_runs_are_one_interval_apart_however_long_they_take(self):
        schedule, clock = scheduled(a_check(every=30.0))
        planned = []
        for took in (0.1, 29.0, 5.0, 12.0):
            run = take_next(schedule, clock)
            planned.append(run.planned)
            clock.forward(took)
            end(schedule, run)
        assert [after - before for before, after in itertools.pairwise(planned)] == pytest.approx(
            [30.0, 30.0, 30.0]
        )

    def test_a_run_that_outlasts_its_interval_is_not_overlapped_and_the_missed_ones_are_counted(self):
        schedule, clock = scheduled(a_check(every=30.0))
        run = take_next(schedule, clock)
        for _ in range(3):
            clock.forward(30.0)
            assert schedule.take() == []
        end(schedule, run)
        assert take_next(schedule, clock).missed == 3

    def test_missed_runs_are_told_once(self):
        schedule, clock = scheduled(a_check(every=30.0))
        run = take_next(schedule, clock)
        clock.forward(30.0)
        schedule.take()
        end(schedule, run)
        end(schedule, take_next(schedule, clock))
        assert take_next(schedule, clock).missed == 0

    @pytest.mark.parametrize("jump", [-7200.0, -11.0, 11.0, 7200.0], ids=lambda jump: f"{jump:+g}s")
    def test_a_jump_of_the_wall_clock_neither_bunches_nor_delays(self, jump):
        schedule, clock = scheduled(a_check(every=30.0))
        before = take_after_end(schedule, clock)
        clock.now_wall += jump
        first = take_after_end(schedule, clock)
        second = take_after_end(schedule, clock)
        assert first.planned - before.planned == pytest.approx(30.0)
        assert 15.0 <= second.planned - first.planned <= 45.0
        assert first.missed == second.missed == 0

    def test_the_grid_is_found_again_after_a_jump(self):
        schedule, clock = scheduled(a_check(every=30.0))
        phase = phase_of(take_after_end(schedule, clock), clock)
        clock.now_wall += 11.0
        for _ in range(2):
            run = take_after_end(schedule, clock)
        assert phase_of(run, clock) == pytest.approx(phase, abs=1e-3)

    def test_after_a_suspension_runs_are_counted_as_missed_and_checks_spread_again(self):
        checks = [a_check(f"check-{number}", every=30.0) for number in range(300)]
        schedule, clock = scheduled(*checks)
        for _ in range(30):
            clock.forward(1.0)
            for run in schedule.take():
                end(schedule, run)
        clock.forward(3000.0)
        assert len(schedule.take()) < 60
        missed = []
        for _ in range(60):
            clock.forward(0.5)
            for run in schedule.take():
                missed.append(run.missed)
                end(schedule, run)
        assert len(missed) >= 240
        assert all(99 <= count <= 101 for count in missed)

    def test_a_rare_check_that_missed_its_moment_by_far_runs_within_a_minute(self):
        schedule, clock = scheduled(a_check(every=3600.0))
        end(schedule, take_next(schedule, clock))
        clock.to(schedule.next_at() + 600.0)
        assert schedule.take() == []
        began = clock.now
        run = take_next(schedule, clock)
        assert run.planned - began <= 60.0
        assert run.missed == 1

    def test_a_run_a_little_late_still_runs(self):
        schedule, clock = scheduled(a_check(every=30.0))
        at = schedule.next_at()
        clock.to(at + 4.0)
        (run,) = schedule.take()
        assert clock.elapsed() - run.planned == pytest.approx(4.0)


class TestConfirmation:
    def test_failures_are_confirmed_after_5_10_and_15_seconds_and_no_more(self):
        schedule, clock = scheduled(a_check(every=300.0))
        take_after_end(schedule, clock)
        run, delays, triggers = take_next(schedule, clock), [], []
        for _ in range(4):
            began = clock.now
            clock.forward(2.0)
            end(schedule, run, DOWN)
            run = take_next(schedule, clock)
            delays.append(run.planned - began)
            triggers.append(run.trigger)
        assert delays[:3] == pytest.approx([5.0, 10.0, 15.0])
        assert delays[3] > 60.0
        assert triggers == ["confirmation", "confirmation", "confirmation", "schedule"]

    def test_the_next_regular_run_confirms_where_it_comes_first(self):
        schedule, clock = scheduled(a_check(every=4.0))
        run = take_next(schedule, clock)
        clock.forward(3.0)
        end(schedule, run, DOWN)
        following = take_next(schedule, clock)
        assert following.trigger == "schedule"
        assert following.planned - run.planned == pytest.approx(4.0)

    def test_a_run_that_timed_out_is_confirmed_at_once(self):
        """Its waiting counts: else four runs of 10 s and the pauses between them take 70 s."""
        schedule, clock = scheduled(a_check(every=300.0))
        take_after_end(schedule, clock)
        run, first = take_next(schedule, clock), clock.now
        planned = []
        for _ in range(3):
            clock.forward(10.0)
            end(schedule, run, DOWN)
            run = take_next(schedule, clock)
            planned.append(run.planned - first)
        assert planned == pytest.approx([10.0, 20.0, 35.0])

    def test_a_regular_run_between_does_not_confirm_sooner(self):
        """A check that was asked before its moment would else be down after 16 s: a hiccup would be an outage."""
        schedule, clock = scheduled(a_check(every=60.0))
        regular = take_after_end(schedule, clock)
        clock.to(regular.planned + 50.0)
        schedule.hurry(HOME)
        run, first = take_next(schedule, clock), clock.now
        planned = []
        for _ in range(4):
            end(schedule, run, DOWN)
            run = take_next(schedule, clock)
            planned.append(run.planned - first)
        assert planned == pytest.approx([5.0, 15.0, 30.0, 70.0])
        assert run.missed == 0

    def test_a_recovery_is_confirmed_after_5_seconds_and_not_after_an_interval(self):
        schedule, clock = scheduled(a_check(every=300.0))
        take_after_end(schedule, clock)
        for _ in range(4):
            end(schedule, take_next(schedule, clock), DOWN)
        end(schedule, take_next(schedule, clock), UP)
        again = take_next(schedule, clock)
        end(schedule, again, UP)
        assert again.trigger == "confirmation"
        assert take_next(schedule, clock).trigger == "schedule"

    def test_a_confirmation_keeps_the_regular_moment(self):
        schedule, clock = scheduled(a_check(every=30.0))
        regular = take_next(schedule, clock)
        end(schedule, regular, DOWN)
        end(schedule, take_next(schedule, clock), UP)
        assert take_next(schedule, clock).planned - regular.planned == pytest.approx(30.0)

    def test_a_good_run_starts_the_count_anew(self):
        schedule, clock = scheduled(a_check(every=300.0))
        take_after_end(schedule, clock)
        end(schedule, take_next(schedule, clock), DOWN)
        end(schedule, take_next(schedule, clock), UP)
        end(schedule, take_next(schedule, clock), DOWN)
        assert schedule.next_at() - clock.now == pytest.approx(5.0)

    @pytest.mark.parametrize(
        "outcome",
        [BLOCKED, Outcome(Status.UNKNOWN, Reason.INTERNAL), Outcome(Status.DEGRADED, Reason.BUDGET)],
        ids=lambda outcome: outcome.status,
    )
    def test_only_a_failure_of_the_shop_is_confirmed(self, outcome):
        schedule, clock = scheduled(a_check(every=300.0))
        take_after_end(schedule, clock)
        end(schedule, take_next(schedule, clock), outcome)
        assert take_next(schedule, clock).trigger == "schedule"

    def test_a_blocked_run_between_failures_does_not_forget_them(self):
        schedule, clock = scheduled(a_check(every=300.0))
        take_after_end(schedule, clock)
        end(schedule, take_next(schedule, clock), DOWN)
        end(schedule, take_next(schedule, clock), BLOCKED)
        end(schedule, take_next(schedule, clock), DOWN)
        assert schedule.next_at() - clock.now == pytest.approx(10.0)


class TestOrders:
    def test_only_regular_runs_place_orders(self):
        schedule, clock = scheduled(a_check(every=3600.0, places_orders=True))
        regular = take_next(schedule, clock)
        end(schedule, regular, DOWN)
        confirmation = take_next(schedule, clock)
        assert regular.orders
        assert not confirmation.orders

    def test_a_check_without_orders_may_place_none(self):
        schedule, clock = scheduled(a_check())
        assert not take_next(schedule, clock).orders

    def test_a_failed_order_is_tried_exactly_once_more_after_a_minute(self):
        schedule, clock = scheduled(a_check(every=3600.0, places_orders=True))
        end(schedule, take_next(schedule, clock), ORDER_DOWN)
        ended, again = clock.now, take_next(schedule, clock)
        assert again.planned - ended == pytest.approx(60.0)
        assert again.orders
        assert again.trigger == "confirmation"
        end(schedule, again, ORDER_DOWN)
        assert take_next(schedule, clock).trigger == "schedule"

    def test_after_a_good_order_a_failed_one_is_tried_again(self):
        schedule, clock = scheduled(a_check(every=3600.0, places_orders=True))
        end(schedule, take_next(schedule, clock), ORDER_DOWN)
        end(schedule, take_next(schedule, clock), UP)
        end(schedule, take_next(schedule, clock), ORDER_DOWN)
        assert take_next(schedule, clock).orders


class TestHurry:
    def test_a_hurried_check_runs_at_once_without_orders_and_confirms(self):
        schedule, clock = scheduled(a_check(every=300.0, places_orders=True))
        take_after_end(schedule, clock)
        clock.forward(20.0)
        schedule.hurry(HOME)
        (run,) = schedule.take()
        assert (run.planned, run.trigger, run.orders) == (clock.now, "confirmation", False)

    def test_the_regular_moments_stay_as_they_are(self):
        schedule, clock = scheduled(a_check(every=60.0))
        regular = take_after_end(schedule, clock)
        clock.forward(20.0)
        schedule.hurry(HOME)
        end(schedule, *schedule.take())
        following = take_next(schedule, clock)
        assert following.planned - regular.planned == pytest.approx(60.0)
        assert (following.trigger, following.missed) == ("schedule", 0)

    @pytest.mark.parametrize(
        ("outcome", "took", "runs"), [(UP, 20.0, 1), (DOWN, 2.0, 0)], ids=["well", "to be confirmed"]
    )
    def test_a_check_that_runs_is_asked_when_it_has_ended(self, outcome, took, runs):
        """What it finds may be older than the question."""
        schedule, clock = scheduled(a_check(every=300.0))
        run = take_next(schedule, clock)
        clock.forward(took)
        schedule.hurry(HOME)
        assert schedule.take() == []
        end(schedule, run, outcome)
        assert len(schedule.take()) == runs
        assert schedule.take() == []

    @pytest.mark.parametrize(("ago", "wait"), [(0.0, 5.0), (4.0, 1.0), (5.0, 0.0)])
    def test_a_check_that_has_just_run_is_asked_a_little_later(self, ago, wait):
        schedule, clock = scheduled(a_check(every=300.0))
        take_after_end(schedule, clock)
        clock.to(clock.now + ago)
        schedule.hurry(HOME)
        asked = clock.now
        assert take_next(schedule, clock).planned - asked == pytest.approx(wait)

    def test_hurried_twice_it_runs_once(self):
        schedule, _ = scheduled(a_check(every=300.0))
        schedule.hurry(HOME)
        schedule.hurry(HOME)
        assert len(schedule.take()) == 1

    def test_a_failure_is_confirmed_no_sooner_for_being_asked(self):
        """Else a hiccup of some seconds would be an outage."""
        schedule, clock = scheduled(a_check(every=300.0))
        take_after_end(schedule, clock)
        end(schedule, take_next(schedule, clock), DOWN)
        end(schedule, take_next(schedule, clock), DOWN)
        ended = clock.now
        clock.forward(6.0)
        schedule.hurry(HOME)
        assert schedule.take() == []
        assert take_next(schedule, clock).planned - ended == pytest.approx(10.0)

    def test_a_confirmed_outage_may_be_asked_whether_it_is_over(self):
        schedule, clock = scheduled(a_check(every=300.0))
        take_after_end(schedule, clock)
        for _ in range(4):
            end(schedule, take_next(schedule, clock), DOWN)
        clock.forward(6.0)
        schedule.hurry(HOME)
        assert len(schedule.take()) == 1

    def test_the_one_more_order_is_not_lost_to_a_hurried_run_without(self):
        quick = Confirmation(fail_after=1)
        schedule, clock = scheduled(a_check(every=3600.0, places_orders=True, confirmation=quick))
        end(schedule, take_next(schedule, clock), ORDER_DOWN)
        clock.forward(10.0)
        schedule.hurry(HOME)
        assert take_next(schedule, clock).orders

    def test_a_check_that_nobody_watches_is_passed_over(self):
        schedule, _ = scheduled()
        schedule.hurry(HOME)
        assert schedule.next_at() is None


class TestRestart:
    """What the alerting remembers of failed orders."""

    @pytest.mark.parametrize(("failed", "more"), [(1, 1), (2, 0), (3, 0)])
    def test_one_failed_order_is_still_confirmed_by_exactly_one_more(self, failed, more):
        schedule, clock = scheduled(a_check(every=3600.0, places_orders=True))
        schedule.recall({HOME: failed})
        runs = [take_next(schedule, clock)] if more else []
        assert [(run.trigger, run.orders) for run in runs] == [("confirmation", True)] * more
        for run in runs:
            end(schedule, run, ORDER_DOWN)
        regular = take_next(schedule, clock)
        assert regular.trigger == "schedule"
        end(schedule, regular, ORDER_DOWN)
        assert take_next(schedule, clock).trigger == "schedule"

    def test_what_places_no_orders_or_is_gone_is_passed_over(self):
        schedule, clock = scheduled(a_check(every=300.0))
        schedule.recall({HOME: 1, CheckId("acme", "gone"): 1})
        take_after_end(schedule, clock)


class TestReload:
    def test_an_unchanged_check_keeps_its_timer_and_its_failures(self):
        schedule, clock = scheduled(a_check(every=300.0, digest="a"))
        take_after_end(schedule, clock)
        end(schedule, take_next(schedule, clock), DOWN)
        end(schedule, take_next(schedule, clock), DOWN)
        due_at = schedule.next_at()
        clock.forward(1.0)
        schedule.replace([a_check(every=300.0, digest="a")])
        assert schedule.next_at() == due_at
        end(schedule, take_next(schedule, clock), DOWN)
        assert schedule.next_at() - clock.now == pytest.approx(15.0)

    def test_a_changed_check_starts_anew(self):
        schedule, clock = scheduled(a_check(every=300.0, digest="a"))
        end(schedule, take_next(schedule, clock), DOWN)
        schedule.replace([a_check(every=20.0, digest="b")])
        assert take_next(schedule, clock).trigger == "schedule"

    def test_a_check_that_is_gone_never_runs(self):
        schedule, clock = scheduled(a_check("home"), a_check("gone"))
        schedule.replace([a_check("home")])
        names = {take_after_end(schedule, clock).check.id.name for _ in range(4)}
        assert names == {"home"}

    def test_the_result_of_a_check_that_is_gone_or_changed_is_not_wanted(self):
        schedule, clock = scheduled(a_check("one", digest="a"), a_check("two", digest="a"))
        runs = [take_next(schedule, clock), take_next(schedule, clock)]
        schedule.replace([a_check("one", digest="b")])
        assert [end(schedule, run) for run in runs] == [False, False]

    def test_a_changed_check_waits_for_the_run_of_its_old_definition(self):
        schedule, clock = scheduled(a_check(every=30.0, digest="a"))
        old = take_next(schedule, clock)
        schedule.replace([a_check(every=30.0, digest="b")])
        clock.to(schedule.next_at())
        assert schedule.take() == []
        end(schedule, old)
        assert take_next(schedule, clock).check.digest == "b"

    def test_without_checks_there_is_nothing_to_wait_for(self):
        schedule, _ = scheduled()
        assert schedule.next_at() is None


@given(
    every=st.sampled_from([1.0, 30.0, 60.0, 90.0, 3600.0]),
    wall=st.floats(0, 2e9),
    steps=st.lists(
        st.tuples(
            st.floats(0, 5000), st.sampled_from([UP, DOWN, ORDER_DOWN, BLOCKED]), st.floats(-4000, 4000)
        ),
        max_size=30,
    ),
    orders=st.booleans(),
)
def test_whatever_happens_a_next_run_is_never_further_than_two_intervals(every, wall, steps, orders):
    """Suspensions, clock jumps and failures in any order leave the schedule alive and monotonous."""
    clock = Clock(wall=wall)
    schedule, _ = scheduled(a_check(every=every, places_orders=orders), clock=clock)
    started = 0.0
    for standstill, outcome, jump in steps:
        clock.forward(standstill)
        clock.now_wall += jump
        for run in schedule.take():
            assert run.planned > started
            started = run.planned
            end(schedule, run, outcome)
        assert schedule.next_at() - clock.now <= 2 * every
