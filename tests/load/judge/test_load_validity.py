"""A run that cannot be believed is told apart from a shop that is slow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techrun.load.judge.validity import drowned, rulings
from techrun.load.judge.verdict import judge
from techrun.load.records import CONTROL, Cell


def rules(run, **how):
    return {ruling.rule for ruling in rulings(run, **how)}


def test_a_run_that_went_as_planned_is_believed(make):
    assert rules(make.run()) == set()


def test_no_requests_in_the_measured_time_are_nothing_to_judge(make):
    assert "invalid.no_requests" in rules(make.run(cells=()))


def test_the_control_request_is_no_visit(make):
    run = make.run(cells=[make.control(at) for at in range(60)])
    assert run.cells[0].journey == CONTROL
    assert "invalid.no_requests" in rules(run)


def test_a_shop_that_fails_every_request_does_not_make_a_run_invalid(make):
    assert rules(make.run(cells=[make.cell(at, failed=10) for at in range(60)])) == set()


def test_a_shop_that_is_slow_does_not_make_a_run_invalid(make):
    assert rules(make.run(cells=[make.cell(at, 20.0) for at in range(60)])) == set()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"started": 10}, None),
        ({"started": 9}, "invalid.rate"),
        ({"due": 5, "started": 5}, "invalid.rate"),
        ({"late": 1}, "invalid.late"),
        ({"started": 8, "dropped": 2}, None),
    ],
    ids=["all begun", "one in ten not begun", "a lost process owes nothing", "late", "no room"],
)
def test_what_the_generator_did_not_begin_in_time_is_its_own_fault(make, changes, rule):
    found = rules(make.run(traffic=[make.traffic(at, **changes) for at in range(60)]))
    assert found == ({rule} if rule else set())


def test_one_late_visit_in_two_hundred_is_let_pass(make):
    traffic = [make.traffic(at, late=1 if at % 20 == 0 else 0) for at in range(60)]
    assert rules(make.run(traffic=traffic)) == set()


@pytest.mark.parametrize(
    ("fared", "rule"),
    [
        ({"cpu": 0.79, "waited": 0.0}, None),
        ({"cpu": 0.81, "waited": 0.0}, "invalid.cpu"),
        ({"cpu": 0.3, "quota": 0.35, "waited": 0.0}, "invalid.cpu"),
        ({"cpu": 0.35, "waited": 0.5}, "invalid.waited"),
        ({"cpu": 0.05, "waited": 0.3}, None),
        ({"steal": 0.09}, None),
        ({"steal": 0.12}, "invalid.steal"),
        ({"lag": 0.009}, None),
        ({"lag": 0.012}, "invalid.lag"),
        ({"jump": -0.4}, None),
        ({"jump": -1.2}, "invalid.clock"),
        ({"waited": None, "steal": None, "quota": None}, None),
    ],
    ids=str,
)
def test_a_starved_generator_is_found(make, fared, rule):
    found = rules(make.run(health=[make.health(at, **fared) for at in range(60)]))
    assert found == ({rule} if rule else set())


def test_slow_pages_bear_a_loop_that_comes_a_little_late(make):
    health = [make.health(at, lag=0.03) for at in range(60)]
    assert "invalid.lag" in rules(make.run(health=health))
    assert rules(make.run(cells=[make.cell(at, 0.5) for at in range(60)], health=health)) == set()


def test_one_starved_worker_of_two_is_enough(make):
    health = [make.health(at, process=f"worker {n}", cpu=0.1 + 0.8 * n) for at in range(60) for n in (0, 1)]
    (ruling,) = rulings(make.run(health=health))
    assert (ruling.rule, ruling.subject) == ("invalid.cpu", "worker 1")


def test_a_moment_of_starvation_is_let_pass(make):
    health = [make.health(at, cpu=1.0 if at < 3 else 0.2) for at in range(60)]
    assert rules(make.run(health=health)) == set()


def test_a_dead_worker_makes_a_run_invalid(make):
    (ruling,) = rulings(make.run(workers=4, workers_lost=1))
    assert ruling.text == "1 of 4 generating processes died"


@pytest.mark.parametrize(
    ("known", "stopped", "rule"),
    [(60, "", None), (50, "", "invalid.missing"), (50, "Ctrl-C", None), (30, "Ctrl-C", "invalid.stopped")],
    ids=["whole", "lost its end", "stopped late", "stopped early"],
)
def test_a_run_has_to_be_there_for_the_most_part(make, known, stopped, rule):
    run = make.run(traffic=[make.traffic(at) for at in range(known)], stopped=stopped)
    assert rules(run) == ({rule} if rule else set())


def test_a_hole_in_the_middle_is_missed(make):
    run = make.run(traffic=[make.traffic(at) for at in range(60) if not 20 <= at < 25])
    assert rules(run) == {"invalid.missing"}


def test_a_run_that_goes_on_may_lack_its_end(make):
    run = make.run(traffic=[make.traffic(at) for at in range(40)])
    assert rules(run, finished=False) == set()


@pytest.mark.parametrize(
    ("dropped", "fails"), [(0, False), (1, True)], ids=["room for all", "one in ten not"]
)
def test_visitors_who_find_no_room_are_the_shops_failure(make, dropped, fails):
    traffic = [make.traffic(at, started=10 - dropped, dropped=dropped, active=500) for at in range(60)]
    ruling = drowned(make.run(traffic=traffic))
    assert (ruling is not None) is fails
    if ruling:
        assert ruling.rule == "errors.drowned"
        assert "60 of 600 visits (10 %) found no room: the shop kept 500 visitors" in ruling.text


@settings(max_examples=25, deadline=None)
@given(more=st.integers(min_value=1, max_value=120))
def test_more_of_the_same_never_turns_a_sound_run_invalid(make, more):
    assert rules(make.run(20 + more)) == rules(make.run(20)) == set()


@pytest.mark.parametrize("stopped", ["", "it cannot hold any more"], ids=["whole", "stopped early"])
def test_a_fault_of_our_own_is_never_the_shop_s(make, stopped):
    failed = Cell("new", "guest", "product", 0, {}, {"internal": 40})
    run = make.run(cells=[*(make.cell(at) for at in range(60)), failed], stopped=stopped)
    verdict = judge(run, [{"errors": "0.5%", "abort": True}], [])
    assert (verdict.value, verdict.rulings[0].rule) == ("invalid", "invalid.internal")
    assert "40 steps failed by a fault of techrun's own" in verdict.summary


def test_a_shop_that_hangs_fails_though_the_generator_was_a_little_late(make):
    """There is no answer time that this could have made longer."""
    cells = [make.cell(at, failed=10) for at in range(60)]
    run = make.run(cells=cells, health=[make.health(at, lag=0.03) for at in range(60)])
    assert judge(run, [{"errors": "0.5%"}], []).value == "fail"
    run = make.run(cells=cells, health=[make.health(at, lag=0.06) for at in range(60)])
    assert judge(run, [{"errors": "0.5%"}], []).value == "invalid"


@pytest.mark.parametrize(("failed", "told"), [(0, False), (1, True)], ids=["all well", "one in eleven fails"])
def test_a_run_that_proves_nothing_still_says_that_the_shop_failed(make, failed, told):
    late = [make.traffic(at, late=1) for at in range(60)]
    verdict = judge(make.run(cells=[make.cell(at, failed=failed) for at in range(60)], traffic=late), (), ())
    assert verdict.value == "invalid"
    assert ("look at the shop, too" in verdict.summary) is told
