"""`techrun release verify`."""

from __future__ import annotations

from typing import Any

import click

from techrun.cli.options import (
    as_duration,
    color_option,
    config_option,
    format_option,
    server_option,
    shop_option,
    verbosity_options,
)
from techrun.cli.release_options import on_inconclusive_option, report_option

_DURATION: dict[str, Any] = {"callback": as_duration, "metavar": "DURATION"}


def as_zero_or_duration(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Callback of an option that takes a duration, or `0` for none at all."""
    return 0.0 if value == "0" else as_duration(ctx, param, value)


def as_addresses(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Callback of a repeatable option that takes IP addresses."""
    import ipaddress

    try:
        return tuple(str(ipaddress.ip_address(value)) for value in values)
    except ValueError as error:
        raise click.BadParameter(f"{error}; write 203.0.113.11 or 2001:db8::11") from None


@click.command(name="verify", short_help="Say whether it is live on every node, and as good as before.")
@click.argument("version")
@shop_option
@click.option(
    "--node",
    "nodes",
    multiple=True,
    callback=as_addresses,
    metavar="ADDRESS",
    help="A serving node, in place of the shop's `nodes:`; repeatable.",
)
@click.option("--settle", callback=as_zero_or_duration, metavar="DURATION", help="Caches are cold so long.")
@click.option("--bake", **_DURATION, help="How long the checks run faster.")
@click.option("--every", **_DURATION, help="How often a check runs at most meanwhile.")
@click.option("--samples", type=click.IntRange(2), help="Runs without which a judged check says nothing.")
@report_option(
    "Write junit, markdown, json, dotenv or metrics too; repeatable. markdown alone is GitHub's summary."
)
@click.option("--on-fail", default="", metavar="CMD", help="Run this where the verdict is `fail`.")
@click.option(
    "--on-fail-timeout", **_DURATION, default="5m", show_default=True, help="How long that may take."
)
@click.option("--report-only", is_flag=True, help="Tell the verdict and exit 0: no command, no webhook.")
@on_inconclusive_option
@server_option
@config_option
@format_option
@verbosity_options
@color_option
def command(version: str, **options: Any) -> int:
    """Say whether a release that has begun is live on every node, and as good as before.

    The nodes are asked what they run, the smoke journeys walk through each of them, then all checks run
    faster for some minutes and are held against earlier releases.

    Example: techrun release verify v812 --shop acme-es --on-fail 'dep rollback production'

    Exit codes: 0 pass, 1 fail, 4 inconclusive, 130 interrupted.
    """
    from techrun.cli.release_run import run_and_tell

    return run_and_tell(version, options)
