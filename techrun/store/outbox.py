"""Messages as rows: written together with the change that causes them, deleted never, sent at least once.

A row is `waiting`, `sending` (claimed by a worker), `sent` or `given_up`. The daemon holds the store
alone, so a row that is `sending` when it starts was being sent when the last one was killed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from techrun.standing import Message, Receipt, Told
from techrun.store.database import Store

_MESSAGE = (
    "incident, event, channel, title, body, created, severity, html, nth, stands_for, shadow, id, attempts"
)

_NEXT = f"""
SELECT {_MESSAGE} FROM outbox AS mine
WHERE channel = ? AND settled IS NULL AND state = 'waiting' AND (not_before <= ? OR not_before > ?)
AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier
    WHERE earlier.channel = mine.channel AND earlier.incident = mine.incident AND earlier.id < mine.id
      AND earlier.settled IS NULL
) ORDER BY id LIMIT 1
"""  # noqa: S608  constants of this file


FAR_OFF = 900.0
"""No message is told to wait for so many seconds: the clock was set back, and the message is due."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for one channel."""

    channel: str
    messages: int
    oldest: float
    """When the oldest of them was written."""


def add_message(connection: sqlite3.Connection, message: Message) -> None:
    """Put a message in the outbox; the same event is told to a channel only once."""
    connection.execute(
        "INSERT OR IGNORE INTO outbox"
        " (incident, event, nth, channel, title, body, html, created, severity, stands_for, shadow,"
        "  state, attempts, not_before, settled)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)",
        (
            message.incident,
            message.event,
            message.nth,
            message.channel,
            message.title,
            message.body,
            message.html,
            message.created,
            message.severity,
            message.stands_for,
            message.shadow,
            "sent" if message.shadow else "waiting",
            message.created if message.shadow else None,
        ),
    )


def told(connection: sqlite3.Connection, incidents: Sequence[int], *, shadow: bool) -> dict[int, list[Told]]:
    """What was written of these incidents, oldest first; of shadow messages only a shadow run knows.

    So a daemon that is no longer a shadow tells what is still wrong.
    """
    found: dict[int, list[Told]] = {incident: [] for incident in incidents}
    rows = connection.execute(
        "SELECT incident, event, nth, channel, severity, created, state, attempts, stands_for FROM outbox"
        " WHERE incident IN (SELECT value FROM json_each(?)) AND shadow <= ? ORDER BY id",
        (json.dumps(list(found)), shadow),
    )
    for row in rows:
        found[row[0]].append(Told(*row))
    return found


def told_channels(connection: sqlite3.Connection, incident: int) -> list[str]:
    """The channels that heard of an incident, or will: its end is owed to them."""
    rows = connection.execute(
        "SELECT channel FROM outbox WHERE incident = ? AND event = 'opened' AND state != 'given_up'",
        (incident,),
    )
    return [channel for (channel,) in rows]


def release_claims(connection: sqlite3.Connection) -> int:
    """Let wait again what was being sent when the last daemon ended; how many."""
    return connection.execute(
        "UPDATE outbox SET state = 'waiting' WHERE settled IS NULL AND state = 'sending'"
    ).rowcount


def backlog(connection: sqlite3.Connection) -> list[Backlog]:
    """What is not yet delivered, by channel."""
    rows = connection.execute(
        "SELECT channel, count(*), min(created) FROM outbox WHERE settled IS NULL"
        " GROUP BY channel ORDER BY channel"
    )
    return [Backlog(*row) for row in rows]


def _message(row: tuple[Any, ...]) -> Message:
    message = Message(*row)
    return replace(message, shadow=bool(message.shadow))


class Outbox:
    """The outbox as the workers of the channels use it."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def claim(self, channel: str) -> Message | None:
        """The next message of a channel, now this worker's; None where none is due."""
        with self._store.read() as connection:
            now = self._clock()
            row = connection.execute(_NEXT, (channel, now, now + FAR_OFF)).fetchone()
        if row is None:
            return None
        *_, number, attempts = row
        claimed = self._store.write(
            lambda writing: (
                writing.execute(
                    "UPDATE outbox SET state = 'sending', attempts = attempts + 1"
                    " WHERE id = ? AND state = 'waiting' AND attempts = ?",
                    (number, attempts),
                ).rowcount
            ),
            urgent=True,
        ).result()
        return replace(_message(row), attempt=attempts + 1) if claimed else None

    def settle(self, message: Message, receipt: Receipt, retry_at: float | None) -> None:
        """Note what became of an attempt; it waits again until `retry_at`, or is given up without one."""
        state = "sent" if receipt.ok else "given_up" if retry_at is None else "waiting"
        now = self._clock()

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE outbox SET state = ?, not_before = ?, settled = ? WHERE id = ? AND attempts = ?",
                (state, retry_at or 0, None if state == "waiting" else now, message.id, message.attempt),
            )
            connection.execute(
                "INSERT INTO receipts (message, attempt, at, ok, elapsed, answer) VALUES (?, ?, ?, ?, ?, ?)",
                (message.id, message.attempt, now, receipt.ok, receipt.elapsed, receipt.answer),
            )

        self._store.write(work, urgent=True).result()

    def next_due(self, channel: str) -> float | None:
        """When the next message of a channel may be tried; None where none waits."""
        with self._store.read() as connection:
            (due,) = connection.execute(
                "SELECT min(not_before) FROM outbox WHERE channel = ? AND settled IS NULL AND state = 'waiting'",
                (channel,),
            ).fetchone()
        return None if due is None else float(due)
