"""Results as lines of JSON: what they say, and that the file may be moved away under the sink."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from techrun.model import Check, CheckId, Order, Outcome, Phases, Reason, Result, Status, Step
from techrun.sinks.jsonl import VERSION, JsonlSink, line_of

CHECK = Check(CheckId("acme-es", "checkout"), "journey", 60, 30, client="acme", labels={"team": "blue"})


def result(number=0, **outcome):
    values = {"status": Status.UP} | outcome
    return Result(CHECK, Outcome(**values), f"r{number}", 1000.0 + number, 0.5, 0.001)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(autouse=True)
def writes_at_once(monkeypatch):
    monkeypatch.setattr("techrun.sinks.jsonl.WRITE_EVERY", 0.01)


def test_a_line_tells_the_whole_result():
    told = json.loads(
        line_of(
            result(
                status=Status.DOWN,
                reason=Reason.STATUS,
                step="pay",
                message="expected 200, got 502",
                phases=Phases(connect=0.01, tls=0.02),
                measures={"http_status_code": 502.0, "strange": float("nan")},
                steps=(Step("pay", Status.DOWN, Reason.STATUS, "got 502", 0.4, http_status=502),),
                orders=(Order("pay", "order_id=7", "leaked"),),
                trace_id="9f2c",
            )
        )
    )
    assert told == {
        "v": VERSION,
        "shop": "acme-es",
        "check": "checkout",
        "kind": "journey",
        "client": "acme",
        "env": "production",
        "location": "local",
        "run_id": "r0",
        "trace_id": "9f2c",
        "trigger": "schedule",
        "started": 1000.0,
        "duration": 0.5,
        "lateness": 0.001,
        "missed": 0,
        "status": "down",
        "reason": "status",
        "step": "pay",
        "message": "expected 200, got 502",
        "not_run": "",
        "phases": {"connect": 0.01, "tls": 0.02},
        "measures": {"http_status_code": 502.0},
        "steps": [
            {
                "step": "pay",
                "status": "down",
                "reason": "status",
                "message": "got 502",
                "duration": 0.4,
                "http_status": 502,
                "attempts": 1,
                "skipped": False,
            }
        ],
        "cleanup": [],
        "cleanup_failed": False,
        "orders": [{"step": "pay", "reference": "order_id=7", "state": "leaked"}],
        "labels": {"team": "blue"},
    }


@pytest.mark.parametrize("message", ["two\nlines", "half a character \ud800", "1.299,00 €", "\x00"])
def test_whatever_a_shop_says_is_one_valid_line(message):
    line = line_of(result(message=message))
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == message


def test_results_are_appended_in_their_order(tmp_path):
    path = tmp_path / "log" / "results.jsonl"
    for first in (0, 3):
        sink = JsonlSink(path)
        for number in range(first, first + 3):
            sink.accept(result(number))
        sink.close()
    assert [line["run_id"] for line in lines(path)] == ["r0", "r1", "r2", "r3", "r4", "r5"]


def wait_until(condition):
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not happen")


def test_a_file_that_was_moved_away_is_made_anew(tmp_path):
    path, old = tmp_path / "results.jsonl", tmp_path / "results.jsonl.1"
    sink = JsonlSink(path)
    sink.accept(result(0))
    wait_until(lambda: path.exists() and path.stat().st_size)
    path.rename(old)
    sink.accept(result(1))
    sink.close()
    assert [line["run_id"] for line in lines(old)] == ["r0"]
    assert [line["run_id"] for line in lines(path)] == ["r1"]


def test_a_disk_that_refuses_is_told_once_and_counted(tmp_path, caplog):
    sink = JsonlSink(tmp_path)  # a folder
    sink.accept(result(0))
    wait_until(lambda: sink.dropped == 1)
    sink.accept(result(1))
    sink.close()
    assert sink.dropped == 2
    assert len([line for line in caplog.messages if "results are not written" in line]) == 1


def test_a_reader_that_does_not_read_holds_up_nobody(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    sink = JsonlSink(pipe, capacity=10)
    for number in range(5000):
        sink.accept(result(number, message="x" * 1000))
    assert sink.dropped > 0
    monkeypatch.setattr("techrun.sinks.jsonl.LAST_WRITE", 0.05)
    sink.close()
    os.close(reader)


def test_a_dash_is_the_standard_output():
    script = """
from techrun.model import *
from techrun.sinks.jsonl import JsonlSink
sink = JsonlSink("-")
check = Check(CheckId("acme-es", "home"), "http", 30, 10)
sink.accept(Result(check, Outcome(Status.UP), "r0", 1000.0, 0.5, 0.0))
sink.close()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["check"] == "home"
    assert done.stderr == ""
