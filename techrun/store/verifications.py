"""What was seen of releases, and who is looking now.

One row is one verification: a claim while it runs, its record when it has ended. That one release has one
running verification at most is held by an index, whoever writes. A line of each is kept for ever; all that was
seen is one zlib-compressed JSON beside it, of the newest `WHOLE` of a shop and of the newest `WHOLE_ACCEPTED`
that passed. One of 5 judged checks takes 14 KB, of 20 checks 53 KB, of 50 checks for twice as long 250 KB.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from techrun.views import VerificationSummary

WHOLE = 100
"""Verifications of one shop that are kept as a whole."""
WHOLE_ACCEPTED = 50
"""Passed ones that are, however many others came after them."""

_SUMMARY = (
    'id, shop, "release", version, "commit", started, ended, location, by, verdict, summary, samples, state,'
    " alive, details IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Running:
    """A verification under way."""

    summary: VerificationSummary
    process: str
    """Which process does it; see `releases.keeping.process`."""


def running(connection: sqlite3.Connection, release: int) -> Running | None:
    """The verification of this release that is under way."""
    row = connection.execute(
        f"SELECT process, {_SUMMARY} FROM verifications WHERE \"release\" = ? AND state = 'running'",  # noqa: S608  constants of this file
        (release,),
    ).fetchone()
    return None if row is None else Running(_summary(row[1:]), row[0])


def insert_verification(
    connection: sqlite3.Connection, one: VerificationSummary, process: str = "", details: bytes | None = None
) -> None:
    """Write a new verification."""
    connection.execute(
        'INSERT INTO verifications (id, shop, "release", version, "commit", started, ended, location, by, verdict,'
        " summary, samples, state, alive, process, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            one.id,
            one.shop,
            one.release,
            one.version,
            one.commit,
            one.started,
            one.ended,
            one.location,
            one.by,
            one.verdict,
            one.summary,
            one.samples,
            one.state,
            one.alive,
            process,
            details,
        ),
    )


def abandon(connection: sqlite3.Connection, number: str, why: str) -> None:
    """A verification under way will have no verdict: its process is gone."""
    connection.execute(
        "UPDATE verifications SET state = 'abandoned', ended = alive, summary = ?"
        " WHERE id = ? AND state = 'running'",
        (why, number),
    )


def renew(connection: sqlite3.Connection, number: str, at: float) -> bool:
    """A verification gives a sign of life; False where it is not under way."""
    found = connection.execute(
        "UPDATE verifications SET alive = ? WHERE id = ? AND state = 'running'", (at, number)
    )
    return found.rowcount > 0


def drop(connection: sqlite3.Connection, number: str) -> bool:
    """Forget a verification that is under way; False where it is not."""
    found = connection.execute("DELETE FROM verifications WHERE id = ? AND state = 'running'", (number,))
    return found.rowcount > 0


def state_of(connection: sqlite3.Connection, number: str) -> str:
    """`running`, `ended` or `abandoned`; empty where there is no such verification."""
    row = connection.execute("SELECT state FROM verifications WHERE id = ?", (number,)).fetchone()
    return "" if row is None else str(row[0])


def end_verification(connection: sqlite3.Connection, one: VerificationSummary, details: bytes) -> bool:
    """Write what came of a verification and of its release; False where it was abandoned.

    One that has ended already is written anew; one that nobody claimed is written too.
    """
    state = state_of(connection, one.id)
    if state == "abandoned":
        return False
    if not state:
        insert_verification(connection, one)
    connection.execute(
        "UPDATE verifications SET state = 'ended', ended = ?, verdict = ?, summary = ?, samples = ?, details = ?"
        " WHERE id = ?",
        (one.ended, one.verdict, one.summary, one.samples, details, one.id),
    )
    _tell_release(connection, one.release)
    _forget_details(connection, one.shop)
    return True


def _tell_release(connection: sqlite3.Connection, release: int) -> None:
    """The verdict of a release is that of the last verification of it that began and ended.

    One that says yes or no outlasts later ones that could not tell: they know nothing better.
    """
    connection.execute(
        "UPDATE releases SET (verdict, verified) = (SELECT verdict, ended FROM verifications"
        " WHERE \"release\" = ?1 AND state = 'ended' ORDER BY verdict = 'inconclusive', number DESC LIMIT 1) WHERE id = ?1",
        (release,),
    )


def _forget_details(connection: sqlite3.Connection, shop: str) -> None:
    passed = "AND verdict = 'pass'"
    newest = "SELECT id FROM verifications WHERE shop = :shop {} ORDER BY number DESC LIMIT {}"
    connection.execute(
        "UPDATE verifications SET details = NULL WHERE shop = :shop AND details IS NOT NULL"  # noqa: S608  constants of this file
        f" AND id NOT IN ({newest.format('', WHOLE)})"
        f" AND id NOT IN ({newest.format(passed, WHOLE_ACCEPTED)})",
        {"shop": shop},
    )


def verifications(
    connection: sqlite3.Connection, shop: str = "", version: str = "", limit: int = 20
) -> list[VerificationSummary]:
    """The newest ones, newest first; of one shop and version or of all."""
    rows = connection.execute(
        f"SELECT {_SUMMARY} FROM verifications WHERE (:shop = '' OR shop = :shop)"  # noqa: S608  constants of this file
        " AND (:version = '' OR version = :version) ORDER BY number DESC LIMIT :limit",
        {"shop": shop, "version": version, "limit": limit},
    )
    return [_summary(row) for row in rows]


def accepted_verifications(
    connection: sqlite3.Connection, shop: str, before: float, limit: int
) -> list[VerificationSummary]:
    """Of each release that began before that and was accepted, the verification that says so; newest first.

    Accepted: the last verdict that says yes or no is `pass`, and it was not rolled back.
    """
    rows = connection.execute(
        f"SELECT {_SUMMARY} FROM verifications AS one WHERE shop = :shop AND verdict = 'pass'"  # noqa: S608  constants of this file
        " AND details IS NOT NULL AND number = (SELECT max(number) FROM verifications AS other"
        " WHERE other.\"release\" = one.\"release\" AND other.verdict IN ('pass', 'fail'))"
        ' AND "release" IN (SELECT id FROM releases WHERE begun < :before AND NOT rolled_back)'
        " ORDER BY number DESC LIMIT :limit",
        {"shop": shop, "before": before, "limit": limit},
    )
    return [_summary(row) for row in rows]


def verification(
    connection: sqlite3.Connection, number: str
) -> tuple[VerificationSummary, bytes | None] | None:
    """One with all that was seen, as it was given; None where there is no such verification."""
    row = connection.execute(
        f"SELECT details, {_SUMMARY} FROM verifications WHERE id = ?",  # noqa: S608  constants of this file
        (number,),
    ).fetchone()
    return None if row is None else (_summary(row[1:]), row[0])


def _summary(row: Sequence[Any]) -> VerificationSummary:
    return replace(VerificationSummary(*row), whole=bool(row[-1]))
