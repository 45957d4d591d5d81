"""The process that leads: Locust's master, or one that is alone. It obeys whoever commands it, and else itself."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, Runner

from techrun.load import bundle as bundles
from techrun.load.bundle import Bundle
from techrun.load.generator import ending, errand, reading
from techrun.load.generator.crew import KEY, Alone, Crew, Workers
from techrun.load.generator.leading import Lead, brief
from techrun.load.job import Job
from techrun.load.records import Report
from techrun.load.tally import Tally
from techrun.load.visitor.equipment import Ways, prepared
from techrun.wire import to_json

LEAD = 2.0
"""Seconds between "begin" and the first planned arrival where there are workers."""
LEAD_ALONE = 0.3
LOOK = 0.2
"""Seconds between two looks at something that no event tells of."""


class Leading:
    """The process that leads, over all its runs: with Locust's web page there may be several."""

    def __init__(self, environment: Environment, runner: Runner, given: errand.Errand | None) -> None:
        self.errand = given
        self.lead: Lead | None = None
        self._runner = runner
        self._bundle: Bundle = bundles.current()
        self._job = given.job if given else Job("", "", {})
        options = environment.parsed_options
        classes = environment.user_classes
        if given:
            self._case = reading.of_job(classes, self._bundle, given.job)
        else:
            users = getattr(options, "num_users", None)
            self._case = reading.of_locust(classes, self._bundle, environment.host, users)
        environment.host = self._case.hosts["new"]
        self._workers = Workers(runner) if isinstance(runner, MasterRunner) else None
        self._ways: Ways = {}
        if self._workers is None:
            self._ways = prepared(self._bundle, self._case.journeys, self._case.hosts)
        self._told_to_begin = Event()
        self._tally = Tally()
        self._judged = True
        if given:
            gevent.spawn(given.listen, self._told).link(lambda _: self._left_alone())

    def tick(self) -> tuple[int, float] | None:
        """Begin the run at the first call; (0, 1): it goes on, None: it is over."""
        if self.lead is None and not self._begin():
            return None
        if self.lead is not None and self.lead.finished.is_set():
            self.conclude()
            return None
        return 0, 1.0

    def _begin(self) -> bool:
        """Wait for workers and for the word, then let the run begin; False: it cannot."""
        if not self._workers_came():
            return False
        if self.errand is not None:
            self.errand.tell("ready", ready=to_json(self._case.ready))
            self._told_to_begin.wait()
        self._tally, self._judged = Tally(), False
        self.lead = Lead(self._case, self._crew(), self._sink)
        pause = LEAD if self._workers else LEAD_ALONE
        briefing = brief(self._case, control=self._job.control, seed=self._job.seed, lead=pause)
        self.lead.begin(briefing, self._job.most_visitors)
        gevent.spawn(self._when_over, self.lead)
        return True

    def _when_over(self, lead: Lead) -> None:
        """Say so at once: Locust asks its shape only once a second."""
        lead.finished.wait()
        self.conclude()
        if self.errand is not None:
            self._runner.quit()

    def _crew(self) -> Crew:
        if self._workers is not None:
            return self._workers
        if not isinstance(self._runner, LocalRunner):
            raise TypeError(f"{type(self._runner).__name__} leads no run")
        return Alone(self._runner, self._bundle, self._ways)

    def _workers_came(self) -> bool:
        """Wait for all that the job wants; a plain `locust` has waited for its own."""
        if self._workers is None or self.errand is None:
            return True
        wanted = max(self._job.workers, 1) + self._job.expect_workers
        seconds = self._job.wait_for_workers
        until = time.monotonic() + seconds
        while (there := self._workers.ready()) < wanted and time.monotonic() < until:
            gevent.sleep(LOOK)
        if there >= wanted:
            return True
        self.errand.tell("failed", text=f"{there} of {wanted} workers came within {seconds:g} s", code=4)
        return False

    def _sink(self, report: Report) -> None:
        """Who commands keeps what was measured; a plain `locust` keeps it here."""
        if self.errand is not None:
            self.errand.tell("report", report=to_json(report))
        else:
            self._tally.add(report)

    def _told(self, message: dict[str, Any]) -> None:
        """A command came."""
        if message["kind"] == "begin":
            self._told_to_begin.set()
        elif message["kind"] == "stop":
            self.stop(message["reason"], message["drain"])
        elif message["kind"] == "extend" and self.errand is not None:
            extended = self.lead is not None and self.lead.extend(message["seconds"])
            self.errand.tell("extended", extended=extended)

    def _left_alone(self) -> None:
        """The commanding process is gone: nobody wants the load any more."""
        self.stop("the commanding process is gone", 0.0)
        if self.lead is not None:
            self.lead.wait()
        self._runner.quit()

    def stop(self, reason: str, drain: float | None = None) -> None:
        """End the run before its schedule does."""
        if self.lead is not None:
            self.lead.stop(reason, drain)

    def end(self, reason: str) -> None:
        """End the run, and wait until it has."""
        if self.lead is not None:
            self.lead.stop(reason)
            self.lead.wait()
            self.conclude()

    def terminated(self) -> None:
        """SIGTERM came while Locust waits for its shape: it listens for that only afterwards."""
        if self.lead is not None:
            self.lead.stop("the generating process was terminated")
        else:
            os.kill(os.getpid(), signal.SIGINT)

    def conclude(self) -> None:
        """Say what the run was, once."""
        if self._judged or self.lead is None:
            return
        self._judged = True
        if self.errand is not None:
            self.errand.tell("over", stopped=self.lead.stopped)
            self._runner.environment.process_exit_code = 0
        else:
            code = ending.judged(self._tally, self._case, self._bundle, self.lead, headless=self._headless)
            self._runner.environment.process_exit_code = code

    def again(self) -> None:
        """Locust starts its shape: what is over makes room for a new run."""
        if self.lead is not None and self.lead.finished.is_set():
            self.lead = None

    def leave(self) -> None:
        """The process ends."""
        self.end("the generating process was ended")
        environment = self._runner.environment
        if self.errand is None and self._headless and environment.process_exit_code is None:
            ending.nothing_ran()
            environment.process_exit_code = 4

    @property
    def _headless(self) -> bool:
        """Whether there is no web page, from which further runs may be started."""
        options = self._runner.environment.parsed_options
        return bool(options and options.headless)

    def worker_told(self, client_id: str, data: dict[str, Any]) -> None:
        """A report of Locust's from a worker; ours is in it."""
        if self._workers is not None and KEY in data:
            self._workers.told(client_id, data[KEY])

    def worker_done(self, msg: Any) -> None:
        """A worker told the last of it."""
        if self._workers is not None:
            self._workers.told(msg.node_id, msg.data)
