"""Where load runs are kept, and who knows that one is under way.

`StoreLoads` is the store of this machine, with or without a daemon beside it; `folder` a folder, such as a
CI cache; `app.remote_loads` the server of `--server`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from techrun.errors import StoreError, TechrunError, UsageError
from techrun.handling import LoadTest
from techrun.language.words import did_you_mean
from techrun.load.histogram import merged, quantile
from techrun.load.records import Cell, Run
from techrun.load.schedule import ends, windows
from techrun.oncall import UnknownError
from techrun.store import loads as rows
from techrun.store.database import Store, is_older_store, read_store
from techrun.store.writer import Work
from techrun.views import LoadSummary, StepFigures
from techrun.wire import from_json, to_json

log = logging.getLogger(__name__)

FORMAT = 1
"""Of the JSON of a run; see `Run.version`."""
SEARCHED = 200
"""The newest runs among which accepted ones are looked for."""
ALIVE = 60.0
"""Seconds for which a test is taken to be under way after it said so last."""
SAID_EVERY = 20.0
SLICE = 200
"""Cells that are read at once: the interpreter is held for some milliseconds, and the daemon's probes go on."""
LONGEST = 7 * 86400.0
"""Seconds for which a test may say that it is under way."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Loads(Protocol):
    """Where load runs are kept. TechrunError says why they cannot be; UnknownError what is not there."""

    def note(self, test: LoadTest) -> None:
        """The shop is under load until `test.until`, unless it is said anew or `end` comes before."""

    def end(self, number: str) -> None:
        """It no longer is; also where nothing of the run is kept."""

    def ready(self) -> None:
        """Be sure that a run can be kept: asked before it, not only after it; TechrunError where it cannot."""

    def save(self, run: Run) -> None:
        """Keep a run that has ended, in place of one with the same id."""

    def runs(self, shop: str = "", scenario: str = "", limit: int = 20) -> list[LoadSummary]:
        """The newest runs, newest first; of one shop and scenario or of all."""

    def get(self, number: str) -> Run:
        """A run, with all that was measured."""

    def begin(self, run: Run, seconds: float | None = None) -> None:
        """The shop is under load from now on, for so long; without a time for as long as the run may last.

        `announced` says it again and again instead, so that a run whose process died is soon forgotten.
        """
        lasts = ends(run.schedule) + ALIVE if seconds is None else seconds
        now = time.time()
        self.note(LoadTest(run.id, run.shop, run.scenario, run.release, run.host, now, now + lasts))

    def accepted(self, shop: str, scenario: str, fingerprint: Mapping[str, str], limit: int = 5) -> list[Run]:
        """The newest runs that passed under these conditions, newest first."""
        found = [
            one
            for one in self.runs(shop, scenario, SEARCHED)
            if one.accepted and one.whole and dict(one.fingerprint) == dict(fingerprint)
        ]
        return [self.get(one.id) for one in found[:limit]]


@contextlib.contextmanager
def announced(loads: Loads, run: Run) -> Iterator[None]:
    """While this lasts the alerts know of the load test; that they cannot be told is logged, and changes nothing."""
    over = threading.Event()

    def say() -> None:
        while True:
            with _logged("nobody is told of the load test"):
                loads.begin(run, ALIVE)
            if over.wait(SAID_EVERY):
                return

    thread = threading.Thread(target=say, name="techrun-load-announced", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with _logged("nobody is told that the load test is over"):
            loads.end(run.id)


@contextlib.contextmanager
def _logged(what: str) -> Iterator[None]:
    try:
        yield
    except TechrunError as error:
        log.warning("%s: %s", what, error)


def encoded(run: Run) -> bytes:
    """The run as JSON."""
    return json.dumps(to_json(run), separators=(",", ":"), ensure_ascii=False).encode()


def decoded(text: bytes | str) -> Run:
    """The run in this JSON; ValueError says why it holds none."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return run_of(value)


def run_of(value: Any) -> Run:
    """The run that JSON held; ValueError says why it is none."""
    if not isinstance(value, dict):
        raise ValueError("it is no load run")  # noqa: TRY004  callers expect what is wrong with the JSON
    version = value.get("version")
    if isinstance(version, int) and version > FORMAT:
        raise ValueError(f"a newer techrun wrote it (format {version}, this one knows {FORMAT})")
    run = from_json(Run, {**value, "cells": ()})
    checked_id(run.id)
    cells = value.get("cells", ())
    if not isinstance(cells, list | tuple):
        raise ValueError("cells: it is no list")  # noqa: TRY004  as above
    found: list[Cell] = []
    for start in range(0, len(cells), SLICE):
        try:
            found += from_json(tuple[Cell, ...], cells[start : start + SLICE])
        except ValueError as error:
            raise ValueError(f"cells from {start} on: {error}") from None
    return replace(run, cells=tuple(found))


def checked_id(number: str) -> str:
    """The id, if it can stand in addresses and in names of files; ValueError where not."""
    if not _ID.fullmatch(number):
        raise ValueError(f"id: {number[:100]!r} has other characters than letters, digits, `.`, `_` and `-`")
    return number


def summary_of(run: Run) -> LoadSummary:
    """The run as it stands in a list."""
    verdict = run.verdict
    return LoadSummary(
        id=run.id,
        shop=run.shop,
        scenario=run.scenario,
        release=run.release,
        host=run.host,
        started=run.started,
        ended=run.ended,
        verdict=verdict.value if verdict else "",
        summary=verdict.summary if verdict else run.stopped,
        accepted=verdict is not None and verdict.value == "pass",
        fingerprint=run.fingerprint,
    )


def figures_of(run: Run) -> list[StepFigures]:
    """What each step did in the measured phase, in the order in which steps were met."""
    measured = windows(run.schedule, "measure")
    found: dict[tuple[str, str, str], list[Any]] = {}
    for cell in run.cells:
        if cell.window in measured:
            found.setdefault((cell.arm, cell.journey, cell.step), []).append(cell)
    return [_figures(*key, cells) for key, cells in found.items()]


def _figures(arm: str, journey: str, step: str, cells: list[Any]) -> StepFigures:
    buckets = merged(cell.buckets for cell in cells)
    failed = sum(sum(cell.errors.values()) for cell in cells)
    p50, p95, p99 = (quantile(buckets, share) for share in (0.5, 0.95, 0.99))
    return StepFigures(arm, journey, step, sum(buckets.values()) + failed, failed, p50, p95, p99)


class StoreLoads(Loads):
    """Runs in the store of this machine; the file is made where no daemon ever ran.

    The daemon hands in the store that it holds, and the names of its shops: it keeps nothing of others.
    """

    def __init__(
        self,
        path: Path,
        store: Store | None = None,
        *,
        shops: Callable[[], Collection[str]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._store, self._shops, self._clock = path, store, shops, clock

    def note(self, test: LoadTest) -> None:
        """The shop is under load until `test.until`; a test that began already keeps its beginning."""
        self._known(test.shop)
        if not 0 < test.until - test.began <= LONGEST:
            raise UsageError("a load test is announced for 1s to 7d at a time")
        _usable(test.id)
        self._write(lambda connection: rows.begin_load_test(connection, test))

    def end(self, number: str) -> None:
        """The shop is no longer under this load."""
        self._write(lambda connection: rows.end_load_test(connection, number, self._clock()))

    def ready(self) -> None:
        """Be sure that a run can be kept; a store of an older techrun becomes one of this."""
        self._write(lambda _: None)

    def save(self, run: Run) -> None:
        """Keep a run that has ended; its load test is no longer under way."""
        self.keep(run, encoded(run))

    def keep(self, run: Run, text: bytes) -> None:
        """The same for a run that came as JSON: writing that anew would hold up the daemon's probes."""
        self._known(run.shop)
        _usable(run.id)
        summary, steps, details = summary_of(run), figures_of(run), zlib.compress(text)

        def work(connection: sqlite3.Connection) -> None:
            rows.insert_load(connection, summary, steps, details)
            rows.end_load_test(connection, run.id, self._clock())

        self._write(work)

    def runs(self, shop: str = "", scenario: str = "", limit: int = 20) -> list[LoadSummary]:
        """The newest runs, newest first; none where there is no store yet."""
        if self._store is None and not self._path.exists():
            return []
        with self._reading() as connection:
            return rows.load_summaries(connection, shop, scenario, limit)

    def raw(self, number: str) -> bytes:
        """The JSON of a run, as it was saved."""
        there_is_none = f"there is no load run {number}; techrun load list tells them"
        if self._store is None and not self._path.exists():
            raise UnknownError(there_is_none)
        with self._reading() as connection:
            found = rows.load_of(connection, number)
        if found is None:
            raise UnknownError(there_is_none)
        if found[1] is None:
            raise UnknownError(
                f"of the load run {number} only its verdict is still kept ({found[0].verdict or 'none'}); "
                f"the newest {rows.WHOLE} runs of a scenario are kept as a whole"
            )
        return zlib.decompress(found[1])

    def get(self, number: str) -> Run:
        """A run, with all that was measured."""
        try:
            return decoded(self.raw(number))
        except (ValueError, zlib.error) as error:
            raise StoreError(f"{self._path}: the load run {number} cannot be read ({error})") from None

    def _known(self, shop: str) -> None:
        known = None if self._shops is None else list(self._shops())
        if known is not None and shop not in known:
            hint = did_you_mean(shop, known) or f"there are: {', '.join(known)}"
            raise UsageError(f'no shop is called "{shop}"; {hint}')

    def _reading(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        return read_store(self._path) if self._store is None else self._store.read()

    def _write(self, work: Work[Any]) -> None:
        if self._store is not None:
            self._store.write(work, urgent=True).result()
            return
        # An older daemon that uses the store could not go on with a newer one: then this is refused.
        with contextlib.closing(Store(self._path, exclusive=is_older_store(self._path))) as store:
            store.write(work, urgent=True).result()


def _usable(number: str) -> None:
    try:
        checked_id(number)
    except ValueError as error:
        raise UsageError(str(error)) from None
