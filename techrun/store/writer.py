"""The one thread that writes: it gathers what came in and commits it together.

Two ways in. A `Lane` takes rows that may be lost (raw results): putting one costs an append, and a
full lane forgets its oldest. `Writer.write` takes work that must not be lost (states, messages,
orders) and answers with a future. Neither waits for the disk.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from techrun.errors import StoreError

log = logging.getLogger(__name__)

COMMIT_EVERY = 0.5
"""Seconds between two commits while nothing is urgent."""
BATCH = 5_000
"""Rows of one lane that one transaction takes at most: it bounds how long an urgent write waits."""
REST = 2.0
"""Seconds that lanes wait after the disk refused them."""

Row = TypeVar("Row")
Answer = TypeVar("Answer")
Work = Callable[[sqlite3.Connection], Answer]


class Lane(Generic[Row]):
    """Rows on their way to the disk; when it is full the oldest are forgotten, and counted."""

    def __init__(self, write_rows: Callable[[sqlite3.Connection, list[Row]], None], capacity: int) -> None:
        self._write_rows = write_rows
        self._rows: deque[Row] = deque(maxlen=capacity)
        self._taken: list[Row] = []
        self.dropped = 0
        """Rows that were forgotten since the start."""

    def put(self, row: Row) -> None:
        """Take one row; never blocks."""
        if len(self._rows) == self._rows.maxlen:
            self.dropped += 1
        self._rows.append(row)

    @property
    def waiting(self) -> int:
        """Rows that are not yet written."""
        return len(self._rows) + len(self._taken)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write the oldest rows inside a transaction; they are kept until `written`."""
        while self._rows and len(self._taken) < BATCH:
            self._taken.append(self._rows.popleft())
        self._write_rows(connection, self._taken)

    def written(self) -> None:
        """The transaction was committed: let the rows go."""
        self._taken = []

    def refuse(self) -> None:
        """The rows at hand can never be written."""
        self.dropped += len(self._taken)
        self._taken = []

    def forget(self) -> None:
        """The end has come and the disk takes nothing."""
        if self.waiting:
            log.error("%d results were not written", self.waiting)
        self.dropped += self.waiting
        self._taken = []
        self._rows.clear()


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    future: Future[Any] = field(default_factory=Future)
    answer: Any = None


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one transaction writes."""

    jobs: list[_Job]
    lanes: list[Lane[Any]]

    def parts(self) -> list[_Batch]:
        """Each lane and each job by itself; a job that is done tells that the lanes before it were tried."""
        return [_Batch([], [lane]) for lane in self.lanes] + [_Batch([job], []) for job in self.jobs]

    def write(self, connection: sqlite3.Connection) -> None:
        """Do it all inside a transaction."""
        for job in self.jobs:
            job.answer = job.work(connection)
        for lane in self.lanes:
            lane.write(connection)

    def written(self) -> None:
        """It is on the disk."""
        for lane in self.lanes:
            lane.written()
        for job in self.jobs:
            job.future.set_result(job.answer)


class Writer:
    """Owns the writing connection from its start to its end."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], path: Path) -> None:
        self._connect = connect
        self._connection = connect()
        self._path = path
        self._file = _identity(path)
        self._jobs: list[_Job] = []
        self._lanes: list[Lane[Any]] = []
        self._wake = threading.Condition()
        self._urgent = False
        self._closing = False
        self._lanes_rest_until = 0.0
        self.problem = ""
        """Why the last commit failed; empty while all is well."""
        self._thread = threading.Thread(target=self._run, name="techrun-store", daemon=True)
        self._thread.start()

    def lane(self, write_rows: Callable[[sqlite3.Connection, list[Row]], None], capacity: int) -> Lane[Row]:
        """A new lane; its rows are written from the next commit on."""
        made = Lane(write_rows, capacity)
        with self._wake:
            self._lanes.append(made)
        return made

    def write(self, work: Work[Answer], *, urgent: bool = False) -> Future[Answer]:
        """Do this work in the next transaction; the future is done when it is on the disk.

        Work must bear being done twice: where one fails, the others of its transaction are redone.
        A future that is cancelled in time means that nothing is done.
        """
        job = _Job(work)
        with self._wake:
            if self._closing:
                raise StoreError(f"{self._path}: the store is closed")
            self._jobs.append(job)
            self._urgent = self._urgent or urgent
            if urgent:
                self._wake.notify()
        return job.future

    def flush(self) -> None:
        """Wait until what came in so far is on the disk, or was refused by it."""
        rounds = 1 + max((lane.waiting // BATCH for lane in self._lanes), default=0)
        for _ in range(rounds):
            self.write(lambda _: None, urgent=True).result()

    def close(self) -> None:
        """Write what came in so far and end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while not self._pause():
            self._commit(self._take())
        while (batch := self._take(last=True)) is not _NOTHING:
            if not self._commit(batch):
                for lane in batch.lanes:
                    lane.forget()
        self._connection.close()

    def _pause(self) -> bool:
        """Wait until something is urgent or the interval is over; whether the end has come."""
        end = time.monotonic() + COMMIT_EVERY
        with self._wake:
            while not (self._urgent or self._closing) and (left := end - time.monotonic()) > 0:
                self._wake.wait(left)
            self._urgent = False
            return self._closing

    def _take(self, *, last: bool = False) -> _Batch:
        """All that is there to be written; lanes rest a while after the disk refused them."""
        with self._wake:
            jobs, self._jobs = self._jobs, []
            resting = not last and time.monotonic() < self._lanes_rest_until
            lanes = [] if resting else [lane for lane in self._lanes if lane.waiting]
        jobs = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        return _Batch(jobs, lanes) if jobs or lanes else _NOTHING

    def _commit(self, batch: _Batch) -> bool:
        """Write a batch; where that fails each of its parts by itself, so that one spoils no other."""
        if batch is _NOTHING:
            return True
        error = self._attempt(batch)
        if error is None:
            if time.monotonic() >= self._lanes_rest_until:  # else a lane still waits for the disk
                self.problem = ""
            return True
        parts = batch.parts()
        if len(parts) > 1 and not _held_by_another(error):
            done = [self._commit(part) for part in parts]
            return all(done)
        self._give_up(batch, error)
        return False

    def _attempt(self, batch: _Batch) -> Exception | None:
        """One transaction in the file of this name; the error that undid it, or None."""
        if self._file is None or _identity(self._path) != self._file:
            try:
                self._renew()
            except (sqlite3.Error, StoreError, OSError) as error:
                return error
        return _attempt(self._connection, batch)

    def _renew(self) -> None:
        """Go on in a new file: what is written to one that was deleted is found by nobody."""
        if self._file is not None:
            log.error("%s was deleted or replaced while techrun uses it; a new one is begun", self._path)
        self._file = None
        self._connection.close()  # first: SQLite deletes files beside the store by their names
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = self._connect()
        self._file = _identity(self._path)

    def _give_up(self, batch: _Batch, error: Exception) -> None:
        problem = f"{self._path}: could not be written ({error})"
        if problem != self.problem:
            log.error("%s", problem)
        self.problem = problem
        for job in batch.jobs:
            job.future.set_exception(
                StoreError(problem) if isinstance(error, sqlite3.Error | OSError) else error
            )
        self._lanes_rest_until = time.monotonic() + REST
        for lane in batch.lanes:
            # The disk may have room again; a row that breaks a rule of the schema stays wrong.
            if not isinstance(error, sqlite3.OperationalError | StoreError | OSError):
                lane.refuse()


_NOTHING = _Batch([], [])


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file has this name; None where none has."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _held_by_another(error: Exception) -> bool:
    """Another program holds the file: each part of the batch would wait for it as long as the whole did."""
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _attempt(connection: sqlite3.Connection, batch: _Batch) -> Exception | None:
    """One transaction; the error that undid it, or None."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        batch.write(connection)
        connection.execute("COMMIT")
    except Exception as error:  # noqa: BLE001  whatever it is, it is handed to the one who asked
        # Where even this fails SQLite has undone it already.
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        return error
    batch.written()
    return None
