"""`techrun release show`."""

from __future__ import annotations

from functools import partial

import click

from techrun.cli.release_options import Report, report_option
from techrun.cli.session import Session, operating, token


@click.command(name="show", short_help="Tell the whole story of a release.")
@click.argument("version")
@click.option("--shop", default="", help="Which shop; needed only if several have this version.")
@click.option("--verification", default="", metavar="ID", help="One of its verifications; else the last.")
@report_option("Write junit, markdown, json, dotenv or metrics again; repeatable.")
@click.option("-v", "--verbose", is_flag=True, help="Also the rules that held.")
@operating
def command(
    session: Session,
    version: str,
    *,
    shop: str,
    verification: str,
    reports: tuple[Report, ...],
    verbose: bool,
) -> None:
    """Tell the whole story of a release: gate, verifications, what was done, incidents."""
    from techrun.app.book import book_of
    from techrun.app.release_reports import write_report
    from techrun.app.release_story import story_of
    from techrun.cli.show.release_story import show_story

    book = book_of(session.config, session.server, token())
    story = story_of(book, session.operations, version, shop, verification)
    if reports and story.last is None:
        raise click.UsageError(f"no verification of {version} is kept, so there is nothing to report")
    for form, path in reports:
        if story.last is not None:
            write_report(story.last, form, path)
    session.tell(story, partial(show_story, verbose=verbose))
