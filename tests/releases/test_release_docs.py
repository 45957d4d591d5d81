"""The pages about releases: their YAML is a configuration, and every command in them is one that there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from techrun.app.loading import load_without_secrets
from techrun.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = {
    page: (ROOT / page).read_text()
    for page in ("README.md", "docs/releases.md", "docs/release-statistics.md")
}
SHOP = """
version: 1
shop: acme-es
url: https://www.acme.es
store: store.db
include: [journeys.yaml]
synthetic: {email: probe@acme.es}
orders: {max_per_day: 10}
checks:
  - {name: feeds, http: /feed.csv, every: 5m}
  - {name: static-page, http: /static/empty.html, every: 1m}
"""
VARIABLES = {"COMMIT_TIME": "1763790000", "COMMIT": "0812bbb", "VERSION": "v812"}
JOURNEYS = """
journey: guest-checkout
steps:
  - {step: home, get: /, expect: {text: {contains: Acme}}}
  - {step: order, effect: order, post: /order, expect: {text: {contains: Thank you}}}
---
journey: business-customer
steps:
  - {step: home, get: /, expect: {text: {contains: Acme}}}
"""


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.DOTALL)


def typed():
    """Every command line about releases and the demo."""
    lines = [
        line.removeprefix("$ ")
        for page in PAGES
        for block in blocks(page, "console")
        for line in block.splitlines()
    ]
    wanted = ("techrun release ", "techrun demo ")
    return sorted({line.strip() for line in lines if line.startswith(wanted)})


@pytest.mark.parametrize(
    "block", blocks("docs/releases.md", "yaml"), ids=lambda block: block.split("\n")[1][:40]
)
def test_yaml_in_the_page_is_a_part_of_a_configuration(block, tmp_path):
    settings = {**yaml.safe_load(SHOP), **yaml.safe_load(block)}
    (tmp_path / "techrun.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "journeys.yaml").write_text(JOURNEYS)
    assert load_without_secrets(tmp_path).settings.shops[0].name == "acme-es"


@pytest.mark.parametrize("cell", re.findall(r"`(version: \{[^`]*\})`", PAGES["docs/releases.md"]))
def test_a_way_to_read_a_version_is_one_that_there_is(cell, tmp_path):
    settings = {**yaml.safe_load(SHOP), "releases": yaml.safe_load(cell)}
    (tmp_path / "techrun.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "journeys.yaml").write_text(JOURNEYS)
    assert load_without_secrets(tmp_path).settings.shops[0].releases.version is not None


@pytest.mark.parametrize("line", typed())
def test_a_command_in_the_page_is_taken_by_the_command_line(line):
    """Options, values and names; nothing is run."""
    for name, value in VARIABLES.items():
        line = line.replace(f"${name}", value)
    words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
    command, context = cli, click.Context(cli)
    while isinstance(command, click.Group):
        _, command, words = command.resolve_command(context, words)
        assert command is not None
    command.make_context(command.name, words)
