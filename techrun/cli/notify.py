"""`techrun notify test`: try the channels that alerts go to."""

from __future__ import annotations

from pathlib import Path

import click

from techrun.cli.options import (
    color_option,
    complete_channel,
    config_option,
    set_up_logging,
    verbosity_options,
)


@click.group(name="notify")
def command() -> None:
    """Try the channels that alerts go to."""


@command.command(name="test")
@click.argument("channels", metavar="[CHANNEL]…", nargs=-1, shell_complete=complete_channel)
@config_option
@verbosity_options
@color_option
def test(channels: tuple[str, ...], config: Path, *, quiet: bool, verbose: int, color: bool) -> int:
    """Send one test message to each channel and tell what became of it."""
    from techrun.app.loading import load
    from techrun.app.notifying import notify_test
    from techrun.cli.show.console import make_console, seconds
    from techrun.errors import ExitCode

    set_up_logging(quiet=quiet, verbose=verbose)
    receipts = notify_test(load(config), channels)
    console = make_console(color=color)
    for channel, receipt in receipts:
        word, style = ("✓ delivered", "green") if receipt.ok else ("✗ failed", "bold red")
        console.print(f"{channel}: ", end="")
        console.print(word, style=style, end="")
        console.print(f" in {seconds(receipt.elapsed)}{': ' if receipt.answer else ''}{receipt.answer}")
    return int(ExitCode.OK if all(receipt.ok for _, receipt in receipts) else ExitCode.FAILED)
