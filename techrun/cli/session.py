"""What the commands of a person on call share: where to ask, who acts, in which form to answer."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from techrun.cli.options import color_option, config_option, format_option, server_option

if TYPE_CHECKING:
    from rich.console import Console

    from techrun.oncall import Operations

Record = TypeVar("Record")


def whoami() -> str:
    """Who sits at this machine: `dee@laptop`."""
    import getpass
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # in a container nobody may have a name
        user = "somebody"
    return f"{user}@{socket.gethostname()}"


def token() -> str:
    """What the server of `--server` knows us by."""
    return os.environ.get("TECHRUN_TOKEN", "")


@dataclass(frozen=True)
class Session:
    """One command, as its common options say it."""

    config: Path
    server: str
    format: str
    color: bool

    @cached_property
    def operations(self) -> Operations:
        """Where to ask and act: the server that was named, else the store of this machine."""
        from techrun.app.operations import operations

        return operations(self.config, self.server, token())

    @property
    def by(self) -> str:
        """Who acts: `dee@laptop`."""
        return whoami()

    def tell(self, record: Record, show: Callable[[Record, Console], None]) -> None:
        """Print a record, as JSON or for people."""
        if self.format == "json":
            import json

            from techrun.wire import to_json

            click.echo(json.dumps(to_json(record), indent=2, ensure_ascii=False))
            return
        from techrun.cli.show.console import make_console

        show(record, make_console(color=self.color))


def operating(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the common options, as one `Session`."""

    @functools.wraps(function)
    def called(*, config: Path, server: str, format_: str, color: bool, **rest: Any) -> Any:
        return function(Session(config, server, format_, color), **rest)

    for decorate in (color_option, format_option, server_option, config_option):
        called = decorate(called)
    return called
