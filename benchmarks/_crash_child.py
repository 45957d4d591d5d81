"""What `benchmarks.crashes` kills: the sink of incidents with real channels, fed until it dies.

It is imported before the children are forked, so that each of them is there at once.
"""

from __future__ import annotations

import contextlib
import faulthandler
import itertools
import logging
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass

from benchmarks._crash_verdict import CHANNELS
from techrun.alerts.delivery import Backoff
from techrun.alerts.notify import Channel, check_url
from techrun.alerts.policy import Policy
from techrun.model import Check, CheckId, Outcome, Reason, Result, Shop, Status
from techrun.sinks import incidents
from techrun.sinks.incidents import IncidentSink
from techrun.store.database import Store
from techrun.store.outbox import Outbox

logging.disable(logging.WARNING)  # the receiver refuses some messages, which is said each time
check_url("json://127.0.0.1:1/")  # Apprise reads all its plugins at the first one

STEPS = {"write": ("writing", "written"), "claim": ("claiming", "claimed"), "settle": ("settling", "settled")}
POINTS = (*STEPS["write"], *STEPS["claim"], "sent", *STEPS["settle"])
"""Between each pair of steps: `-ing` is inside the transaction, before its commit."""
CHECK = Check(CheckId("acme-es", "checkout"), "journey", 60, 30, severity="page", notify=CHANNELS)
SHOP = Shop("acme-es", "https://www.acme.es")
OUTCOMES = {
    "d": Outcome(Status.DOWN, Reason.STATUS, "expected 200, got 502", step="payment"),
    "u": Outcome(Status.UP),
}
POLICY = Policy(group_wait={})
STILL = 2.5
"""Seconds without any work after which none is owed: the sink looks once a second."""


@dataclass(frozen=True)
class Life:
    """What a child does: it dies at the `nth` time at a point, is killed, or ends by itself."""

    path: str
    url: str
    point: str = ""
    nth: int = 0
    ends: bool = False


class Steps:
    """Kills this process at the step that was chosen."""

    def __init__(self):
        self.life = Life("", "")
        self._seen = Counter()
        self._lock = threading.Lock()
        self._doing = threading.local()

    @property
    def doing(self):
        """What this thread writes to the store for: `write`, `claim`, `settle` or nothing of it."""
        known_by_name = {"techrun-incidents": "write"}.get(threading.current_thread().name, "")
        return getattr(self._doing, "name", known_by_name)

    @contextlib.contextmanager
    def during(self, name):
        self._doing.name = name
        try:
            yield
        finally:
            del self._doing.name

    def at(self, point):
        with self._lock:
            self._seen[point] += 1
            if point == self.life.point and self._seen[point] == self.life.nth:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)  # the signal is on its way


steps = Steps()


class SteppingStore(Store):
    def write(self, work, *, urgent=False):
        if not steps.doing:
            return super().write(work, urgent=urgent)
        inside, done = STEPS[steps.doing]

        def passing(connection):
            answer = work(connection)
            steps.at(inside)
            return answer

        future = super().write(passing, urgent=urgent)
        future.add_done_callback(lambda _: steps.at(done))
        return future


class SteppingOutbox(Outbox):
    def claim(self, channel):
        with steps.during("claim"):
            return super().claim(channel)

    def settle(self, message, receipt, retry_at):
        with steps.during("settle"):
            super().settle(message, receipt, retry_at)


class SteppingChannel(Channel):
    def send(self, message):
        receipt = super().send(message)
        steps.at("sent")
        return receipt


incidents.Outbox = SteppingOutbox


def start(life):
    """The sink of a life, with its steps in it."""
    steps.life = life
    store = SteppingStore(life.path)
    channels = [SteppingChannel(name, f"{life.url}/{name}", deadline=60) for name in CHANNELS]
    sink = IncidentSink(store, channels, policy=POLICY, backoff=Backoff(first=0.02, longest=0.1))
    sink.configure([CHECK], [SHOP])
    return store, sink


def waiting(sink):
    return sum(count for count, _ in sink.snapshot().waiting.values())


def feed(sink, letters):
    for letter in letters:
        time.sleep(0.002)
        sink.accept(Result(CHECK, OUTCOMES[letter], "r", time.time(), 0.001, 0.0))


def settle_down(sink):
    """Wait until nothing is open and nothing is owed, for some time."""
    still_since = time.monotonic()
    while time.monotonic() - still_since < STILL:
        if sink.snapshot().open or waiting(sink):
            still_since = time.monotonic()
        time.sleep(0.05)


def live(life, pipe):
    """A whole life; each turn of the feeding is told to the pipe."""
    faulthandler.register(signal.SIGUSR1)
    store, sink = start(life)
    if life.ends:
        for letters in ("uu", "dddd", "uu"):
            feed(sink, letters)
            if letters == "uu":
                settle_down(sink)
        sink.close()
        store.close()
        return
    for turn in itertools.count():
        pipe.send(turn)
        feed(sink, "dddduu")
        while waiting(sink) > 2:
            time.sleep(0.002)
