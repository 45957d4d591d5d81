"""What persons do about incidents, as rows: the command line and the API write them, the daemon reads them.

Acknowledgements, annotations, windows and releases are kept for ever. A request asks the daemon for
something that only it may do (opening an incident); its answer is written beside it.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from techrun.handling import Acknowledgement, Annotation, Fault, LoadTest, Release, Window
from techrun.store.loads import load_tests
from techrun.store.releases import latest_releases

DAY = 86400.0
LATELY = 3600.0
"""Seconds for which a window that is over is still on the desk: what it held may have to be told."""

_WINDOW = "id, kind, selectors, starts, ends, reason, author, client, tags, created, ended, source"


@dataclass(frozen=True, slots=True)
class Request:
    """Something that a person asks of the daemon."""

    id: int
    at: float
    author: str
    verb: str
    """`open` or `close`."""
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """All that persons have said and that matters now."""

    windows: tuple[Window, ...]
    """Those that are to come, in force, or over for less than an hour; of the calendar also those that a person
    ended, while the calendar still has them in force."""
    acknowledged: Mapping[int, Acknowledgement]
    """The latest one of each open incident."""
    releases: Mapping[str, tuple[Release, ...]]
    """The latest ones of each shop, newest first."""
    requests: tuple[Request, ...]
    """Those that wait for an answer."""
    load_tests: tuple[LoadTest, ...] = ()
    """Those under way, or over for less than a day: what they may have caused may still go on."""


def load_desk(connection: sqlite3.Connection, now: float) -> Desk:
    """What the daemon looks at once a second."""
    acknowledged = connection.execute(
        "SELECT incident, at, author, note FROM acknowledgements"
        " WHERE incident IN (SELECT id FROM incidents WHERE closed IS NULL) ORDER BY id"
    )
    asked = connection.execute(
        "SELECT id, at, author, verb, payload FROM requests WHERE answered IS NULL ORDER BY id"
    )
    return Desk(
        windows=tuple(windows(connection, now - LATELY, planned=True)),
        acknowledged={row[0]: Acknowledgement(*row) for row in acknowledged},
        releases=latest_releases(connection),
        requests=tuple(
            Request(number, at, author, verb, json.loads(payload))
            for number, at, author, verb, payload in asked
        ),
        load_tests=tuple(load_tests(connection, now - DAY)),
    )


def add_window(connection: sqlite3.Connection, window: Window) -> int:
    """Write a window and give its number; an occurrence that is there already stays as it is."""
    connection.execute(
        "INSERT OR IGNORE INTO windows (kind, selectors, client, tags, starts, ends, reason, author, created,"
        " ended, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            window.kind,
            json.dumps(window.selectors),
            window.client,
            json.dumps(window.tags),
            window.starts,
            window.ends,
            window.reason,
            window.author,
            window.created,
            window.ended,
            window.source,
        ),
    )
    if not window.source:
        return _last_number(connection)
    (number,) = connection.execute(
        "SELECT id FROM windows WHERE source = ? AND starts = ?", (window.source, window.starts)
    ).fetchone()
    return int(number)


def end_window(connection: sqlite3.Connection, number: int, at: float) -> bool:
    """A person ends a window before its time; False where there is none of this number that is not over."""
    found = connection.execute(
        "UPDATE windows SET ended = ? WHERE id = ? AND ended IS NULL AND ends > ?", (at, number, at)
    )
    return found.rowcount > 0


def windows(connection: sqlite3.Connection, since: float, *, planned: bool = False) -> Iterator[Window]:
    """Windows that were not over at this moment, oldest first.

    `planned`: also those from the calendar and from releases that only a person's word ended before.
    """
    rows = connection.execute(
        f"SELECT {_WINDOW} FROM windows WHERE ends >= ? AND (ended IS NULL OR ended >= ? OR (? AND source != ''))"  # noqa: S608  constants of this file
        " ORDER BY id",
        (since, since, planned),
    )
    for number, kind, selectors, starts, ends, reason, author, client, tags, *rest in rows:
        named, tagged = tuple(json.loads(selectors)), tuple(json.loads(tags))
        yield Window(number, kind, named, starts, ends, reason, author, client, tagged, *rest)


def acknowledge(connection: sqlite3.Connection, given: Acknowledgement) -> None:
    """A person takes an incident on."""
    connection.execute(
        "INSERT INTO acknowledgements (incident, at, author, note) VALUES (?, ?, ?, ?)",
        (given.incident, given.at, given.author, given.note),
    )


def acknowledgements_of(connection: sqlite3.Connection, incident: int) -> list[Acknowledgement]:
    """Who took an incident on, oldest first."""
    rows = connection.execute(
        "SELECT incident, at, author, note FROM acknowledgements WHERE incident = ? ORDER BY id", (incident,)
    )
    return [Acknowledgement(*row) for row in rows]


def annotate(connection: sqlite3.Connection, said: Annotation) -> None:
    """A person adds something to an incident."""
    connection.execute(
        "INSERT INTO annotations (incident, at, author, text, fault) VALUES (?, ?, ?, ?, ?)",
        (said.incident, said.at, said.author, said.text, said.fault or ""),
    )


def annotations_of(connection: sqlite3.Connection, incident: int) -> list[Annotation]:
    """What persons have added to an incident, oldest first."""
    rows = connection.execute(
        "SELECT incident, at, author, text, fault FROM annotations WHERE incident = ? ORDER BY id",
        (incident,),
    )
    return [Annotation(number, at, author, text, fault or None) for number, at, author, text, fault in rows]


def faults(connection: sqlite3.Connection) -> dict[int, Fault]:
    """What or who was at fault by incident, as a person said last."""
    rows = connection.execute("SELECT incident, fault FROM annotations WHERE fault != '' ORDER BY id")
    return dict(rows.fetchall())


def ask(connection: sqlite3.Connection, author: str, verb: str, payload: Mapping[str, Any], at: float) -> int:
    """Ask the daemon for something and give the request's number; see `answer_to`."""
    connection.execute(
        "INSERT INTO requests (at, author, verb, payload, answered, answer) VALUES (?, ?, ?, ?, NULL, '')",
        (at, author, verb, json.dumps(payload)),
    )
    return _last_number(connection)


def answer(connection: sqlite3.Connection, number: int, text: str, at: float) -> None:
    """The daemon has dealt with a request; only the first answer counts."""
    connection.execute(
        "UPDATE requests SET answered = ?, answer = ? WHERE id = ? AND answered IS NULL", (at, text, number)
    )


def answer_to(connection: sqlite3.Connection, number: int) -> str | None:
    """What the daemon answered; None while it has not."""
    row = connection.execute(
        "SELECT answer FROM requests WHERE id = ? AND answered IS NOT NULL", (number,)
    ).fetchone()
    return None if row is None else str(row[0])


def secret(connection: sqlite3.Connection, name: str) -> str:
    """A secret of this store, made when it is asked for the first time; inside a transaction that may write."""
    row = connection.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
    if row is not None:
        return str(row[0])
    made = secrets.token_urlsafe(32)
    connection.execute("INSERT INTO secrets VALUES (?, ?)", (name, made))
    return made


def _last_number(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("SELECT last_insert_rowid()").fetchone()
    return int(number)
