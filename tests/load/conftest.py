"""Runs and reports made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.load.histogram import bucket_of
from techrun.load.records import Cell, Persona, Report, Run, Schedule, Stage, Traffic

PERSONAS = (Persona("Looker", "browse", 1.0, steps=("home", "product")),)
SCHEDULE = Schedule((Stage("warm-up", 2, 10, 10), Stage("measure", 8, 10, 10)), drain=2.0)


def _run(**changed) -> Run:
    run = Run("r1", "acme", "browse", "v2", "http://127.0.0.1", 1000.0, 1012.0, SCHEDULE, PERSONAS)
    return replace(run, **changed)


def _cell(
    window: int, seconds: float = 0.05, count: int = 10, *, step="home", failed=0, arm="new", **more
) -> Cell:
    errors = {"status": failed} if failed else {}
    good = {bucket_of(seconds): count - failed} if count > failed else {}
    return Cell(arm, more.get("journey", "browse"), step, window, good, errors)


def _report(window: int, *cells: Cell, **more) -> Report:
    """What is told when a window is over; ten visits came in it."""
    traffic = Traffic(window, 10, 10, 0, 0, 3, closed=True)
    return Report(window + 1.1, cells or (_cell(window),), (traffic,), **more)


@pytest.fixture(scope="session")
def make_run():
    return _run


@pytest.fixture(scope="session")
def make_cell():
    return _cell


@pytest.fixture(scope="session")
def make_report():
    return _report
