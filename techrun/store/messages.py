"""The rows of messages. They are written together with the change that causes them, and deleted never.

A row is `waiting`, `sending` (claimed by a worker), `sent` or `given_up`. The daemon holds the store
alone, so a row that is `sending` when it starts was being sent when the last one was killed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from techrun.standing import Message, Told
from techrun.store._unwritten import Key, Line, Unwritten, key_of

ORPHANED = "given up: the configuration has no channel of this name any more"

_MESSAGE = "incident, event, channel, title, body, created, severity, html, nth, stands_for"
_THIS = "incident = ? AND event = ? AND nth = ? AND channel = ? AND shadow = 0"
_ADD_RECEIPT = "INSERT INTO receipts (message, attempt, at, ok, elapsed, answer)"
_NOT_NOTED = "NOT EXISTS (SELECT 1 FROM receipts WHERE message = outbox.id AND attempt = ?)"


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for one channel."""

    channel: str
    messages: int
    oldest: float
    """When the oldest of them was written."""


def add_message(connection: sqlite3.Connection, message: Message) -> None:
    """Put a message in the outbox; the same event is told to a channel only once. A shadow is settled at once."""
    connection.execute(
        f"INSERT OR IGNORE INTO outbox ({_MESSAGE}, shadow, state, attempts, not_before, settled)"  # noqa: S608  constants of this file
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)",
        (
            message.incident,
            message.event,
            message.channel,
            message.title,
            message.body,
            message.created,
            message.severity,
            message.html,
            message.nth,
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


def release_claims(connection: sqlite3.Connection) -> int:
    """Let wait again what was being sent when the last daemon ended; how many."""
    return connection.execute(
        "UPDATE outbox SET state = 'waiting' WHERE settled IS NULL AND state = 'sending'"
    ).rowcount


def give_up_orphans(connection: sqlite3.Connection, channels: Collection[str], now: float) -> int:
    """Give up what waits for a channel that is none of these, with a receipt that says so; how many."""
    gone = (
        "settled IS NULL AND state = 'waiting' AND shadow = 0"
        " AND channel NOT IN (SELECT value FROM json_each(?))"
    )
    names = json.dumps(sorted(channels))
    connection.execute(
        f"{_ADD_RECEIPT} SELECT id, attempts + 1, ?, 0, 0, ? FROM outbox WHERE {gone}",  # noqa: S608  constants of this file
        (now, ORPHANED, names),
    )
    return connection.execute(
        f"UPDATE outbox SET state = 'given_up', settled = ? WHERE {gone}",  # noqa: S608  constants of this file
        (now, names),
    ).rowcount


def backlog(connection: sqlite3.Connection) -> list[Backlog]:
    """What is not yet delivered, by channel."""
    return count_open(open_rows(connection))


def open_lines(connection: sqlite3.Connection, channel: str) -> dict[Key, Line]:
    """What is not yet delivered to a channel, oldest first."""
    rows = connection.execute(
        "SELECT incident, event, nth, state, attempts, not_before, severity FROM outbox"
        " WHERE channel = ? AND settled IS NULL ORDER BY id",
        (channel,),
    )
    lines = (Line(Key(incident, event, nth, channel), *standing) for incident, event, nth, *standing in rows)
    return {line.key: line for line in lines}


def read_message(connection: sqlite3.Connection, key: Key) -> Message | None:
    """A message that is for sending, if it has a row."""
    row = connection.execute(f"SELECT {_MESSAGE}, id FROM outbox WHERE {_THIS}", key).fetchone()  # noqa: S608  constants of this file
    return None if row is None else replace(Message(*row[:-1]), id=row[-1])


def open_rows(connection: sqlite3.Connection) -> dict[Key, float]:
    """What is not yet delivered, and when it was written."""
    rows = connection.execute(
        "SELECT incident, event, nth, channel, created FROM outbox WHERE settled IS NULL ORDER BY id"
    )
    return {Key(*key): created for *key, created in rows}


def count_open(waiting: Mapping[Key, float]) -> list[Backlog]:
    """How much of this waits for each channel."""
    by_channel: dict[str, list[float]] = {}
    for key, created in waiting.items():
        by_channel.setdefault(key.channel, []).append(created)
    return [Backlog(channel, len(times), min(times)) for channel, times in sorted(by_channel.items())]


def claim_row(connection: sqlite3.Connection, message: Message) -> bool:
    """Compare and set: whether the message still stood as it was read."""
    return bool(
        connection.execute(
            f"UPDATE outbox SET state = 'sending', attempts = ? WHERE {_THIS}"  # noqa: S608  constants of this file
            " AND state = 'waiting' AND attempts = ?",
            (message.attempt, *key_of(message), message.attempt - 1),
        ).rowcount
    )


def write_standing(connection: sqlite3.Connection, one: Unwritten) -> None:
    """Bring the row of a message up to date, or make it; doing it twice does no harm."""
    key = key_of(one.message)
    add_message(connection, one.message)
    connection.execute(
        f"UPDATE outbox SET state = ?, attempts = ?, not_before = ?, settled = ? WHERE {_THIS}"  # noqa: S608  constants of this file
        " AND settled IS NULL AND attempts <= ?",
        (one.state, one.attempts, one.not_before, one.settled, *key, one.attempts),
    )
    for attempt in one.receipts:
        connection.execute(
            f"{_ADD_RECEIPT} SELECT id, ?, ?, ?, ?, ? FROM outbox WHERE {_THIS} AND {_NOT_NOTED}",  # noqa: S608  constants of this file
            (
                attempt.number,
                attempt.at,
                attempt.receipt.ok,
                attempt.receipt.elapsed,
                attempt.receipt.answer,
                *key,
                attempt.number,
            ),
        )
