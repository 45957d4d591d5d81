"""Results as a table on a terminal: one line a check, the reason below what is not up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from techrun.cli.show.console import STYLES, badge, bare_table, seconds
from techrun.model import Outcome, Result, Status


def show_table(results: Sequence[Result], console: Console) -> None:
    """Print results in the order in which they stand in the configuration."""
    table = bare_table()
    table.add_column("check", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("what was found", overflow="fold")
    for result in results:
        outcome = result.outcome
        style = STYLES[outcome.status]
        table.add_row(
            str(result.check.id),
            Text(badge(outcome.status), style),
            seconds(result.duration),
            _found(outcome),
        )
    console.print(table)
    console.print(Text(summary(results), "dim"))


def summary(results: Sequence[Result]) -> str:
    """`7 checks: 5 up, 2 down`."""
    counts = Counter(result.outcome.status for result in results)
    parts = ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status])
    many = "1 check" if len(results) == 1 else f"{len(results)} checks"
    return f"{many}: {parts or 'nothing was run'}"


def headline(outcome: Outcome) -> str:
    """What was found, in one line: the step, the reason, the message."""
    if outcome.reason is None:
        return outcome.message
    where = f'at "{outcome.step}": ' if outcome.step else ""
    return f"{where}{outcome.message} [{outcome.reason.value}]"


def _found(outcome: Outcome) -> Text:
    text = Text(headline(outcome))
    for line in _remarks(outcome):
        text.append(f"\n{line}" if text else line, style="dim")
    return text


def _remarks(outcome: Outcome) -> list[str]:
    remarks = [outcome.not_run] if outcome.not_run else []
    remarks += [f"order {order.reference}: {order.state}" for order in outcome.orders]
    if outcome.cleanup_failed:
        remarks += [f"cleanup: {step.name}: {step.message}" for step in outcome.cleanup if step.message]
    return remarks
