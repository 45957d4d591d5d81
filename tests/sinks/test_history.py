"""The history sink: takes note on the loop, writes off it, tidies by itself."""

from __future__ import annotations

import threading

import pytest

from techrun.model import Check, CheckId, Outcome, Result, Status
from techrun.sinks.history import HistorySink
from techrun.store.database import Store, read_store
from techrun.store.history import last_runs
from techrun.store.rollups import Retention

CHECK = Check(CheckId("acme-es", "home"), "http", 30, 10)


def result(started):
    return Result(CHECK, Outcome(Status.UP), f"r{started}", started, 0.5, 0.0)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 0.01)
    opened = Store(tmp_path / "techrun.db")
    yield opened
    opened.close()


def test_every_result_is_written_by_the_time_the_sink_is_closed(store):
    sink = HistorySink(store)
    for started in range(100):
        sink.accept(result(started))
    sink.close()
    with read_store(store.path) as connection:
        assert connection.execute("SELECT count(*) FROM results").fetchone() == (100,)


def test_a_slow_disk_holds_up_nobody_and_forgets_the_oldest(store):
    hold, held = threading.Event(), threading.Event()
    store.write(lambda _: held.set() or hold.wait(10), urgent=True)
    held.wait(10)
    sink = HistorySink(store, capacity=5)
    for started in range(8):
        sink.accept(result(started))
    hold.set()
    sink.close()
    assert sink.dropped == 3
    with read_store(store.path) as connection:
        assert [started for (started,) in connection.execute("SELECT started FROM results")] == [
            3,
            4,
            5,
            6,
            7,
        ]


def test_what_is_too_old_goes_by_itself(store):
    day = 24 * 3600.0
    first = HistorySink(store)
    first.accept(result(10 * day))
    first.accept(result(30 * day))
    first.close()
    tidied = threading.Event()
    later = HistorySink(store, Retention(raw_days=14), clock=lambda: tidied.set() or 31 * day)
    tidied.wait(10)
    later.close()
    with read_store(store.path) as connection:
        assert [run.started for run in last_runs(connection)] == [30 * day]
        assert connection.execute("SELECT count(*) FROM results").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM hours").fetchone() == (2,)
