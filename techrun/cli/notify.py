"""`techrun notify test`: try the channels that alerts go to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from techrun.cli.options import (
    color_option,
    complete_channel,
    config_option,
    format_option,
    set_up_logging,
    verbosity_options,
)

if TYPE_CHECKING:
    from techrun.standing import Receipt


@click.group(name="notify")
def command() -> None:
    """Try the channels that alerts go to."""


@command.command(name="test")
@click.argument("channels", metavar="[CHANNEL]…", nargs=-1, shell_complete=complete_channel)
@config_option
@format_option
@verbosity_options
@color_option
def test(
    channels: tuple[str, ...], config: Path, format_: str, *, quiet: bool, verbose: int, color: bool
) -> int:
    """Send one test message to each channel and tell what became of it.

    Pagers open an incident for it, which is resolved at once. Exit code 1 where one was not delivered.
    """
    from techrun.app.loading import load
    from techrun.app.notifying import notify_test
    from techrun.errors import ExitCode

    set_up_logging(quiet=quiet, verbose=verbose)
    receipts = notify_test(load(config), channels)
    if format_ == "json":
        _print_json(receipts)
    else:
        _print(receipts, color=color)
    return int(ExitCode.OK if all(receipt.ok for _, receipt in receipts) else ExitCode.FAILED)


def _print(receipts: Sequence[tuple[str, Receipt]], *, color: bool) -> None:
    from techrun.cli.show.console import make_console, seconds

    console = make_console(color=color)
    for channel, receipt in receipts:
        word, style = ("✓ delivered", "green") if receipt.ok else ("✗ failed", "bold red")
        console.print(f"{channel}: ", end="")
        console.print(word, style=style, end="")
        console.print(f" in {seconds(receipt.elapsed)}{': ' if receipt.answer else ''}{receipt.answer}")


def _print_json(receipts: Sequence[tuple[str, Receipt]]) -> None:
    import json
    from dataclasses import asdict

    told = [{"channel": channel, **asdict(receipt)} for channel, receipt in receipts]
    click.echo(json.dumps(told, indent=2, ensure_ascii=False))
