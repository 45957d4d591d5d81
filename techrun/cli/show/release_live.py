"""A verification while it runs: a live picture on a terminal, lines with times elsewhere. All of it on stderr."""

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

from techrun.cli.show.clock import left as left_of
from techrun.cli.show.console import STYLES, SYMBOLS, bare_table, seconds
from techrun.cli.show.load_result import STYLES as TONES
from techrun.cli.show.release_seen import Seen, node_line, node_said, sample_line, seen_of, smoke_line
from techrun.model import Status
from techrun.releases.identity.telling import place
from techrun.releases.records import STAGES, Identity, Sample, SmokeResult, Stage
from techrun.releases.runs import GOOD

LINE_EVERY = 20.0
"""Seconds between two lines of a bake where there is no terminal."""
MOST_SMOKE = 10
MOST_FAILURES = 5
BAR = 26
"""Columns; beside it fits what is left, on a terminal of 80."""


class Lines:
    """For logs: a line for whatever happens, and one now and then while nothing does."""

    def __init__(self, console: Console, seen: Seen) -> None:
        self._console, self._seen = console, seen
        self._next = 0.0
        self._states: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to tidy."""

    def begins(self, stage: Stage, text: str) -> None:
        """A stage begins."""
        self._seen.begins(stage, text)
        self._print(f"{stage}: {text}")

    def bakes(self, checks: tuple[str, ...], wanted: int, until: float) -> None:
        """Which checks are judged, and how long that takes."""
        self._seen.bakes(checks, wanted, until)

    def identity(self, identity: Identity) -> None:
        """A line for each node whose state is another one now."""
        self._seen.identity = identity
        for finding in identity.findings:
            state = f"{node_said(finding).word} {finding.version}"
            if self._states.get(finding.via) != state:
                self._states[finding.via] = state
                self._print(f"identity: {node_line(finding)}")

    def smoke(self, result: SmokeResult) -> None:
        """One smoke run has ended."""
        self._seen.smoke.append(result)
        self._print(f"smoke: {smoke_line(result)}")

    def sample(self, sample: Sample) -> None:
        """What failed is told at once, the rest is counted."""
        self._seen.sample(sample)
        if sample.status not in GOOD:
            self._print(f"bake: {sample_line(sample)}")
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_EVERY
            self._print(f"bake: {self._seen.progress(time.time())}")

    def says(self, text: str) -> None:
        """Something happened."""
        self._print(text)

    def _print(self, text: str) -> None:
        self._console.print(Text(f"{time.strftime('%H:%M:%S')} {text}"), soft_wrap=True)


class Quiet(Lines):
    """For -q: nothing but what happens to techrun itself."""

    def _print(self, text: str) -> None:
        """Nothing."""

    def says(self, text: str) -> None:
        """Something happened."""
        super()._print(text)


class Screen:
    """For a person: a picture that renews itself, the last happenings above it."""

    def __init__(self, console: Console, seen: Seen) -> None:
        self._seen = seen
        self._live = Live(
            console=console,
            get_renderable=lambda: drawn(seen, time.time()),
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

    def begins(self, stage: Stage, text: str) -> None:
        """The next refresh draws it, as all that follows."""
        self._seen.begins(stage, text)

    def bakes(self, checks: tuple[str, ...], wanted: int, until: float) -> None:
        """Which checks are judged, and how long that takes."""
        self._seen.bakes(checks, wanted, until)

    def identity(self, identity: Identity) -> None:
        """What the nodes say by now."""
        self._seen.identity = identity

    def smoke(self, result: SmokeResult) -> None:
        """One smoke run has ended."""
        self._seen.smoke.append(result)

    def sample(self, sample: Sample) -> None:
        """A run of the bake has ended."""
        self._seen.sample(sample)

    def says(self, text: str) -> None:
        """Something happened: it stays on the screen, also after the picture is gone."""
        self._live.console.print(Text(f"{time.strftime('%H:%M:%S')} {text}"))


def onlooker(console: Console, title: str, *, quiet: bool) -> Lines | Screen:
    """What suits where the output goes."""
    seen = Seen(title)
    if quiet:
        return Quiet(console, seen)
    return Screen(console, seen) if console.is_terminal and sys.stderr.isatty() else Lines(console, seen)


def drawn(seen: Seen, now: float) -> RenderableType:
    """The picture as it stands on a terminal: the four stages, the one that runs with all that it has seen."""
    parts: list[RenderableType] = [Text(seen.title, "bold")]
    for stage in STAGES:
        parts.append(_head(seen, stage))
        if stage == "identity" and seen.identity is not None:
            parts.append(_nodes(seen.identity, whole=seen.stage == stage))
        elif stage == "smoke" and seen.smoke:
            parts.append(_smoke(seen.smoke, whole=seen.stage == stage))
        elif stage == "bake" and seen.checks:
            parts += _bake(seen, now)
    return Group(*parts)


def _head(seen: Seen, stage: Stage) -> Text:
    """A stage in one line: what it asks, and whether it is over."""
    if stage == seen.stage:
        return Text(f"▸ {stage}  ", "bold cyan").append(seen.texts.get(stage, ""), "default")
    if stage in seen.texts:
        return Text(f"✓ {stage}", "dim") if seen.well(stage) else Text(f"! {stage}", "yellow")
    return Text(f"· {stage}", "dim")


def _nodes(identity: Identity, *, whole: bool) -> RenderableType:
    if not whole and all(one.state == "new" for one in identity.findings) and not identity.not_seen:
        return Text(f"    {len(identity.findings)} places run {identity.expected.version}", "dim")
    table = Table.grid(padding=(0, 2, 0, 0))
    for one in identity.findings:
        said = node_said(one)
        table.add_row(
            "   ",
            place(one.via),
            Text(f"{said.sign} {said.word}", TONES[said.tone]),
            Text(seen_of(one), "dim"),
        )
    for text in identity.not_seen:
        table.add_row("   ", Text(""), Text("? not seen", "yellow"), Text(text, "dim"))
    return table


def _smoke(results: list[SmokeResult], *, whole: bool) -> RenderableType:
    shown = results if whole else [one for one in results if one.status is not Status.UP]
    lines = [
        Text(f"    {SYMBOLS[one.status]} ", STYLES[one.status]).append(smoke_line(one, sign=False), "default")
        for one in shown[-MOST_SMOKE:]
    ]
    return Group(*lines) if lines else Text(f"    {len(results)} runs, all up", "dim")


def _bake(seen: Seen, now: float) -> list[RenderableType]:
    whole = max(seen.until - seen.baking_since, 1.0)
    bar = Table.grid(padding=(0, 1))
    done = min(1.0, (now - seen.baking_since) / whole)
    left = f"{left_of(seen.until, now)} left" + (", caches are cold: nothing counts yet" if seen.cold else "")
    bar.add_row("   ", ProgressBar(total=1.0, completed=done, width=BAR), Text(left))
    table = bare_table("    check", "samples", "failed", "median")
    for column in table.columns[1:]:
        column.justify = "right"
    for check in seen.checks:
        tally = seen.tallies[check]
        failed = Text(str(tally.failed), "red" if tally.failed else "dim")
        median = tally.median
        cells = tally.of(seen.wanted), failed, "-" if median is None else seconds(median)
        table.add_row(Text(f"    {check}"), *cells)
    failures = [Text(f"    {sample_line(one)}", "red") for one in seen.failures[-MOST_FAILURES:]]
    return [bar, table, *failures]
