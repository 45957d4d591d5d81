"""`techrun release`: whether what was deployed is what is live, and as good as before."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

import click

from techrun.cli.options import as_moment
from techrun.cli.session import Session, operating

PARTS = ("verify", "list", "show", "gate", "calibrate", "dora", "stamp")
"""Each is a module `techrun.cli.release_NAME` with a click command called `command`, imports within its body."""

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


for _part in PARTS:
    if find_spec(f"techrun.cli.release_{_part}") is not None:
        command.add_command(importlib.import_module(f"techrun.cli.release_{_part}").command)
