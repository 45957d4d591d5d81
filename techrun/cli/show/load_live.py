"""A load test while it runs: a live picture on a terminal, a line now and then elsewhere. All of it on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from techrun.cli.show.console import bare_table
from techrun.load.generator.health import busy
from techrun.load.live import Now, Picture, Row
from techrun.load.records import Health
from techrun.load.report import words

LINE_EVERY = 10.0
"""Seconds between two lines where there is no terminal."""
AROUND = 9
"""Lines of the picture that are not steps."""
BUSY = 0.8


class Lines:
    """For logs: one line every ten seconds, and whatever happens."""

    def __init__(self, console: Console, every: float = LINE_EVERY) -> None:
        self._console = console
        self._every = every
        self._next = 0.0
        self._phase = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to tidy."""

    def moves(self, seen: Picture) -> None:
        """Print a line where one is due, or where a phase begins."""
        if time.monotonic() < self._next and seen.phase == self._phase:
            return
        self._next, self._phase = time.monotonic() + self._every, seen.phase
        self._console.print(Text(line_of(seen)), soft_wrap=True)

    def says(self, text: str) -> None:
        """Something happened."""
        self._console.print(Text(text), soft_wrap=True)


class Quiet(Lines):
    """For -q: nothing but what happens."""

    def moves(self, seen: Picture) -> None:
        """Nothing."""


class Screen:
    """For a person: a picture that renews itself, the last happenings below it."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._seen: Picture | None = None
        self._live = Live(
            console=console,
            get_renderable=self._render,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=False,
        )

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def moves(self, seen: Picture) -> None:
        """Remember the picture: the next refresh draws it."""
        self._seen = seen

    def says(self, text: str) -> None:
        """Something happened: it stays on the screen, also after the picture is gone."""
        self._live.console.print(Text(f"{time.strftime('%H:%M:%S')} {text}"))

    def _render(self) -> RenderableType:
        if self._seen is None:
            return Text(f"{self._title}: the generator starts …", "bold")
        return drawn(self._seen, self._title, self._console.height - AROUND)


def onlooker(console: Console, title: str, *, quiet: bool) -> Lines | Screen:
    """What suits where the output goes."""
    if quiet:
        return Quiet(console)
    return Screen(console, title) if console.is_terminal and sys.stderr.isatty() else Lines(console)


def drawn(seen: Picture, title: str, most_rows: int) -> RenderableType:
    """The picture as it stands on a terminal."""
    parts: list[RenderableType] = [Text(title, "bold"), _bar(seen), _traffic(seen), Text()]
    parts += [_steps(seen, max(3, most_rows)), Text(), _health(seen)]
    broken = [one for one in seen.criteria if one.holds is False]
    for ruling in broken[:3]:
        parts.append(Text(f"✗ {ruling.subject}: {ruling.text}", "red", overflow="ellipsis", no_wrap=True))
    if seen.criteria and not broken:
        parts.append(Text(f"✓ all {len(seen.criteria)} criteria hold so far", "green"))
    return Group(*parts)


def _bar(seen: Picture) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    stage = f"{seen.phase} ({seen.stage})" if seen.stage else seen.phase
    style = {"measure": "bold green", "drain": "yellow"}.get(seen.phase, "cyan")
    grid.add_row(
        Text(stage, style),
        ProgressBar(total=1.0, completed=seen.done, width=40),
        Text(f"{words.clock(seen.at)}, {words.span(max(0.0, seen.left))} of this left"),
    )
    return grid


def _traffic(seen: Picture) -> Text:
    """What was asked for and what comes."""
    if seen.closed_model:
        text = Text(f"{seen.visitors} visitors of {seen.asked:.0f}, {words.rate(seen.started)} visits/s")
    else:
        text = Text(f"asked {words.rate(seen.asked)}/s, begun {words.rate(seen.started)}/s, ")
        text.append(words.number_of(seen.visitors, "visitor"))
    text.append(f", {words.count(seen.late)} late", "yellow" if seen.late else "dim")
    if seen.dropped:
        text.append(f", {words.count(seen.dropped)} found no room", "red")
    if seen.orders:
        text.append(f", {words.number_of(seen.orders, 'order')}")
    return text


def _steps(seen: Picture, most: int) -> RenderableType:
    two = any(row.old for row in seen.rows)
    table = bare_table()
    table.add_column("step, last 10 s", no_wrap=True, overflow="ellipsis")
    columns = ("/s", "p50", "p50 old", "p95", "p95 old", "done", "failed", "failed old")
    for column in columns:
        if two or not column.endswith("old"):
            table.add_column(column, justify="right", no_wrap=True)
    for row in seen.rows[:most]:
        table.add_row(Text(row.step or "whole visit"), *_cells(row))
    if len(seen.rows) > most:
        table.add_row(Text(f"… {len(seen.rows) - most} more", "dim"))
    return table


def _cells(row: Row) -> list[RenderableType]:
    new, old = row.new, row.old
    if old is None:
        p50, p95 = words.duration(new.p50), words.duration(new.p95)
        return [words.rate(new.rate), p50, p95, words.count(new.count), _failed(new)]
    return [
        words.rate(new.rate + old.rate),
        words.duration(new.p50),
        words.duration(old.p50),
        words.duration(new.p95),
        words.duration(old.p95),
        words.count(new.count + old.count),
        _failed(new),
        _failed(old),
    ]


def _failed(now: Now) -> Text:
    text = Text(f"{words.count(now.failed)} {now.reason}".rstrip() if now.failed else "0")
    text.stylize("red" if now.failed else "dim")
    return text


def _health(seen: Picture) -> Text:
    """How the generator fares: the worst of its processes."""
    text = Text(f"generator: {words.number_of(seen.workers, 'process', 'processes')}", "dim")
    if not seen.health:
        return text
    cpu = max(busy(one.cpu, one.quota) for one in seen.health)
    lag = max(one.lag for one in seen.health)
    text.append(f", cpu {words.share(cpu)}", "red" if cpu > BUSY else "dim")
    for name, values in (("waits", _known("waited", seen.health)), ("steal", _known("steal", seen.health))):
        if values:
            text.append(f", {name} {words.share(max(values))}", "dim")
    return text.append(f", lag {words.duration(lag)}", "dim")


def _known(name: str, health: tuple[Health, ...]) -> list[float]:
    return [value for one in health if (value := getattr(one, name)) is not None]


def line_of(seen: Picture) -> str:
    """One line of a log."""
    failed = sum(row.new.failed + (row.old.failed if row.old else 0) for row in seen.rows if row.step)
    name = f"{seen.phase} ({seen.stage})" if seen.stage else seen.phase
    asked = "" if seen.closed_model else f" of {words.rate(seen.asked)}"
    parts = [
        f"{words.clock(seen.at)} {name}",
        f"{words.rate(seen.started)}{asked} visits/s",
        words.number_of(seen.visitors, "visitor"),
        *(_visit(row) for row in seen.rows if not row.step),
        f"{words.count(failed)} failed",
        f"{words.count(seen.late)} late" if seen.late else "",
        f"{words.count(seen.dropped)} found no room" if seen.dropped else "",
    ]
    return ", ".join(part for part in parts if part)


def _visit(row: Row) -> str:
    old = f" (old {words.duration(row.old.p95)})" if row.old else ""
    return f"visit p95 {words.duration(row.new.p95)}{old}"
