"""A load test in short, as markdown for the summary page of a CI job. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from techrun.load.records import Contrast, Run
from techrun.load.report import words
from techrun.load.report.command import command
from techrun.load.report.rulings import against, broken, detectable, holding
from techrun.load.report.series import Side, sides
from techrun.load.report.tables import Failure, StepRow, failures, loads, step_rows, total_row
from techrun.markup import folded, plain, plain_code, readable, table

SIGNS = {
    "pass": ":white_check_mark:",
    "fail": ":x:",
    "inconclusive": ":grey_question:",
    "invalid": ":warning:",
    "": ":warning:",
}
MOST_ROWS = 30
"""Of one table; the report has them all."""


def render(run: Run, baseline: Run | None = None, link: str = "") -> str:
    """Verdict, steps of both releases, failures and rulings; `link` is where the whole report is found."""
    new, old = sides(run, baseline)
    parts = [
        _head(run),
        _steps(run, new, old),
        _failures(failures(run, new, old)),
        _rulings(run),
        _foot(run, link),
    ]
    return readable("\n\n".join(part for part in parts if part)) + "\n"


def _head(run: Run) -> str:
    said = words.verdict_of(run)
    sign = SIGNS[run.verdict.value if run.verdict else ""]
    done = loads(run)
    release = f" {run.release}" if run.release else ""
    lines = [
        f"## {sign} {said.word}: load test {plain(run.scenario)} of {plain(run.shop + release)}",
        f"**{plain(run.verdict.summary)}**" if run.verdict and run.verdict.summary else "",
        plain(
            f"{words.number_of(done.begun, 'visit')} of {words.count(done.due)} asked for, measured for"
            f" {words.span(done.seconds)}. {against(run)}"
        ),
        plain(f"It ended early: {run.stopped}") if run.stopped else "",
    ]
    return "\n\n".join(line for line in lines if line)


def _steps(run: Run, new: Side, old: Side | None) -> str:
    rows = step_rows(run, new, old)
    if not rows:
        return "No step was recorded."
    several = len({row.journey for row in rows}) > 1
    shown = rows[:MOST_ROWS]
    found = [_step(row, old, several=several) for row in shown]
    found.append(_step(total_row(new, old), old))
    head = ["Step", "Taken", "Failed", "Median"]
    head += (
        [f"p95 {plain(old.name)}", f"p95 {plain(new.name)}", "Change", "95 % interval"] if old else ["p95"]
    )
    more = f"\n\n{len(rows) - MOST_ROWS} more steps are in the report." if len(rows) > MOST_ROWS else ""
    return table(head, found) + more


def _step(row: StepRow, old: Side | None, *, several: bool = False) -> list[str]:
    name = f"{row.journey}: {row.step}" if several else row.step
    cells = [
        plain(name) if row.step else "**all steps**",
        words.count(row.new.count),
        words.share(row.new.error_share),
        words.duration(row.new.quantile(0.5)),
    ]
    if old is None or row.old is None:
        return [*cells, words.duration(row.new.quantile(0.95))]
    if row.contrast:
        return cells + _compared(row.contrast)
    both = [words.duration(one.quantile(0.95)) for one in (row.old, row.new)]
    ratio = row.ratio(0.95)
    return [*cells, *both, words.change(ratio) if ratio else words.NOTHING, ""]


def _compared(contrast: Contrast) -> list[str]:
    """Old, new, change and interval, all four as they were compared."""
    mark = " :x:" if contrast.regressed else ""
    return [
        words.duration(contrast.old),
        words.duration(contrast.new),
        words.change(contrast.ratio) + mark,
        f"{words.change(contrast.low)} to {words.change(contrast.high)}",
    ]


def _failures(rows: Sequence[Failure]) -> str:
    if not rows:
        return ""
    old = any(row.old is not None for row in rows)
    found = [
        [
            plain(row.step),
            f"`{plain_code(row.reason)}`",
            f"{words.count(row.new)} ({words.share(row.new_share)})",
            *([f"{words.count(row.old or 0)} ({words.share(row.old_share)})"] if old else []),
            plain(row.examples[0][:200]) if row.examples else "",
        ]
        for row in rows[:MOST_ROWS]
    ]
    head = ["Failed step", "Reason", "New", *(["Old"] if old else []), "For example"]
    return table(head, found, ruler=["---", "---", *["---:"] * (2 if old else 1), "---"])


def _rulings(run: Run) -> str:
    found = broken(run)
    lines = [
        f"- {words.HOLDS[one.holds].sign} **{plain(one.subject)}**: {plain(one.text)} (`{plain_code(one.rule)}`)"
        for one in found[:MOST_ROWS]
    ]
    if len(found) > MOST_ROWS:
        lines.append(f"- and {len(found) - MOST_ROWS} more")
    if held := len(holding(run)):
        lines.append(
            f"- {words.HOLDS[True].sign} {words.number_of(held, 'rule')} {'holds' if held == 1 else 'hold'}"
        )
    return "\n".join(lines)


def _foot(run: Run, link: str) -> str:
    comparison = run.verdict.comparison if run.verdict else None
    parts = [plain(detectable(comparison.contrasts)) if comparison else ""]
    parts += [plain(note) for note in run.notes]
    parts.append(
        f"[The whole report](<{link}>)" if link else "The whole report is the HTML file of this run."
    )
    parts.append(folded("Run it again", command(run), "sh"))
    return "\n\n".join(part for part in parts if part)
