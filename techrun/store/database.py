"""One SQLite file in WAL mode: one daemon, one writing thread, readers with connections of their own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import IO

from techrun.errors import StoreError
from techrun.store.migrations import is_older, known_version, migrate
from techrun.store.writer import Answer, Lane, Row, Work, Writer

BUSY = 5.0
"""Seconds that a transaction waits for another program's."""


class Store:
    """What techrun remembers over a restart; StoreError where the file cannot serve.

    The daemon opens it `exclusive`: a second daemon is refused. A command that only adds a little
    beside a running daemon (a test order of `techrun check`) opens it without.
    """

    def __init__(self, path: str | Path, *, exclusive: bool = True) -> None:
        self.path = Path(path)
        self.exclusive = exclusive
        with _told(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self.path) if exclusive else None
            try:
                self._writer = Writer(lambda: _prepared(self.path), self.path)
            except BaseException:
                self._unlock()
                raise
        self._closed = False

    def lane(self, write_rows: Callable[[sqlite3.Connection, list[Row]], None], capacity: int) -> Lane[Row]:
        """A way in for rows that may be lost: putting one never blocks, a full lane forgets its oldest."""
        return self._writer.lane(write_rows, capacity)

    def write(self, work: Work[Answer], *, urgent: bool = False) -> Future[Answer]:
        """Do this work in the next transaction; the future is done when it is synced to the disk."""
        return self._writer.write(work, urgent=urgent)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own that only reads."""
        with read_store(self.path) as connection:
            yield connection

    @property
    def problem(self) -> str:
        """Why the last commit failed; empty while all is well."""
        return self._writer.problem

    def flush(self) -> None:
        """Wait until everything taken so far is on the disk."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is left and let go of the file; closing twice does nothing."""
        if not self._closed:
            self._closed = True
            self._writer.close()
            self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()


@contextlib.contextmanager
def read_store(path: str | Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, beside a daemon or without one; StoreError where there is no store."""
    path = Path(path)
    if not path.exists():
        raise StoreError(f"{path}: there is no store yet; `techrun run` makes it")
    with _told(path), contextlib.closing(_connect(path, readonly=True)) as connection:
        if is_older(known_version(connection, str(path))):
            raise StoreError(
                f"{path}: written by an older techrun; start the daemon of this version: techrun run"
            )
        yield connection


def is_older_store(path: Path) -> bool:
    """Whether an older techrun wrote the store that is there; StoreError where the file is none."""
    if not path.exists():
        return False
    with _told(path), contextlib.closing(_connect(path, readonly=True)) as connection:
        return is_older(known_version(connection, str(path)))


def _connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rwc'}",
        uri=True,
        timeout=BUSY,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # Every commit is synced: an order that was noted, or a message, is there after a power cut.
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _prepared(path: Path) -> sqlite3.Connection:
    """A writing connection to a store of this version's schema."""
    connection = _connect(path)
    try:
        _use_wal(connection, path)
        migrate(connection, str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError(
            f"{path}: this file system cannot hold the store (no write-ahead log); use a local disk"
        )


def _lock(path: Path) -> IO[str]:
    """Hold the file beside the store for this process; it is let go when the process ends, however it ends."""
    lock = path.with_name(path.name + ".lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise StoreError(
            f"{path}: another techrun is using this store (process {holder}); "
            "stop it first, or give this one a store of its own"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell what is wrong with the file in the user's words."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"{path}: the store cannot be used ({error}); check the folder, its rights and the room on its disk"
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path}: the store is damaged or no database ({error}); "
            "move the file away (a new one is made) or restore it from a backup"
        ) from error
    except OSError as error:
        raise StoreError(
            f"{path}: the store cannot be opened ({error.strerror}); check the folder, its rights and the room on its disk"
        ) from error
