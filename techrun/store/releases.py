"""Releases of shops, and what the gate said before them. Both are kept for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from techrun.handling import Release

LATEST = 5
"""Releases of a shop that may concern an incident: those before them have long been judged."""

_RELEASE = 'id, shop, version, begun, "commit", author, link, ended, committed, told, rolled_back, verdict, verified, live'
_LATEST = f"""
WITH RECURSIVE shops (shop) AS (
    SELECT min(shop) FROM releases
    UNION ALL
    SELECT (SELECT min(shop) FROM releases WHERE releases.shop > shops.shop) FROM shops
    WHERE shops.shop IS NOT NULL
)
SELECT {_RELEASE} FROM releases WHERE id IN (
    SELECT one.id FROM shops CROSS JOIN releases AS one ON one.id IN (
        SELECT id FROM releases AS newest WHERE newest.shop = shops.shop ORDER BY begun DESC, id DESC LIMIT :each
    )
) ORDER BY begun DESC, id DESC
"""  # noqa: S608  constants of this file
"""From shop to shop along the index: years of releases cost no more than a day's."""


def add_release(connection: sqlite3.Connection, release: Release) -> int:
    """Write that a release has begun and give its number."""
    (number,) = connection.execute(
        'INSERT INTO releases (shop, version, begun, "commit", author, link, ended, committed, told)'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            release.shop,
            release.version,
            release.begun,
            release.commit,
            release.author,
            release.link,
            release.ended,
            release.committed,
            release.told,
        ),
    ).fetchone()
    return int(number)


def end_release(
    connection: sqlite3.Connection, shop: str, version: str, at: float, *, rolled_back: bool = False
) -> bool:
    """The newest release of this version has ended; False where none of it is under way.

    A release that has ended may still be rolled back, once.
    """
    found = connection.execute(
        "UPDATE releases SET ended = coalesce(ended, :at), rolled_back = :rolled_back WHERE id ="
        " (SELECT max(id) FROM releases WHERE shop = :shop AND version = :version"
        " AND (ended IS NULL OR :rolled_back)) AND rolled_back = 0",
        {"at": at, "shop": shop, "version": version, "rolled_back": int(rolled_back)},
    )
    return found.rowcount > 0


def went_live(connection: sqlite3.Connection, number: int, at: float) -> bool:
    """A release is live; the first time counts. False where there is no such release."""
    found = connection.execute(
        "UPDATE releases SET live = min(coalesce(live, :at), :at) WHERE id = :id", {"at": at, "id": number}
    )
    return found.rowcount > 0


def releases(
    connection: sqlite3.Connection, since: float, shop: str = "", version: str = ""
) -> list[Release]:
    """Releases that began since then, of one shop or of all, of one version or of any, newest first."""
    rows = connection.execute(
        f"SELECT {_RELEASE} FROM releases WHERE begun >= :since AND (:shop = '' OR shop = :shop)"  # noqa: S608  constants of this file
        " AND (:version = '' OR version = :version) ORDER BY begun DESC, id DESC",
        {"since": since, "shop": shop, "version": version},
    )
    return [_release(row) for row in rows]


def release_of(connection: sqlite3.Connection, number: int) -> Release | None:
    """The release of this number."""
    row = connection.execute(
        f"SELECT {_RELEASE} FROM releases WHERE id = ?",  # noqa: S608  constants of this file
        (number,),
    ).fetchone()
    return None if row is None else _release(row)


def latest_releases(connection: sqlite3.Connection, each: int = LATEST) -> dict[str, tuple[Release, ...]]:
    """The newest releases of each shop, newest first."""
    found: dict[str, tuple[Release, ...]] = {}
    for row in connection.execute(_LATEST, {"each": each}):
        found[row[1]] = (*found.get(row[1], ()), _release(row))
    return found


def releases_before(connection: sqlite3.Connection, shop: str, moment: float) -> list[Release]:
    """The shop's last releases that began until then, newest first."""
    rows = connection.execute(
        f"SELECT {_RELEASE} FROM releases WHERE shop = ? AND begun <= ? ORDER BY begun DESC, id DESC LIMIT ?",  # noqa: S608  constants of this file
        (shop, moment, LATEST),
    )
    return [_release(row) for row in rows]


def _release(row: Sequence[Any]) -> Release:
    return replace(Release(*row), rolled_back=bool(row[10]))


def add_gate(connection: sqlite3.Connection, shop: str, version: str, at: float, details: str) -> int:
    """Write what the gate said, as JSON, and give its number."""
    (number,) = connection.execute(
        "INSERT INTO gates (shop, version, at, details) VALUES (?, ?, ?, ?) RETURNING id",
        (shop, version, at, details),
    ).fetchone()
    return int(number)


def gates(
    connection: sqlite3.Connection, shop: str, version: str = "", limit: int = 20
) -> Iterator[tuple[int, str]]:
    """What the gate said of a shop's releases, newest first: number and JSON."""
    yield from connection.execute(
        "SELECT id, details FROM gates WHERE shop = :shop AND (:version = '' OR version = :version)"
        " ORDER BY id DESC LIMIT :limit",
        {"shop": shop, "version": version, "limit": limit},
    )
