"""Problems of the configuration: all of them, each with its place."""

from __future__ import annotations

from techrun.errors import Problem


def show_problems(problems: list[Problem]) -> None:
    """Print every problem to stderr."""
    import click

    from techrun.config.problems import render

    click.echo(render(problems), err=True)
    many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    click.echo(f"\n{many} in the configuration; nothing was run.", err=True)


def show_warnings(problems: list[Problem]) -> None:
    """Print what is allowed but unwise to stderr."""
    import click

    from techrun.config.problems import render

    if problems:
        click.echo(render(problems), err=True)
        many = "1 warning" if len(problems) == 1 else f"{len(problems)} warnings"
        click.echo(f"{many}; nothing of it keeps techrun from running.\n", err=True)
