"""A generator that tells what a test wrote down."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from techrun.load.job import Ready
from techrun.load.records import Report, Schedule


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
        return Ready(Schedule(()), (), allow_orders=False)

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


@pytest.fixture
def scripted():
    return Scripted
