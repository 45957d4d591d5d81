"""How to make a run again: the command, as it is typed. Pure."""

from __future__ import annotations

import shlex

from techrun.load.records import Run


def command(run: Run) -> str:
    """The command line of this run, ready for a shell; one option a line."""
    options = [
        ("--shop", run.shop),
        ("--host", run.host),
        ("--release", run.release),
        ("--baseline-url", run.old_host),
        ("--workers", str(run.workers) if run.workers > 1 else ""),
    ]
    parts = [f"techrun load run {shlex.quote(run.scenario)}"]
    parts += [f"{name} {shlex.quote(value)}" for name, value in options if value]
    return " \\\n  ".join(parts)
