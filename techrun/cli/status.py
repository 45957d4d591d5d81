"""`techrun status`: what is wrong now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from techrun.cli.options import color_option, config_option, selection_options

if TYPE_CHECKING:
    from techrun.app.standing import Standing


@click.command(name="status")
@selection_options
@config_option
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option(
    "--orders-cancelled", metavar="SHOP", help="You have cancelled this shop's leaked test orders by hand."
)
@color_option
def command(  # noqa: PLR0917  click calls it by keyword
    selectors: tuple[str, ...],
    client: str | None,
    tags: tuple[str, ...],
    config: Path,
    format_: str,
    orders_cancelled: str | None,
    *,
    color: bool,
) -> int:
    """Say what is wrong now, as the daemon knows it: checks, incidents, undelivered messages, leaked orders.

    Exit code 1 where a check is confirmed down.
    """
    from techrun.app.loading import load, select
    from techrun.app.standing import forget_leaked_orders, standing
    from techrun.errors import ExitCode
    from techrun.model import Status

    loaded = load(config)
    if orders_cancelled is not None:
        click.echo(forget_leaked_orders(loaded, orders_cancelled), err=True)
    found = standing(loaded, select(loaded, selectors, client=client, tags=tags))
    _print(found, format_, color=color)
    confirmed = {one.state.status for one in found.checks}
    if Status.DOWN in confirmed:
        return int(ExitCode.FAILED)
    return int(ExitCode.OK if confirmed <= {Status.UP, Status.DEGRADED} else ExitCode.CANNOT_TELL)


def _print(found: Standing, format_: str, *, color: bool) -> None:
    if format_ == "json":
        import json

        from techrun.cli.show.standing import as_record

        click.echo(json.dumps(as_record(found), indent=2, ensure_ascii=False))
        return
    from techrun.cli.show.console import make_console
    from techrun.cli.show.standing import show_standing

    show_standing(found, make_console(color=color))
