"""`techrun release`: whether what was deployed is what is live, and as good as before."""

from __future__ import annotations

from typing import Any

import click

from techrun.cli.options import as_moment
from techrun.cli.release_calibrate import command as calibrate
from techrun.cli.release_dora import command as dora
from techrun.cli.release_gate import command as gate
from techrun.cli.release_list import command as list_
from techrun.cli.release_show import command as show
from techrun.cli.release_stamp import command as stamp
from techrun.cli.release_verify import command as verify
from techrun.cli.session import Session, operating

_shop = click.option("--shop", required=True, help="The shop that is released.")


@click.group(name="release")
def command() -> None:
    """Say whether what was deployed is live, and as good as before; keep the record of releases."""


@command.command(name="begin")
@click.argument("version")
@_shop
@click.option("--commit", default="", help="What is deployed.")
@click.option("--author", default="", help="Who deploys; default: you.")
@click.option("--link", default="", help="Where the deployment can be followed.")
@click.option(
    "--committed",
    callback=as_moment,
    metavar="WHEN",
    help="When its newest commit was made (30m ago, date or Unix time): lead time counts from there.",
)
@click.option("--told", default="", metavar="TEXT", help="What the shop says it runs, if not the version.")
@operating
def begin(session: Session, version: str, **said: Any) -> None:
    """Say that a release begins now.

    Alerts of the shop are held for the time of `deploy_grace`; those that follow name the release.

    Example: techrun release begin v812 --shop acme-es --commit a1b9f3e
    """
    from techrun.cli.show.desk import show_release
    from techrun.oncall import ReleaseWish

    author = said.pop("author") or session.by
    session.tell(session.operations.begin_release(ReleaseWish(version=version, **said), author), show_release)


@command.command(name="end")
@click.argument("version")
@_shop
@click.option("--rolled-back", is_flag=True, help="The release before it came back.")
@operating
def end(session: Session, version: str, *, shop: str, rolled_back: bool) -> None:
    """Say that a release has ended.

    Example: techrun release end v812 --shop acme-es --rolled-back
    """
    from techrun.cli.show.desk import show_release

    session.tell(
        session.operations.end_release(shop, version, session.by, rolled_back=rolled_back), show_release
    )


for part in (verify, list_, show, gate, calibrate, dora, stamp):
    command.add_command(part)
