"""From results to the right few messages: states advance, incidents open and close, channels are told.

A result is only taken note of on the probe loop. One thread advances the states and writes them together
with the incidents and the messages they cause; each channel's own thread delivers.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from techrun.alerts.delivery import Backoff, Delivered, Sender
from techrun.alerts.policy import Policy, Voice
from techrun.errors import StoreError
from techrun.model import Check, CheckId, Result, Severity, Shop
from techrun.sinks._around import Around, look_around
from techrun.sinks._couriers import Couriers
from techrun.sinks._fleet import Fleet
from techrun.sinks._keeper import Keeper
from techrun.sinks._scribe import Scribe
from techrun.sinks._teller import Teller
from techrun.standing import CheckState, Incident, OwnNetwork
from techrun.store.database import Store
from techrun.store.outbox import Outbox, release_claims
from techrun.store.state import open_holds, unfinished_incidents

log = logging.getLogger(__name__)

MOMENT = 0.1
"""Seconds for which results are taken before the incidents are looked through."""
LOOK = 1.0
"""Seconds between two looks at the clock, the windows and what persons did."""

Ask = Callable[[Iterable[CheckId]], None]


@dataclass(frozen=True, slots=True)
class _Configuration:
    checks: Sequence[Check]
    shops: Sequence[Shop]


@dataclass(frozen=True, slots=True)
class _Alerting:
    """How incidents are told from now on."""

    policy: Policy
    voice: Voice
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Network:
    state: OwnNetwork
    at: float


class _Landed:
    """The disk has answered."""


_LANDED = _Landed()
_Item = Result | _Configuration | _Alerting | _Network | _Landed | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where alerting stands now, for metrics and `status`."""

    notifications: dict[tuple[str, Delivered], int]
    """Attempts since the start by channel and what became of them."""
    waiting: dict[str, tuple[int, float]]
    """By channel how many messages are not yet delivered, and for how many seconds the oldest is not."""
    incidents: dict[tuple[str, Severity], int]
    """Open ones by shop and severity."""
    open: tuple[Incident, ...]
    states: dict[CheckId, CheckState]
    problem: str
    """Why the store cannot be written; empty while all is well."""


class IncidentSink:
    """Confirms outages and recoveries, and tells whom they concern."""

    def __init__(
        self,
        store: Store,
        channels: Sequence[Sender] = (),
        *,
        policy: Policy | None = None,
        voice: Voice | None = None,
        ask: Ask = lambda checks: None,  # noqa: ARG005  nobody to ask
        clock: Callable[[], float] = time.time,
        backoff: Backoff | None = None,
    ) -> None:
        self._store, self._clock, self._ask = store, clock, ask
        store.write(release_claims, urgent=True).result()
        self._outbox = Outbox(store, clock)
        self._couriers = Couriers(self._outbox, clock, backoff)
        with store.read() as connection:
            self._keeper = Keeper(connection, policy or Policy())
            self._keeper.ended = {one.id: one for one in unfinished_incidents(connection, clock())}
            self._teller = Teller(self._keeper, open_holds(connection), voice or Voice())
        self._fleet = Fleet(self._keeper)
        self._network = _Network("unknown", 0.0)
        self._around = Around(clock())
        self._looked = float("-inf")
        self._next: Result | None = None
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._scribe = Scribe(store, self._outbox, self._couriers, lambda: self._queue.put(_LANDED))
        self._ending = False
        self._couriers.replace(channels)
        self._teller.channels = self._couriers.names
        self._thread = threading.Thread(target=self._run, name="techrun-incidents", daemon=True)
        self._thread.start()

    # --- called from other threads

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:
        """Incidents of checks that are gone are closed, and their channels told so."""
        self._queue.put(_Configuration(tuple(checks), tuple(shops)))

    def replace_alerting(self, channels: Sequence[Sender] | None, policy: Policy, voice: Voice) -> None:
        """Tell by this policy from now on, and through these channels (None: the ones that are there).

        What is being sent by the former channels ends undisturbed.
        """
        if channels is not None:
            self._couriers.replace(channels)
        self._queue.put(_Alerting(policy, voice, self._couriers.names))

    def note_network(self, state: OwnNetwork, at: float) -> None:
        """Note that the network of techrun itself was lost, or is back."""
        self._queue.put(_Network(state, at))

    def accept(self, result: Result) -> None:
        """Take note of one result."""
        self._queue.put(result)

    def close(self) -> None:
        """Write all that was taken; messages that are not yet delivered stay in the outbox."""
        if not self._thread.is_alive():
            return
        self._queue.put(None)
        self._thread.join()
        self._couriers.stop()

    def snapshot(self) -> Snapshot:
        """Where alerting stands now. What could be counted and is not there is told as 0."""
        now = self._clock()
        waiting = {
            line.channel: (line.messages, max(0.0, now - line.oldest)) for line in self._outbox.backlog()
        }
        return Snapshot(
            notifications=self._couriers.counts(),
            waiting=dict.fromkeys(self._couriers.names, (0, 0.0)) | waiting,
            incidents=self._keeper.count_open(),
            open=tuple(self._keeper.open.copy().values()),
            states=self._keeper.states.copy(),
            problem=self._store.problem,
        )

    def failed_orders(self) -> dict[CheckId, int]:
        """By check how many of its orders failed in a row, up to its last run."""
        states = self._keeper.states.copy()
        return {check: state.order_failures for check, state in states.items() if state.order_failures}

    # --- the thread of the incidents

    def _run(self) -> None:
        while not (self._ending and self._scribe.is_done):
            self._absorb()
            self._look()
            try:
                self._scribe.write()
            except StoreError as error:
                if self._ending:
                    log.error("the last states could not be written: %s", error)  # noqa: TRY400  the error says it all
                    return

    def _absorb(self) -> None:
        """Take what is there, for a moment at most; waits for the first of it."""
        until = time.monotonic() + MOMENT
        try:
            self._take(self._next or self._queue.get(timeout=LOOK))
            self._next = None
            while time.monotonic() < until:
                item = self._queue.get_nowait()
                if isinstance(item, Result) and self._keeper.ends_untold(item):
                    self._next = item
                    return
                self._take(item)
        except queue.Empty:
            return

    def _take(self, item: _Item) -> None:
        try:
            self._sort(item)
        except Exception:
            # A fault of ours with one check must not end alerting for all the others.
            log.exception("a result could not be judged")

    def _sort(self, item: _Item) -> None:
        if item is None:
            self._ending = True
        elif isinstance(item, Result):
            self._keeper.take(item, self._scribe.pending)
        elif isinstance(item, _Configuration):
            self._keeper.configure(item.checks, item.shops, self._clock(), self._scribe.pending)
        elif isinstance(item, _Network):
            self._network = item
        elif isinstance(item, _Alerting):
            self._keeper.policy, self._teller.voice = item.policy, item.voice
            self._teller.channels = item.channels

    def _look(self) -> None:
        """Write what is owed now: once a second, and whenever incidents change."""
        now = self._clock()
        if not self._keeper.changed and 0 <= now - self._looked < LOOK:
            return
        self._looked, self._keeper.changed = now, False
        try:
            self._around = self._look_around(now)
            self._keeper.look_at_quiet(now, self._around.desk.releases, self._scribe.pending)
            self._fleet.look(self._around, self._scribe.pending)
            self._teller.look(self._around, self._scribe.pending)
        except Exception:
            log.exception("the incidents could not be looked through")
        if self._keeper.asked:
            asked, self._keeper.asked = self._keeper.asked, set()
            self._ask(asked)

    def _look_around(self, now: float) -> Around:
        live = [*self._keeper.open, *self._keeper.ended]
        around = replace(
            self._around, now=now, own_network=self._network.state, network_since=self._network.at
        )
        try:
            with self._store.read() as connection:
                around = look_around(connection, around, live, shadow=self._teller.voice.shadow)
        except StoreError as error:
            # What was known a second ago is better than no alerts.
            self._scribe.say_once(str(error))
        return around.with_told(self._outbox.unwritten())
