"""What a run was asked for, kept so that its report can print the command again."""

from __future__ import annotations

import pytest

from techrun.app.load_scenarios import find
from techrun.cli.load import run
from techrun.cli.load_asked import asked_of


def typed(scenario, *arguments):
    """What is kept of a command line, after the parser of `load run`."""
    context = run.make_context("run", [scenario, *arguments], resilient_parsing=False)
    options = dict(context.params)
    return asked_of(find(options.pop("scenario")), options)


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], {}),
        (["--rate", "90/min", "--max-rate", "20/s"], {"rate": "1.5/s", "max-rate": "20/s"}),
        (["--measure", "90s", "--ramp", "0"], {"measure": "1m30s", "ramp": "0ms"}),
        (["--users", "5", "--workers", "2", "--expect-workers", "1"], {"users": "5", "workers": "2", "expect-workers": "1"}),
        (["--no-orders"], {"no-orders": ""}),
        (["--orders", "--i-own-this"], {"orders": "", "i-own-this": ""}),
        (["-c", "checks/demo"], {"config": "checks/demo"}),
        (["--report", "a.html", "--store", "runs", "--listen", ":9999"], {}),
    ],
    ids=["nothing", "rates", "durations", "processes", "no orders", "what is allowed", "configuration", "what is written is no matter"],
)  # fmt: skip
def test_what_decides_about_the_load_is_kept_as_it_would_be_typed(arguments, asked):
    assert typed("smoke", *arguments) == asked


def test_what_is_kept_can_be_typed_again():
    asked = typed("smoke", "--rate", "600/h", "--warm-up", "1500ms", "--no-orders", "--users", "3")
    again = [
        part for name, text in asked.items() for part in ([f"--{name}", text] if text else [f"--{name}"])
    ]
    assert typed("smoke", *again) == asked


def test_a_file_of_ones_own_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("")
    assert typed("mine.py") == {"scenario": "mine.py"}
