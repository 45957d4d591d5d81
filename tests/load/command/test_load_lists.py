"""The list of runs on terminals of any width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from techrun.cli.show.loads import show_both, show_runs
from techrun.load.histogram import bucket_of
from techrun.load.records import Cell, Run, Schedule, Stage
from techrun.views import LoadSummary

STEPS = Schedule((Stage("measure", 10.0, 1.0, 1.0),), arms=("new", "old"))


def both_arms(name, new, old):
    """A run of two releases, whose answers all took so many seconds."""
    cells = [Cell(arm, "look", "home", 1, {bucket_of(took): 5}) for arm, took in (("new", new), ("old", old))]
    return Run(name, "acme", "look", name, "http://127.0.0.1", 0.0, 10.0, STEPS, cells=tuple(cells))


RUN = LoadSummary(
    id="20261122-033549-8f52",
    shop="acme",
    scenario="look",
    release="v1",
    host="http://127.0.0.1:9780",
    started=1_800_000_000.0,
    ended=1_800_000_012.0,
    verdict="pass",
    summary="All limits hold. No comparison: only 1 of the 3 accepted runs that a comparison needs",
    accepted=True,
    fingerprint={},
)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_name_of_a_run_stays_in_one_piece_to_be_copied(width) -> None:
    console = Console(file=io.StringIO(), width=width)
    show_runs([RUN], console)
    assert RUN.id in console.file.getvalue()


def test_two_runs_are_put_side_by_side_by_their_new_releases() -> None:
    """Not the new release beside the old one of its own run."""
    console = Console(file=io.StringIO(), width=160)
    show_both(both_arms("v1", 0.1, 9.0), both_arms("v2", 0.4, 9.0), console)
    row = next(line for line in console.file.getvalue().splitlines() if line.startswith("home"))
    assert row.split()[1:8] == ["100", "ms", "398", "ms", "4", "times", "100"]
