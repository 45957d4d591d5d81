"""What becomes of old results: hours are summed up, then the rows behind them are deleted.

Both may be done again at any time with the same end. The sums are made on a reading connection,
so that they hold up neither the writing thread nor, since SQLite works without the interpreter,
the probes.
"""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from functools import partial

from techrun.store.database import Store
from techrun.store.history import HOUR

SETTLED = 600.0
"""Seconds after the end of an hour until it is summed up: its last runs must have ended."""
CHUNK = 2_000
"""Rows that one transaction deletes: a message or an order waits for no more than that."""

_SUM = """
WITH ranked AS (
    SELECT watched, status, duration,
           row_number() OVER (PARTITION BY watched ORDER BY duration) AS place,
           count(*) OVER (PARTITION BY watched) AS runs
    FROM watched CROSS JOIN results ON results.watched = watched.id
    WHERE started >= :hour AND started < :hour + 3600
)
SELECT watched, :hour, sum(status = 'up'), sum(status = 'degraded'), sum(status = 'down'),
       sum(status = 'blocked'), sum(status = 'unknown'),
       min(duration) FILTER (WHERE place >= runs * 0.5),
       min(duration) FILTER (WHERE place >= runs * 0.95), max(duration)
FROM ranked GROUP BY watched
"""

_OLD_RESULTS = "DELETE FROM results WHERE id IN (SELECT id FROM results ORDER BY id LIMIT ?) AND started < ?"
_OLD_DECISIONS = (
    "DELETE FROM decisions"
    " WHERE id IN (SELECT id FROM decisions WHERE incident IS NULL ORDER BY id LIMIT ?) AND at < ?"
)
"""Decisions about single runs; those that belong to an incident are kept with it, for ever."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the history is kept, in days."""

    raw_days: float = 14
    hours_days: float = 400


def tidy(store: Store, retention: Retention, now: float) -> None:
    """Sum up the hours that ended, delete what is older than it is kept."""
    roll_up(store, now)
    before = math.floor((now - retention.raw_days * 24 * HOUR) / HOUR) * HOUR
    _delete_all(store, _OLD_RESULTS, before)
    _delete_all(store, _OLD_DECISIONS, before)
    oldest = now - retention.hours_days * 24 * HOUR
    store.write(lambda connection: connection.execute("DELETE FROM hours WHERE hour < ?", (oldest,))).result()


def roll_up(store: Store, now: float) -> None:
    """Sum up every settled hour since the last one that was, that one included."""
    end = math.floor((now - SETTLED) / HOUR) * HOUR
    with store.read() as connection:
        for hour in range(_first_hour(connection, end), end, HOUR):
            rows = connection.execute(_SUM, {"hour": hour}).fetchall()
            if rows:
                store.write(partial(_save, rows)).result()


def _save(rows: list[tuple[float, ...]], connection: sqlite3.Connection) -> None:
    connection.executemany("INSERT OR REPLACE INTO hours VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _first_hour(connection: sqlite3.Connection, end: int) -> int:
    (rolled,) = connection.execute("SELECT max(hour) FROM hours").fetchone()
    if rolled is None:
        (rolled,) = connection.execute("SELECT min(started) FROM results").fetchone()
    return end if rolled is None else math.floor(rolled / HOUR) * HOUR


def _delete_all(store: Store, statement: str, before: float) -> None:
    """Delete from the oldest row on, in small bites."""
    while (
        store.write(lambda connection: connection.execute(statement, (CHUNK, before)).rowcount).result()
        == CHUNK
    ):
        pass
