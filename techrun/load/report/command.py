"""How to make a run again: the command, as it is typed. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from techrun.load.records import Run

SCENARIO = "scenario"
"""Under this name `Run.asked` has the scenario, where it was given as a file."""


def command(run: Run) -> str:
    """The command line of this run, ready for a shell; one option a line."""
    parts = [f"techrun load run {shlex.quote(run.asked.get(SCENARIO, run.scenario))}"]
    parts += [f"--{name} {shlex.quote(value)}" if value else f"--{name}" for name, value in _options(run)]
    return " \\\n  ".join(parts)


def _options(run: Run) -> Iterator[tuple[str, str]]:
    """What the run itself knows, then what else was asked for."""
    known = {
        "shop": run.shop,
        "host": run.host,
        "release": run.release,
        "baseline-url": run.old_host,
        "baseline-release": run.old_release if run.old_host else "",
    }
    if run.workers > 1 and not run.asked:
        known["workers"] = str(run.workers)
    yield from ((name, value) for name, value in known.items() if value)
    yield from ((name, value) for name, value in run.asked.items() if name not in {*known, SCENARIO})
