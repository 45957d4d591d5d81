"""Arrivals are the inverted integral of the rate: exact, complete and the same on every worker."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from techrun.load import schedule as schedules
from techrun.load.job import Wishes
from techrun.load.records import Schedule, Stage

LEVELS = st.one_of(st.just(0.0), st.floats(0.01, 30))
STAGES = st.builds(Stage, st.just("measure"), st.floats(0.5, 20), LEVELS, LEVELS)


@st.composite
def made(draw):
    """Any ramp, warm-up and form of the measured phase."""
    stages = [Stage("ramp", draw(st.floats(0.5, 10)), 0.0, draw(LEVELS))] if draw(st.booleans()) else []
    stages += [Stage("warm-up", draw(st.floats(0.5, 10)), 3.0, 3.0)] if draw(st.booleans()) else []
    stages += draw(st.lists(STAGES, min_size=1, max_size=5))
    return Schedule(
        tuple(stages), width=draw(st.sampled_from([0.5, 1.0, 0.1])), seed=draw(st.integers(1, 99))
    )


def steady(rate=2.0, seconds=10.0, **more) -> Schedule:
    return Schedule((Stage("measure", seconds, rate, rate),), **more)


RAMP = Schedule((Stage("ramp", 10, 0.0, 2.0), Stage("warm-up", 5, 2.0, 2.0), Stage("measure", 60, 2.0, 2.0)))
QUIET = Schedule(
    (Stage("measure", 5, 1.0, 1.0), Stage("measure", 30, 0.0, 0.0), Stage("measure", 5, 1.0, 1.0))
)


@pytest.mark.parametrize(
    ("schedule", "number", "seconds"),
    [
        (steady(), 0, 0.0),
        (steady(), 1, 0.5),
        (steady(), 19, 9.5),
        (RAMP, 1, 10**0.5),  # the integral of 0.2 t is 1 at the root of 10
        (RAMP, 9, 90**0.5),
        (RAMP, 10, 10.0),
        (RAMP, 139, 74.5),
        (QUIET, 4, 4.0),
        (QUIET, 5, 35.0),  # nobody comes for half a minute
    ],
)
def test_an_arrival_is_due_when_so_many_were_asked_for(schedule, number, seconds) -> None:
    assert schedules.due(schedule, number) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("schedule", "visits"),
    [(steady(), 20), (RAMP, 140), (QUIET, 10), (steady(0.3, 10), 3), (steady(0.01), 1)],
)
def test_the_total_is_the_integral_of_the_rate(schedule, visits) -> None:
    assert schedules.total(schedule) == visits


@pytest.mark.parametrize("number", [-1, 20])
def test_an_arrival_that_is_not_planned_is_an_error(number) -> None:
    with pytest.raises(IndexError, match="of 20"):
        schedules.due(steady(), number)


@given(made())
def test_arrivals_come_in_order_and_within_the_run(schedule) -> None:
    moments = [schedules.due(schedule, n) for n in range(schedules.total(schedule))]
    assert moments == sorted(moments)
    assert all(0 <= moment <= schedules.arrivals_end(schedule) for moment in moments)
    for number, moment in enumerate(moments):
        assert schedules.asked(schedule, moment) == pytest.approx(number, abs=1e-4)


@given(made())
def test_the_plan_of_each_window_counts_what_is_due_in_it(schedule) -> None:
    number = schedules.total(schedule)
    due = Counter(schedules.window_of(schedule, schedules.due(schedule, n)) for n in range(number))
    last = schedules.window_of(schedule, schedules.arrivals_end(schedule))
    planned = [schedules.planned(schedule, window) for window in range(last + 2)]
    assert planned == [due[window] for window in range(last + 2)]
    assert sum(planned) == number


@given(made(), st.floats(0.5, 60))
def test_a_longer_run_keeps_every_arrival_that_was_planned(schedule, seconds) -> None:
    assume(any(stage.end for stage in schedule.stages if stage.phase == "measure"))
    longer = schedules.extended(schedule, seconds)
    assert schedules.arrivals_end(longer) == pytest.approx(schedules.arrivals_end(schedule) + seconds)
    assert schedules.total(longer) >= schedules.total(schedule)
    for n in range(schedules.total(schedule)):
        assert schedules.due(longer, n) == pytest.approx(schedules.due(schedule, n))
    assert schedules.measured(longer)[0] == schedules.measured(schedule)[0]


def test_a_steady_run_goes_on_and_a_shape_begins_anew() -> None:
    assert schedules.extended(RAMP, 30).stages[-1] == Stage("measure", 90, 2.0, 2.0)
    shape = Schedule((Stage("measure", 10, 1.0, 1.0), Stage("measure", 10, 1.0, 3.0)))
    assert schedules.extended(shape, 15).stages[2:] == (
        Stage("measure", 10, 1.0, 1.0),
        Stage("measure", 5, 1.0, 2.0),
    )


@pytest.mark.parametrize(
    ("moment", "phase", "level"),
    [(0, "ramp", 0.0), (5, "ramp", 1.0), (10, "warm-up", 2.0), (15, "measure", 2.0), (74.9, "measure", 2.0)],
)
def test_each_moment_has_its_stage_and_level(moment, phase, level) -> None:
    stage = schedules.stage_at(RAMP, moment)
    assert stage is not None
    assert (stage.phase, schedules.level(RAMP, moment)) == (phase, pytest.approx(level))


@pytest.mark.parametrize("moment", [-0.1, 75.0, 1000.0])
def test_there_is_no_stage_before_the_run_and_after_the_last_arrival(moment) -> None:
    assert schedules.stage_at(RAMP, moment) is None
    assert schedules.level(RAMP, moment) == 0.0


def test_phases_share_the_run_among_them_and_the_drain_follows() -> None:
    ramp, warm_up, measure, drain = (schedules.windows(RAMP, phase) for phase in schedules.PHASES)
    assert (ramp, warm_up, measure, drain) == (range(10), range(10, 15), range(15, 75), range(75, 105))
    assert schedules.measured(RAMP) == (15.0, 75.0)
    assert schedules.ends(RAMP) == 105.0


def test_a_window_that_is_partly_warm_up_is_not_measured() -> None:
    schedule = Schedule((Stage("warm-up", 1.5, 1, 1), Stage("measure", 3, 1, 1)))
    assert schedules.windows(schedule, "measure") == range(2, 4)
    assert list(schedules.windows(schedule, "ramp")) == []


@given(st.integers(1, 99), st.integers(0, 20))
def test_each_pair_of_arrivals_goes_to_both_releases(seed, block) -> None:
    """And in every 64 pairs each release comes first in half of them, in an order without a rhythm."""
    schedule = steady(arms=("new", "old"), seed=seed)
    pairs = range(block * schedules.BLOCK, (block + 1) * schedules.BLOCK)
    arms = [(schedules.arm_of(schedule, 2 * n), schedules.arm_of(schedule, 2 * n + 1)) for n in pairs]
    assert Counter(arms) == {("new", "old"): 32, ("old", "new"): 32}
    assert any(one == two for one, two in pairwise(arms))


def test_one_release_alone_gets_every_visit() -> None:
    assert {schedules.arm_of(steady(), n) for n in range(50)} == {"new"}


def test_both_arrivals_of_a_pair_are_the_same_visit() -> None:
    assert [schedules.visit_of(steady(arms=("new", "old")), n) for n in range(4)] == [0, 0, 1, 1]
    assert [schedules.visit_of(steady(), n) for n in range(4)] == [0, 1, 2, 3]


WEIGHTS = st.lists(st.floats(0.1, 100), min_size=1, max_size=6)


@given(WEIGHTS, st.integers(0, 1000), st.integers(1, 2000))
def test_personas_have_their_shares_from_the_first_minute_on(weights, seed, visits) -> None:
    found = Counter(schedules.persona_of(weights, n, seed) for n in range(visits))
    for persona, weight in enumerate(weights):
        fair = visits * weight / sum(weights)
        assert abs(found[persona] - fair) < 20  # random draws would be off by 45 in 1 of 20 such runs


def test_personas_have_their_shares_in_the_long_run() -> None:
    found = Counter(schedules.persona_of([60, 30, 10], n, 1) for n in range(64_000))
    assert [found[n] for n in range(3)] == pytest.approx([38_400, 19_200, 6_400], abs=10)


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_every_worker_has_the_mix_of_the_whole(workers) -> None:
    for worker in range(workers):
        own = [schedules.persona_of([1, 1], n, 7) for n in range(worker, 6_400, workers)]
        assert sum(own) / len(own) == pytest.approx(0.5, abs=0.05)


def test_personas_come_in_no_fixed_rhythm() -> None:
    """Two personas of the same weight neither alternate nor repeat after any small number of visits."""
    order = [schedules.persona_of([1, 1], n, 3) for n in range(512)]
    for period in range(1, 65):
        same = sum(one == two for one, two in zip(order, order[period:], strict=False)) / (512 - period)
        assert 0.3 < same < 0.7, period


def test_another_seed_is_another_order() -> None:
    orders = [[schedules.persona_of([1, 1, 1], n, seed) for n in range(64)] for seed in (1, 2, 1)]
    assert orders[0] == orders[2] != orders[1]


SHAPE = Schedule(
    (
        Stage("ramp", 10, 0, 5),
        Stage("measure", 10, 5, 5, "5/s"),
        Stage("measure", 20, 10, 10, "10/s"),
    )
)


@pytest.mark.parametrize(
    ("wishes", "stages"),
    [
        (
            Wishes(rate=4),
            (Stage("ramp", 10, 0, 2), Stage("measure", 10, 2, 2, "2/s"), Stage("measure", 20, 4, 4, "4/s")),
        ),
        (Wishes(ramp=0), SHAPE.stages[1:]),
        (Wishes(warm_up=3), (SHAPE.stages[0], Stage("warm-up", 3, 5, 5), *SHAPE.stages[1:])),
        (
            Wishes(measure=15),
            (
                SHAPE.stages[0],
                replace(SHAPE.stages[1], seconds=5.0),
                replace(SHAPE.stages[2], seconds=10.0),
            ),
        ),
        (Wishes(), SHAPE.stages),
    ],
    ids=["rate is the peak", "no ramp", "a warm-up", "measure is stretched", "nothing"],
)
def test_wishes_scale_a_shape_and_keep_its_form(wishes, stages) -> None:
    assert schedules.scaled(SHAPE, wishes).stages == stages


def test_a_wished_drain_and_a_ramp_that_was_not_there() -> None:
    found = schedules.scaled(steady(), Wishes(ramp=4, drain=2))
    assert found.stages[0] == Stage("ramp", 4, 0.0, 2.0)
    assert found.drain == 2


def test_wished_users_make_the_model_a_closed_one() -> None:
    closed = schedules.scaled(SHAPE, Wishes(users=40))
    assert closed.model == "closed"
    assert schedules.level(closed, 35) == 40
    assert schedules.total(closed) == 0
    assert schedules.planned(closed, 12) == 0
    assert schedules.scaled(closed, Wishes(rate=3)).model == "open"
