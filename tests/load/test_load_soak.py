"""A long load test: nobody's memory grows with time, and the report counts every visit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import psutil
import pytest

from techrun.demo.server import DemoShop
from techrun.load import schedule as schedules
from techrun.load.records import CONTROL, Run
from techrun.wire import from_json

ROOT = Path(__file__).parent.parent.parent
MIB = 1024 * 1024
WARM = 48 * MIB
"""What a process may grow while the first visitors come."""
FLAT = 8 * MIB
"""What it may grow between the second and the last quarter of half an hour."""
PARENT_PER_CELL = 1024
"""Bytes that the commanding process may keep for each window of each step: it holds the run until its end."""


def soak(tmp_path: Path, seconds: int) -> tuple[Run, list[int], str]:
    """The run of the shipped soak against the demo shop; the parent's resident bytes by the second; the page."""
    kept, page = tmp_path / "run.json", tmp_path / "report.html"
    command = [sys.executable, "-m", "techrun", "load", "run", "soak", "-c", str(ROOT / "checks/demo"), "-q"]
    command += [
        "--rate",
        "3/s",
        "--ramp",
        "2s",
        "--warm-up",
        "3s",
        "--measure",
        f"{seconds}s",
        "--drain",
        "45s",
    ]
    command += [
        "--store",
        str(tmp_path / "runs"),
        "--json",
        str(kept),
        "--report",
        str(page),
        "--report-only",
    ]
    with DemoShop() as shop, (tmp_path / "log").open("wb") as log:
        environ = {**os.environ, "TECHRUN_DEMO_URL": shop.url}
        running = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        memory, parent = [], psutil.Process(running.pid)
        while running.poll() is None:
            memory.append(parent.memory_info().rss)
            time.sleep(1)
    assert running.returncode == 0, (tmp_path / "log").read_text()
    return from_json(Run, json.loads(kept.read_text())), memory, page.read_text()


def quarter(values: list[int], which: int) -> float:
    """The middle of the values of a quarter of a run, from 0."""
    size = len(values) // 4
    return median(values[which * size : (which + 1) * size])


def check(run: Run, memory: list[int], page: str, seconds: int, growth: int) -> str:
    """What must hold of a run of any length; the figures."""
    wanted = schedules.total(run.schedule)
    visits = [cell for cell in run.cells if not cell.step and cell.journey != CONTROL]
    assert run.stopped == ""
    assert [example.message for example in run.examples] == []
    assert sum(cell.count for cell in visits) == sum(traffic.started for traffic in run.traffic) == wanted
    assert seconds * 3 <= wanted <= (seconds + 5) * 3
    assert f"{run.id}" in page
    assert {cell.window for cell in visits} >= set(range(5, seconds + 5))
    generator = [each.memory for each in sorted(run.health, key=lambda each: each.window)]
    begin, end = quarter(generator, 1), quarter(generator, 3)
    assert end - begin < growth
    before, after = quarter(memory, 1), quarter(memory, 3)
    assert after - before < growth + PARENT_PER_CELL * len(run.cells)
    sizes = [f"{value / MIB:.1f}" for value in (begin, end, before, after)]
    value = run.verdict.value if run.verdict else ""
    return (
        f"{wanted} visits in {seconds} s, {sum(cell.count for cell in run.cells if cell.step)} steps, {value}; "
        f"resident MiB in the second and the last quarter: generator {sizes[0]} and {sizes[1]}, "
        f"command {sizes[2]} and {sizes[3]} ({len(run.cells)} cells), page {len(page) / MIB:.1f} MiB"
    )


@pytest.mark.timeout(180)
def test_a_run_counts_every_visit_and_keeps_no_memory(tmp_path, record_property) -> None:
    record_property("figures", check(*soak(tmp_path, 10), 10, WARM))


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_half_an_hour_counts_every_visit_and_keeps_no_memory(tmp_path, record_property) -> None:
    record_property("figures", check(*soak(tmp_path, 1800), 1800, FLAT))
