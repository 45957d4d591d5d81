"""How a run is watched, stopped, extended and given up; the generator tells what each test wrote down."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from techrun.app.interrupts import Interrupts
from techrun.app.load_drive import Course, drive
from techrun.config.load import Criterion
from techrun.errors import TechrunError
from techrun.load.guards.killswitch import Broken, KillSwitch, Standing
from techrun.load.records import Comparison, Contrast, Ruling, Schedule, Stage, Verdict
from techrun.load.schedule import arrivals_end

ABORT = Criterion.model_validate({"errors": "50%", "over": "2s", "abort": True})


class Onlooker:
    def __init__(self) -> None:
        self.pictures: list = []
        self.said: list[str] = []

    def moves(self, seen) -> None:
        self.pictures.append(seen)

    def says(self, text) -> None:
        self.said.append(text)


@pytest.fixture
def onlooker() -> Onlooker:
    return Onlooker()


@pytest.fixture
def course(make_run, onlooker):
    def make(generator, run=None, **more) -> Course:
        facts = {
            "generator": generator,
            "run": run or make_run(),
            "criteria": (),
            "judge": lambda run, looks: Verdict("pass", "all is well"),
            "onlooker": onlooker,
            "interrupts": Interrupts(),
            "reckon_every": 0.0,
        }
        return Course(**{**facts, **more})

    return make


def test_a_run_goes_to_its_end_with_all_that_was_told(course, scripted, make_report, onlooker) -> None:
    generator = scripted([make_report(window) for window in range(10)])
    driven = drive(course(generator))
    assert (driven.ended, driven.fault, driven.looks) == ("", None, 1)
    assert [traffic.started for traffic in driven.run.traffic] == [10] * 10
    assert sum(cell.count for cell in driven.run.cells) == 100
    assert generator.told == [("begin",)]
    assert onlooker.pictures[-1].visitors == 3


def test_a_collector_hears_of_every_report(course, scripted, make_report) -> None:
    class Collector:
        heard = 0

        def add(self, report) -> None:
            self.heard += 1

    collector = Collector()
    drive(course(scripted([make_report(window) for window in range(4)]), collector=collector))
    assert collector.heard == 4


def test_a_hopeless_run_is_stopped_and_says_why(course, scripted, make_report, make_cell, onlooker) -> None:
    visits = [make_cell(window, step="", failed=10) for window in range(9)]
    told = [
        make_report(window, visits[window], make_cell(window, count=20, failed=20)) for window in range(9)
    ]
    generator = scripted(told, hold=True)
    driven = drive(course(generator, criteria=(ABORT,)))
    assert driven.ended == "hopeless"
    assert driven.run.stopped.startswith("it cannot hold any more")
    assert ("stop", driven.run.stopped, None) in generator.told
    assert len(driven.run.traffic) < 9
    assert any("stopping" in text for text in onlooker.said)


def test_the_kill_switch_stops_a_run(course, scripted, make_report) -> None:
    switch = KillSwitch(Standing, "acme")
    switch.broken = Broken(7, "customers cannot buy")
    generator = scripted([make_report(0)], hold=True)
    driven = drive(course(generator, kill_switch=switch))
    assert driven.ended == "killed"
    assert driven.run.stopped == "techrun's probe of the shop went down: #7 customers cannot buy"


def test_a_signal_stops_the_arrivals_and_leaves_a_short_drain(course, scripted, make_report) -> None:
    interrupts = Interrupts()
    with interrupts.noted():
        interrupts.came(signal.SIGTERM, None)
    generator = scripted([make_report(0)], hold=True)
    driven = drive(course(generator, interrupts=interrupts))
    assert (driven.ended, driven.run.stopped, driven.fault) == ("interrupted", "interrupted (SIGTERM)", None)
    (stop,) = [told for told in generator.told if told[0] == "stop"]
    assert stop[2] is not None
    assert stop[2] <= 5


class Stubborn:
    """Hears no stop."""

    log = ""

    def __init__(self, report) -> None:
        self._report = report

    def begin(self) -> None:
        pass

    def reports(self):
        import time

        yield self._report
        time.sleep(30)

    def stop(self, reason, drain=None) -> None:
        pass


def test_a_second_signal_ends_a_run_at_once_with_what_was_measured(course, make_report) -> None:
    interrupts = Interrupts()
    with interrupts.noted():
        interrupts.came(signal.SIGINT, None)
        interrupts.came(signal.SIGINT, None)
    driven = drive(course(Stubborn(make_report(0)), interrupts=interrupts))
    assert driven.ended == "interrupted"
    assert len(driven.run.traffic) == 1


def test_outside_of_a_run_a_signal_ends_the_program() -> None:
    with pytest.raises(KeyboardInterrupt):
        Interrupts().came(signal.SIGTERM, None)


def test_a_generator_that_dies_is_told_with_what_was_measured(course, scripted, make_report) -> None:
    driven = drive(course(scripted([make_report(0)], error=TechrunError("killed by SIGKILL"))))
    assert str(driven.fault) == "killed by SIGKILL"
    assert len(driven.run.traffic) == 1


def test_a_generator_that_says_nothing_any_more_is_given_up(course, scripted, make_report) -> None:
    driven = drive(course(scripted([make_report(0)], hold=True), silence=0.3))
    assert "told nothing any more" in str(driven.fault)


def test_a_worker_that_is_gone_is_said(course, scripted, make_report, onlooker) -> None:
    drive(course(scripted([make_report(0, workers=2), make_report(1, workers=1)])))
    assert "a generating process is gone: 1 left" in onlooker.said


# --- going on where nothing can be told

TWO = Schedule((Stage("measure", 6, 10, 10),), drain=1.0, arms=("new", "old"))
OPEN = Verdict(
    "inconclusive",
    "It cannot be told.",
    (Ruling("latency.regressed", "home", None, "who knows"),),
    Comparison(
        "v1", "interleaved", (Contrast("browse", "home", "p95", 0.1, 0.11, 1.1, 0.9, 1.3, 0.2, 1.4, None),)
    ),
)


def test_a_run_that_cannot_tell_goes_on_for_as_long_again_twice_at_most(
    course, scripted, make_report, make_run
) -> None:
    generator = scripted([make_report(window) for window in range(6)])
    generator.extension = [make_report(window) for window in range(6, 18)]
    looks: list[int] = []

    def judge(_run, look) -> Verdict:
        looks.append(look)
        return OPEN

    driven = drive(course(generator, make_run(schedule=TWO), judge=judge))
    assert [told for told in generator.told if told[0] == "extend"] == [("extend", 6.0), ("extend", 6.0)]
    assert driven.looks == 3
    assert arrivals_end(driven.run.schedule) == 18.0
    assert looks[:2] == [1, 2]


def test_a_run_that_can_tell_does_not_go_on(course, scripted, make_report, make_run) -> None:
    generator = scripted([make_report(window) for window in range(6)])
    driven = drive(course(generator, make_run(schedule=TWO)))
    assert (driven.looks, generator.told) == (1, [("begin",)])


def test_where_it_is_too_late_to_go_on_the_run_ends_as_planned(
    course, scripted, make_report, make_run
) -> None:
    class Late(scripted):
        def extend(self, seconds) -> None:
            raise TechrunError("too late")

    driven = drive(
        course(
            Late([make_report(window) for window in range(6)]), make_run(schedule=TWO), judge=lambda *_: OPEN
        )
    )
    assert (driven.looks, arrivals_end(driven.run.schedule)) == (1, 6.0)


def test_stairs_end_at_the_first_step_that_does_not_hold(
    course, scripted, make_report, make_cell, make_run
) -> None:
    stages = tuple(Stage("measure", 2, level, level, f"{level}/s") for level in (10, 20, 30, 40))
    fast = [make_report(window, make_cell(window, 0.05)) for window in range(2)]
    slow = [make_report(window, make_cell(window, 2.0)) for window in range(2, 8)]
    run = make_run(schedule=replace(TWO, stages=stages, arms=("new",)))
    p95 = Criterion.model_validate({"p95": "500ms"})
    generator = scripted([*fast, *slow], hold=True)
    driven = drive(course(generator, run, criteria=(p95,), breakpoint=True))
    assert driven.ended == "knee"
    assert driven.run.stopped.startswith("holds 10 visits/s; at 20 visits/s it breaks")
