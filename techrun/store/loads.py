"""Load runs, and when which shop was under load.

A line of each run (verdict, fingerprint, figures of its steps) is kept for ever, like the times in which a shop
was under load. All that was measured is one zlib-compressed JSON beside it; of each scenario of a shop only the
newest `WHOLE` runs keep theirs, and the newest `WHOLE_ACCEPTED` accepted ones, which later runs are held against.
A run of eight steps takes 42 KB (5 minutes, 5 visits/s), 256 KB (the same with two arms and 50/s) or 560 KB
(30 minutes, 20/s); its line takes 2 KB.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from techrun.handling import LoadTest
from techrun.views import LoadSummary, StepFigures
from techrun.wire import from_json, to_json

WHOLE = 50
"""Runs of one scenario of a shop that are kept as a whole."""
WHOLE_ACCEPTED = 10
"""Accepted ones that are, however many others came after them."""

_SUMMARY = (
    'id, shop, scenario, "release", host, started, ended, verdict, summary, accepted, fingerprint,'
    " details IS NOT NULL"
)
_TEST = 'id, shop, scenario, "release", host, began, until'
_Row = tuple[str, str, str, str, str, float, float, str, str, int, str, int]


def insert_load(
    connection: sqlite3.Connection, run: LoadSummary, steps: Sequence[StepFigures], details: bytes
) -> None:
    """Keep a run, in place of one with the same id; older ones of its scenario lose their details."""
    connection.execute(
        "INSERT OR REPLACE INTO loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run.id,
            run.shop,
            run.scenario,
            run.release,
            run.host,
            run.started,
            run.ended,
            run.verdict,
            run.summary,
            run.accepted,
            json.dumps(dict(run.fingerprint), sort_keys=True),
            json.dumps(to_json(list(steps), list[StepFigures])),
            details,
        ),
    )
    _forget_details(connection, run.shop, run.scenario)


def _forget_details(connection: sqlite3.Connection, shop: str, scenario: str) -> None:
    newest = (
        "SELECT id FROM loads WHERE shop = :shop AND scenario = :scenario {} ORDER BY started DESC LIMIT {}"
    )
    connection.execute(
        "UPDATE loads SET details = NULL WHERE shop = :shop AND scenario = :scenario AND details IS NOT NULL"  # noqa: S608  constants of this file
        f" AND id NOT IN ({newest.format('', WHOLE)})"
        f" AND id NOT IN ({newest.format('AND accepted', WHOLE_ACCEPTED)})",
        {"shop": shop, "scenario": scenario},
    )


def load_summaries(
    connection: sqlite3.Connection, shop: str = "", scenario: str = "", limit: int = 20
) -> list[LoadSummary]:
    """The newest runs, newest first; of one shop and scenario or of all."""
    rows = connection.execute(
        f"SELECT {_SUMMARY} FROM loads WHERE (:shop = '' OR shop = :shop)"  # noqa: S608  constants of this file
        " AND (:scenario = '' OR scenario = :scenario) ORDER BY started DESC, id LIMIT :limit",
        {"shop": shop, "scenario": scenario, "limit": limit},
    )
    return [_summary(row) for row in rows]


def _summary(row: _Row) -> LoadSummary:
    accepted, fingerprint, whole = row[9:]
    return LoadSummary(*row[:9], bool(accepted), json.loads(fingerprint), bool(whole))


def load_of(connection: sqlite3.Connection, number: str) -> tuple[LoadSummary, bytes | None] | None:
    """A run with all that was measured, as it was given; None where there is no such run."""
    row = connection.execute(
        f"SELECT details, {_SUMMARY} FROM loads WHERE id = ?",  # noqa: S608  constants of this file
        (number,),
    ).fetchone()
    return None if row is None else (_summary(row[1:]), row[0])


def last_loads(
    connection: sqlite3.Connection, since: float
) -> Iterator[tuple[LoadSummary, list[StepFigures]]]:
    """The last run of each scenario of each shop that began since then, with the figures of its steps."""
    rows = connection.execute(
        f"SELECT steps, {_SUMMARY}, max(started) FROM loads WHERE started >= ? GROUP BY shop, scenario",  # noqa: S608  constants of this file
        (since,),
    )
    for row in rows:
        yield _summary(row[1:-1]), from_json(list[StepFigures], json.loads(row[0]))


def begin_load_test(connection: sqlite3.Connection, test: LoadTest) -> None:
    """A shop is under load, or remains so until a later moment."""
    connection.execute(
        "INSERT INTO load_tests VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET until = excluded.until",
        (test.id, test.shop, test.scenario, test.release, test.host, test.began, test.until),
    )


def end_load_test(connection: sqlite3.Connection, number: str, at: float) -> bool:
    """It is over; False where it was not under way."""
    found = connection.execute("UPDATE load_tests SET until = ? WHERE id = ? AND until > ?", (at, number, at))
    return found.rowcount > 0


def load_tests(connection: sqlite3.Connection, since: float) -> list[LoadTest]:
    """When which shop was under load since then, oldest first."""
    rows = connection.execute(
        f"SELECT {_TEST} FROM load_tests WHERE until >= ? ORDER BY began, id",  # noqa: S608  constants of this file
        (since,),
    )
    return [LoadTest(*row) for row in rows]
