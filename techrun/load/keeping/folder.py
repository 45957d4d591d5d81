"""Load runs in a folder, such as a CI cache: one JSON file a run, which several machines may write at once."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from techrun.errors import StoreError, UsageError
from techrun.handling import LoadTest
from techrun.load.keeping import Loads, checked_id, encoded, run_of, summary_of
from techrun.load.records import Run
from techrun.oncall import UnknownError
from techrun.store.loads import WHOLE, WHOLE_ACCEPTED
from techrun.views import LoadSummary

log = logging.getLogger(__name__)

LARGEST = 200_000_000
"""Bytes of a file that is read."""
_OURS = re.compile(r"\d{8}T\d{6}Z-(?P<what>.+)-(?P<id>[^-].*)\.json")
_BULK = ("cells", "traffic", "health", "examples")


class FolderLoads(Loads):
    """Runs in a folder. A file that is broken or of another program is told and passed over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, test: LoadTest) -> None:
        """Nobody reads a folder while the test runs."""

    def end(self, number: str) -> None:
        """Nobody was told."""

    def ready(self) -> None:
        """Be sure that a run can be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self._folder).close()
        except OSError as error:
            raise UsageError(
                f"{self._folder}: no load run can be written there ({error.strerror}); check --store"
            ) from error

    def save(self, run: Run) -> None:
        """Write the run whole or not at all; the oldest of its scenario make room."""
        try:
            checked_id(run.id)
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(self._folder / _name(run), encoded(run))
        except ValueError as error:
            raise UsageError(str(error)) from None
        except OSError as error:
            raise StoreError(
                f"{self._folder}: the load run cannot be written ({error.strerror}); check --store"
            ) from error
        self._make_room(run.shop, run.scenario)

    def runs(self, shop: str = "", scenario: str = "", limit: int = 20) -> list[LoadSummary]:
        """The newest runs, newest first."""
        found = [summary for _, summary in self._listed(shop, scenario)]
        return sorted(found, key=lambda one: one.started, reverse=True)[:limit]

    def get(self, number: str) -> Run:
        """A run, with all that was measured."""
        for path in self._files():
            if path.name.endswith(f"-{number}.json"):
                run = _read(path)
                if run is not None and run.id == number:
                    return run
        raise UnknownError(f"{self._folder}: there is no load run {number}; techrun load list tells them")

    def _write(self, path: Path, text: bytes) -> None:
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)  # a cache is read by other users too; mkstemp gives it to nobody else
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _make_room(self, shop: str, scenario: str) -> None:
        found = sorted(self._listed(shop, scenario), key=lambda one: one[1].started, reverse=True)
        kept = {path for path, _ in found[:WHOLE]}
        kept |= {path for path, _ in [one for one in found if one[1].accepted][:WHOLE_ACCEPTED]}
        for path, _ in found:
            if path not in kept:
                path.unlink(missing_ok=True)

    def _listed(self, shop: str, scenario: str) -> Iterator[tuple[Path, LoadSummary]]:
        """Each run of a shop and scenario; files whose name says that they are of another are not opened."""
        for path in self._files():
            ours = _OURS.fullmatch(path.name)
            wanted = f"{_slug(shop)}-{_slug(scenario)}" if shop and scenario else _slug(shop or scenario)
            if ours and wanted not in ours["what"]:
                continue
            run = _read(path, whole=False)
            if run is not None and shop in {"", run.shop} and scenario in {"", run.scenario}:
                yield path, summary_of(run)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.json"), reverse=True)


def _read(path: Path, *, whole: bool = True) -> Run | None:
    """The run in a file, on request without what was measured; None where it holds none, which is told."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")  # noqa: TRY301  told as any other reason
        value = json.loads(path.read_bytes())
        return run_of(value if whole else _without_bulk(value))
    except FileNotFoundError:
        return None  # another writer has made room meanwhile
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        log.warning("%s is passed over: it holds no load run that can be read (%s)", path, why)
        return None


def _without_bulk(value: Any) -> Any:
    """What a list tells; the cells of a run take a hundred times as long to read as all the rest."""
    if not isinstance(value, dict):
        return value
    return {**value, **{name: [] for name in _BULK}}


def _name(run: Run) -> str:
    """Sorts by time, and tells of which shop and scenario it is."""
    began = datetime.fromtimestamp(run.started, UTC)
    return f"{began:%Y%m%dT%H%M%SZ}-{_slug(run.shop)}-{_slug(run.scenario)}-{run.id}.json"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", text)
