"""Messages on their way: claimed by the worker of their channel, sent at least once.

A disk that takes nothing, or hangs, holds up no message: claims and receipts are then kept in memory, and so are
messages that have no row yet (`Outbox.keep`). They are written once there is room again; until then
only the end of the daemon can lose a message or have one sent twice.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWriting
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from techrun.errors import StoreError
from techrun.standing import Message, Receipt, Told
from techrun.store._unwritten import Attempt, Key, Line, Unwritten, heads, key_of
from techrun.store.database import Store
from techrun.store.messages import (
    ORPHANED,
    Backlog,
    add_message,
    backlog,
    claim_row,
    count_open,
    give_up_orphans,
    open_lines,
    open_rows,
    read_message,
    release_claims,
    told,
    write_standing,
)

__all__ = ["Backlog", "Outbox", "add_message", "backlog", "give_up_orphans", "release_claims", "told"]

log = logging.getLogger(__name__)

DISK_HANGS = 5.0
"""Seconds that a claim or a receipt waits for the disk; then it counts as one that takes nothing."""
WRITE_AGAIN = 2.0
"""Seconds until what the disk refused is offered to it again."""

HANGING = "the disk does not answer"

Answer = TypeVar("Answer")


class Outbox:
    """The outbox as the workers of the channels use it; one for each daemon, asked from many threads."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._claims: dict[str, threading.Lock] = {}
        self._unwritten: dict[Key, Unwritten] = {}
        self._hanging: Future[Any] | None = None
        self._served: frozenset[str] | None = None

    def serve(self, channels: Collection[str]) -> None:
        """These channels have workers from now on; what waits for any other is given up."""
        self._served = frozenset(channels)
        with self._lock:
            orphans = [
                one
                for key, one in self._unwritten.items()
                if one.state == "waiting" and key.channel not in channels
            ]
        for one in orphans:
            self.settle(replace(one.message, attempt=one.attempts + 1), Receipt(False, 0.0, ORPHANED), None)  # noqa: FBT003  the field says what it is
        try:
            given_up = self._write(partial(give_up_orphans, channels=self._served, now=self._clock()))
        except StoreError as error:
            log.error("messages of channels that are gone could not be given up: %s", error)  # noqa: TRY400  the error says it all
            return
        if given_up := given_up + len(orphans):
            log.warning("%d messages were given up: their channels left the configuration", given_up)

    def claim(self, channel: str) -> Message | None:
        """The next message of a channel, now this worker's; None where none is due."""
        with self._claims.setdefault(channel, threading.Lock()):
            found = self._next(channel)
            if found is None:
                self.write_back()
                return None
            message = replace(found.message, attempt=found.attempts + 1)
            try:
                return message if self._write(partial(claim_row, message=message)) else None
            except StoreError:
                self._remember(found.claimed(message.attempt))
                return message

    def settle(self, message: Message, receipt: Receipt, retry_at: float | None) -> None:
        """Note what became of an attempt; it waits again until `retry_at`, or is given up without one."""
        if not receipt.ok and self._served is not None and message.channel not in self._served:
            retry_at, receipt = None, replace(receipt, answer=f"{receipt.answer} / {ORPHANED}")
        attempt = Attempt(message.attempt, self._clock(), receipt)
        with self._lock:
            stood = self._unwritten.get(key_of(message)) or Unwritten(message, "sending", message.attempt)
            self._unwritten[key_of(message)] = stood.after(attempt, retry_at)
        self.write_back()

    def keep(self, messages: Iterable[Message]) -> None:
        """Deliver these from memory: their rows could not be written. Each is kept once, shadows never."""
        new = [message for message in messages if not message.shadow and not self._is_written(message)]
        with self._lock:
            for message in new:
                self._unwritten.setdefault(key_of(message), Unwritten(message))

    def write_back(self) -> int:
        """Write what the disk refused before; how many messages it still refuses."""
        try:
            if self._unwritten:
                self._write(lambda _: None)
        except StoreError as error:
            log.debug("messages stay in memory: %s", error)
        return len(self._unwritten)

    def unwritten(self) -> list[Told]:
        """Messages that stand otherwise than their rows say, or have none: what `told` cannot know."""
        return [one.told for one in self._unwritten_now().values()]

    def backlog(self) -> list[Backlog]:
        """What is not yet delivered, by channel, with what is only in memory."""
        mine = self._unwritten_now()
        with self._store.read() as connection:
            waiting = open_rows(connection)
        waiting |= {key: one.message.created for key, one in mine.items()}
        return count_open(
            {key: at for key, at in waiting.items() if key not in mine or not mine[key].settled}
        )

    def next_due(self, channel: str) -> float | None:
        """When the next message of a channel may be tried; None where none waits."""
        now = self._clock()
        times = [line.due(now) for line in heads(self._lines(channel)) if line.state == "waiting"]
        if self._unwritten:
            times.append(now + WRITE_AGAIN)
        return min(times, default=None)

    def _next(self, channel: str) -> Unwritten | None:
        """The first message that is due, as it stands."""
        now = self._clock()
        for line in heads(self._lines(channel)):
            if line.state == "waiting" and line.due(now) <= now:
                return self._standing(line)
        return None

    def _lines(self, channel: str) -> list[Line]:
        """The open messages of a channel in their order: as their rows say, or as memory knows better."""
        # Memory first: what is written back in between must not be seen in its older state.
        mine = {key: one.line for key, one in self._unwritten_now().items() if key.channel == channel}
        try:
            with self._store.read() as connection:
                return list((open_lines(connection, channel) | mine).values())
        except StoreError:
            if not mine:
                raise
            return list(mine.values())

    def _standing(self, line: Line) -> Unwritten | None:
        """A message with its text."""
        kept = self._unwritten_now().get(line.key)
        if kept is not None:
            return kept
        with self._store.read() as connection:
            message = read_message(connection, line.key)
        return Unwritten(message, line.state, line.attempts, line.not_before) if message else None

    def _is_written(self, message: Message) -> bool:
        """It has a row, which says more than a copy in memory; a disk that cannot be read has none."""
        try:
            with self._store.read() as connection:
                return read_message(connection, key_of(message)) is not None
        except StoreError:
            return False

    def _remember(self, one: Unwritten) -> None:
        with self._lock:
            self._unwritten[key_of(one.message)] = one

    def _unwritten_now(self) -> dict[Key, Unwritten]:
        with self._lock:
            return self._unwritten.copy()

    def _write(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Do this in one transaction, after what the disk refused before."""
        before = self._unwritten_now()

        def all_of_it(connection: sqlite3.Connection) -> Answer:
            for one in before.values():
                _write_one(connection, one)
            return work(connection)

        if self._hanging is not None and not self._hanging.done():
            raise StoreError(HANGING)
        writing = self._store.write(all_of_it, urgent=True)
        try:
            answer = writing.result(DISK_HANGS)
        except StillWriting:
            # It is done whenever the disk wakes up; all that is written after it knows better.
            self._hanging = writing
            raise StoreError(HANGING) from None
        with self._lock:
            for key, one in before.items():
                if self._unwritten.get(key) is one:
                    del self._unwritten[key]
        return answer


def _write_one(connection: sqlite3.Connection, one: Unwritten) -> None:
    try:
        write_standing(connection, one)
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, ValueError):
        # One that can never be written must not hold back all others for ever.
        log.exception("message %s could not be noted", one.message.key)
