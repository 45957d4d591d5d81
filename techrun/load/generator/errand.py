"""The generating process' end of the two pipes: what it was started to do, what it is told, what it tells.

It finds them by an environment variable, which a process that people start with `locust -f` does not have.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gevent import os as green
from gevent.lock import RLock

from techrun.load.job import Job
from techrun.wire import from_json

VARIABLE = "TECHRUN_LOAD_JOB"
"""Names the job's file, in the environment of the generating process."""
_ONE_AT_A_TIME = RLock()


@dataclass(frozen=True, slots=True)
class Errand:
    """A job and the pipes of the process that commands it."""

    job: Job
    commands: int
    """File descriptor to read from."""
    reports: int
    """File descriptor to write to."""

    def tell(self, kind: str, **what: Any) -> bool:
        """One line to the commanding process, without holding up the event loop; False: it is gone."""
        line = json.dumps({"kind": kind, **what}).encode() + b"\n"
        green.make_nonblocking(self.reports)
        with _ONE_AT_A_TIME:
            try:
                while line:
                    line = line[green.nb_write(self.reports, line) :]
            except OSError:
                return False
        return True

    def listen(self, told: Callable[[dict[str, Any]], None]) -> None:
        """Hand each command on as it comes; returns when the commanding process is gone."""
        green.make_nonblocking(self.commands)
        rest = b""
        while True:
            try:
                piece = green.nb_read(self.commands, 65536)
            except OSError:
                return
            if not piece:
                return
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                told(json.loads(line))

    def let_go(self) -> None:
        """Close the pipes in a process that was forked: only the one that leads may hold them open."""
        os.close(self.commands)
        os.close(self.reports)


def current() -> Errand | None:
    """What this process was started to do; None: people started it themselves."""
    path = os.environ.get(VARIABLE)
    return read(Path(path)) if path else None


def read(path: Path) -> Errand:
    """The errand that this file holds."""
    written = json.loads(path.read_text(encoding="utf-8"))
    return Errand(from_json(Job, written["job"]), written["commands"], written["reports"])
