"""`techrun incidents`: what was and is wrong, and what persons add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import click

from techrun.cli.options import NUMBER, as_moment
from techrun.cli.session import Session, operating
from techrun.handling import Fault
from techrun.model import Severity

if TYPE_CHECKING:
    from techrun.oncall import Asked


@click.group(name="incidents")
def command() -> None:
    """List incidents, tell the story of one, open, close and annotate them."""


@command.command(name="list")
@click.option("--open", "only_open", is_flag=True, help="Those that are open: the default.")
@click.option("--since", callback=as_moment, metavar="7d|DATE", help="Those that were opened since then.")
@click.option("--all", "every", is_flag=True, help="All that there ever were.")
@click.option("--shop", default="", help="Only of this shop.")
@operating
def list_(session: Session, *, only_open: bool, since: float | None, every: bool, shop: str) -> None:
    """List what is wrong now, or was."""
    from techrun.cli.show.incidents import show_incidents

    if sum((only_open, since is not None, every)) > 1:
        raise click.UsageError("--open, --since and --all exclude each other")
    found = session.operations.incidents(since=0.0 if every else since, shop=shop)
    session.tell(found, show_incidents)


@command.command(name="show")
@click.argument("number", type=NUMBER)
@operating
def show(session: Session, number: int) -> None:
    """Tell the whole story of an incident."""
    from techrun.cli.show.incidents import show_story

    session.tell(session.operations.story(number), show_story)


@command.command(name="open")
@click.argument("text")
@click.option("--shop", required=True, help="The shop that it is about.")
@click.option(
    "--severity",
    type=click.Choice(get_args(Severity)),
    default="ticket",
    show_default=True,
    help="Whom it is told to, and how loudly.",
)
@operating
def open_(session: Session, text: str, shop: str, severity: Severity) -> None:
    """Report what techrun has missed.

    Example: techrun incidents open "client phoned: no mails" --shop acme-es
    """
    asked = session.operations.open_incident(shop, text, severity, session.by)
    session.tell(asked, _telling("opened", "the daemon opens it when it runs"))


@command.command(name="close")
@click.argument("number", type=NUMBER)
@operating
def close(session: Session, number: int) -> None:
    """Close an incident that was opened by hand.

    So can the one about techrun's own network be closed; all others end by themselves.
    """
    asked = session.operations.close_incident(number, session.by)
    session.tell(asked, _telling("closed", "the daemon closes it when it runs"))


@command.command(name="annotate")
@click.argument("number", type=NUMBER)
@click.option("--cause", type=click.Choice(get_args(Fault)), help="Who or what was at fault.")
@click.option("--text", default="", help="What to add, in words.")
@operating
def annotate(session: Session, number: int, cause: Fault | None, text: str) -> None:
    """Note what was at fault, or a remark.

    Both are kept for the record and the report.

    Example: techrun incidents annotate 4711 --cause psp --text "expired key"
    """
    from techrun.cli.show.incidents import show_annotation

    session.tell(session.operations.annotate(number, text, cause, session.by), show_annotation)


def _telling(done: str, later: str) -> Any:
    def tell(asked: Asked, console: Any) -> None:
        named = f"#{asked.incident}" if asked.incident else "the incident"
        if asked.done:
            console.print(f"{done} {named}")
        else:
            console.print(f"noted: {later} (request {asked.request} is not answered yet)")

    return tell
