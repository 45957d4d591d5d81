"""`techrun release dora`."""

from __future__ import annotations

import click

from techrun.cli.session import Session, operating, token


@click.command(name="dora")
@click.option("--shop", default="", help="Only of this shop.")
@click.option(
    "--months",
    type=click.IntRange(1, 60),
    default=6,
    show_default=True,
    help="This month and those before it.",
)
@operating
def command(session: Session, shop: str, months: int) -> None:
    """Tell the four keys of DORA, by shop and month.

    How often a shop is released, how long a commit takes to get there, how many releases fail, how soon that
    is mended: from the releases and incidents that techrun knows.

    Example: techrun release dora --shop acme-es --format json
    """
    from techrun.app.release_dora import dora_of
    from techrun.cli.show.release_dora import show_report

    ask = dora_of(session.config, session.server, token())
    session.tell(ask(shop, months), show_report)
