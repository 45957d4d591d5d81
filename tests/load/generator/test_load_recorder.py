"""What one process records, and what it tells of itself."""

import sys
import time
from collections import Counter

import pytest

from techrun.load.generator import health
from techrun.load.generator.recorder import MOST_EXAMPLES, MOST_NAMES, OTHERS, Recorder
from techrun.load.histogram import bucket_of, middle
from techrun.load.records import Slot


def test_a_step_counts_in_the_window_of_its_intended_start():
    recorder = Recorder(width=1.0)
    recorder.step("new", "look", "home", 0.999, 0.1)
    recorder.step("new", "look", "home", 1.0, 0.1, "timeout")
    recorder.visit(Slot(1, 2.5, "old"), "look", 0.2)
    assert recorder.take()["cells"] == [
        ["new", "look", "home", 0, {bucket_of(0.1): 1}, {}],
        ["new", "look", "home", 1, {}, {"timeout": 1}],
        ["old", "look", "", 2, {bucket_of(0.2): 1}, {}],
    ]
    assert recorder.take() == {"cells": [], "counts": {}, "examples": []}


def test_durations_are_kept_within_two_per_cent():
    for milliseconds in range(1, 2000, 7):
        assert middle(bucket_of(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, rel=0.02)


def test_names_are_bounded_whatever_a_journey_calls_its_steps():
    recorder = Recorder()
    for number in range(10_000):
        recorder.step("new", "look", f"step {number}", 0.0, 0.1)
    counted = Counter(cell[2] for cell in recorder.take()["cells"])
    assert len(counted) == MOST_NAMES + 1
    assert counted[OTHERS] == 1


def test_a_few_failures_of_each_reason_are_told_in_words():
    recorder = Recorder()
    for number in range(100):
        recorder.example("new", "look", "home", "status", "x" * 10_000, float(number))
        recorder.example("new", "look", "home", "timeout", "slow", float(number))
    examples = recorder.take()["examples"]
    assert Counter(example[3] for example in examples) == {"status": MOST_EXAMPLES, "timeout": MOST_EXAMPLES}
    assert max(len(example[4]) for example in examples) <= 500


@pytest.mark.parametrize(
    ("cpu_max", "cores"),
    [("max 100000\n", None), ("150000 100000\n", 1.5), ("", None)],
    ids=["no limit", "one and a half", "no such file"],
)
def test_the_quota_of_a_control_group_is_read(cpu_max, cores):
    assert health.limit_v2(cpu_max) == cores


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("-1\n", None), ("50000\n", 0.5), (None, None)],
    ids=["no limit", "half", "no such file"],
)
def test_the_quota_of_an_old_control_group_is_read(tmp_path, quota, cores):
    if quota is not None:
        (tmp_path / "cpu.cfs_quota_us").write_text(quota)
        (tmp_path / "cpu.cfs_period_us").write_text("100000\n")
    assert health.limit_v1(tmp_path) == cores


def test_a_system_without_such_counters_tells_none():
    assert health.queued("") is None
    assert health.stolen("") == (None, None)
    assert health.stolen("cpu  1 2 3 4 5 6 7 8 9 10\n") == (8.0, 36.0)


def test_a_busy_second_shows_as_cpu_and_an_overslept_loop_as_lag():
    watch = health.Watch()
    until = time.monotonic() + 0.2
    while time.monotonic() < until:
        pass
    watch.overslept(0.15)
    number, cpu, quota, waited, steal, lag, jump, memory = watch.window(7)
    assert (number, lag) == (7, 0.15)
    assert 0.05 < cpu <= 1.1
    assert abs(jump) < 0.1
    assert memory > 5_000_000
    if sys.platform == "linux":
        assert quota is not None
        assert waited is not None
        assert steal is not None
    assert watch.window(8)[5] == 0.0


def test_what_is_cut_off_before_its_time_is_only_counted():
    recorder = Recorder()
    recorder.mute()
    recorder.step("new", "look", "home", 0.0, 0.1, "timeout")
    recorder.visit(Slot(1, 0.0), "look", 0.1, "timeout")
    recorder.example("new", "look", "home", "timeout", "cut", 0.0)
    recorder.count("visits_cut")
    assert recorder.take() == {"cells": [], "counts": {"visits_cut": 1}, "examples": []}
