"""`techrun release`: tell techrun when a shop is released."""

from __future__ import annotations

import click

from techrun.cli.options import as_moment
from techrun.cli.session import Session, operating

_shop = click.option("--shop", required=True, help="The shop that is released.")


@click.group(name="release")
def command() -> None:
    """Tell when a shop is released: alerts have a short grace, and name the release afterwards."""


@command.command(name="begin")
@click.argument("version")
@_shop
@click.option("--commit", default="", help="What is deployed.")
@click.option("--author", default="", help="Who deploys; default: you.")
@click.option("--link", default="", help="Where the deployment can be followed.")
@operating
def begin(session: Session, version: str, *, shop: str, commit: str, author: str, link: str) -> None:
    """Say that a release begins now.

    Alerts of the shop are held for the time of `deploy_grace`; those that follow name the release.

    Example: techrun release begin v812 --shop acme-es --commit a1b9f3e
    """
    from techrun.cli.show.desk import show_release
    from techrun.oncall import ReleaseWish

    wish = ReleaseWish(shop, version, commit, link)
    session.tell(session.operations.begin_release(wish, author or session.by), show_release)


@command.command(name="end")
@click.argument("version")
@_shop
@operating
def end(session: Session, version: str, shop: str) -> None:
    """Say that a release has ended."""
    from techrun.cli.show.desk import show_release

    session.tell(session.operations.end_release(shop, version, session.by), show_release)


@command.command(name="list")
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
def list_(session: Session, shop: str, since: float) -> None:
    """List releases, the newest first."""
    from techrun.cli.show.desk import show_releases

    session.tell(session.operations.releases(since=since, shop=shop), show_releases)
