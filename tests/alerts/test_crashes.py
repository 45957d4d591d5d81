"""`kill -9` at any point loses no alert and doubles one only between its sending and the note of it.

The killing itself is a program of its own, `python -m benchmarks.crashes`: its short form runs here.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PLACES = 9
"""Kinds of places where it kills, each in its turn."""


@pytest.mark.parametrize(
    ("kills", "daemons"),
    [
        pytest.param(2 * PLACES, 2, id="short", marks=pytest.mark.timeout(400)),
        pytest.param(300, 40, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(2400)]),
    ],
)
def test_no_kill_loses_an_alert_or_doubles_one_without_need(kills, daemons, record_property):
    command = [
        sys.executable,
        "-m",
        "benchmarks.crashes",
        f"--kills={kills}",
        f"--daemons={daemons}",
        "--peers=0",
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    record_property("figures", done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"\n{kills} kills of the sink" in done.stdout
    assert f"\n{daemons} kills of `techrun run`" in done.stdout
    assert done.stdout.count("\nlost 0, unexpected 0, out of order 0\n") == 2
