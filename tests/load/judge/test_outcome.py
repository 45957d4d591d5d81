"""What the end of a run makes of its verdict, and of the exit code; stairs and false alarms too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.config.load import Criterion
from techrun.errors import ExitCode
from techrun.load.judge import alarms, outcome, stairs
from techrun.load.records import Comparison, Contrast, Ruling, Schedule, Stage, Traffic, Verdict

GOOD = Verdict("pass", "All limits hold.")
BAD = Verdict("fail", "Too slow.", (Ruling("latency.criterion", "home", holds=False, text="slow"),))
VOID = Verdict("invalid", "It proves nothing.")
REASON = "techrun's probe of the shop went down: #7 no checkout"


@pytest.mark.parametrize(
    ("verdict", "options", "code"),
    [
        pytest.param("pass", {}, ExitCode.OK, id="pass"),
        pytest.param("fail", {}, ExitCode.FAILED, id="fail"),
        pytest.param("inconclusive", {}, ExitCode.CANNOT_TELL, id="inconclusive"),
        pytest.param("invalid", {}, ExitCode.CANNOT_TELL, id="invalid"),
        pytest.param("inconclusive", {"on_inconclusive": "pass"}, ExitCode.OK, id="inconclusive passes"),
        pytest.param("invalid", {"on_inconclusive": "fail"}, ExitCode.FAILED, id="invalid fails"),
        pytest.param("invalid", {"on_inconclusive": "pass"}, ExitCode.CANNOT_TELL, id="invalid never passes"),
        pytest.param("fail", {"on_inconclusive": "pass"}, ExitCode.FAILED, id="a failure is none of these"),
        pytest.param("fail", {"report_only": True}, ExitCode.OK, id="only told"),
        pytest.param("invalid", {"report_only": True}, ExitCode.OK, id="invalid, only told"),
        pytest.param("pass", {"stopped": True}, ExitCode.INTERRUPTED, id="interrupted"),
        pytest.param(
            "pass", {"stopped": True, "report_only": True}, ExitCode.INTERRUPTED, id="interrupted, only told"
        ),
    ],
)
def test_the_exit_code_says_what_the_verdict_says(verdict, options, code) -> None:
    given = {"on_inconclusive": None, "report_only": False, "stopped": False, **options}
    assert outcome.exit_code(Verdict(verdict, ""), **given) == code


@pytest.mark.parametrize("before", [GOOD, BAD, VOID], ids=lambda verdict: verdict.value)
def test_a_load_that_broke_the_shop_fails_whatever_was_measured(before) -> None:
    verdict = outcome.broke_the_shop(before, REASON, same_address=True)
    assert (verdict.value, verdict.rulings[0].rule) == ("fail", "shop.down")
    assert verdict.summary == f"The load broke the shop: {REASON}."


@pytest.mark.parametrize(("before", "value"), [(GOOD, "inconclusive"), (BAD, "fail"), (VOID, "inconclusive")])
def test_where_the_probes_watch_another_address_the_release_is_not_blamed(before, value) -> None:
    verdict = outcome.broke_the_shop(before, REASON, same_address=False)
    assert verdict.value == value
    assert any(ruling.rule == "shop.down" and ruling.holds is None for ruling in verdict.rulings)


def test_a_generator_that_died_makes_any_verdict_invalid_and_shows_its_last_words() -> None:
    log = "\n".join(f"line {number}" for number in range(50))
    verdict = outcome.died(GOOD, "killed by SIGKILL", log)
    assert verdict.value == "invalid"
    assert "killed by SIGKILL" in verdict.summary
    assert "line 49" in verdict.rulings[0].text
    assert "line 10\n" not in verdict.rulings[0].text


def test_an_interrupted_run_never_passes() -> None:
    assert outcome.interrupted(GOOD).value == "inconclusive"
    assert outcome.interrupted(BAD) is BAD
    assert outcome.interrupted(VOID) is VOID


# --- stairs

LEVELS = (10, 20, 30)
SCHEDULE = Schedule(tuple(Stage("measure", 2, level, level, f"{level}/s") for level in LEVELS))
P95 = (Criterion.model_validate({"p95": "500ms"}),)


@pytest.fixture
def climbed(make_run, make_cell):
    def make(*seconds: float, dropped: int = 0, **more):
        windows = range(len(seconds))
        traffic = [Traffic(window, 10, 10 - dropped, 0, dropped, 0, closed=True) for window in windows]
        cells = [make_cell(window, seconds[window], 40) for window in windows]
        return make_run(schedule=SCHEDULE, cells=tuple(cells), traffic=tuple(traffic), **more)

    return make


def test_each_step_is_judged_by_its_own_windows(climbed) -> None:
    found = stairs.steps(climbed(0.1, 0.1, 0.1, 0.1, 0.9, 0.9), P95)
    assert [step.holds for step in found] == [True, True, False]


def test_what_comes_after_the_first_broken_step_is_not_looked_at(climbed) -> None:
    found = stairs.steps(climbed(0.1, 0.1, 0.9, 0.9, 0.1, 0.1), P95)
    assert [step.holds for step in found] == [True, False]


def test_a_step_that_is_not_over_is_no_step_yet(climbed) -> None:
    assert len(stairs.steps(climbed(0.1, 0.1, 0.9), P95)) == 1


def test_visitors_without_room_break_a_step(climbed) -> None:
    (step,) = stairs.steps(climbed(0.1, 0.1, dropped=3), ())
    assert not step.holds
    assert step.broken[0].rule == "errors.drowned"


def test_what_is_only_told_breaks_no_step(climbed) -> None:
    soft = (Criterion.model_validate({"p95": "50ms", "soft": True}),)
    (step,) = stairs.steps(climbed(0.1, 0.1), soft)
    assert step.holds


def test_a_step_that_was_broken_off_because_it_was_hopeless_broke(climbed) -> None:
    run = climbed(0.1, 0.1, stopped="it cannot hold any more")
    hopeless = (Criterion.model_validate({"p95": "50ms", "over": "2s", "abort": True}),)
    found = stairs.steps(replace(run, traffic=run.traffic), hopeless)
    assert found
    assert not found[-1].holds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        ((0.1, 0.1, 0.1, 0.1, 0.9, 0.9), "holds 20 visits/s; at 30 visits/s it breaks: "),
        ((0.1,) * 6, "holds 30 visits/s, the most that it was given"),
        ((0.9, 0.9), "does not even hold the first step; at 10 visits/s it breaks: "),
        ((), "nothing was measured"),
    ],
)
def test_what_holds_is_said_in_a_sentence(climbed, seconds, text) -> None:
    run = climbed(*seconds)
    assert stairs.found(run, stairs.steps(run, P95)).startswith(text)


@pytest.mark.parametrize(
    ("judged", "seconds", "value"),
    [
        pytest.param(BAD, (0.1, 0.1, 0.9, 0.9), "pass", id="that a step breaks is what stairs are for"),
        pytest.param(GOOD, (0.9, 0.9), "fail", id="not even the first holds"),
        pytest.param(GOOD, (), "inconclusive", id="nothing was measured"),
        pytest.param(VOID, (0.1, 0.1), "invalid", id="the generator was starved"),
    ],
)
def test_stairs_pass_where_they_found_what_holds(climbed, judged, seconds, value) -> None:
    run = climbed(*seconds)
    verdict = outcome.climbed(judged, run, stairs.steps(run, P95))
    assert verdict.value == value
    assert any(ruling.rule == "capacity.held" for ruling in verdict.rulings)


# --- a release against itself


def against_itself(run, value, *, alarm=False, detectable=1.2):
    ruling = Ruling("latency.regressed", "home", holds=not alarm, text="")
    contrast = Contrast("browse", "home", "p95", 0.1, 0.1, 1.0, 0.9, 1.1, 0.5, detectable, alarm)
    return replace(run, verdict=Verdict(value, "", (ruling,), Comparison("v1", "interleaved", (contrast,))))


def test_false_alarms_are_counted_among_the_runs_that_can_be_believed(make_run) -> None:
    run = make_run()
    runs = [against_itself(run, "pass")] * 17 + [against_itself(run, "fail", alarm=True)] * 2
    runs += [against_itself(run, "inconclusive", detectable=2.0), replace(run, verdict=VOID)]
    found = alarms.reckoned(runs)
    assert (found.runs, found.invalid, found.false_alarms, found.unclear) == (20, 1, 2, 1)
    assert found.low < 0.1 < found.high
    assert found.detectable == (("home", "p95", 1.2),)
