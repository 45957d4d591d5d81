"""Brings to the disk what alerting decided, without ever waiting for it. Belongs to the incidents' thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from techrun.errors import StoreError
from techrun.sinks._couriers import Couriers
from techrun.sinks._pending import Pending
from techrun.store.database import Store
from techrun.store.outbox import Outbox

log = logging.getLogger(__name__)

DISK_HANGS = 5.0
"""Seconds that a commit may take before its messages go out unwritten."""
WRITE_AGAIN = 2.0
"""Seconds until what could not be written is tried again."""


@dataclass(frozen=True, slots=True)
class _Flight:
    """What is being written."""

    pending: Pending
    future: Future[None]
    began: float


class Scribe:
    """One transaction at a time; meanwhile what is decided gathers in `pending`."""

    def __init__(self, store: Store, outbox: Outbox, couriers: Couriers, landed: Callable[[], None]) -> None:
        self.pending = Pending()
        self._store, self._outbox, self._couriers, self._landed = store, outbox, couriers, landed
        self._flight: _Flight | None = None
        self._rest_until = 0.0
        self._said = ""

    @property
    def is_done(self) -> bool:
        """Everything is on the disk."""
        return self._flight is None and not self.pending

    def write(self) -> None:
        """Go on with writing; StoreError where the disk refused."""
        if self._flight is not None and not self._flight.future.done():
            if time.monotonic() - self._flight.began >= DISK_HANGS:
                self.say_once("the disk does not answer")
                self._deliver_unwritten(self._flight.pending)
                self._deliver_unwritten(self.pending)
            return
        if self._flight is not None:
            flight, self._flight = self._flight, None
            self._land(flight)
        if self.pending and time.monotonic() >= self._rest_until:
            pending, self.pending = self.pending, Pending()
            future = self._store.write(pending.write, urgent=pending.urgent)
            self._flight = _Flight(pending, future, time.monotonic())
            future.add_done_callback(lambda _: self._landed())

    def say_once(self, problem: str) -> None:
        """Write a problem with the disk into the log, once."""
        if problem != self._said:
            log.error("states and messages are kept in memory until the store can be written: %s", problem)
        self._said = problem

    def _land(self, flight: _Flight) -> None:
        """The disk has answered; what it did not take stays pending, the newer over the older."""
        try:
            flight.future.result()
        except StoreError as error:
            self.say_once(str(error))
            self.pending = flight.pending.followed_by(self.pending)
            self._rest_until = time.monotonic() + WRITE_AGAIN
            self._deliver_unwritten(self.pending)
            raise
        except Exception:
            # A fault of ours in a state: it is written again with the check's next run, and messages go out.
            log.exception("states could not be written")
            self.pending = flight.pending.without_states().followed_by(self.pending)
            return
        self._said = ""
        if flight.pending.messages:
            self._couriers.wake()

    def _deliver_unwritten(self, pending: Pending) -> None:
        """Let messages go out though the disk does not take them: a full disk must not silence an outage."""
        if pending.messages:
            self._outbox.keep(pending.messages)
            self._couriers.wake()
