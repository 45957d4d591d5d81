"""The schema, as the ordered list of steps that led to it.

A step is never changed once it was released: what is wrong with it is mended by a further step.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from techrun.errors import StoreError

APPLICATION = 0x7EC48A
"""Stands in the header of every store, so that another program's database is not taken for one."""


def _first_schema(connection: sqlite3.Connection) -> None:
    """Raw results and what they become, and the records that never expire."""
    for statement in _FIRST_SCHEMA.split(";\n"):
        connection.execute(statement)


_FIRST_SCHEMA = """
CREATE TABLE watched (
    id INTEGER PRIMARY KEY, shop TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (shop, name)
);
CREATE TABLE results (
    id INTEGER PRIMARY KEY, watched INTEGER NOT NULL, started REAL NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL, step TEXT NOT NULL, message TEXT NOT NULL, duration REAL NOT NULL,
    lateness REAL NOT NULL, cause TEXT NOT NULL, run_id TEXT NOT NULL, trace_id TEXT NOT NULL,
    location TEXT NOT NULL, steps TEXT NOT NULL
);
CREATE INDEX results_by_check ON results (watched, started);
CREATE TABLE hours (
    watched INTEGER NOT NULL, hour INTEGER NOT NULL, up INTEGER NOT NULL, degraded INTEGER NOT NULL,
    down INTEGER NOT NULL, blocked INTEGER NOT NULL, unknown INTEGER NOT NULL,
    p50 REAL NOT NULL, p95 REAL NOT NULL, slowest REAL NOT NULL, PRIMARY KEY (watched, hour)
) WITHOUT ROWID;
CREATE INDEX hours_by_hour ON hours (hour);
CREATE TABLE states (
    watched INTEGER PRIMARY KEY, status TEXT NOT NULL, since REAL NOT NULL, streak TEXT NOT NULL,
    runs INTEGER NOT NULL, streak_since REAL NOT NULL, goods INTEGER NOT NULL, goods_since REAL NOT NULL,
    order_failures INTEGER NOT NULL, failed_step TEXT NOT NULL, last_good REAL
);
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY, shop TEXT NOT NULL, name TEXT NOT NULL, severity TEXT NOT NULL,
    title TEXT NOT NULL, since REAL NOT NULL, opened REAL NOT NULL, reason TEXT NOT NULL,
    step TEXT NOT NULL, message TEXT NOT NULL, last_good REAL, runs INTEGER NOT NULL,
    trace_id TEXT NOT NULL, closed REAL, closed_by TEXT NOT NULL
);
CREATE UNIQUE INDEX one_open_incident ON incidents (shop, name) WHERE closed IS NULL;
CREATE TABLE changes (
    id INTEGER PRIMARY KEY, shop TEXT NOT NULL, name TEXT NOT NULL, before TEXT NOT NULL,
    after TEXT NOT NULL, at REAL NOT NULL, since REAL NOT NULL, runs INTEGER NOT NULL, last_good REAL,
    reason TEXT NOT NULL, step TEXT NOT NULL, message TEXT NOT NULL, decision TEXT NOT NULL,
    trace_id TEXT NOT NULL
);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, event TEXT NOT NULL, channel TEXT NOT NULL,
    title TEXT NOT NULL, body TEXT NOT NULL, created REAL NOT NULL, severity TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, not_before REAL NOT NULL, settled REAL,
    UNIQUE (incident, event, channel)
);
CREATE INDEX outbox_open ON outbox (channel, id) WHERE settled IS NULL;
CREATE TABLE receipts (
    id INTEGER PRIMARY KEY, message INTEGER NOT NULL, attempt INTEGER NOT NULL, at REAL NOT NULL,
    ok INTEGER NOT NULL, elapsed REAL NOT NULL, answer TEXT NOT NULL
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, shop TEXT NOT NULL, name TEXT NOT NULL, run_id TEXT NOT NULL,
    step TEXT NOT NULL, day TEXT NOT NULL, begun REAL NOT NULL, owner TEXT NOT NULL,
    state TEXT NOT NULL, reference TEXT NOT NULL, settled REAL
);
CREATE INDEX orders_by_day ON orders (shop, day);
CREATE INDEX orders_leaked ON orders (shop) WHERE state = 'leaked'
"""


def _incidents_by_cause(connection: sqlite3.Connection) -> None:
    """Incidents with members, what persons do about them, windows, releases, and the story of decisions."""
    for statement in _INCIDENTS_BY_CAUSE.split(";\n"):
        connection.execute(statement)


_INCIDENTS_BY_CAUSE = """
ALTER TABLE states ADD COLUMN blind_runs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE states ADD COLUMN blind_since REAL NOT NULL DEFAULT 0;
ALTER TABLE states ADD COLUMN blind_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE states ADD COLUMN last_run REAL;
DROP INDEX one_open_incident;
ALTER TABLE incidents RENAME TO former_incidents;
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, shop TEXT NOT NULL, severity TEXT NOT NULL,
    title TEXT NOT NULL, since REAL NOT NULL, opened REAL NOT NULL, cause TEXT NOT NULL,
    text TEXT NOT NULL, storm INTEGER, told REAL, closed REAL, closed_by TEXT NOT NULL
);
INSERT INTO incidents
    SELECT id, CASE closed_by WHEN 'told.once' THEN 'leak' ELSE 'outage' END, shop, severity,
        CASE WHEN substr(title, 1, 1) = '[' THEN substr(title, instr(title, '] ') + 2) ELSE title END,
        since, opened, '', '', NULL, opened, closed, closed_by
    FROM former_incidents;
CREATE INDEX incidents_open ON incidents (id) WHERE closed IS NULL;
CREATE INDEX incidents_by_time ON incidents (opened);
CREATE TABLE members (
    incident INTEGER NOT NULL, position INTEGER NOT NULL, shop TEXT NOT NULL, name TEXT NOT NULL,
    severity TEXT NOT NULL, since REAL NOT NULL, joined REAL NOT NULL, joined_by TEXT NOT NULL,
    reason TEXT NOT NULL, step TEXT NOT NULL, message TEXT NOT NULL, excerpt TEXT NOT NULL,
    last_good REAL, runs INTEGER NOT NULL, trace_id TEXT NOT NULL, recovered REAL,
    PRIMARY KEY (incident, position)
) WITHOUT ROWID;
INSERT INTO members
    SELECT id, 0, shop, name, severity, since, opened, 'joined.first', reason, step, message, '',
        last_good, runs, trace_id, closed
    FROM former_incidents;
DROP TABLE former_incidents;
ALTER TABLE outbox RENAME TO former_outbox;
DROP INDEX outbox_open;
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, event TEXT NOT NULL, nth INTEGER NOT NULL,
    channel TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, html TEXT NOT NULL,
    created REAL NOT NULL, severity TEXT NOT NULL, stands_for TEXT NOT NULL, shadow INTEGER NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, not_before REAL NOT NULL, settled REAL,
    UNIQUE (incident, event, nth, channel, shadow)
);
INSERT INTO outbox
    SELECT id, incident, CASE event WHEN 'leaked' THEN 'opened' ELSE event END, 1, channel, title, body, '',
        created, severity, '', 0, state, attempts, not_before, settled
    FROM former_outbox;
DROP TABLE former_outbox;
CREATE INDEX outbox_open ON outbox (channel, id) WHERE settled IS NULL;
CREATE INDEX receipts_by_message ON receipts (message);
CREATE TABLE holds (
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, rule TEXT NOT NULL, detail TEXT NOT NULL,
    since REAL NOT NULL, until REAL
);
CREATE INDEX holds_by_incident ON holds (incident);
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, shop TEXT NOT NULL, name TEXT NOT NULL, incident INTEGER,
    decision TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX decisions_by_incident ON decisions (incident) WHERE incident IS NOT NULL;
CREATE INDEX decisions_by_check ON decisions (shop, name, at);
CREATE TABLE acknowledgements (
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, at REAL NOT NULL, author TEXT NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX acknowledgements_by_incident ON acknowledgements (incident);
CREATE TABLE annotations (
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, at REAL NOT NULL, author TEXT NOT NULL,
    text TEXT NOT NULL, fault TEXT NOT NULL
);
CREATE INDEX annotations_by_incident ON annotations (incident);
CREATE TABLE windows (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, selectors TEXT NOT NULL, client TEXT NOT NULL,
    tags TEXT NOT NULL, starts REAL NOT NULL, ends REAL NOT NULL, reason TEXT NOT NULL,
    author TEXT NOT NULL, created REAL NOT NULL, ended REAL, source TEXT NOT NULL
);
CREATE UNIQUE INDEX windows_once ON windows (source, starts) WHERE source != '';
CREATE INDEX windows_by_end ON windows (ends);
CREATE TABLE releases (
    id INTEGER PRIMARY KEY, shop TEXT NOT NULL, version TEXT NOT NULL, begun REAL NOT NULL,
    "commit" TEXT NOT NULL, author TEXT NOT NULL, link TEXT NOT NULL, ended REAL
);
CREATE INDEX releases_by_shop ON releases (shop, begun);
CREATE TABLE requests (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, author TEXT NOT NULL, verb TEXT NOT NULL,
    payload TEXT NOT NULL, answered REAL, answer TEXT NOT NULL
);
CREATE INDEX requests_open ON requests (id) WHERE answered IS NULL;
CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
"""


def _load_tests(connection: sqlite3.Connection) -> None:
    """Load runs, and when which shop was under load."""
    for statement in _LOAD_TESTS.split(";\n"):
        connection.execute(statement)


_LOAD_TESTS = """
CREATE TABLE loads (
    id TEXT PRIMARY KEY, shop TEXT NOT NULL, scenario TEXT NOT NULL, "release" TEXT NOT NULL,
    host TEXT NOT NULL, started REAL NOT NULL, ended REAL NOT NULL, verdict TEXT NOT NULL,
    summary TEXT NOT NULL, accepted INTEGER NOT NULL, fingerprint TEXT NOT NULL, steps TEXT NOT NULL,
    details BLOB
);
CREATE INDEX loads_by_scenario ON loads (shop, scenario, started);
CREATE INDEX loads_by_time ON loads (started);
CREATE TABLE load_tests (
    id TEXT PRIMARY KEY, shop TEXT NOT NULL, scenario TEXT NOT NULL, "release" TEXT NOT NULL,
    host TEXT NOT NULL, began REAL NOT NULL, until REAL NOT NULL
);
CREATE INDEX load_tests_by_end ON load_tests (until)
"""


def _verified_releases(connection: sqlite3.Connection) -> None:
    """What became of releases, their verifications, and what the gate said before them."""
    for statement in _VERIFIED_RELEASES.split(";\n"):
        connection.execute(statement)


_VERIFIED_RELEASES = """
ALTER TABLE releases ADD COLUMN committed REAL;
ALTER TABLE releases ADD COLUMN told TEXT NOT NULL DEFAULT '';
ALTER TABLE releases ADD COLUMN rolled_back INTEGER NOT NULL DEFAULT 0;
ALTER TABLE releases ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
ALTER TABLE releases ADD COLUMN verified REAL;
ALTER TABLE releases ADD COLUMN live REAL;
CREATE TABLE verifications (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, shop TEXT NOT NULL, "release" INTEGER NOT NULL,
    version TEXT NOT NULL, "commit" TEXT NOT NULL, started REAL NOT NULL, ended REAL,
    location TEXT NOT NULL, by TEXT NOT NULL, verdict TEXT NOT NULL, summary TEXT NOT NULL,
    samples INTEGER NOT NULL, state TEXT NOT NULL, alive REAL NOT NULL, process TEXT NOT NULL, details BLOB
);
CREATE UNIQUE INDEX one_verification ON verifications ("release") WHERE state = 'running';
CREATE INDEX verifications_by_release ON verifications ("release");
CREATE INDEX verifications_by_shop ON verifications (shop, started);
CREATE INDEX verifications_by_time ON verifications (started);
CREATE TABLE gates (
    id INTEGER PRIMARY KEY, shop TEXT NOT NULL, version TEXT NOT NULL, at REAL NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX gates_by_shop ON gates (shop, version);
CREATE INDEX changes_by_check ON changes (shop, name, at)
"""

MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _first_schema,
    _incidents_by_cause,
    _load_tests,
    _verified_releases,
)
"""Applied in this order; the schema's version is how many of them were."""


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the store to this version's schema; all steps and their record are one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection, path)
        for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
            step(connection)
            connection.execute(
                "INSERT INTO migrations VALUES (?, ?, ?)",
                (number, step.__name__.lstrip("_"), time.time()),
            )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: str) -> int:
    """How many steps were applied; makes the record of them in an empty file."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables:
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(
            "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied REAL NOT NULL)"
        )
        return 0
    return known_version(connection, path)


def known_version(connection: sqlite3.Connection, path: str) -> int:
    """The version of an existing store; StoreError where it is none, or newer than this program."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION:
        raise StoreError(f"{path}: this database is not techrun's; name another file for the store")
    (version,) = connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path}: written by a newer techrun (schema {version}, this one knows {len(MIGRATIONS)}); "
            "install that version again, or name another file for the store"
        )
    return int(version)


def is_older(version: int) -> bool:
    """Whether a store of this version lacks something that this program needs."""
    return version < len(MIGRATIONS)
