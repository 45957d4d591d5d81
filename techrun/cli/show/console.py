"""Colours and the words for statuses, the same everywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from techrun.model import Status

STYLES = {
    Status.UP: "green",
    Status.DEGRADED: "yellow",
    Status.DOWN: "bold red",
    Status.BLOCKED: "magenta",
    Status.UNKNOWN: "bold magenta",
}
SYMBOLS = {
    Status.UP: "✓",
    Status.DEGRADED: "~",
    Status.DOWN: "✗",
    Status.BLOCKED: "⊘",
    Status.UNKNOWN: "?",
}


def make_console(*, color: bool = True, stderr: bool = False) -> Console:
    """A console on stdout (or stderr); `NO_COLOR` and `--no-color` switch colours off."""
    plain = not color or bool(os.environ.get("NO_COLOR"))
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 120
    return Console(
        file=stream, no_color=plain, highlight=False, width=width, emoji=False, markup=False, soft_wrap=False
    )


def bare_table(*columns: str) -> Table:
    """A table without lines, its head dim; long text goes on in the next line."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def badge(status: Status) -> str:
    """A status as symbol and word: `✗ down`."""
    return f"{SYMBOLS[status]} {status.value}"


def seconds(value: float) -> str:
    """A duration for people: `840 µs`, `12 ms`, `1.84 s`."""
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


@contextmanager
def progress(total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """A bar on stderr, only on a terminal; the function that it gives tells that one more is done."""
    if not shown or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("checks"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("checks", total=total)
        yield lambda: bar.advance(task)
