"""What a run says of criteria, and when one cannot hold any more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techrun.config.load import LoadSettings
from techrun.errors import ConfigError
from techrun.journey.plan import Limits, Plan, PlannedStep
from techrun.load.histogram import bucket_of
from techrun.load.judge.criteria import BROKEN, criteria_for, default_criteria, hopeless, rulings
from techrun.load.records import CONTROL, Cell, Persona, Run, Schedule, Stage, Traffic

RAMP, WARM_UP, MEASURE = 2, 2, 6
WINDOWS = RAMP + WARM_UP + MEASURE
FIRST = RAMP + WARM_UP
"""The first window that is measured."""
RATE = 4
PERSONAS = (Persona("Buyer", "buy", 1.0, steps=("home", "pay")),)


def run(cells=(), *, over=WINDOWS, due=RATE, stages=None, **more) -> Run:
    """A run of ten seconds, of which `over` are over."""
    schedule = Schedule(
        stages
        or (
            Stage("ramp", RAMP, 0, RATE),
            Stage("warm-up", WARM_UP, RATE, RATE),
            Stage("measure", MEASURE, RATE, RATE),
        )
    )
    traffic = tuple(Traffic(window, due, due, 0, 0, 0, closed=window < over) for window in range(WINDOWS))
    visits = tuple(Cell("new", "buy", "", window, {bucket_of(1.0): due}) for window in range(over))
    about = {"personas": PERSONAS, **more}
    return Run(
        "1",
        "demo",
        "checkout",
        "v1",
        "http://x",
        0,
        0,
        schedule,
        cells=(*visits, *cells),
        traffic=traffic,
        **about,
    )


def cell(window=FIRST, step="home", *, journey="buy", arm="new", errors=None, **times) -> Cell:
    """Times as `ms100=3`: three of 100 ms."""
    buckets = {bucket_of(int(name[2:]) / 1000): count for name, count in times.items()}
    return Cell(arm, journey, step, window, buckets, errors or {})


def ruled(criterion, *cells, **more):
    return rulings(run(cells, **more), [criterion])[0]


@pytest.mark.parametrize(
    ("criterion", "cells", "holds"),
    [
        ({"p95": "800ms"}, [cell(ms100=19, ms2000=1)], True),
        ({"p95": "800ms"}, [cell(ms100=18, ms2000=2)], False),
        ({"p95": "800ms"}, [cell(ms800=20)], True),
        ({"p50": "800ms"}, [cell(ms100=1, ms2000=1)], True),
        ({"p95": "800ms", "step": "pay"}, [cell(ms2000=9), cell(step="pay", ms100=9)], True),
        ({"p95": "800ms", "journey": "buy"}, [cell(ms2000=9, journey="look"), cell(ms100=9)], True),
        ({"p95": "800ms"}, [cell(ms2000=9, arm="old"), cell(ms100=9)], True),
        ({"p95": "800ms"}, [cell(ms2000=9, journey=CONTROL, step=CONTROL), cell(ms100=9)], True),
        ({"p95": "800ms"}, [cell(window=FIRST - 1, ms2000=9), cell(ms100=9)], True),
        ({"p95": "800ms"}, [cell(ms100=9, errors={"status": 9})], True),
        ({"p95": "800ms"}, [cell(errors={"timeout": 9})], False),
        ({"p95": "800ms"}, [], None),
        ({"p95": "2s", "visit": True}, [cell(ms5000=50)], True),
        ({"p95": "900ms", "visit": True}, [], False),
        ({"errors": "5%"}, [cell(ms100=95, errors={"status": 5})], True),
        ({"errors": "5%"}, [cell(ms100=94, errors={"status": 5})], False),
        ({"errors": "0%"}, [cell(ms100=94)], True),
        ({"errors": "0%"}, [cell(errors={"status": 1})], False),
        ({"errors": "5%"}, [], None),
        ({"apdex": 0.75, "at": "100ms"}, [cell(ms100=2, ms400=2)], True),
        ({"apdex": 0.76, "at": "100ms"}, [cell(ms100=2, ms400=2)], False),
        ({"apdex": 0.5, "at": "100ms"}, [cell(ms100=2, ms401=2)], True),
        ({"apdex": 0.5, "at": "100ms"}, [cell(ms100=2, errors={"status": 3})], False),
        ({"throughput": "2/s"}, [cell(ms100=12)], True),
        ({"throughput": "2/s"}, [cell(ms100=11, errors={"status": 9})], False),
        ({"throughput": "4/s", "visit": True}, [], True),
        ({"throughput": "5/s", "visit": True}, [], False),
    ],
)
def test_a_criterion_holds_or_does_not(criterion, cells, holds) -> None:
    assert ruled(criterion, *cells).holds is holds


@pytest.mark.parametrize(
    ("criterion", "cells", "text"),
    [
        (
            {"p95": "800ms", "step": "home"},
            [cell(ms100=18, ms2000=2)],
            "p95 of home is 1.98 s, the limit is 800 ms",
        ),
        (
            {"p95": "800ms", "journey": "buy", "step": "home"},
            [cell(errors={"timeout": 9})],
            "all 9 of buy home failed, so none was in time; the limit is 800 ms",
        ),
        (
            {"errors": "0.5%"},
            [cell(ms100=90, errors={"status": 7, "timeout": 2, "dns": 1})],
            "10 % of all steps failed (10 of 100: status 7, timeout 2, dns 1), the limit is 0.5 %",
        ),
        (
            {"apdex": 0.9, "at": "500ms", "visit": True},
            [],
            "Apdex of visits is 0.5 at 500 ms, at least 0.9 is wanted",
        ),
        (
            {"throughput": "20/s", "journey": "buy"},
            [cell(ms100=12)],
            "2/s of all steps of buy were done without a failure, at least 20/s are wanted",
        ),
        ({"errors": "1%"}, [], "nothing was measured of all steps"),
        (
            {"errors": "1%", "over": "2s"},
            [cell(FIRST, ms100=10), cell(FIRST + 3, errors={"status": 10})],
            (
                "100 % of all steps failed (10 of 10: status 10), the limit is 1 %, in the 2s from 6s on"
                "; it breaks in 2 of 3 such stretches"
            ),
        ),
    ],
)
def test_a_ruling_says_what_was_found_and_what_the_limit_is(criterion, cells, text) -> None:
    assert ruled(criterion, *cells).text == text


def test_what_was_within_the_limit_is_not_told_as_more_than_it() -> None:
    """A bucket's middle may lie a little above the limit that falls into the bucket."""
    assert ruled({"p95": "772ms"}, cell(ms772=9)).text == "p95 of all steps is 772 ms, the limit is 772 ms"
    assert ruled({"p95": "771ms"}, cell(ms781=9)).holds is False


@pytest.mark.parametrize(
    ("times", "holds"),
    [
        ([10, 10, 10, 10, 10, 10], True),
        ([10, 5, 5, 10, 10, 10], False),
        ([10, 5, 10, 5, 10, 10], True),
    ],
    ids=["never", "two-in-a-row", "apart"],
)
def test_over_is_held_in_every_stretch_of_whole_windows(times, holds) -> None:
    cells = [
        cell(FIRST + at, ms100=good, errors={"status": 10 - good} if good < 10 else None)
        for at, good in enumerate(times)
    ]
    assert ruled({"errors": "25%", "over": "2s"}, *cells).holds is holds


def test_a_stretch_with_little_in_it_says_nothing() -> None:
    few = [cell(FIRST + at, errors={"status": 1}) for at in range(MEASURE)]
    assert ruled({"errors": "25%", "over": "2s"}, *few).holds is None
    assert ruled({"errors": "25%"}, *few).holds is False


def test_a_measured_phase_shorter_than_the_stretch_is_one() -> None:
    assert ruled({"errors": "25%", "over": "1m"}, cell(errors={"status": 20})).holds is False


def test_a_stretch_that_is_not_over_is_not_judged_yet() -> None:
    criterion = {"throughput": "2/s", "over": "3s"}
    cells = [cell(FIRST + at, ms100=2) for at in range(2)]
    assert ruled(criterion, *cells, over=FIRST + 2).holds is None
    assert ruled(criterion, *cells, over=FIRST + 3).holds is False


def test_that_a_shop_did_not_break_is_not_told() -> None:
    assert rulings(run([cell(ms100=90)]), [BROKEN]) == ()
    assert [each.holds for each in rulings(run([cell(errors={"status": 90})]), [BROKEN])] == [False]


@pytest.mark.parametrize(("start", "holds"), [("ramp", False), ("warm-up", True), ("measure", True)])
def test_a_criterion_may_be_judged_from_an_earlier_phase_on(start, holds) -> None:
    broken = cell(0, errors={"status": 20})
    assert ruled({"errors": "25%", "from": start}, broken, cell(ms100=20)).holds is holds


def test_a_step_that_no_visitor_takes_is_not_judged() -> None:
    criteria = [{"p95": "1s", "step": "search"}, {"p95": "1s", "journey": "look"}, {"errors": "1%"}]
    assert [each.subject for each in rulings(run([cell(ms100=9)]), criteria)] == ["all steps"]


def test_a_soft_limit_decides_nothing() -> None:
    assert ruled({"p95": "800ms", "soft": True}, cell(ms2000=9)).rule == "latency.budget"


# --- hopeless


def stopped(criterion, *cells, **more):
    return hopeless(run(cells, **more), [{**criterion, "abort": True}])


def test_only_what_may_abort_is_hopeless() -> None:
    assert hopeless(run([cell(errors={"status": 900})]), [{"errors": "1%"}]) is None


@pytest.mark.parametrize(
    ("failed", "is_hopeless"),
    [(12, False), (13, True)],
    ids=["may-still-hold", "cannot-hold"],
)
def test_errors_are_hopeless_when_all_that_is_planned_cannot_outweigh_them(failed, is_hopeless) -> None:
    """Four seconds are left: 16 visits of two steps. 12 of 12 + 36 + 32 are 15 %; 13 are more."""
    cells = [cell(FIRST, ms100=36, errors={"status": failed})]
    assert (stopped({"errors": "15%"}, *cells, over=FIRST + 2) is not None) is is_hopeless


def test_visits_under_way_may_still_bring_good_steps() -> None:
    cells = [cell(FIRST, ms100=36, errors={"status": 13})]
    ended = run(cells, over=FIRST + 2)
    under_way = replace(ended, cells=tuple(each for each in ended.cells if each.step or each.window != 0))
    assert hopeless(ended, [{"errors": "15%", "abort": True}]) is not None
    assert hopeless(under_way, [{"errors": "15%", "abort": True}]) is None


def test_a_stretch_that_broke_is_hopeless_at_once() -> None:
    broken = cell(FIRST + 1, errors={"status": 20})
    assert stopped({"errors": "50%", "over": "2s"}, broken, over=FIRST + 2) is not None
    assert stopped({"errors": "50%"}, broken, over=FIRST + 2) is None


def test_a_shop_that_dies_in_the_ramp_is_stopped() -> None:
    criterion = BROKEN.model_copy(update={"over": 2.0})
    died = run([cell(0, errors={"connect": 10})], over=2)
    assert hopeless(died, [criterion]) is not None
    assert hopeless(died, [criterion.model_copy(update={"from_": "measure"})]) is None


def test_throughput_is_hopeless_when_too_few_visits_are_planned() -> None:
    assert stopped({"throughput": "5/s", "visit": True}, over=FIRST + 1) is not None
    assert stopped({"throughput": "4/s", "visit": True}, over=FIRST + 1) is None


def test_nobody_knows_what_a_closed_model_still_brings() -> None:
    closed = run([cell(errors={"status": 900})], over=FIRST + 1)
    closed = replace(closed, schedule=replace(closed.schedule, model="closed"))
    assert hopeless(closed, [{"errors": "1%", "abort": True}]) is None


LIMITS = st.sampled_from(
    [
        {"p95": "800ms"},
        {"p50": "100ms", "over": "2s"},
        {"p99": "800ms", "step": "home", "from": "ramp"},
        {"errors": "10%"},
        {"errors": "50%", "over": "3s", "from": "ramp"},
        {"errors": "5%", "step": "pay", "over": "2s"},
        {"apdex": 0.8, "at": "100ms"},
        {"apdex": 0.6, "at": "300ms", "over": "2s"},
        {"throughput": "3/s"},
        {"throughput": "2/s", "over": "3s", "step": "home"},
        {"throughput": "3/s", "visit": True},
        {"errors": "10%", "visit": True},
    ]
)
STEP = st.sampled_from(["ok", "slow", "very slow", "error"])
VISIT = st.tuples(STEP, st.integers(0, 3), STEP, st.integers(0, 4))
"""What becomes of the first step, how many seconds later the next begins, what becomes of it, and how long it takes
until all is known."""
TIMES = {"ok": 0.05, "slow": 0.35, "very slow": 2.0}


def _cell(step, window, what) -> Cell:
    if what == "error":
        return Cell("new", "buy", step, window, {}, {"status": 1})
    return Cell("new", "buy", step, window, {bucket_of(TIMES[what]): 1})


def _told(visits, until) -> list[Cell]:
    """What is known by then of visits that begin window by window; a failed step ends its visit."""
    cells = []
    for number, (first, pause, second, wait) in enumerate(visits):
        window = number // RATE
        if window < until:
            cells.append(_cell("home", window, first))
        then, worst = window, first
        if first != "error":
            then, worst = window + pause, second
            if then + wait < until:
                cells.append(_cell("pay", then, second))
        if then + wait < until:
            cells.append(_cell("", window, worst))
    return cells


@settings(max_examples=150, deadline=None)
@given(LIMITS, st.lists(VISIT, min_size=RATE * WINDOWS, max_size=RATE * WINDOWS), st.integers(1, WINDOWS))
def test_what_was_hopeless_fails_in_the_end(limit, visits, until) -> None:
    """Whatever comes after."""
    stages = (Stage("ramp", 2, RATE, RATE), Stage("measure", 8, RATE, RATE))
    base = run(stages=stages)
    then = replace(run(stages=stages, over=until), cells=tuple(_told(visits, until)))
    final = replace(base, cells=tuple(_told(visits, WINDOWS + 20)))
    criterion = {**limit, "abort": True}
    if hopeless(then, [criterion]) is not None:
        assert rulings(final, [criterion])[0].holds is False


@settings(max_examples=50, deadline=None)
@given(LIMITS, st.lists(VISIT, min_size=RATE * WINDOWS, max_size=RATE * WINDOWS))
def test_at_the_end_hopeless_is_what_does_not_hold(limit, visits) -> None:
    """Nothing is under way or planned any more, so both say the same."""
    final = replace(run(), cells=tuple(_told(visits, WINDOWS + 20)))
    criterion = {**limit, "abort": True}
    ruling = rulings(final, [criterion])[0]
    assert (hopeless(final, [criterion]) == ruling) is (ruling.holds is False)


@settings(max_examples=50, deadline=None)
@given(LIMITS, st.lists(VISIT, min_size=RATE * WINDOWS, max_size=RATE * WINDOWS), st.randoms())
def test_the_order_in_which_reports_came_does_not_matter(limit, visits, random) -> None:
    cells = _told(visits, WINDOWS + 20)
    known = run()
    straight = replace(known, cells=tuple(cells))
    random.shuffle(cells)
    mixed = replace(known, cells=tuple(cells), traffic=known.traffic[::-1])
    assert rulings(mixed, [limit]) == rulings(straight, [limit])


# --- which criteria there are


def planned(**budgets) -> Plan:
    steps = [PlannedStep(name, "", "get", budget=budget) for name, budget in budgets.items()]
    return Plan("buy", (*steps, PlannedStep("pause", "", "wait", budget=Limits(fail=1.0))))


def test_the_budgets_are_the_criteria_where_none_are_written() -> None:
    made = default_criteria({"buy": planned(home=Limits(0.8, 4.0), pay=None)})
    assert [each.model_dump(exclude_unset=True) for each in made] == [
        {"errors": 0.005},
        {"journey": "buy", "step": "home", "p95": 4.0},
        {"journey": "buy", "step": "home", "p95": 0.8, "soft": True},
    ]


def load(**written) -> LoadSettings:
    return LoadSettings.model_validate(written)


def test_written_criteria_stand_in_place_of_the_budgets() -> None:
    written = load(criteria=[{"errors": "2%"}])
    made = criteria_for(written, "checkout", PERSONAS, {"buy": planned(home=Limits(0.8, 4.0))})
    assert made == (written.criteria[0], BROKEN)
    unstopped = load(criteria=[{"errors": "2%"}], stop_if_broken=False)
    assert criteria_for(unstopped, "checkout", (), {}) == unstopped.criteria


def test_a_criterion_of_the_scenario_stands_in_place_of_a_shared_one_about_the_same() -> None:
    written = load(
        criteria=[{"errors": "2%"}, {"p95": "1s"}],
        scenarios={"checkout": {"criteria": [{"errors": "5%"}, {"p95": "2s", "step": "pay"}]}},
        stop_if_broken=False,
    )
    limits = [(each.measure, each.limit) for each in criteria_for(written, "checkout", PERSONAS, {})]
    assert limits == [("p95", 1.0), ("errors", 0.05), ("p95", 2.0)]
    assert [each.limit for each in criteria_for(written, "browse", PERSONAS, {})] == [0.02, 1.0]


def test_a_criterion_may_name_the_journey_as_the_shop_does() -> None:
    written = load(journeys={"buy": "shop-buy"}, criteria=[{"errors": "2%", "journey": "shop-buy"}])
    assert criteria_for(written, "checkout", PERSONAS, {"buy": planned()})[0].journey == "buy"


def test_a_step_that_the_scenario_does_not_take_is_told() -> None:
    written = load(scenarios={"checkout": {"criteria": [{"p95": "1s", "step": "hme"}]}})
    with pytest.raises(ConfigError) as caught:
        criteria_for(written, "checkout", PERSONAS, {})
    problem = caught.value.problems[0]
    assert problem.what == 'no visitor of this scenario takes the step "hme"'
    assert problem.hint == 'did you mean "home"?'


def test_that_a_shop_did_not_break_is_told_of_no_run() -> None:
    """A quiet run has too few steps in ten seconds to see it, and must not be left undecided for that."""
    quiet = [cell(FIRST + at, ms100=1) for at in range(2)]
    assert rulings(run(quiet, over=FIRST + 2), (BROKEN,)) == ()
