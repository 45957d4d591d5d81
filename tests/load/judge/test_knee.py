"""The knee is the last step before throughput or p95 bends; where nothing bends, none is told."""

from __future__ import annotations

from dataclasses import replace
from math import log2

import pytest

from techrun.load.histogram import bucket_of
from techrun.load.judge import knee as knees
from techrun.load.judge.knee import Point, kneedle
from techrun.load.records import CONTROL, Cell, Run, Schedule, Stage, Traffic


def curve(done, p95) -> list[Point]:
    return [
        Point(10.0 * (number + 1), float(rate), seconds)
        for number, (rate, seconds) in enumerate(zip(done, p95, strict=True))
    ]


FLAT = [0.030] * 8
CURVES = {
    "throughput stops": (
        curve([10, 20, 30, 40, 50, 50, 50, 50], FLAT),
        50,
        "does not do more than 50/s",
    ),
    "throughput falls": (curve([10, 20, 30, 40, 38, 35, 30, 28], FLAT), 40, "does not do more than 40/s"),
    "p95 bends in the last step": (
        curve([10, 20, 30, 40, 50, 60, 70, 79], [0.03, 0.03, 0.031, 0.03, 0.033, 0.035, 0.04, 3.0]),
        70,
        "p95 of a visit grows from 31ms to 3s",
    ),
    "p95 bends before throughput stops": (
        curve([10, 20, 30, 40, 50, 60, 60, 60], [0.03, 0.03, 0.03, 0.03, 0.9, 2.0, 4.0, 6.0]),
        40,
        "p95 of a visit",
    ),
    "throughput with noise": (
        curve([9.8, 20.3, 29.1, 40.4, 49.2, 50.9, 49.5, 51.1], FLAT),
        50,
        "does not do more than 51.1/s",
    ),
}


@pytest.mark.parametrize(("points", "asked", "why"), CURVES.values(), ids=CURVES.keys())
def test_the_knee_is_the_last_step_before_the_bend(points, asked, why) -> None:
    found = knees.knee(points)
    assert found is not None
    assert found.point.asked == asked
    assert why in found.why


STRAIGHT = {
    "it follows all the way": curve([10, 20, 30, 40, 50, 60, 70, 80], FLAT),
    "it follows but for noise": curve([9.7, 20.4, 29.3, 40.6, 49, 60.3, 69, 80.5], FLAT),
    "p95 is noisy": curve(range(10, 90, 10), [0.03, 0.034, 0.029, 0.033, 0.03, 0.035, 0.028, 0.036]),
    "one step was disturbed": curve(
        [10, 20, 30, 34, 46, 60, 70, 80], [0.03, 0.03, 0.03, 0.8, 0.6, 0.03, 0.03, 0.03]
    ),
    "two were, and the last of them is one": curve(
        [10, 20, 30, 34, 46, 60, 70, 80], [0.03, 0.03, 0.03, 0.8, 0.03, 0.03, 0.03, 0.05]
    ),
    "too few steps": curve([10, 10], [0.03, 5.0]),
    "nothing was done": curve([0] * 8, [None] * 8),
    "nothing was run": [],
}


@pytest.mark.parametrize("points", STRAIGHT.values(), ids=STRAIGHT.keys())
def test_where_nothing_bends_there_is_no_knee(points) -> None:
    assert knees.knee(points) is None


def test_kneedle_finds_the_point_furthest_from_the_diagonal() -> None:
    """-1/x + 5 from 0.1 to 1 rises by 9; its slope is that of the diagonal, 10, at x = 0.316."""
    across = [number / 10 for number in range(1, 11)]
    at = kneedle(across, [-1 / x + 5 for x in across])
    assert at is not None
    assert across[at] == 0.3


def cells(window, seconds, count, step="", journey="browse") -> Cell:
    return Cell("new", journey, step, window, {bucket_of(seconds): count})


def made(*found: Cell, windows=20, seconds=10.0) -> Run:
    stages = (
        Stage("warm-up", seconds, 5, 5),
        Stage("measure", seconds, 5, 5),
        Stage("measure", seconds, 10, 10),
    )
    traffic = tuple(Traffic(window, 10, 10, 0, 0, 0, closed=True) for window in range(windows))
    return Run("1", "s", "breakpoint", "v1", "h", 0, 0, Schedule(stages), cells=found, traffic=traffic)


def test_a_step_of_the_load_has_what_ended_in_it_and_not_what_began() -> None:
    """20 visits begin in the first measured step, and end in the second."""
    run = made(
        cells(12, 0.1, 30),
        cells(15, 8.0, 20),
        cells(12, 1.0, 99, step="home"),  # steps are no visits
        cells(12, 0.1, 99, step="", journey=CONTROL),
        windows=30,
    )
    first, second = knees.points(run)
    assert (first.asked, first.done) == (5, 3.0)
    assert (second.asked, second.done) == (10, 2.0)
    assert first.p95 is not None
    assert log2(first.p95) == pytest.approx(3, abs=0.05)
    assert second.p95 is None


def test_a_step_that_was_not_run_to_its_end_is_no_point() -> None:
    assert len(knees.points(made(windows=29))) == 1
    assert len(knees.points(made(windows=15))) == 0


def test_a_step_whose_visits_were_not_let_in_is_no_point() -> None:
    """The run was stopped in it."""
    run = made(windows=30)
    few = tuple(replace(each, due=2) if each.window >= 22 else each for each in run.traffic)
    assert len(knees.points(replace(run, traffic=few))) == 1


def test_what_was_found_is_told_in_a_sentence() -> None:
    assert knees.told(made(windows=15)) == "no knee was found, as no step was run to its end"
    assert knees.told(made(windows=30)) == "no knee was found up to 10/s"


def test_a_knee_is_told_with_what_bends() -> None:
    stages = tuple(Stage("measure", 10.0, rate, rate) for rate in (5.0, 10.0, 15.0, 20.0))
    done = [cells(number * 10 + 5, 0.1, count) for number, count in enumerate((50, 100, 100, 100))]
    traffic = tuple(Traffic(window, 20, 20, 0, 0, 0, closed=True) for window in range(40))
    run = replace(made(*done), schedule=Schedule(stages), traffic=traffic)
    assert (
        knees.told(run)
        == "the knee is at 10/s: above it the shop does not do more than 10/s, whatever is asked"
    )
