"""`techrun shadow`: what `techrun run --shadow` would have sent."""

from __future__ import annotations

import click

from techrun.cli.options import as_moment
from techrun.cli.session import Session, operating


@click.group(name="shadow")
def command() -> None:
    """Look at what `techrun run --shadow` would have sent."""


@command.command(name="report")
@click.option(
    "--since",
    callback=as_moment,
    default="7d",
    show_default=True,
    metavar="7d|DATE",
    help="What would have been sent since then.",
)
@operating
def report(session: Session, since: float) -> None:
    """Tell what would have been sent, by day.

    First how many messages each channel would have had, then each of them; nobody was told.
    """
    from techrun.cli.show.desk import show_shadow

    session.tell(session.operations.shadow(since), show_shadow)
