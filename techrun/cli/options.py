"""Options that several commands share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from techrun.app.loading import Loaded

Command = Callable[..., Any]

config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path, dir_okay=True, exists=False),
    default=Path("techrun.yaml"),
    envvar="TECHRUN_CONFIG",
    show_default=True,
    help="A file, or a folder with techrun.yaml in it.",
)
shop_option = click.option("--shop", default="", help="Which shop; needed only if there are several.")
color_option = click.option(
    "--color/--no-color", default=True, help="Colours; NO_COLOR switches them off too."
)


def selection_options(command: Command) -> Command:
    """`SELECTOR… --client --tag`: which checks are meant."""
    for decorate in (
        click.argument("selectors", metavar="[SELECTOR]…", nargs=-1, shell_complete=complete_selector),
        click.option("--tag", "tags", multiple=True, help="Only checks with this tag; repeatable."),
        click.option("--client", help="Only shops of this client."),
    ):
        command = decorate(command)
    return command


server_option = click.option(
    "--server",
    envvar="TECHRUN_SERVER",
    default="",
    metavar="URL",
    help="Ask the techrun at this address, with the token in TECHRUN_TOKEN, in place of this machine's store.",
)
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people, or for programs.",
)


def as_moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Callback of an option that takes `7d` (so long ago) or `2026-12-01T22:00`."""
    import time

    from techrun.language.moments import moment

    try:
        return None if value is None else moment(value, time.time())
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def as_duration(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Callback of an option that takes `2h` or `1h30m`."""
    from techrun.language.durations import parse

    try:
        return None if value is None else parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


class _Number(click.ParamType[int]):
    """`4711`, or `#4711` as it stands in a message."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; it fits into a row of the store."""
        text = str(value).removeprefix("#")
        if not text.isascii() or not text.isdecimal() or not 0 < int(text[:20]) < 2**62:
            self.fail(f"expected a number such as 4711, got {value!r}", param, ctx)
        return int(text)


NUMBER = _Number()
"""Of an incident or a window."""


def verbosity_options(command: Command) -> Command:
    """`-q` and `-v`: less and more on stderr."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing but the result.")
    verbose = click.option("-v", "--verbose", count=True, help="Tell more; twice for everything.")
    return quiet(verbose(command))


def set_up_logging(*, quiet: bool, verbose: int, usual: int = 0) -> None:
    """Log to stderr, as much as was asked for; `usual` is what a command tells without being asked.

    What libraries tell of their insides comes only with `-vv`.
    """
    level = (
        logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(usual + verbose, 2)]
    )
    own_format = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    logging.basicConfig(level=level if verbose > 1 else max(level, logging.INFO), format=own_format)
    logging.getLogger("techrun").setLevel(level)


def complete_selector(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of checks, for the shell."""
    loaded = _loaded(ctx)
    return (
        [str(check.id) for check in loaded.checks if str(check.id).startswith(incomplete)] if loaded else []
    )


def complete_step(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of steps, for the shell."""
    loaded = _loaded(ctx)
    steps = dict.fromkeys(step for check in loaded.checks for step in check.steps) if loaded else {}
    return [step for step in steps if step.startswith(incomplete)]


def complete_channel(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of channels, for the shell."""
    loaded = _loaded(ctx)
    return [name for name in loaded.settings.channels if name.startswith(incomplete)] if loaded else []


def _loaded(ctx: click.Context) -> Loaded | None:
    """The configuration that the command line names; an unreadable one completes nothing."""
    from techrun.app.loading import load
    from techrun.errors import TechrunError

    try:
        return load(ctx.params.get("config") or Path("techrun.yaml"))
    except TechrunError:
        return None
