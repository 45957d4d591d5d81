"""What `techrun silence` and `techrun maintenance` have in common."""

from __future__ import annotations

from typing import Any, Literal

import click

from techrun.cli.options import NUMBER, as_duration, as_moment, selection_options
from techrun.cli.session import Session, operating

Kind = Literal["silence", "maintenance"]

EXAMPLES: dict[Kind, str] = {
    "silence": "'acme-*/checkout' --for 2h --reason 'PSP down'",
    "maintenance": "acme-es --for 3h --reason 'new PHP'",
}


class AddByDefault(click.Group):
    """A group whose command `add` may be left out: `techrun silence acme-es --for 2h …`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Say `add` where no command is named."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["add", *args]
        return super().parse_args(ctx, args)


def windows_command(kind: Kind, summary: str) -> click.Group:
    """The group of commands for one kind of window."""
    usage = "[add] [SELECTOR]… --for 2h --reason TEXT | list | end NUMBER"
    text = f"{summary}\n\nThe word `add` may be left out.\n\nExample: techrun {kind} {EXAMPLES[kind]}"
    group = AddByDefault(name=kind, help=text, subcommand_metavar=usage)
    for command in (_add(kind), _list(kind), _end(kind)):
        group.add_command(command)
    return group


def _add(kind: Kind) -> click.Command:
    @click.command(name="add", help=f"Begin a {kind}: alerts of these checks are held and recorded.")
    @selection_options
    @click.option("--for", "seconds", callback=as_duration, required=True, metavar="2h", help="How long.")
    @click.option(
        "--from", "starts", callback=as_moment, metavar="DATE", help="When it begins; default: now."
    )
    @click.option("--reason", required=True, help="Why: whoever looks at it later must know.")
    @operating
    def add(session: Session, seconds: float, starts: float | None, reason: str, **chosen: Any) -> None:
        from techrun.cli.show.desk import show_window
        from techrun.oncall import Chosen, WindowWish

        checks = Chosen(chosen["selectors"], chosen["client"] or "", chosen["tags"])
        wish = WindowWish(kind, checks, seconds, reason, starts)
        session.tell(session.operations.add_window(wish, session.by), show_window)

    return add


def _list(kind: Kind) -> click.Command:
    hidden = {"silence": {"maintenance", "grace"}, "maintenance": {"silence"}}[kind]

    @click.command(name="list", help="List what is in force or to come.")
    @click.option("--since", callback=as_moment, metavar="7d|DATE", help="Also what was in force since then.")
    @operating
    def list_(session: Session, since: float | None) -> None:
        from techrun.cli.show.desk import show_windows

        found = tuple(one for one in session.operations.windows(since) if one.kind not in hidden)
        session.tell(found, show_windows)

    return list_


def _end(kind: Kind) -> click.Command:
    @click.command(name="end", help=f"End a {kind} early; what is still wrong then is told.")
    @click.argument("number", type=NUMBER)
    @operating
    def end(session: Session, number: int) -> None:
        from techrun.cli.show.desk import show_window

        session.tell(session.operations.end_window(number, session.by), show_window)

    return end
