"""What makes a Locust process a generator of ours: installed with `visitor.user`, which every scenario imports.

The process that leads (Locust's master, or one that is alone) reads the scenario and has a shape, whose tick
begins the run and waits for its end. Workers are told by messages. Locust itself starts no users: the pacer does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import gevent
import locust
from locust import LoadTestShape
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner

from techrun.errors import TechrunError
from techrun.load.generator import errand
from techrun.load.generator.crew import BEGIN, EXTEND, PART, STOP
from techrun.load.generator.follower import Following
from techrun.load.generator.leader import LOOK, Leading
from techrun.load.generator.worker import keep_visitors

IMPORTED_IN = os.getpid()
"""A worker that `--processes` forked has another id than the process that read the scenario."""


class Arrivals(LoadTestShape):
    """What Locust asks once a second: the run goes on, or is over."""

    def __init__(self, leading: Leading) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Locust's is not typed
        self._leading = leading

    def reset_time(self) -> None:
        """Locust starts anew."""
        super().reset_time()  # type: ignore[no-untyped-call]  # Locust's is not typed
        self._leading.again()

    def tick(self) -> tuple[int, float] | None:
        """Locust's own users: none. See `pacing`."""
        return self._leading.tick()


def on_init(environment: Environment, runner: Runner, **_: Any) -> None:
    """Set up this process for its part; what is wrong with the scenario ends it, in words."""
    given = errand.current()
    try:
        if isinstance(runner, WorkerRunner):
            _follow(environment, runner, given)
        else:
            _lead(environment, runner, given)
    except TechrunError as error:
        if given is not None and not isinstance(runner, WorkerRunner):
            given.tell("failed", text=str(error), code=int(error.exit_code))
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


def _lead(environment: Environment, runner: Runner, given: errand.Errand | None) -> None:
    leading = Leading(environment, runner, given)
    environment.shape_class = Arrivals(leading)
    environment.shape_class.runner = runner
    keep_visitors(runner)
    events = environment.events
    _listen(events.test_stopping, lambda **_: leading.end("it was stopped"))
    _listen(events.quitting, lambda **_: leading.leave())
    gevent.signal_handler(signal.SIGTERM, leading.terminated)
    if isinstance(runner, MasterRunner):
        _listen(events.worker_report, lambda client_id, data, **_: leading.worker_told(client_id, data))
        runner.register_message(PART, lambda msg, **_: leading.worker_done(msg))


def _follow(environment: Environment, runner: WorkerRunner, given: errand.Errand | None) -> None:
    forked = os.getpid() != IMPORTED_IN
    if forked and given is not None:
        given.let_go()
    following = Following(runner)
    keep_visitors(runner)
    runner.register_message(BEGIN, lambda msg, **_: following.begin(msg.data))
    runner.register_message(EXTEND, lambda msg, **_: following.extend(msg.data))
    runner.register_message(STOP, lambda msg, **_: following.stop(msg.data["drain"]))
    events = environment.events
    _listen(events.report_to_master, lambda data, **_: following.report(data))
    _listen(events.test_stopping, lambda **_: following.leave())
    _listen(events.quitting, lambda **_: following.leave())
    if forked:
        gevent.spawn(_end_with, IMPORTED_IN)


def _end_with(parent: int) -> None:
    """A forked worker whose master was killed ends too: Locust would let it load the shop for another minute."""
    while os.getppid() == parent:
        gevent.sleep(LOOK)
    os._exit(1)


def _listen(hook: Any, listener: Callable[..., None]) -> None:
    """Locust's hooks are not typed."""
    hook.add_listener(listener)


def install() -> None:
    """Have Locust call us; a worker tells its master each second instead of every third."""
    locust.runners.WORKER_REPORT_INTERVAL = 1.0
    _listen(locust.events.init, on_init)


install()
