"""The options of `techrun load run`, in groups: its help is read by people in a hurry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from techrun.cli.options import (
    as_duration,
    color_option,
    config_option,
    server_option,
    shop_option,
    verbosity_options,
)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def as_rate(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Callback of an option that takes `5/s`, `90/min` or `600/h`."""
    from techrun.language.rates import parse

    try:
        rate = None if value is None else parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if rate == 0:
        raise click.BadParameter("a rate of nothing is no load")
    return rate


def as_phase(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Callback of an option that takes a duration, or `0` for none at all."""
    return 0.0 if value == "0" else as_duration(ctx, param, value)


def as_listening(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    """Callback of an option that takes `HOST:PORT`, a port alone, or a host alone."""
    host, _, port = value.rpartition(":") if ":" in value or value.isdecimal() else (value, "", "")
    if port and (not port.isdecimal() or not 0 < int(port) < 65536):
        raise click.BadParameter(f"expected HOST:PORT, got {value}")
    return f"{host or '127.0.0.1'}:{port}"


def _duration(name: str, what: str, *, phase: bool = False) -> Decorator:
    return click.option(name, callback=as_phase if phase else as_duration, metavar="DURATION", help=what)


def _file(name: str, parameter: str, what: str, metavar: str = "FILE") -> Decorator:
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option(name, parameter, type=kind, metavar=metavar, help=what)


STORE = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep runs in this folder (a CI cache), not in this machine's store.",
)

GROUPS: dict[str, tuple[Decorator, ...]] = {
    "The shop and its release": (
        shop_option,
        click.option("--release", default="", help="What is loaded: a version, a tag, a commit."),
        click.option("--host", default="", metavar="URL", help="Load this address of the shop."),
        click.option(
            "--baseline-url", default="", metavar="URL", help="The old release: both are loaded in one run."
        ),
        click.option("--baseline-release", default="", help="What runs there."),
    ),
    "How much load": (
        click.option(
            "--rate", callback=as_rate, metavar="5/s", help="Visits that arrive; the peak of a shape."
        ),
        click.option("--users", type=click.IntRange(1), help="So many visitors at a time (closed model)."),
        _duration("--ramp", "How long the rate rises.", phase=True),
        _duration("--warm-up", "How long it then runs unjudged.", phase=True),
        _duration("--measure", "How long it is measured and judged."),
        _duration("--drain", "How long visits under way are waited for.", phase=True),
        click.option("--orders/--no-orders", "allow_orders", default=None, help="Really place test orders."),
    ),
    "What is allowed": (
        click.option(
            "--i-own-this", is_flag=True, help="Load a production shop: its customers will feel it."
        ),
        click.option("--max-rate", callback=as_rate, metavar="20/s", help="Refuse to ask for more visits."),
    ),
    "The verdict": (
        click.option("--report-only", is_flag=True, help="Tell the verdict and exit 0."),
        click.option(
            "--on-inconclusive",
            type=click.Choice(["pass", "fail"]),
            help="What `inconclusive` comes to, else exit 4; `invalid` fails with it and never passes.",
        ),
    ),
    "What is written": (
        _file("--report", "html", "The report: one HTML page that opens offline."),
        _file("--json", "json_", "Everything that was measured."),
        _file("--junit", "junit", "The rulings as test cases."),
        _file("--markdown", "markdown", "The result in short."),
        click.option("--github", is_flag=True, help="Add that to the job summary, $GITHUB_STEP_SUMMARY."),
        click.option(
            "--format",
            "format_",
            type=click.Choice(["table", "json", "junit", "markdown"]),
            default="table",
            show_default=True,
            help="What stdout gets.",
        ),
        STORE,
        server_option,
    ),
    "Metrics": (
        click.option("--listen", metavar="HOST:PORT", help="Serve /metrics while the test runs."),
        _file("--textfile", "textfile", "Write metrics at the end, for node_exporter."),
        click.option("--pushgateway", metavar="URL", help="Push metrics at the end."),
    ),
    "Where the load is made": (
        click.option(
            "--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes here."
        ),
        click.option(
            "--expect-workers", type=click.IntRange(0), default=0, help="Processes on other machines."
        ),
        click.option(
            "--wait-for-workers",
            callback=as_duration,
            default="60s",
            show_default=True,
            metavar="DURATION",
            help="Give up if they are not there by then.",
        ),
        click.option(
            "--bind",
            default="127.0.0.1",
            callback=as_listening,
            show_default=True,
            metavar="HOST[:PORT]",
            help="Where they find this machine; nothing protects it.",
        ),
        click.option(
            "--web",
            is_flag=False,
            flag_value="127.0.0.1:8089",
            default="",
            metavar="[HOST:PORT]",
            help="Show Locust's web page too.",
        ),
    ),
    "As everywhere": (
        config_option,
        verbosity_options,
        color_option,
        click.help_option("-h", "--help"),
    ),
}


class GroupedCommand(click.Command):
    """A command whose help tells its options group by group."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The groups, each under its name."""
        rows = {param.name or "": param.get_help_record(ctx) for param in self.params}
        for title, decorators in GROUPS.items():
            names = [name for decorator in decorators for name in _names(decorator)]
            with formatter.section(title):
                formatter.write_dl([row for name in names if (row := rows.get(name)) is not None])


def _names(decorator: Decorator) -> list[str]:
    """What the parameters of a decorator are called."""

    def made() -> None:
        """Carries the parameters."""

    found: list[click.Parameter] = getattr(decorator(made), "__click_params__", [])
    return [param.name for param in reversed(found) if param.name]


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Every option of `techrun load run`."""
    for decorators in reversed(list(GROUPS.values())):
        for decorate in reversed(decorators):
            command = decorate(command)
    return command
