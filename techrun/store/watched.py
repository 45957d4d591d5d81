"""Checks by a small number, so that the millions of rows about them stay short.

Numbers are looked up by SQLite for each row (a microsecond) and not remembered here: a transaction
that is undone would leave a wrong one behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from techrun.model import CheckId

NUMBER = "(SELECT id FROM watched WHERE shop = ? AND name = ?)"
"""The number of a check, for its shop and name."""


def number_checks(connection: sqlite3.Connection, checks: Iterable[CheckId]) -> None:
    """Give a number to each of these checks that has none yet; inside a transaction."""
    connection.executemany(
        "INSERT OR IGNORE INTO watched (shop, name) VALUES (?, ?)",
        [(check.shop, check.name) for check in checks],
    )
