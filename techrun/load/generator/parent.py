"""The commanding process' end: starts the generating process, talks to it, and ends it whatever it does.

Nothing here waits without a deadline: a child that dies, hangs or never gets ready is told as `LoadError`.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from techrun.errors import ExitCode, TechrunError
from techrun.load.job import Job, Ready
from techrun.load.records import Report
from techrun.wire import from_json, to_json

START = 45.0
"""Seconds to import Locust and to read the scenario, on a busy machine."""
SILENCE = 20.0
"""Seconds without a report after which the generating process hangs."""
ANSWER = 5.0
"""Seconds for a word on whether the run goes on for longer."""
LEAVE = 8.0
"""Seconds to go by itself when its run is over; the workers of a killed one have gone by then too."""
LOG = 8000
"""Bytes of the log's end that are shown."""
KEPT = ("PATH", "LANG", "TZ", "TMPDIR", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH")
"""Of the environment: what Python needs. No LOCUST_*, no proxy, no HOME with a .locust.conf in it."""


class LoadError(TechrunError):
    """The generating process cannot do its job, or no longer."""

    def __init__(self, text: str, code: int = ExitCode.INTERNAL) -> None:
        super().__init__(text)
        self.exit_code = ExitCode(code)


class LocustGenerator:
    """Locust in a process group of its own."""

    def __init__(self, job: Job, secrets: Mapping[str, str] | None = None) -> None:
        self._job = job
        self._secrets = dict(secrets or {})
        self._folder = Path()
        self._child: subprocess.Popen[bytes] | None = None
        self._commands = -1
        self._told: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._log = ""
        self._asked_to_stop = False

    def prepare(self) -> Ready:
        """Start the process and read the scenario; LoadError says why it cannot."""
        self._start()
        wait = START + (
            self._job.wait_for_workers if self._job.workers > 1 or self._job.expect_workers else 0
        )
        message = self._next(wait, f"the generating process was not ready within {wait:g} s")
        if message["kind"] != "ready":
            raise LoadError(message.get("text") or self._why_gone(), message.get("code", ExitCode.INTERNAL))
        return from_json(Ready, message["ready"])

    def begin(self) -> None:
        """Let the visitors come."""
        self._say("begin")

    def reports(self) -> Iterator[Report]:
        """What is measured, about once a second; LoadError where the process dies or hangs before the run is over."""
        while True:
            message = self._next(SILENCE, f"the generating process told nothing for {SILENCE:g} s")
            if message["kind"] == "over":
                if message["stopped"] and not self._asked_to_stop:
                    raise LoadError(message["stopped"])
                return
            if message["kind"] == "failed":
                raise LoadError(message["text"], message["code"])
            yield from_json(Report, message["report"])

    def extend(self, seconds: float) -> None:
        """Measure for longer; LoadError where the last arrival was due already."""
        self._say("extend", seconds=seconds)
        try:
            extended = self._answers.get(timeout=ANSWER)
        except queue.Empty:
            raise LoadError(f"the generating process did not answer for {ANSWER:g} s") from None
        if not extended:
            raise LoadError("too late to measure for longer: the last visitor has come")

    def stop(self, reason: str, drain: float | None = None) -> None:
        """No more arrivals; visits under way have so many seconds, or what the schedule gives them."""
        self._asked_to_stop = True
        self._say("stop", reason=reason, drain=drain)

    @property
    def log(self) -> str:
        """The end of what the process wrote, for people."""
        if self._child is not None:
            with contextlib.suppress(OSError):
                self._log = (self._folder / "log").read_bytes()[-LOG:].decode(errors="replace")
        return self._log

    def close(self) -> None:
        """End the process and its workers, by force if need be; twice does nothing."""
        child = self._child
        if child is None:
            return
        os.close(self._commands)  # to the child that nobody wants the load any more
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(LEAVE)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        self._log = self.log
        self._child = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="techrun_load_"))
        theirs, self._commands = os.pipe()
        reports, ours = os.pipe()
        written = {"job": to_json(self._job), "commands": theirs, "reports": ours}
        path = self._folder / "job.json"
        path.write_text(json.dumps(written), encoding="utf-8")
        with (self._folder / "log").open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [sys.executable, "-m", "techrun.load.generator.child", str(path)],
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs, ours),
                start_new_session=True,
            )
        os.close(theirs)
        os.close(ours)
        threading.Thread(target=self._read, args=(reports,), name="load-pipe", daemon=True).start()

    def _environment(self) -> dict[str, str]:
        """A clean one, and the secrets that the journeys need."""
        kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("LC_")}
        return {**kept, "HOME": str(self._folder), "PYTHONUNBUFFERED": "1", **self._secrets}

    def _read(self, reports: int) -> None:
        """Take the child's lines as they come: it must never wait for us."""
        with open(reports, "rb") as pipe:
            for line in pipe:
                if not line.endswith(b"\n"):
                    break  # the child was killed in the middle of a word
                message = json.loads(line)
                if message["kind"] == "extended":
                    self._answers.put(message["extended"])
                else:
                    self._told.put(message)
        self._told.put(None)

    def _next(self, seconds: float, late: str) -> dict[str, Any]:
        try:
            message = self._told.get(timeout=seconds)
        except queue.Empty:
            raise LoadError(late) from None
        if message is None:
            raise LoadError(self._why_gone())
        return message

    def _why_gone(self) -> str:
        """How the child ended."""
        code = None
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._child.wait(1)
        how = (
            f"was killed by {signal.Signals(-code).name}"
            if code and code < 0
            else f"ended with exit code {code}"
        )
        tail = "\n".join(self.log.strip().splitlines()[-3:])
        return f"the generating process {how}" + (f": {tail}" if tail else "")

    def _say(self, kind: str, **what: Any) -> None:
        """One command; to a child that is gone it is lost, and `reports` tells so."""
        with contextlib.suppress(OSError):
            os.write(self._commands, json.dumps({"kind": kind, **what}).encode() + b"\n")
