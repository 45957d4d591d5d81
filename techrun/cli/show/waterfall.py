"""The whole story of a run under `--explain`: a waterfall of steps and phases, then each exchange."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding, PaddingDimensions
from rich.table import Table
from rich.text import Text

from techrun.cli.show.console import STYLES, badge, seconds
from techrun.cli.show.table import headline
from techrun.model import ExchangeRecord, Phases, Result, Status, Step

WIDTH = 44
"""Characters that the longest run of the waterfall takes."""
PHASE_STYLES = {
    "resolve": "blue",
    "connect": "cyan",
    "tls": "magenta",
    "processing": "yellow",
    "transfer": "green",
}
BODY_LINES = 14


def show_story(result: Result, decision: str, console: Console) -> None:
    """Print all that is known of one run, and what the daemon would make of it."""
    outcome = result.outcome
    title = Text(str(result.check.id), "bold")
    title.append(f"  {badge(outcome.status)}", STYLES[outcome.status])
    title.append(f"  {seconds(result.duration)}  run {result.run_id}", "dim")
    if outcome.trace_id:
        title.append(f"  trace {outcome.trace_id}", "dim")
    console.print(title)
    if outcome.reason is not None or outcome.message:
        console.print(_indented(Text(headline(outcome)), (0, 0, 0, 2)))
    if outcome.not_run:
        console.print(_indented(Text(outcome.not_run, "dim"), (0, 0, 0, 2)))
    steps = (*outcome.steps, *outcome.cleanup)
    if steps:
        _waterfall(steps, console)
    elif outcome.phases.items():
        console.print(_indented(_phase_words(outcome.phases), (0, 0, 0, 2)))
    _measures(result, console)
    console.print(_indented(Text(f"In the daemon: {decision}", "dim"), (0, 0, 0, 2)))
    for step in steps:
        _step(step, console)
    console.print()


def _indented(shown: RenderableType, space: PaddingDimensions) -> Padding:
    return Padding(shown, space, expand=False)


def _waterfall(steps: tuple[Step, ...], console: Console) -> None:
    whole = sum(step.duration for step in steps) or 1.0
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1, 0, 0))
    table.add_column("step", no_wrap=True)
    table.add_column("bar", no_wrap=True, min_width=WIDTH)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    offset = 0.0
    for step in steps:
        status = Text(str(step.http_status or ""), "dim")
        status.append(f" {badge(step.status)}" if not step.skipped else " skipped", STYLES[step.status])
        table.add_row(
            step.name, _bar(step, offset / whole, step.duration / whole), seconds(step.duration), status
        )
        offset += step.duration
    console.print(_indented(table, (1, 0, 0, 2)))
    legend = Text()
    for phase, style in PHASE_STYLES.items():
        legend.append("█ ", style).append(f"{phase}  ", "dim")
    console.print(_indented(legend, (0, 0, 0, 2)))


def _bar(step: Step, start: float, share: float) -> Text:
    bar = Text(" " * round(start * WIDTH))
    room = max(1, round(share * WIDTH))
    spent = sum(value for _, value in step.phases.items())
    drawn = 0
    shown = 0.0
    for phase, value in step.phases.items():
        shown += value
        upto = round(shown / spent * room) if spent else 0
        bar.append("█" * (upto - drawn), PHASE_STYLES[phase])
        drawn = max(drawn, upto)
    return bar if drawn else bar.append("▏", STYLES[step.status])


def _phase_words(phases: Phases) -> Text:
    return Text("  ".join(f"{name} {seconds(value)}" for name, value in phases.items()), "dim")


def _measures(result: Result, console: Console) -> None:
    words = [f"{name} {value:g}" for name, value in sorted(result.outcome.measures.items())]
    if words:
        console.print(_indented(Text(", ".join(words), "dim"), (0, 0, 0, 2)))


def _step(step: Step, console: Console) -> None:
    if not step.exchanges:
        return
    title = Text(f"\n{step.name}", "bold")
    title.append(f"  {badge(step.status)}", STYLES[step.status])
    if step.title:
        title.append(f"  {step.title}", "dim")
    if step.attempts > 1:
        title.append(f"  {step.attempts} attempts", "dim")
    console.print(title)
    for exchange in step.exchanges:
        console.print(_indented(_exchange(exchange), (0, 0, 0, 2)))
    for finding in step.findings:
        mark, style = ("~", STYLES[Status.DEGRADED]) if finding.soft else ("✗", STYLES[Status.DOWN])
        console.print(
            Padding(Text(f"{mark} {finding.message} [{finding.reason.value}]", style), (0, 0, 0, 2))
        )


def _exchange(exchange: ExchangeRecord) -> Text:
    answer = exchange.failure or str(exchange.status)
    text = Text(f"{exchange.method} {exchange.url} ", "bold")
    text.append(f"→ {answer}  {seconds(exchange.elapsed)}")
    if exchange.address:
        text.append(f"  from {exchange.address}", "dim")
    for line in _lines(exchange):
        text.append(f"\n{line}", "dim")
    return text


def _lines(exchange: ExchangeRecord) -> Iterator[str]:
    if exchange.kind == "asset":
        return
    phases = _phase_words(exchange.phases).plain
    if phases:
        yield f"  {phases}"
    yield from (f"> {name}: {value}" for name, value in exchange.request_headers)
    yield from _excerpt("> ", exchange.request_body)
    yield from (f"< {name}: {value}" for name, value in exchange.response_headers)
    yield from _excerpt("  ", exchange.response_body)


def _excerpt(prefix: str, body: str) -> Iterator[str]:
    lines = [line.rstrip() for line in body.splitlines() if line.strip()]
    yield from (f"{prefix}{line}" for line in lines[:BODY_LINES])
    if len(lines) > BODY_LINES:
        yield f"{prefix}… {len(lines) - BODY_LINES} more lines"
