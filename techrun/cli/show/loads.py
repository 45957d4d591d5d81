"""Scenarios, earlier load runs in a list, and two of them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from techrun.app.load_scenarios import Source
from techrun.cli.show.clock import clock
from techrun.cli.show.console import bare_table
from techrun.cli.show.load_result import STYLES
from techrun.load.judge import fingerprint
from techrun.load.records import Run
from techrun.load.report import words
from techrun.load.report.series import Side, sides
from techrun.load.report.tables import step_rows, total_row
from techrun.views import LoadSummary

LARGE = 1.25
"""A ratio of two runs beyond this is marked: below, unchanged releases differ by as much."""


def show_scenarios(scenarios: Sequence[Source], console: Console) -> None:
    """What there is to run."""
    table = bare_table("scenario", "what its visitors do", "from")
    for one in scenarios:
        table.add_row(Text(one.name, "bold"), Text(one.title), "techrun" if one.shipped else str(one.path))
    console.print(table)


def show_runs(runs: Sequence[LoadSummary], console: Console) -> None:
    """The runs, newest first."""
    if not runs:
        console.print("no runs yet: techrun load run smoke")
        return
    table = bare_table("run", "began", "shop", "scenario", "release", "verdict", "")
    table.columns[0].no_wrap = True  # it is copied into the next command
    for one in runs:
        said = words.VERDICTS[one.verdict]
        verdict = Text(f"{said.sign} {said.word}", STYLES[said.tone])
        cells = (one.id, clock(one.started), one.shop, one.scenario, one.release)
        table.add_row(
            *(Text(cell) for cell in cells), verdict, Text(one.summary, overflow="ellipsis", no_wrap=True)
        )
    console.print(table)


def show_both(old: Run, new: Run, console: Console) -> None:
    """Two runs side by side, and what speaks against comparing them."""
    names = Table.grid(padding=(0, 2))
    for label, run in (("old", old), ("new", new)):
        said = words.verdict_of(run)
        named = f"{run.scenario} of {run.shop} {run.release}".rstrip()
        names.add_row(
            label, run.id, named, clock(run.started), Text(f"{said.sign} {said.word}", STYLES[said.tone])
        )
    console.print(names)
    console.print()
    one, other = sides(_alone(new), old)
    console.print(_steps(new, one, other))
    console.print()
    differing = fingerprint.in_words(new.fingerprint, old.fingerprint)
    if differing:
        console.print(Text(f"These two are not alike: {differing}.", "bold yellow"))
    console.print(
        Text(
            "Two runs at different times differ by what the machines did meanwhile: unchanged releases often by "
            "10 to 25 %. techrun load run --baseline-url holds both against each other in one run.",
            "dim",
        )
    )


def _alone(run: Run) -> Run:
    """The release of this run without the one that it was held against in the same run."""
    return replace(run, schedule=replace(run.schedule, arms=("new",)))


def _steps(run: Run, new: Side, old: Side | None) -> Table:
    table = bare_table(
        "step", "p50 old", "p50 new", "change", "p95 old", "p95 new", "change", "failed old", "failed new"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    rows = [*step_rows(run, new, old), total_row(new, old)]
    several = len({row.journey for row in rows if row.step}) > 1
    for row in rows:
        name = f"{row.journey}: {row.step}" if several else row.step
        cells: list[Text] = [Text(name if row.step else "all steps")]
        for share in (0.5, 0.95):
            before = row.old.quantile(share) if row.old else None
            cells += [Text(words.duration(before)), Text(words.duration(row.new.quantile(share)))]
            cells.append(_change(row.ratio(share)))
        cells += [
            Text(words.share(row.old.error_share if row.old else None)),
            Text(words.share(row.new.error_share)),
        ]
        table.add_row(*cells, style="" if row.step else "bold")
    return table


def _change(ratio: float | None) -> Text:
    if ratio is None:
        return Text(words.NOTHING)
    return Text(words.change(ratio), "red" if ratio > LARGE else "green" if ratio < 1 / LARGE else "")
