"""`techrun ack`: take an incident on."""

from __future__ import annotations

import click

from techrun.cli.options import NUMBER
from techrun.cli.session import Session, operating


@click.command(name="ack")
@click.argument("number", type=NUMBER)
@click.option("--note", default="", help="What you are about to do, for the others.")
@operating
def command(session: Session, number: int, note: str) -> None:
    """Take an incident on.

    There are no reminders and no escalation from then on; its end is told as ever.

    Example: techrun ack 4711 --note "restarting php"
    """
    from techrun.cli.show.incidents import show_taken

    session.tell(session.operations.acknowledge(number, note, session.by), show_taken)
