"""`techrun validate`: read the configuration and say everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import click

from techrun.cli.options import color_option, complete_selector, config_option


@click.command(name="validate")
@config_option
@click.option(
    "--show", metavar="SELECTOR", shell_complete=complete_selector, help="The effective settings of a check."
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the configuration, for editors.")
@color_option
def command(config: Path, show: str | None, *, schema: bool, color: bool) -> int:
    """Read the configuration and say everything that is wrong with it at once."""
    from techrun import app

    if schema:
        import json

        click.echo(json.dumps(app.schema(), indent=2))
        return 0
    loaded = app.load(config)
    if show is not None:
        _show(loaded, show, color=color)
    else:
        click.echo(app.summary(loaded))
    return 0


def _show(loaded: object, selector: str, *, color: bool) -> None:
    from rich.table import Table

    from techrun import app
    from techrun.cli.show.console import make_console

    console = make_console(color=color)
    for name, rows in app.effective(loaded, selector):  # type: ignore[arg-type]  # Loaded, not imported for speed
        table = Table(
            box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0), title_justify="left"
        )
        for column in (name, "value", "from"):
            table.add_column(column, overflow="fold")
        for key, value, source in rows:
            table.add_row(key, value, source)
        console.print(table)
        console.print()
