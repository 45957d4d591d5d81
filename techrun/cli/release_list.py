"""`techrun release list`."""

from __future__ import annotations

import click

from techrun.cli.options import as_moment
from techrun.cli.session import Session, operating


@click.command(name="list")
@click.option("--shop", default="", help="Only of this shop.")
@click.option(
    "--since",
    callback=as_moment,
    default="30d",
    show_default=True,
    metavar="7d|DATE",
    help="Those that began since then.",
)
@operating
def command(session: Session, shop: str, since: float) -> None:
    """List releases with their verdicts, the newest first."""
    from techrun.cli.show.release_story import show_releases

    session.tell(session.operations.releases(since=since, shop=shop), show_releases)
