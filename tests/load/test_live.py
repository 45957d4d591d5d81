"""What a person sees while a load test runs, and what a log gets."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from techrun.cli.show.load_live import Lines, Quiet, drawn, line_of
from techrun.load.live import picture
from techrun.load.records import Health, Persona, Ruling, Schedule, Stage
from techrun.load.tally import Tally

STAGES = (Stage("ramp", 2, 0, 10), Stage("warm-up", 3, 10, 10), Stage("measure", 4, 10, 10, "first"),
          Stage("measure", 4, 20, 20, "second"))  # fmt: skip
SCHEDULE = Schedule(STAGES, drain=5.0)


@pytest.fixture
def seen(make_run, make_report, make_cell):
    def at(moment: float, *cells, schedule=SCHEDULE, criteria=(), personas=None, **more):
        tally = Tally()
        for window in range(3):
            tally.add(make_report(window, *[replace(cell, window=window) for cell in cells], **more))
        run = (
            make_run(schedule=schedule)
            if personas is None
            else make_run(schedule=schedule, personas=personas)
        )
        return picture(tally, run, moment, criteria)

    return at


@pytest.mark.parametrize(
    ("moment", "phase", "stage", "left"),
    [(0.5, "ramp", "", 1.5), (2.0, "warm-up", "", 3.0), (6.0, "measure", "first", 7.0), (9.5, "measure", "second", 3.5),
     (13.0, "drain", "", 5.0), (17.0, "drain", "", 1.0), (30.0, "drain", "", 0.0)],
)  # fmt: skip
def test_the_picture_tells_the_phase_and_how_long_it_still_lasts(seen, moment, phase, stage, left) -> None:
    found = seen(moment)
    assert (found.phase, found.stage, found.left) == (phase, stage, pytest.approx(left))


def test_the_picture_tells_what_was_asked_and_what_began(seen) -> None:
    found = seen(4.0)
    assert (found.asked, found.started, found.visitors) == (10.0, 10.0, 3)


def test_each_step_has_its_figures_whole_visits_come_first(seen, make_cell) -> None:
    found = seen(
        4.0, make_cell(0, 0.05), make_cell(0, 0.2, step=""), make_cell(0, 0.1, step="product", failed=4)
    )
    assert [row.step for row in found.rows] == ["", "home", "product"]
    product = found.rows[2].new
    assert product.p95 == pytest.approx(0.1, rel=0.02)
    assert (product.count, product.failed, product.reason) == (30, 12, "status")
    assert found.rows[2].old is None


def test_two_releases_stand_side_by_side(seen, make_cell) -> None:
    two = replace(SCHEDULE, arms=("new", "old"))
    found = seen(4.0, make_cell(0, 0.05), make_cell(0, 0.2, arm="old"), schedule=two)
    (home,) = found.rows
    assert home.old is not None
    assert (home.new.p50, home.old.p50) == (pytest.approx(0.05, rel=0.02), pytest.approx(0.2, rel=0.02))


def shown(found, most: int = 20) -> str:
    console = Console(width=110, height=30, record=True, file=io.StringIO())
    console.print(drawn(found, "browse of acme", most))
    return console.export_text()


def test_the_screen_has_all_that_matters(seen, make_cell) -> None:
    broken = Ruling("latency.criterion", "home", holds=False, text="p95 is 900 ms, at most 500 ms are wanted")
    health = (Health("local", 2, cpu=0.93, waited=0.12, lag=0.02),)
    text = shown(seen(7.0, make_cell(0, failed=3), criteria=(broken,), health=health))
    for part in ("browse of acme", "measure (first)", "0:07", "asked 10/s, begun 10/s, 3 visitors", "home", "9 status",
                 "cpu 93 %", "waits 12 %", "✗ home: p95 is 900 ms"):  # fmt: skip
        assert part in text


def test_steps_that_have_no_room_are_counted(seen, make_cell) -> None:
    steps = ("home", "product", "cart", "address", "payment")
    personas = (Persona("Looker", "browse", 1.0, steps=steps),)
    found = seen(7.0, *(make_cell(0, step=name) for name in steps), personas=personas)
    text = shown(found, most=1)
    assert "cart" in text
    assert "payment" not in text
    assert "… 2 more" in text


def test_the_old_release_stands_in_the_log_too(seen, make_cell) -> None:
    two = replace(SCHEDULE, arms=("new", "old"))
    visits = (make_cell(0, 0.05, step=""), make_cell(0, 0.2, step="", arm="old"))
    assert "visit p95 50 ms (old 199 ms)" in line_of(seen(4.0, *visits, schedule=two))


def test_a_line_of_the_log_says_how_it_goes(seen, make_cell) -> None:
    line = line_of(seen(7.0, make_cell(0, 0.25, step=""), make_cell(0, failed=2)))
    assert line == "0:07 measure (first), 10 of 10 visits/s, 3 visitors, visit p95 247 ms, 6 failed"


@pytest.fixture
def log() -> Console:
    return Console(file=io.StringIO(), width=200)


def text_of(console: Console) -> str:
    return console.file.getvalue()


def test_a_log_gets_a_line_for_each_phase_and_not_for_each_look(seen, log) -> None:
    lines = Lines(log, every=60.0)
    for moment in (0.5, 1.0, 1.5, 2.5, 3.0):
        lines.moves(seen(moment))
    assert [line.split(",")[0] for line in text_of(log).splitlines()] == ["0:00 ramp", "0:02 warm-up"]


def test_a_quiet_log_gets_only_what_happens(seen, log) -> None:
    quiet = Quiet(log)
    quiet.moves(seen(0.5))
    quiet.says("stopping: it is hopeless")
    assert text_of(log) == "stopping: it is hopeless\n"
