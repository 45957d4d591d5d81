"""The four keys of DORA as a table."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from techrun.cli.show.console import bare_table
from techrun.language.durations import show
from techrun.releases.dora import Keys, Report

TOGETHER = "together"


def show_report(report: Report, console: Console) -> None:
    """Each month of each shop, all of them together, what failed, and how it is counted."""
    table = bare_table("shop", "month")
    for head in ("releases", "a week", "lead time", "p90", "failed", "", "restored in"):
        table.add_column(head, justify="right")
    for together in report.together:
        for keys in (*(one for one in report.months if one.shop == together.shop), together):
            table.add_row(*_cells(keys), style=None if keys.month else "bold")
    console.print(table)
    for keys in report.together:
        for failure in keys.failures:
            console.print(Text(f"failed: {keys.shop} {failure.version} ({', '.join(failure.why)})"))
        if keys.still_open:
            console.print(
                Text(f"{keys.shop}: {keys.still_open} incident(s) of releases are still open", "yellow")
            )
    console.print()
    for line in report.how:
        console.print(Text(line, "dim"))


def _cells(keys: Keys) -> tuple[Text | str, ...]:
    share = f"{keys.failure_share:.0%}" if keys.failure_share is not None else ""
    return (
        Text(keys.shop),
        keys.month or TOGETHER,
        str(keys.releases),
        f"{keys.per_week:.1f}" if keys.releases else "",
        _span(keys.lead_median),
        _span(keys.lead_p90),
        str(keys.failed) if keys.releases else "",
        share,
        _span(keys.restore_median),
    )


def _span(seconds: float | None) -> str:
    """A duration; empty where there is none."""
    return "" if seconds is None else show(round(seconds)) if seconds >= 1 else "0s"
