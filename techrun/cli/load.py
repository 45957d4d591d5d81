"""`techrun load`: scenarios before each release, and what became of earlier runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from techrun.cli.load_options import STORE, GroupedCommand, as_phase, as_rate, run_options
from techrun.cli.options import (
    as_duration,
    color_option,
    config_option,
    format_option,
    server_option,
    shop_option,
)
from techrun.cli.session import token

if TYPE_CHECKING:
    from techrun.load.keeping import Loads


@click.group(name="load")
def command() -> None:
    """Load a shop before a release, and judge it: fast enough, worse than before, or cannot tell."""


@command.command(
    name="run",
    cls=GroupedCommand,
    add_help_option=False,
    short_help="Load a shop and judge what was measured.",
)
@click.argument("scenario")
@run_options
def run(scenario: str, **options: Any) -> int:
    """Load a shop with the visitors of a scenario, and judge what was measured.

    SCENARIO is a name (`techrun load list`), or a file of your own such as loadtests/checkout.py.

    Example: techrun load run checkout --release v2 --baseline-url https://old.staging.acme.es --report load.html

    Exit codes: 0 pass, 1 fail, 4 inconclusive or invalid, 130 interrupted (with a report all the same).
    """
    from techrun.cli.load_run import run_and_tell

    return run_and_tell(scenario, options)


@command.command(name="list", short_help="List scenarios and the last runs.")
@shop_option
@click.option(
    "--runs", type=click.IntRange(1), default=10, show_default=True, help="So many of the last runs."
)
@STORE
@server_option
@config_option
@format_option
@color_option
def list_(*, shop: str, runs: int, format_: str, color: bool, **where: Any) -> None:
    """List the scenarios that there are, and the last runs."""
    from techrun.app.load_scenarios import scenarios
    from techrun.cli.show.console import make_console
    from techrun.cli.show.loads import show_runs, show_scenarios

    found = _loads(**where).runs(shop, limit=runs)
    if format_ == "json":
        _print_json(found)
        return
    console = make_console(color=color)
    show_scenarios(scenarios(), console)
    console.print()
    show_runs(found, console)


@command.command(name="show", short_help="Tell what a run found.")
@click.argument("run_id", metavar="RUN")
@click.option(
    "--report",
    "html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write its HTML page.",
)
@click.option("-v", "--verbose", is_flag=True, help="Also the rules that held.")
@STORE
@server_option
@config_option
@format_option
@color_option
def show(run_id: str, *, html: Path | None, verbose: bool, format_: str, color: bool, **where: Any) -> None:
    """Tell what a run found; RUN is its id, the beginning of it, or `last`."""
    from techrun.app.load_files import write_html
    from techrun.app.loads import find_run
    from techrun.cli.show.console import make_console
    from techrun.cli.show.load_result import show_result

    found = find_run(_loads(**where), run_id)
    if html is not None:
        write_html(html, found, None)
    if format_ == "json":
        _print_json(found)
    else:
        show_result(found, None, make_console(color=color), verbose=verbose)


@command.command(name="compare", short_help="Put two runs side by side.")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@STORE
@server_option
@config_option
@color_option
def compare(old: str, new: str, *, color: bool, **where: Any) -> None:
    """Put two runs side by side: RUNs as in `show`.

    This is no verdict: two runs differ by what the machines did meanwhile. `load run --baseline-url` compares soundly.
    """
    from techrun.app.loads import find_run
    from techrun.cli.show.console import make_console
    from techrun.cli.show.loads import show_both

    loads = _loads(**where)
    show_both(find_run(loads, old), find_run(loads, new), make_console(color=color))


@command.command(name="export", short_help="Write a scenario and its journeys to one file.")
@click.argument("scenario")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=Path("-"),
    metavar="FILE",
    help="Where to write it; default: stdout.",
)
@shop_option
@config_option
def export(scenario: str, output: Path, shop: str, config: Path) -> None:
    """Write one self-contained file with the journeys in it, for `locust -f` anywhere; no secret is in it."""
    from techrun.app.load_files import exported, write

    text = exported(config, scenario, shop)
    if str(output) == "-":
        click.echo(text, nl=False)
    else:
        write(output, text)
        click.echo(
            f"{output}: run it with locust -f {output}; secrets are taken from the environment", err=True
        )


@command.command(name="aa", short_help="Measure how often your runner cries wolf.")
@click.argument("scenario", default="smoke")
@click.option("--runs", type=click.IntRange(2), default=20, show_default=True, help="How often.")
@click.option("--rate", callback=as_rate, metavar="5/s", help="Visits that arrive, both arms together.")
@click.option(
    "--measure",
    callback=as_duration,
    default="20s",
    show_default=True,
    metavar="DURATION",
    help="Of each run.",
)
@click.option(
    "--warm-up", callback=as_phase, default="5s", show_default=True, metavar="DURATION", help="Of each run."
)
@click.option("--host", default="", metavar="URL", help="Load this address of the shop.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Generating processes.")
@shop_option
@config_option
@color_option
def aa(scenario: str, **options: Any) -> int:
    """Measure on your own runner how often an unchanged release is called slower.

    Each run holds the shop against itself, so whatever is called a regression is a false alarm.
    """
    from techrun.cli.extras import check_extra

    check_extra("load", "load tests need")
    from techrun.cli.load_aa import run_and_tell

    return run_and_tell(scenario, options)


def _loads(*, config: Path, store: Path | None, server: str) -> Loads:
    """Where earlier runs are; the configuration is read only where the store of this machine is asked."""
    from techrun.app.loads import loads_of

    return loads_of(config, folder=store, server=server, token=token())


def _print_json(what: Any) -> None:
    import json

    from techrun.wire import to_json

    click.echo(json.dumps(to_json(what), indent=2, ensure_ascii=False))
