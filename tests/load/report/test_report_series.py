"""Figures by step and series over time are the same whichever way they are added up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.load import histogram
from techrun.load.records import CONTROL, Cell, Persona, Run, Schedule, Stage
from techrun.load.report import series
from techrun.load.report.tables import Figures, arrived, failures, loads, p99, stage_rows, step_rows, vitals

SCHEDULE = Schedule((Stage("ramp", 2, 1, 1), Stage("measure", 4, 1, 1)))


def cell(window, seconds=(), step="home", journey="guest", errors=None, arm="new"):
    buckets = {}
    for one in seconds:
        buckets[histogram.bucket_of(one)] = buckets.get(histogram.bucket_of(one), 0) + 1
    return Cell(arm, journey, step, window, buckets, errors or {})


def run_of(*cells, **what):
    return Run("id", "shop", "checkout", "v2", "http://127.0.0.1", 0.0, 6.0, SCHEDULE, cells=cells, **what)


def rows_of(run):
    return step_rows(run, *series.sides(run))


def test_only_what_was_measured_counts_for_a_step():
    run = run_of(cell(0, [9.0]), cell(2, [0.1]), cell(5, [0.1], errors={"status": 1}), cell(6, [9.0]))
    (row,) = rows_of(run)
    assert (row.new.count, row.new.failed) == (3, 1)
    assert row.new.quantile(1.0) == pytest.approx(0.1, rel=0.011)
    assert row.new.error_share == pytest.approx(1 / 3)


def test_the_control_request_and_whole_visits_are_no_steps():
    run = run_of(cell(2, [0.1]), cell(2, [0.9], step=""), cell(2, [0.001], CONTROL, CONTROL))
    assert [row.step for row in rows_of(run)] == ["home"]
    assert series.together(run.cells).count == 1


def test_steps_stand_by_journey_as_the_visitors_take_them_and_strangers_come_last():
    personas = (
        Persona("Shopper", "guest", 1, steps=("home", "product")),
        Persona("Searcher", "search", 1, steps=("search",)),
        Persona("Buyer", "guest", 1, steps=("home", "product", "pay")),
    )
    seen = [("search", "search"), ("guest", "pay"), ("guest", "home"), ("odd", "x"), ("guest", "product")]
    run = run_of(*(cell(2, [0.1], step, journey) for journey, step in seen), personas=personas)
    steps = [(row.journey, row.step) for row in rows_of(run)]
    assert steps == [
        ("guest", "home"),
        ("guest", "product"),
        ("guest", "pay"),
        ("search", "search"),
        ("odd", "x"),
    ]


def test_the_old_arm_of_the_same_run_comes_before_a_stored_baseline():
    interleaved = replace(
        run_of(cell(2, [0.1]), cell(2, [0.2], arm="old"), old_release="v1"),
        schedule=replace(SCHEDULE, arms=("new", "old")),
    )
    new, old = series.sides(interleaved, run_of(cell(2, [9.0])))
    assert (new.name, old.name) == ("v2", "v1")
    assert series.together(old.cells).quantile(0.5) == pytest.approx(0.2, rel=0.011)


def test_two_runs_of_the_same_release_can_be_told_apart():
    run = run_of(cell(2, [0.1]))
    assert [side.name for side in series.sides(run, run)] == ["v2 (new)", "v2 (old)"]


@pytest.mark.parametrize("width", [1, 2, 3, 7])
def test_no_step_is_lost_between_the_points_of_a_series(width):
    cells = [cell(window, [0.1] * (window % 4)) for window in range(20)]
    points = series.of_cells(cells, SCHEDULE, width, lambda figures: figures.count)
    assert sum(value or 0 for _, value in points) == sum(one.count for one in cells)


def test_a_hole_in_what_was_recorded_is_a_hole_in_the_line():
    points = series.of_cells([cell(0, [0.1]), cell(2, [0.1])], SCHEDULE, 1, lambda found: found.count)
    assert points == [(0.5, 1), (1.5, None), (2.5, 1)]


def test_a_series_of_any_length_has_few_points():
    for seconds in (1, 119, 121, 1000, 86_400, 10_000_000):
        width = series.point_width(SCHEDULE, seconds)
        assert seconds / width <= series.MOST_POINTS


def test_amounts_per_second_keep_their_sum():
    points = series.sums([(window, 3) for window in range(10)], SCHEDULE, 5)
    assert points == [(2.5, 3.0), (7.5, 3.0)]


def test_the_shares_of_a_distribution_make_up_the_whole():
    shares = series.distribution({-100: 3, -99: 4, -50: 1, 0: 2}, 4)
    assert sum(shares.values()) == pytest.approx(1)


def test_a_p99_is_told_only_where_there_are_answers_enough():
    assert p99(Figures({-100: 99})) is None
    assert p99(Figures({-100: 100})) is not None


def test_failures_tell_what_was_judged_from_what_was_not():
    run = run_of(cell(0, errors={"timeout": 2}), cell(3, [0.1], errors={"timeout": 1, "status": 3}))
    found = [(one.reason, one.new, one.outside, one.new_share) for one in failures(run, *series.sides(run))]
    assert found == [("status", 3, 0, 0.6), ("timeout", 1, 2, 0.2)]


def test_the_share_of_a_visitor_is_that_of_those_who_take_part():
    who = (Persona("A", "a", 1), Persona("B", "b", 3), Persona("C", "c", 4, left_out="no such journey"))
    assert [(one.name, share) for one, share in arrived(run_of(personas=who))] == [
        ("B", 0.75),
        ("A", 0.25),
        ("C", 0.0),
    ]


def test_each_stage_has_its_own_figures():
    run = run_of(cell(0, [0.1]), cell(1, [0.1]), cell(2, [0.4]), cell(9, [3.0]))
    assert [row.figures.count for row in stage_rows(run, series.sides(run)[0])] == [2, 1]


def test_a_run_of_which_nothing_is_known_has_figures_too():
    nothing = Run("", "", "", "", "", 0.0, 0.0, Schedule(()))
    assert (rows_of(nothing), vitals(nothing), arrived(nothing)) == ([], [], [])
    assert loads(nothing).steps == 0
