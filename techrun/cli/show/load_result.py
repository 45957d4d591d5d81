"""A load test that is over, on a terminal: the verdict in words, the steps, what decided."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from techrun.cli.show.console import bare_table
from techrun.load.records import Ruling, Run
from techrun.load.report import words
from techrun.load.report.rulings import against, detectable, others
from techrun.load.report.rulings import deciding as decided
from techrun.load.report.series import Side, sides
from techrun.load.report.tables import StepRow, failures, loads, p99, step_rows, total_row, visit_rows

STYLES = {"good": "bold green", "bad": "bold red", "unsure": "bold yellow", "void": "bold magenta"}
MOST_FAILURES = 8
MOST_RULINGS = 12


def show_result(run: Run, baseline: Run | None, console: Console, *, verbose: bool = False) -> None:
    """The whole result, the verdict first."""
    new, old = sides(run, baseline)
    said = words.verdict_of(run)
    head = Text(f"{said.sign} {said.word}", STYLES[said.tone])
    head.append(f"  {_name(run)}", "bold").append(f"  {run.id}", "dim")
    console.print(head)
    if run.verdict:
        console.print(Text(run.verdict.summary))
    console.print()
    _show_steps(run, new, old, console)
    _show_failures(run, new, old, console)
    _show_rulings(run, console, verbose=verbose)
    _show_circumstances(run, console)


def _name(run: Run) -> str:
    release = f" {run.release}" if run.release else ""
    return f"{run.scenario} of {run.shop}{release} at {run.host}"


def _show_steps(run: Run, new: Side, old: Side | None, console: Console) -> None:
    rows = step_rows(run, new, old)
    if not rows:
        console.print("No step was recorded.")
        return
    several = len({row.journey for row in rows}) > 1
    table = bare_table()
    table.add_column("step", overflow="fold")
    head = ["done", "failed", "p50", "p95", "p99"] + ([f"p95 {old.name}", "change"] if old else [])
    for column in head:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*_cells(row, f"{row.journey}: {row.step}" if several else row.step))
    table.add_row(*_cells(total_row(new, old), "all steps"), style="bold")
    for row in visit_rows(run, new, old):
        table.add_row(*_cells(row, f"whole visit: {row.journey}"), style="dim")
    console.print(table)


def _cells(row: StepRow, name: str) -> list[str | Text]:
    figures = row.new
    failed = Text(words.share(figures.error_share), "red" if figures.failed else "")
    cells: list[str | Text] = [Text(name), words.count(figures.count), failed]
    cells += [words.duration(figures.quantile(share)) for share in (0.5, 0.95)]
    cells.append(words.duration(p99(figures)))
    if row.old is not None:
        ratio = row.ratio(0.95)
        cells += [words.duration(row.old.quantile(0.95)), words.change(ratio) if ratio else words.NOTHING]
    return cells


def _show_failures(run: Run, new: Side, old: Side | None, console: Console) -> None:
    rows = failures(run, new, old)
    if not rows:
        return
    console.print()
    for row in rows[:MOST_FAILURES]:
        line = Text(f"{row.new:>6} {words.TIMES} ", "red").append(f"{row.step}: {row.reason}")
        if row.outside:
            line.append(f" (and {row.outside} outside the measured time)", "dim")
        if row.old:
            line.append(f" (old release: {row.old})", "dim")
        if row.examples:
            line.append(f"  {row.examples[0]}", "dim")
        console.print(line)
    if len(rows) > MOST_FAILURES:
        console.print(
            Text(f"and {len(rows) - MOST_FAILURES} other kinds of failure; the report has all", "dim")
        )


def _show_rulings(run: Run, console: Console, *, verbose: bool) -> None:
    deciding = decided(run)
    rest = others(run)
    console.print()
    for ruling in deciding[:MOST_RULINGS]:
        console.print(_ruling(ruling))
    if len(deciding) > MOST_RULINGS:
        console.print(Text(f"and {len(deciding) - MOST_RULINGS} more like these", "dim"))
    if verbose:
        for ruling in rest:
            console.print(_ruling(ruling))
    elif rest:
        held = sum(ruling.holds is True for ruling in rest)
        told = f"{words.HOLDS[True].sign} {words.number_of(held, 'rule')} held"
        console.print(Text(f"{told} (techrun load show {run.id} -v tells them)", "dim"))


def _ruling(ruling: Ruling) -> Text:
    said = words.HOLDS[ruling.holds]
    line = Text(f"{said.sign} ", STYLES[said.tone])
    return line.append(f"{ruling.subject}: {ruling.text}").append(f"  [{ruling.rule}]", "dim")


def _show_circumstances(run: Run, console: Console) -> None:
    done = loads(run)
    visits = f"{words.number_of(done.begun, 'visit')} of {words.count(done.due)} asked for"
    lines = [
        f"{visits} in {words.span(done.seconds)}. {against(run)}",
        *(f"{number} {name.replace('_', ' ')}" for name, number in done.counts.items()),
        *run.notes,
    ]
    if run.verdict and run.verdict.comparison:
        lines.append(detectable(run.verdict.comparison.contrasts))
    if run.stopped and not (run.verdict and run.stopped in run.verdict.summary):
        lines.append(f"It ended early: {run.stopped}.")
    for line in filter(None, lines):
        console.print(Text(line, "dim"))
