"""Options that several commands of `techrun release` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Report = tuple[str, Path | None]
"""Its format, and where it goes; None: where the platform looks for it."""
REPORTS = ("junit", "markdown", "json", "dotenv", "metrics")
"""The names of `releases.report`, which is imported only when a report is written."""

on_inconclusive_option = click.option(
    "--on-inconclusive",
    type=click.Choice(["pass", "fail"]),
    help="What it comes to where it cannot be told, else exit 4.",
)


def as_reports(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[Report, ...]:
    """Callback of `--report FORMAT[=PATH]`; without a path the form has a usual place."""
    found = []
    for value in values:
        form, _, path = value.partition("=")
        if form not in REPORTS:
            raise click.BadParameter(f"{form!r} is none of {', '.join(REPORTS)}; write junit=verify.xml")
        found.append((form, Path(path) if path else None))
    return tuple(found)


def report_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--report`, with this help."""
    return click.option(
        "--report", "reports", multiple=True, callback=as_reports, metavar="FORMAT[=PATH]", help=text
    )
