"""Checks by a small number, so that the millions of rows about them stay short."""

from __future__ import annotations

import sqlite3

from techrun.model import CheckId

Numbers = dict[CheckId, int]


def number_of(connection: sqlite3.Connection, known: Numbers, check: CheckId) -> int:
    """The number of a check, given out at its first row.

    `known` saves the look-up; it learns only numbers that were found, not those just given out,
    since the transaction around them may yet be undone.
    """
    number = known.get(check)
    if number is None:
        found = find(connection, check)
        if found is None:
            return _give_out(connection, check)
        number = known[check] = found
    return number


def find(connection: sqlite3.Connection, check: CheckId) -> int | None:
    """The number of a check, if it has one."""
    row = connection.execute(
        "SELECT id FROM watched WHERE shop = ? AND name = ?", (check.shop, check.name)
    ).fetchone()
    return None if row is None else int(row[0])


def _give_out(connection: sqlite3.Connection, check: CheckId) -> int:
    made = connection.execute("INSERT INTO watched (shop, name) VALUES (?, ?)", (check.shop, check.name))
    return int(made.lastrowid or 0)
