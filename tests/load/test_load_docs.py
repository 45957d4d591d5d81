"""The page about load tests: its YAML is YAML, and every command in it is one that there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from techrun.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = {page: (ROOT / page).read_text() for page in ("README.md", "docs/load.md", "docs/load-statistics.md")}


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.DOTALL)


def texts(value):
    """Every text in a piece of YAML."""
    if isinstance(value, dict):
        value = list(value.values())
    return [text for each in value for text in texts(each)] if isinstance(value, list) else [str(value)]


def typed():
    """Every command line of load tests: after a prompt, or in a job of CI."""
    lines = [
        line.removeprefix("$ ")
        for page in PAGES
        for block in blocks(page, "console")
        for line in block.splitlines()
    ]
    lines += [text for block in blocks("docs/load.md", "yaml") for text in texts(yaml.safe_load(block))]
    return sorted({line.strip() for line in lines if line.startswith("techrun load ")})


@pytest.mark.parametrize(
    "block", blocks("docs/load.md", "yaml"), ids=lambda block: block.split(maxsplit=3)[1]
)
def test_yaml_in_the_page_is_yaml(block):
    assert isinstance(yaml.safe_load(block), dict | list)


def test_both_kinds_of_ci_run_a_load_test():
    assert sum("--junit load.xml" in line for line in typed()) == 2


@pytest.mark.parametrize("line", typed())
def test_a_command_in_the_page_is_taken_by_the_command_line(line):
    """Options, values and names; nothing is run."""
    words = shlex.split(line, comments=True)[1:]
    command, context = cli, click.Context(cli)
    while isinstance(command, click.Group):
        _, command, words = command.resolve_command(context, words)
        assert command is not None
    command.make_context(command.name, words)
