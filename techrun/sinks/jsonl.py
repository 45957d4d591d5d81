"""Every result as one line of JSON, to a file or to the standard output.

A file that was moved away (logrotate) is made anew. A result that the disk or the reader cannot take
in time is forgotten and counted: it never waits on the probe loop.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from techrun.model import Check, Result, Shop, Step

log = logging.getLogger(__name__)

VERSION = 1
"""Stands as `v` in every line; it grows when a key changes its meaning or goes."""
CAPACITY = 20_000
"""Results that wait for the disk at most."""
WRITE_EVERY = 0.2
"""Seconds between two writes."""
LAST_WRITE = 5.0
"""Seconds that the last results get at the end."""
STDOUT = "-"


class JsonlSink:
    """Writes results to `path`; `-` is the standard output."""

    def __init__(self, path: str | Path = STDOUT, *, capacity: int = CAPACITY) -> None:
        self.dropped = 0
        """Results that were forgotten since the start."""
        self._path = None if str(path) == STDOUT else Path(path)
        self._file: TextIO | None = None
        self._waiting: deque[Result] = deque(maxlen=capacity)
        self._problem = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="techrun-jsonl", daemon=True)
        self._thread.start()

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:
        """A line speaks for itself: nothing to prepare."""

    def accept(self, result: Result) -> None:
        """Take note of one result."""
        if len(self._waiting) == self._waiting.maxlen:
            self.dropped += 1
        self._waiting.append(result)

    def close(self) -> None:
        """Write what is left; a reader that does not read is not waited for."""
        self._stop.set()
        self._thread.join(LAST_WRITE)

    def _run(self) -> None:
        while not self._stop.wait(WRITE_EVERY):
            self._write()
        self._write()
        if self._file is not None and self._path is not None:
            self._file.close()

    def _write(self) -> None:
        results = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not results:
            return
        try:
            output = self._output()
            output.write("".join(f"{line_of(result)}\n" for result in results))
            output.flush()
            self._problem = ""
        except (OSError, ValueError) as error:
            self.dropped += len(results)
            if str(error) != self._problem:
                log.error("%s: results are not written: %s", self._path or "standard output", error)  # noqa: TRY400  the text says it all
            self._problem = str(error)

    def _output(self) -> TextIO:
        """Where to write now: the file of this name, also when another was moved away from it."""
        if self._path is None:
            return sys.stdout
        if self._file is not None and not _is_at(self._file, self._path):
            self._file.close()
            self._file = None
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8")
        return self._file


def _is_at(file: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def line_of(result: Result) -> str:
    """One result as one line, without the newline."""
    return _encode(_told(result))


def _told(result: Result) -> dict[str, Any]:
    check, outcome = result.check, result.outcome
    return {
        "v": VERSION,
        "shop": check.id.shop,
        "check": check.id.name,
        "kind": check.kind,
        "client": check.client,
        "env": check.env,
        "location": result.location,
        "run_id": result.run_id,
        "trace_id": outcome.trace_id,
        "trigger": result.trigger,
        "started": result.started,
        "duration": round(result.duration, 6),
        "lateness": round(result.lateness, 6),
        "missed": result.missed,
        "status": outcome.status.value,
        "reason": outcome.reason.value if outcome.reason else None,
        "step": outcome.step,
        "message": outcome.message,
        "not_run": outcome.not_run,
        "phases": {name: round(seconds, 6) for name, seconds in outcome.phases.items()},
        "measures": {name: value for name, value in outcome.measures.items() if math.isfinite(value)},
        "steps": [_step(step) for step in outcome.steps],
        "cleanup": [_step(step) for step in outcome.cleanup],
        "cleanup_failed": outcome.cleanup_failed,
        "orders": [
            {"step": order.step, "reference": order.reference, "state": order.state}
            for order in outcome.orders
        ],
        "labels": dict(check.labels),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.name,
        "status": step.status.value,
        "reason": step.reason.value if step.reason else None,
        "message": step.message,
        "duration": round(step.duration, 6),
        "http_status": step.http_status,
        "attempts": step.attempts,
        "skipped": step.skipped,
    }


_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode
