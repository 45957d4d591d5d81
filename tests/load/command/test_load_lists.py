"""The list of runs on terminals of any width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from techrun.cli.show.loads import show_runs
from techrun.views import LoadSummary

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
