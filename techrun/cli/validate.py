"""`techrun validate`: read the configuration and say everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from techrun.cli.options import color_option, complete_selector, config_option

if TYPE_CHECKING:
    from techrun.config.effective import Row


@click.command(name="validate")
@config_option
@click.option(
    "--show", metavar="SELECTOR", shell_complete=complete_selector, help="The effective settings of a check."
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the configuration, for editors.")
@color_option
def command(config: Path, show: str | None, *, schema: bool, color: bool) -> int:
    """Read the configuration and say everything that is wrong with it at once."""
    from techrun.app import describing
    from techrun.app.load_scenarios import scenarios
    from techrun.app.loading import load
    from techrun.app.parts import check_parts
    from techrun.cli.show.problems import show_warnings
    from techrun.config.advice import advice

    if schema:
        import json

        click.echo(json.dumps(describing.schema(), indent=2))
    elif show is not None:
        for name, rows in describing.effective(load(config), show):
            _show(name, rows, color=color)
    else:
        loaded = load(config)
        check_parts(loaded.settings)
        show_warnings(advice(loaded.settings, [source.name for source in scenarios()]))
        click.echo(describing.summary(loaded))
    return 0


def _show(name: str, rows: list[Row], *, color: bool) -> None:

    from techrun.cli.show.console import bare_table, make_console

    console = make_console(color=color)
    table = bare_table(name, "value", "from")
    for row in rows:
        table.add_row(row.key, row.value, row.source)
    console.print(table)
    console.print()
