"""From results to the right few messages: states advance, incidents open and close, channels are told.

A result is only taken note of on the probe loop. One thread advances the states and writes them
together with the incidents and the messages they cause; each channel's own thread delivers.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWriting
from dataclasses import dataclass
from typing import get_args

from techrun.alerts.delivery import Backoff, ChannelWorker, Delivered, Sender
from techrun.errors import StoreError
from techrun.model import Check, CheckId, Result, Severity, Shop
from techrun.sinks._keeper import Keeper, Pending
from techrun.standing import CheckState
from techrun.store.database import Store
from techrun.store.outbox import Outbox, backlog, release_claims

log = logging.getLogger(__name__)

WRITE_AGAIN = 2.0
"""Seconds until states that could not be written are tried again."""
JOIN = 5.0
"""Seconds that all channels together get to end what they are sending when techrun stops."""


@dataclass(frozen=True, slots=True)
class _Configuration:
    checks: Sequence[Check]
    shops: Sequence[Shop]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where alerting stands now, for metrics and `status`."""

    notifications: dict[tuple[str, Delivered], int]
    """Attempts since the start by channel and what became of them."""
    waiting: dict[str, tuple[int, float]]
    """By channel how many messages are not yet delivered, and for how many seconds the oldest is not."""
    incidents: dict[tuple[str, Severity], int]
    """Open ones by shop and severity."""
    states: dict[CheckId, CheckState]
    problem: str
    """Why the store cannot be written; empty while all is well."""


class IncidentSink:
    """Confirms outages and recoveries, and tells the channels of their checks."""

    def __init__(
        self,
        store: Store,
        channels: Sequence[Sender] = (),
        *,
        clock: Callable[[], float] = time.time,
        backoff: Backoff | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        store.write(release_claims, urgent=True).result()
        self._outbox = Outbox(store, clock)
        self._backoff = backoff
        self._workers: dict[str, ChannelWorker] = {}
        with store.read() as connection:
            self._keeper = Keeper(connection, clock)
        self.replace_channels(channels)
        self._pending = Pending()
        self._queue: queue.SimpleQueue[Result | _Configuration | None] = queue.SimpleQueue()
        self._ending = False
        self._said = ""
        self._thread = threading.Thread(target=self._run, name="techrun-incidents", daemon=True)
        self._thread.start()

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:
        """Incidents of checks that are gone are closed, and their channels told so."""
        self._queue.put(_Configuration(tuple(checks), tuple(shops)))

    def replace_channels(self, channels: Sequence[Sender]) -> None:
        """Deliver through these from now on; what is being sent by the former ones ends undisturbed."""
        former, self._workers = self._workers, {channel.name: self._start(channel) for channel in channels}
        for name, worker in former.items():
            worker.stop()
            if name in self._workers:
                self._workers[name].counts = worker.counts
        self._keeper.channels = frozenset(self._workers)

    def _start(self, channel: Sender) -> ChannelWorker:
        return ChannelWorker(self._outbox, channel, self._clock, self._backoff)

    def accept(self, result: Result) -> None:
        """Take note of one result."""
        self._queue.put(result)

    def close(self) -> None:
        """Write all that was taken; messages that are not yet delivered stay in the outbox."""
        if not self._thread.is_alive():
            return
        self._queue.put(None)
        self._thread.join()
        for worker in self._workers.values():
            worker.stop()
        end = time.monotonic() + JOIN
        for worker in self._workers.values():
            worker.join(max(0.0, end - time.monotonic()))

    def snapshot(self) -> Snapshot:
        """Where alerting stands now. What could be counted and is not there is told as 0."""
        now = self._clock()
        with self._store.read() as connection:
            waiting = {
                line.channel: (line.messages, max(0.0, now - line.oldest)) for line in backlog(connection)
            }
        return Snapshot(
            notifications={
                (name, result): worker.counts[result]
                for name, worker in self._workers.items()
                for result in get_args(Delivered)
            },
            waiting=dict.fromkeys(self._workers, (0, 0.0)) | waiting,
            incidents=self._keeper.count_open(),
            states=self._keeper.states_now(),
            problem=self._store.problem,
        )

    def _run(self) -> None:
        while not (self._ending and not self._pending):
            self._absorb(wait=None if not self._pending else WRITE_AGAIN)
            written = self._write()
            if self._ending and not written:
                log.error("the last states could not be written: %s", self._store.problem)
                return

    def _absorb(self, wait: float | None) -> None:
        """Advance the states by all results that are there; waits for the first of them."""
        try:
            self._take(self._queue.get(timeout=wait))
            while True:
                self._take(self._queue.get_nowait())
        except queue.Empty:
            return

    def _take(self, item: Result | _Configuration | None) -> None:
        try:
            if item is None:
                self._ending = True
            elif isinstance(item, Result):
                self._keeper.take(item, self._pending)
            else:
                self._keeper.configure(item.checks, item.shops, self._pending)
        except Exception:
            # A fault of ours with one check must not end alerting for all the others.
            log.exception("a result could not be judged")

    def _write(self) -> bool:
        """Write what is pending; what cannot be written stays pending, the newer over the older."""
        if not self._pending:
            return True
        flying, self._pending = self._pending, Pending()
        try:
            self._wait_for(self._store.write(flying.write, urgent=flying.urgent))
        except StoreError as error:
            self._say_once(str(error))
            self._pending = flying.followed_by(self._pending)
            return False
        except Exception:
            # A fault of ours in a state: it is written again with the check's next run, and messages go out.
            log.exception("states could not be written")
            self._pending = flying.without_states().followed_by(self._pending)
            return False
        self._said = ""
        if flying.urgent:
            for worker in self._workers.values():
                worker.wake()
        return True

    def _say_once(self, problem: str) -> None:
        if problem != self._said:
            log.error("states and messages are kept in memory until the store can be written: %s", problem)
        self._said = problem

    def _wait_for(self, writing: Future[None]) -> None:
        """Wait for the disk; meanwhile results go on being judged, so that they do not pile up."""
        while True:
            try:
                return writing.result(timeout=1.0)
            except StillWriting:
                self._absorb(wait=0.001)
