"""What is told of incidents to persons who ask: messages with their receipts, who took them on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from techrun.handling import Acknowledgement
from techrun.views import Attempt, ShadowMessage, ToldMessage

_RECEIPT = "at, attempt, ok, elapsed, answer"


def messages_of(connection: sqlite3.Connection, incident: int) -> list[ToldMessage]:
    """The messages about an incident, oldest first."""
    rows = connection.execute(
        "SELECT id, event, nth, channel, severity, title, created, state, stands_for, shadow FROM outbox"
        " WHERE incident = ? ORDER BY id",
        (incident,),
    ).fetchall()
    return [
        ToldMessage(
            event=event,
            nth=nth,
            channel=channel,
            severity=severity,
            title=title,
            created=created,
            state=state,
            stands_for=stands_for,
            shadow=bool(shadow),
            attempts=_attempts(connection, number),
        )
        for number, event, nth, channel, severity, title, created, state, stands_for, shadow in rows
    ]


def _attempts(connection: sqlite3.Connection, message: int) -> tuple[Attempt, ...]:
    rows = connection.execute(f"SELECT {_RECEIPT} FROM receipts WHERE message = ? ORDER BY id", (message,))  # noqa: S608  constants of this file
    return tuple(_attempt(row) for row in rows)


def _attempt(row: tuple[float, int, int, float, str]) -> Attempt:
    at, attempt, ok, elapsed, answer = row
    return Attempt(at, attempt, bool(ok), elapsed, answer)


def last_attempt(connection: sqlite3.Connection, channel: str) -> Attempt | None:
    """What the service answered last about a message that still waits for this channel."""
    row = connection.execute(
        f"SELECT {_RECEIPT} FROM receipts WHERE message IN"  # noqa: S608  constants of this file
        " (SELECT id FROM outbox WHERE channel = ? AND settled IS NULL) ORDER BY id DESC LIMIT 1",
        (channel,),
    ).fetchone()
    return None if row is None else _attempt(row)


def taken_on(connection: sqlite3.Connection, incidents: Sequence[int]) -> dict[int, Acknowledgement]:
    """The latest acknowledgement of each of these incidents that has one."""
    rows = connection.execute(
        "SELECT incident, at, author, note FROM acknowledgements"
        " WHERE incident IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(list(incidents)),),
    )
    return {row[0]: Acknowledgement(*row) for row in rows}


def shadow_messages(connection: sqlite3.Connection, since: float) -> list[ShadowMessage]:
    """What would have been sent since then, oldest first."""
    rows = connection.execute(
        "SELECT created, incident, event, channel, severity, title FROM outbox"
        " WHERE shadow AND created >= ? ORDER BY created, id",
        (since,),
    )
    return [ShadowMessage(*row) for row in rows]
