"""What the shell is offered when a person presses Tab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = str(Path(__file__).parents[2] / "checks" / "demo")


def offered(words: str) -> list[str]:
    environment = {
        **os.environ,
        "_TECHRUN_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    command = [str(Path(sys.executable).with_name("techrun"))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("techrun va", "validate", id="a command"),
        pytest.param(f"techrun check -c {DEMO} demo/che", "demo/checkout", id="a check"),
        pytest.param(f"techrun check -c {DEMO} --until pay", "payment", id="a step"),
        pytest.param("techrun demo fault payment-d", "payment-declined", id="a fault"),
        pytest.param("techrun check --fail-on deg", "degraded", id="a choice"),
    ],
)
def test_the_shell_is_offered(words, expected) -> None:
    assert expected in offered(words)


def test_an_unreadable_configuration_offers_nothing_and_says_nothing() -> None:
    assert offered("techrun check -c /nowhere.yaml demo/") == []
