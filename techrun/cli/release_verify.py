"""`techrun release verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from techrun.cli.options import (
    as_duration,
    color_option,
    config_option,
    format_option,
    server_option,
    verbosity_options,
)

_DURATION: dict[str, Any] = {"callback": as_duration, "metavar": "DURATION"}
REPORTS = ("junit", "markdown", "json", "dotenv", "metrics")


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


def as_reports(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path | None], ...]:
    """Callback of `--report FORMAT[=PATH]`; without a path the form has a usual place."""
    found = []
    for value in values:
        form, _, path = value.partition("=")
        if form not in REPORTS:
            raise click.BadParameter(f"{form!r} is none of {', '.join(REPORTS)}; write junit=verify.xml")
        found.append((form, Path(path) if path else None))
    return tuple(found)


@click.command(name="verify", short_help="Say whether it is live on every node, and as good as before.")
@click.argument("version")
@click.option("--shop", default="", help="Which shop; needed only if there are several.")
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
@click.option(
    "--report",
    "reports",
    multiple=True,
    callback=as_reports,
    metavar="FORMAT[=PATH]",
    help="Write junit, markdown, json, dotenv or metrics too; repeatable. markdown alone is GitHub's summary.",
)
@click.option("--on-fail", default="", metavar="CMD", help="Run this where the verdict is `fail`.")
@click.option(
    "--on-fail-timeout", **_DURATION, default="5m", show_default=True, help="How long that may take."
)
@click.option("--report-only", is_flag=True, help="Tell the verdict and exit 0; --on-fail is not run.")
@click.option(
    "--on-inconclusive",
    type=click.Choice(["pass", "fail"]),
    help="What `inconclusive` comes to, else exit 4.",
)
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
