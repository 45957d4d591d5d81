"""`techrun check`: run checks once and print what was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from techrun.cli.options import (
    color_option,
    complete_step,
    config_option,
    selection_options,
    set_up_logging,
    verbosity_options,
)

if TYPE_CHECKING:
    from techrun.app.loading import Loaded
    from techrun.model import Result

FORMATS = ("table", "json", "jsonl", "junit", "markdown")


@click.command(name="check")
@selection_options
@config_option
@click.option("--explain", is_flag=True, help="Tell the whole story of each exchange.")
@click.option("--curl", is_flag=True, help="Give the failing step as a curl line; secrets are masked.")
@click.option("--until", metavar="STEP", shell_complete=complete_step, help="End journeys after this step.")
@click.option("--node", metavar="ADDRESS", help="Connect to this address; SNI and Host stay the shop's.")
@click.option("--orders", is_flag=True, help="Let journeys place their test order.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--fail-on", type=click.Choice(["down", "degraded"]), default="down", show_default=True)
@click.option(
    "--on-inconclusive", type=click.Choice(["pass", "fail"]), help="What blocked and unknown come to."
)
@verbosity_options
@color_option
def command(selectors: tuple[str, ...], config: Path, **options: Any) -> int:
    """Run checks once and print what was found.

    SELECTOR is a check (acme-es/checkout), a pattern ('acme-*/*') or a shop; none means all.
    """
    from techrun.app.loading import load, select
    from techrun.app.once import Wish, run_checks
    from techrun.cli.show.console import progress
    from techrun.cli.verdict import exit_code

    set_up_logging(quiet=options["quiet"], verbose=options["verbose"])
    loaded = load(config)
    checks = select(loaded, selectors, client=options["client"], tags=options["tags"])
    wish = Wish(
        until=options["until"],
        node=options["node"],
        allow_orders=options["orders"],
        explain=options["explain"] or options["curl"],
    )
    with progress(len(checks), shown=not options["quiet"]) as advance:
        results = run_checks(loaded, checks, wish, lambda _: advance())
    _print(loaded, results, options)
    return int(exit_code(results, options["fail_on"], options["on_inconclusive"]))


def _print(loaded: Loaded, results: list[Result], options: dict[str, Any]) -> None:
    if options["curl"]:
        _print_curl(results)
    elif options["format_"] == "table":
        _print_for_people(loaded, results, options)
    else:
        click.echo(_machine_format(loaded, results, options["format_"]))


def _print_for_people(loaded: Loaded, results: list[Result], options: dict[str, Any]) -> None:
    from techrun.cli.show.console import make_console

    console = make_console(color=options["color"])
    if options["explain"]:
        from techrun.app.deciding import decisions_on
        from techrun.cli.show.waterfall import show_story

        for result, decision in zip(results, decisions_on(loaded, results), strict=True):
            show_story(result, decision, console)
    elif not options["quiet"]:
        from techrun.cli.show.table import show_table

        show_table(results, console)


def _print_curl(results: list[Result]) -> None:
    from techrun.cli.show.curl import curl_line, failing_exchange
    from techrun.cli.show.table import headline

    for result in results:
        exchange = failing_exchange(result.outcome)
        if exchange is None:
            found = headline(result.outcome) or result.outcome.status.value
            click.echo(f"# {result.check.id}: no HTTP exchange to repeat; {found}")
        else:
            click.echo(f"# {result.check.id} {result.outcome.step}".rstrip())
            click.echo(curl_line(exchange))


def _machine_format(loaded: Loaded, results: list[Result], name: str) -> str:
    import json
    import time

    from techrun.app.deciding import silenced_now
    from techrun.cli.show import reports
    from techrun.sinks.jsonl import line_of

    if name == "junit":
        return reports.junit(results, silenced_now(loaded, results, time.time()))
    if name == "markdown":
        return reports.markdown(results)
    lines = [line_of(result).rstrip() for result in results]
    if name == "json":
        return json.dumps([json.loads(line) for line in lines], ensure_ascii=False, indent=2)
    return "\n".join(lines)
