"""A worker process: it makes load when the master says so, and tells it what came of it."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import gevent
from locust.runners import WorkerRunner

from techrun.errors import TechrunError
from techrun.load import bundle as bundles
from techrun.load.generator.crew import KEY, PART
from techrun.load.generator.worker import Briefing, Worker
from techrun.load.records import Schedule
from techrun.load.visitor.equipment import Ways, prepared
from techrun.wire import from_json


class Following:
    """A worker: it makes load when the master says so."""

    def __init__(self, runner: WorkerRunner) -> None:
        self._runner = runner
        self._bundle = bundles.current()
        self.worker: Worker | None = None

    def begin(self, told: dict[str, Any]) -> None:
        """The run begins; the lead is time enough to prepare for it."""
        briefing = from_json(Briefing, told)
        zero = time.monotonic() + briefing.lead
        self.worker = Worker(self._runner, briefing, self._bundle, self._prepared(briefing), zero)
        self.worker.begin()
        gevent.spawn(self._tell_the_last, self.worker)

    def _prepared(self, briefing: Briefing) -> Ways:
        """A machine that lacks a secret makes no visits: it ends, and its master tells that it is gone."""
        here = {kind.__name__: getattr(kind, "journey", "") for kind in self._runner.user_classes}
        try:
            return prepared(self._bundle, [here[name] for name, _ in briefing.personas], briefing.hosts)
        except TechrunError as error:
            sys.stderr.write(f"this worker can make no visits: {error}\n")
            sys.stderr.flush()
            os._exit(int(error.exit_code))

    def _tell_the_last(self, worker: Worker) -> None:
        worker.over.wait()
        self._runner.send_message(PART, worker.part())

    def report(self, data: dict[str, Any]) -> None:
        """Put our part into Locust's report to the master."""
        if self.worker is not None:
            data[KEY] = self.worker.part()

    def extend(self, told: dict[str, Any]) -> None:
        """The run goes on for longer."""
        if self.worker is not None:
            self.worker.extend(from_json(Schedule, told))

    def stop(self, drain: float | None) -> None:
        """The run ends before its schedule does."""
        if self.worker is not None:
            self.worker.stop(drain)

    def leave(self) -> None:
        """The process ends: visits under way are waited for, and told."""
        if self.worker is not None and not self.worker.over.is_set():
            self.worker.stop()
            self.worker.wait()
            self._runner.send_message(PART, self.worker.part())
