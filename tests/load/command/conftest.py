"""Runs and reports made by hand, and a generator that tells what a test wrote down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from techrun.load.histogram import bucket_of
from techrun.load.job import Ready
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


class Scripted:
    """A generator that tells these reports one by one, each when it is asked to; it notes what it was told."""

    def __init__(self, reports=(), *, error: Exception | None = None, hold: bool = False) -> None:
        self._reports = list(reports)
        self._error = error
        self._hold = hold
        self._stopped = threading.Event()
        self.told: list[tuple] = []
        self.extension: list[Report] = []
        """Told once it was extended."""
        self.log = "the log\nits last line"

    def prepare(self) -> Ready:
        return Ready(SCHEDULE, PERSONAS, allow_orders=False)

    def begin(self) -> None:
        self.told.append(("begin",))

    def reports(self) -> Iterator[Report]:
        at = 0
        while at < len(self._reports):
            yield self._reports[at]
            at += 1
            self._stopped.wait(0.02)
        if self._hold:
            self._stopped.wait(20)
        if self._error is not None:
            raise self._error

    def extend(self, seconds: float) -> None:
        self.told.append(("extend", seconds))
        self._reports += self.extension

    def stop(self, reason: str, drain: float | None = None) -> None:
        self.told.append(("stop", reason, drain))
        self._reports = []
        self._stopped.set()

    def close(self) -> None:
        self.told.append(("close",))


@pytest.fixture(scope="session")
def make_run():
    return _run


@pytest.fixture(scope="session")
def make_cell():
    return _cell


@pytest.fixture(scope="session")
def make_report():
    return _report


@pytest.fixture
def scripted():
    return Scripted
