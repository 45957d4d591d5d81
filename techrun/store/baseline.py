"""How checks fared before a release: their runs hour by hour, and how they stood at a moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from techrun.model import CheckId, Status
from techrun.store.watched import NUMBER


def verdicts(
    connection: sqlite3.Connection, check: CheckId, since: float, until: float
) -> Iterator[tuple[float, bool]]:
    """When each run of the schedule with a verdict started, and whether it failed, oldest first.

    Confirmation runs are left out: they follow failures, and there would be more of those than there were.
    """
    for started, status in connection.execute(
        f"SELECT started, status FROM results WHERE watched = {NUMBER} AND started >= ? AND started < ?"  # noqa: S608  constants of the store
        " AND cause = 'schedule' AND status IN ('up', 'degraded', 'down') ORDER BY started",
        (check.shop, check.name, since, until),
    ):
        yield started, status == "down"


def status_at(connection: sqlite3.Connection, check: CheckId, at: float) -> Status | None:
    """How a check stood at this moment, confirmed; None where nobody knew it."""
    name = (check.shop, check.name)
    row = connection.execute(
        "SELECT after FROM changes WHERE shop = ? AND name = ? AND at <= ? ORDER BY at DESC, id DESC LIMIT 1",
        (*name, at),
    ).fetchone()
    row = (
        row
        or connection.execute(
            "SELECT before FROM changes WHERE shop = ? AND name = ? AND at > ? ORDER BY at, id LIMIT 1",
            (*name, at),
        ).fetchone()
    )
    row = (
        row
        or connection.execute(
            f"SELECT status FROM states WHERE watched = {NUMBER}",  # noqa: S608  constants of the store
            name,
        ).fetchone()
    )
    return None if row is None else Status(row[0])
