"""A scenario says in words who arrives; what is wrong with it is told with its place."""

from __future__ import annotations

import inspect

import pytest

from techrun.errors import ConfigError
from techrun.impact import Impact
from techrun.load import scenario as scenarios
from techrun.load import schedule as schedules
from techrun.load.records import Stage
from techrun.load.scenario import Scenario


@pytest.fixture(autouse=True)
def nothing_made_yet(monkeypatch):
    monkeypatch.setattr(scenarios, "_MADE", [])


def test_a_scenario_has_a_ramp_a_warm_up_and_a_measured_phase() -> None:
    schedule = Scenario(rate="2/s", ramp="30s", warm_up="20s", measure="5m", drain="10s").schedule()
    assert schedule.stages == (
        Stage("ramp", 30, 0, 2),
        Stage("warm-up", 20, 2, 2),
        Stage("measure", 300, 2, 2),
    )
    assert (schedule.model, schedule.drain) == ("open", 10)


def test_a_phase_of_no_duration_is_left_out() -> None:
    schedule = Scenario(rate="90/min", ramp="0s", warm_up="0", measure="10s").schedule()
    assert schedule.stages == (Stage("measure", 10, 1.5, 1.5),)


def test_a_scenario_of_users_is_a_closed_model() -> None:
    schedule = Scenario(users=20, ramp="10s", warm_up="0s", measure="1m").schedule()
    assert schedule.model == "closed"
    assert schedule.stages == (Stage("ramp", 10, 0, 20), Stage("measure", 60, 20, 20))


def test_releases_and_seed_are_the_run_s() -> None:
    schedule = Scenario(rate="2/s").schedule(arms=("new", "old"), seed=7)
    assert (schedule.arms, schedule.seed) == (("new", "old"), 7)


def test_a_spike_is_measured_with_what_comes_before_and_after_it() -> None:
    spike = Scenario.spike(rate="2/s", peak="40/s", after="1m", rise="5s", lasts="30s", then="2m", ramp="10s")
    measured = [stage for stage in spike.schedule().stages if stage.phase == "measure"]
    assert [(stage.name, stage.seconds, stage.start, stage.end) for stage in measured] == [
        ("before", 60, 2, 2),
        ("rise", 5, 2, 40),
        ("spike", 30, 40, 40),
        ("fall", 5, 40, 2),
        ("after", 120, 2, 2),
    ]


def test_stairs_go_up_to_the_last_whole_step_and_find_a_breakpoint() -> None:
    stairs = Scenario.stairs(first="5/s", step="5/s", each="30s", until="22/s", ramp="10s")
    stages = stairs.schedule().stages
    assert stages[:2] == (Stage("ramp", 10, 0, 5), Stage("warm-up", 10, 5, 5))
    assert [(stage.name, stage.seconds) for stage in stages[2:]] == [
        (name, 30) for name in ("5/s", "10/s", "15/s", "20/s")
    ]
    assert stairs.breakpoint
    assert not Scenario(rate="1/s").breakpoint


HOURS = tuple(float(hour) for hour in range(24))
WEEK = Impact((*HOURS, *HOURS, *HOURS, *HOURS, *(2 * hour for hour in HOURS), *HOURS, *HOURS), 80.0, "EUR")


def test_the_peak_day_is_the_shop_s_busiest_in_its_own_proportions() -> None:
    week = Scenario.week(peak="23/s", day_lasts="10m", ramp="0s", warm_up="0s")
    stages = week.schedule(WEEK).stages
    assert [stage.name for stage in stages[:2]] == ["Friday 0:00", "Friday 1:00"]
    assert [stage.start for stage in stages] == pytest.approx(HOURS)
    assert schedules.measured(week.schedule(WEEK)) == (0, pytest.approx(600))
    assert week.notes(WEEK) == ()


def test_a_whole_week_has_168_hours_and_peaks_where_the_shop_does() -> None:
    week = Scenario.week(peak="10/s", day_lasts="4m", days="all", ramp="0s", warm_up="0s")
    stages = week.schedule(WEEK).stages
    assert len(stages) == 168
    assert max(stages, key=lambda stage: stage.end).name == "Friday 23:00"
    assert schedules.arrivals_end(week.schedule(WEEK)) == pytest.approx(7 * 240)


@pytest.mark.parametrize("impact", [None, Impact((120.0,), 85.0, "EUR")], ids=["no impact", "one number"])
def test_a_shop_that_does_not_tell_its_hours_gets_a_typical_day_and_a_note(impact) -> None:
    week = Scenario.week(peak="10/s")
    (note,) = week.notes(impact)
    assert "typical day" in note
    top = max(week.schedule(impact).stages, key=lambda stage: stage.end)
    assert (top.name, top.end) == ("Monday 20:00", 10.0)


def test_a_soak_is_steady_for_hours() -> None:
    soak = Scenario.soak(rate="2/s", measure="3h")
    assert schedules.measured(soak.schedule()) == (360, 360 + 3 * 3600)


MISTAKES = [
    (lambda: Scenario(rate="5"), "expected a rate such as 5/s"),
    (lambda: Scenario(rate="0/s"), "nobody would come"),
    (lambda: Scenario(ramp="1s"), 'needs one of "rate" and "users"'),
    (lambda: Scenario(rate="5/s", users=3), 'needs one of "rate" and "users"'),
    (lambda: Scenario(users=-3), 'needs one of "rate" and "users"'),
    (lambda: Scenario(rate="5/s", measure="0s"), "too short"),
    (lambda: Scenario(rate="5/s", ramp="10"), "expected a duration"),
    (lambda: Scenario(rate=5), "expected a rate"),
    (lambda: Scenario.stairs(first="9/s", step="1/s", each="10s", until="5/s"), 'less than first="9/s"'),
    (lambda: Scenario.week(peak="5/s", days="some"), 'days="some" is not known'),
    (lambda: Scenario.spike(rate="1/s", peak="9/x"), "expected a rate"),
]


@pytest.mark.parametrize(("mistake", "words"), MISTAKES, ids=[words for _, words in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_what_to_do(mistake, words) -> None:
    with pytest.raises(ConfigError) as caught:
        mistake()
    (problem,) = caught.value.problems
    assert words in problem.what
    assert problem.hint
    assert problem.places[0].file == __file__
    assert problem.places[0].line == inspect.getsourcelines(mistake)[1]


def test_the_scenario_of_a_file_is_the_one_that_it_makes() -> None:
    made = Scenario.spike(rate="2/s", peak="40/s")
    assert scenarios.current() is made


def test_a_file_without_a_scenario_is_told_what_to_write() -> None:
    with pytest.raises(ConfigError) as caught:
        scenarios.current()
    assert "makes no Scenario" in caught.value.problems[0].what
    assert "scenario = Scenario(" in caught.value.problems[0].hint


def test_a_file_with_two_scenarios_is_told_both_places() -> None:
    Scenario(rate="1/s")
    Scenario(rate="2/s")
    with pytest.raises(ConfigError, match="more than one") as caught:
        scenarios.current()
    first, second = caught.value.problems[0].places
    assert second.line == first.line + 1
