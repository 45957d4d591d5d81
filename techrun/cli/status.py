"""`techrun status`: what is wrong now."""

from __future__ import annotations

import click

from techrun.cli.options import selection_options
from techrun.cli.session import Session, operating


@click.command(name="status")
@selection_options
@click.option(
    "--orders-cancelled", metavar="SHOP", help="You have cancelled this shop's leaked test orders by hand."
)
@operating
def command(
    session: Session,
    selectors: tuple[str, ...],
    client: str | None,
    tags: tuple[str, ...],
    orders_cancelled: str | None,
) -> int:
    """Say what is wrong now, as the daemon knows it: incidents, checks, what is silenced, what is not delivered.

    Exit code 1 where a check is confirmed down.
    """
    from techrun.cli.show.standing import show_standing
    from techrun.errors import ExitCode
    from techrun.model import Status
    from techrun.oncall import Chosen

    if orders_cancelled is not None:
        cancelled = session.operations.orders_cancelled(orders_cancelled, session.by)
        click.echo(
            f"{cancelled} test order(s) of {orders_cancelled} are no longer counted as leaked; "
            "orders may be placed again.",
            err=True,
        )
    found = session.operations.status(Chosen(selectors, client or "", tags))
    session.tell(found, show_standing)
    confirmed = {one.status for one in found.checks}
    if Status.DOWN in confirmed:
        return int(ExitCode.FAILED)
    return int(ExitCode.OK if confirmed <= {Status.UP, Status.DEGRADED} else ExitCode.CANNOT_TELL)
