"""The command line: parse and call, no logic; heavy imports wait until they are needed."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from techrun import __version__
from techrun.errors import ConfigError, ExitCode, TechrunError

COMMANDS = {
    "ack": "Take an incident on.",
    "check": "Run checks once and print what was found.",
    "demo": "Start a demo shop and watch it: the whole product on one machine.",
    "incidents": "List incidents, tell the story of one, open, close and annotate them.",
    "load": "Load a shop before a release, and judge it.",
    "maintenance": "Announce work on shops: their alerts are held meanwhile.",
    "notify": "Try the channels that alerts go to.",
    "release": "Say whether what was deployed is live, and as good as before.",
    "run": "Watch the shops: schedule, metrics, history, alerts.",
    "shadow": "Look at what `techrun run --shadow` would have sent.",
    "silence": "Hold alerts of some checks for a time.",
    "status": "Say what is wrong now.",
    "validate": "Read the configuration and say everything that is wrong with it.",
}
"""Name and help line of each command: data, so that `--help` imports none of them."""


class LazyGroup(click.Group):
    """A group that imports a command's module when it is called, not when it is listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Names of the commands, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"techrun.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        """The list of commands in `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion for a mistyped name."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from techrun.language.words import did_you_mean

            ctx.fail(f'No such command "{name}"; {did_you_mean(name, COMMANDS) or "see techrun --help"}')
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="techrun", message="%(prog)s %(version)s")
def cli() -> None:
    """Watches an online shop from its customer's side.

    Exit codes: 0 it holds, 1 it does not, 2 wrong use, 3 wrong configuration,
    4 cannot be told, 5 our own error, 130 interrupted.
    """


def main(args: list[str] | None = None) -> Any:
    """Run the command line and exit with the code that the contract names."""
    try:
        code = cli.main(args=args, prog_name="techrun", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        code = ExitCode.INTERRUPTED
    except TechrunError as error:
        code = _report(error)
    except Exception:  # noqa: BLE001  the last one to hear of it: what we did wrong has a code of its own
        code = _own_fault()
    sys.exit(int(code or ExitCode.OK))


def _own_fault() -> ExitCode:
    import traceback

    click.echo(traceback.format_exc(), err=True)
    click.echo(
        "techrun: this is techrun's own fault, not the shop's; please report it with the lines above",
        err=True,
    )
    return ExitCode.INTERNAL


def _report(error: TechrunError) -> ExitCode:
    if isinstance(error, ConfigError):
        from techrun.cli.show.problems import show_problems

        show_problems(error.problems)
    else:
        click.echo(f"techrun: {error}", err=True)
    return error.exit_code
