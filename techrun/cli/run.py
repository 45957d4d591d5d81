"""`techrun run`: the daemon."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from techrun.cli.options import config_option, set_up_logging, verbosity_options


@click.command(name="run")
@config_option
@click.option("--listen", metavar="HOST:PORT", help="Where to answer HTTP; default 127.0.0.1:9789.")
@click.option(
    "--store", type=click.Path(path_type=Path, dir_okay=False), help="The SQLite file of history and state."
)
@click.option("--jsonl", metavar="FILE", help="Also write each result as a line of JSON; - is stdout.")
@click.option(
    "--shadow", is_flag=True, help="Tell nobody: record what would be sent, for `techrun shadow report`."
)
@verbosity_options
def command(
    config: Path,
    listen: str | None,
    store: Path | None,
    jsonl: str | None,
    *,
    shadow: bool,
    quiet: bool,
    verbose: int,
) -> int:
    """Watch the shops: schedule, metrics, history, alerts.

    SIGTERM and Ctrl-C stop cleanly; SIGHUP and POST /-/reload read the configuration again, and a bad
    one leaves the old one running.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it means a reload; it would end a daemon that starts

    from techrun.app.daemon import Watch, watch
    from techrun.app.loading import load

    set_up_logging(quiet=quiet, verbose=verbose, usual=1)
    watch(load(config), Watch(listen=listen, store=store, jsonl=jsonl, shadow=shadow))
    return 0
