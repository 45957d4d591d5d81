"""What the history keeps of results, what it answers, and what becomes of old ones."""

from __future__ import annotations

import sqlite3

import pytest

from techrun.model import CheckId, Order, Reason, Status, Step
from techrun.store.history import HOUR, Uptime, insert_results, last_good, last_runs, runs_of, uptime
from techrun.store.rollups import Retention, roll_up, tidy

NOON = 1_790_002_800 - 1_790_002_800 % HOUR
CHECKOUT = CheckId("acme-es", "checkout")


@pytest.fixture
def keep(store):
    return lambda *results: store.write(lambda writing: insert_results(writing, list(results))).result()


def test_a_result_is_found_again_as_it_was(store, keep, make_result):
    steps = (Step("home", Status.UP, duration=0.25), Step("cart", Status.UP, duration=0.5))
    keep(make_result(steps=steps, trace_id="9f2c"))
    with store.read() as connection:
        (run,) = last_runs(connection)
    assert (run.check, run.status, run.reason, run.started, run.duration) == (
        CHECKOUT,
        Status.UP,
        None,
        1000,
        0.5,
    )
    assert (run.trigger, run.run_id, run.trace_id, run.location) == (
        "schedule",
        "run-1000.0",
        "9f2c",
        "local",
    )
    assert run.steps == {"home": 0.25, "cart": 0.5}


def test_a_failed_run_keeps_its_steps_in_full(store, keep, make_result):
    failed = Step("pay", Status.DOWN, Reason.STATUS, "expected 200, got 502", duration=1.5, http_status=502)
    keep(
        make_result(
            Status.DOWN,
            reason=Reason.STATUS,
            message="expected 200, got 502",
            step="pay",
            steps=(Step("home", Status.UP, duration=0.25, http_status=200), failed),
            cleanup=(Step("cancel", Status.UP, skipped=True),),
            orders=(Order("pay", "order_id=7", "leaked"),),
            not_run="stopped",
        )
    )
    with store.read() as connection:
        (run,) = runs_of(connection, CHECKOUT)
    assert (run.reason, run.step, run.message) == (Reason.STATUS, "pay", "expected 200, got 502")
    assert run.steps["steps"] == [
        {"step": "home", "status": "up", "seconds": 0.25, "http_status": 200},
        {
            "step": "pay",
            "status": "down",
            "seconds": 1.5,
            "http_status": 502,
            "reason": "status",
            "message": "expected 200, got 502",
        },
    ]
    assert run.steps["cleanup"] == [{"step": "cancel", "status": "up", "seconds": 0.0, "skipped": True}]
    assert run.steps["orders"] == [["pay", "order_id=7", "leaked"]]
    assert run.steps["not_run"] == "stopped"


def test_a_message_with_half_a_character_is_kept(store, keep, make_result):
    keep(make_result(Status.DOWN, message="got \ud800", steps=(Step("a", Status.DOWN, message="\ud800"),)))
    with store.read() as connection:
        (run,) = last_runs(connection)
    assert run.message == "got ?"


def test_a_message_is_bounded(store, keep, make_result):
    keep(make_result(Status.DOWN, message="x" * 9000, steps=(Step("a", Status.DOWN, message="y" * 9000),)))
    with store.read() as connection:
        (run,) = last_runs(connection)
    assert len(run.message) == len(run.steps["steps"][0]["message"]) == 2000


def test_the_last_run_of_each_check_and_its_last_good_one_are_known(store, keep, make_result):
    keep(
        make_result(Status.UP, 1000),
        make_result(Status.DEGRADED, 1060),
        make_result(Status.DOWN, 1120),
        make_result(Status.UP, 1090, name="home"),
    )
    with store.read() as connection:
        assert [(run.check.name, run.started) for run in last_runs(connection)] == [
            ("checkout", 1120),
            ("home", 1090),
        ]
        assert last_good(connection, CHECKOUT) == 1060
        assert last_good(connection, CheckId("acme-es", "nobody")) is None
        assert [run.started for run in runs_of(connection, CHECKOUT, limit=2)] == [1120, 1060]


def statuses(text):
    return {"u": Status.UP, "g": Status.DEGRADED, "d": Status.DOWN, "b": Status.BLOCKED, "?": Status.UNKNOWN}[
        text
    ]


@pytest.fixture
def three_hours(store, keep, make_result):
    """A run every ten minutes from noon on."""
    runs = "uuuddu" + "gg?bdd" + "uuuuud"
    keep(
        *(
            make_result(statuses(each), NOON + 600 * place, duration=0.1 * (place + 1))
            for place, each in enumerate(runs)
        )
    )


WINDOWS = {
    "all": (NOON, NOON + 3 * HOUR, Uptime(11, 5, 2)),
    "the first hour": (NOON, NOON + HOUR, Uptime(4, 2, 0)),
    "across hours": (NOON + 1800, NOON + 2 * HOUR + 1800, Uptime(6, 4, 2)),
    "within an hour": (NOON + 600, NOON + 1800, Uptime(2, 0, 0)),
    "before there was anything": (NOON - 9 * HOUR, NOON, Uptime(0, 0, 0)),
}


@pytest.mark.parametrize("rolled", [False, True], ids=["raw", "rolled-up"])
@pytest.mark.parametrize("window", WINDOWS)
def test_uptime_is_the_same_from_raw_results_and_from_sums(store, three_hours, window, rolled):
    since, until, expected = WINDOWS[window]
    if rolled:
        roll_up(store, NOON + 2 * HOUR + 700)
    with store.read() as connection:
        assert uptime(connection, CHECKOUT, since, until) == expected


def test_our_own_faults_are_not_counted_against_the_shop():
    assert Uptime(good=3, down=1, untold=96).share == 0.75
    assert Uptime(good=0, down=0, untold=9).share is None


def test_a_check_that_nobody_knows_has_no_uptime(store):
    with store.read() as connection:
        assert uptime(connection, CheckId("no", "where"), 0, NOON) == Uptime(0, 0, 0)


def hours(store):
    with store.read() as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM hours ORDER BY hour, watched")]


def test_an_hour_is_summed_up_by_status_and_duration(store, three_hours):
    roll_up(store, NOON + HOUR + 700)
    (hour,) = hours(store)
    assert hour["hour"] == NOON
    assert [hour[status] for status in ("up", "degraded", "down", "blocked", "unknown")] == [4, 0, 2, 0, 0]
    assert [hour[key] for key in ("p50", "p95", "slowest")] == pytest.approx([0.3, 0.6, 0.6])


def test_an_hour_is_summed_up_only_after_its_last_runs_have_ended(store, three_hours):
    roll_up(store, NOON + HOUR + 500)
    assert hours(store) == []


def test_summing_up_again_changes_nothing(store, three_hours):
    roll_up(store, NOON + 4 * HOUR)
    once = hours(store)
    assert len(once) == 3
    roll_up(store, NOON + 4 * HOUR)
    assert hours(store) == once


def test_a_result_that_came_late_is_in_the_next_sum(store, keep, three_hours, make_result):
    roll_up(store, NOON + 3 * HOUR + 700)
    keep(make_result(Status.UP, NOON + 2 * HOUR + 60))
    roll_up(store, NOON + 3 * HOUR + 700)
    assert hours(store)[-1]["up"] == 6


def test_old_results_go_and_their_sums_stay_for_longer(store, three_hours):
    retention = Retention(raw_days=1, hours_days=2)
    tidy(store, retention, NOON + 24 * HOUR + 2 * HOUR)
    with store.read() as connection:
        assert len(list(runs_of(connection, CHECKOUT, limit=99))) == 6
        assert uptime(connection, CHECKOUT, NOON, NOON + 3 * HOUR) == Uptime(11, 5, 2)
    assert len(hours(store)) == 3
    tidy(store, retention, NOON + 48 * HOUR + HOUR)
    assert len(hours(store)) == 2


def test_many_old_results_go_in_small_bites(store, keep, make_result, monkeypatch):
    monkeypatch.setattr("techrun.store.rollups.CHUNK", 7)
    keep(*(make_result(Status.UP, NOON + number) for number in range(50)))
    tidy(store, Retention(raw_days=1), NOON + 25 * HOUR)
    with store.read() as connection:
        assert list(last_runs(connection)) == []
