"""`techrun demo`: a demo shop and its watcher; `demo fault` breaks and mends it, `demo release` deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from techrun.cli.options import color_option, set_up_logging

if TYPE_CHECKING:
    from techrun.app.demo import Demo

SHOP_PORT = 9780
port_option = click.option(
    "--port", default=SHOP_PORT, show_default=True, help="The demo shop's port on 127.0.0.1."
)


class Duration(click.ParamType[float]):
    """`30s`, `5m`, `1h30m`, as seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds; a usage error says what a duration looks like."""
        from techrun.language.durations import parse

        try:
            return parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group(name="demo", invoke_without_command=True)
@click.option(
    "--for", "seconds", type=Duration(), metavar="DURATION", help="End by itself after this time (30s, 5m)."
)
@port_option
@click.option(
    "--listen", metavar="HOST:PORT", default="127.0.0.1:9789", show_default=True, help="Metrics and status."
)
@color_option
@click.pass_context
def command(ctx: click.Context, seconds: float | None, port: int, listen: str, *, color: bool) -> int:
    """Start a demo shop and watch it: the whole product on one machine, nothing else needed."""
    if ctx.invoked_subcommand is not None:
        return 0
    from techrun.app.daemon import Watch, watch
    from techrun.app.demo import demo
    from techrun.cli.show.console import make_console
    from techrun.cli.show.ticker import Ticker

    set_up_logging(quiet=False, verbose=0)
    console = make_console(color=color)
    with demo(port, listen) as running:
        console.print(_welcome(running), soft_wrap=True)
        watch(running.loaded, Watch(listen=listen, store=running.store, seconds=seconds), (Ticker(console),))
    console.print("The demo has ended.")
    return 0


def _welcome(running: Demo) -> str:
    port = running.url.rpartition(":")[2]
    port_hint = "" if port == str(SHOP_PORT) else f" --port {port}"
    rows = {
        f"demo fault payment-declined{port_hint}": "break the checkout: soon the phone has a page",
        "status": "what is wrong now, and what holds its alerts",
        "incidents show 1": "the whole story of the first incident",
        "ack 1": "take it on, as the link on the phone does",
        f"demo fault all off{port_hint}": "mend everything",
        f"demo fault{port_hint}": "what else can break",
        "release begin v2 --shop demo": "say that a release begins: its alerts wait",
        f"demo release v2{port_hint}": "deploy it",
        "release verify v2": "is it live, and as good as before? In a minute you know",
    }
    width = max(map(len, rows))
    commands = "\n".join(f"    techrun {words:{width}}   {does}" for words, does in rows.items())
    return f"""
  The shop      {running.url}
  Its faults    {running.url}/_faults
  The phone     {running.phone}   (of the person on call)
  The watcher   {running.watcher}   (metrics: {running.watcher}/metrics)

  {len(running.loaded.checks)} checks watch the shop as its customers use it. In a second terminal:

    {_export(running)}

{commands}

  Every change of a check is printed below. Ctrl-C ends the demo.
"""


def _export(running: Demo) -> str:
    """The line that makes `techrun …` in a second terminal mean this demo."""
    import shlex

    pairs = [f"{name}={shlex.quote(value)}" for name, value in running.exports().items()]
    return " ".join(["export", *_path_to_us(), *pairs])


def _path_to_us() -> list[str]:
    """Where this program is not the `techrun` that the shell finds: the folder that it is in."""
    import shlex
    import shutil
    import sys
    from pathlib import Path

    called = Path(sys.argv[0])
    found = shutil.which("techrun")
    if called.name != "techrun" or (found and Path(found).samefile(called)):
        return []
    return [f"PATH={shlex.quote(str(called.parent.absolute()))}:$PATH"]


def _complete_fault(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from techrun.demo.faults import FAULTS

    return [fault.name for fault in FAULTS if fault.name.startswith(incomplete)]


@command.command(name="fault")
@click.argument("name", required=False, shell_complete=_complete_fault)
@click.argument("state", type=click.Choice(["on", "off"]), default="on")
@port_option
@color_option
def fault(name: str | None, state: str, port: int, *, color: bool) -> int:
    """Break the running demo shop, or mend it; without NAME the faults are listed.

    NAME `all` with `off` mends everything.
    """
    from techrun.app.demo import faults, switch
    from techrun.cli.show.console import bare_table, make_console

    console = make_console(color=color)
    if name is not None:
        click.echo(switch(port, name, on=state == "on"))
        return 0
    table = bare_table()
    for column in ("fault", "now", "what a customer sees"):
        table.add_column(column, no_wrap=column != "what a customer sees", overflow="fold")
    for row in faults(port):
        table.add_row(row.name, "ON" if row.on else "off", row.sees, style="bold red" if row.on else None)
    console.print(table)
    return 0


@command.command(name="release")
@click.argument("version")
@click.option("--commit", default="", help="What is deployed.")
@port_option
def release(version: str, *, commit: str, port: int) -> None:
    """Let the running demo shop run another release, so that there is something to verify.

    Example: techrun demo release v812
    """
    from techrun.app.demo import release as deploy

    click.echo(deploy(port, version, commit))
