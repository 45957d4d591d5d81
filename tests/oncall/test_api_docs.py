"""docs/api.md is true: its examples run, its tables are complete, its JSON has the fields of an answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from techrun.web.access import Tokens
from techrun.web.api import api_routes

PAGE = (Path(__file__).parents[2] / "docs/api.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.startswith("curl ")]


def run(command, world):
    environment = {
        "PATH": os.environ["PATH"],
        "TECHRUN_SERVER": world.url,
        "TECHRUN_TOKEN": world.tokens.operate[0],
    }
    done = subprocess.run(
        ["sh", "-c", command.replace("curl -sS", "curl -sS --fail-with-body --noproxy '*'")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def test_the_examples_run_one_after_the_other(world):
    answers = [run(command, world) for command in COMMANDS]
    assert len(answers) == 23
    assert [one["acknowledged"]["author"] for one in answers if "acknowledged" in one] == ["dee"]


def test_an_incident_has_the_fields_that_the_page_shows(world):
    (shown,) = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    world.api("POST", "incidents/1/ack", json={"author": "dee"})
    (found,) = world.api("GET", "incidents").json()
    assert list(shown) == list(found)
    assert list(shown["members"][0]) == list(found["members"][0])
    assert list(shown["acknowledged"]) == list(found["acknowledged"])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_every_address_stands_in_a_table(world, method):
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{method} ")]
    told = set()
    for row in rows:
        first, *others = re.findall(r"`([^`]+)`", row.split("|")[1])
        first = first.removeprefix(f"{method} /api/v1/")
        told |= {first, *(other.removeprefix("/") for other in others)}
    routes = api_routes(world.operations, Tokens, world.loads, world.gate, world.book, dora=world.dora)
    known = {
        route.path.removeprefix("/api/v1/").replace("{number:int}", "N").replace("{id}", "ID")
        for route in routes
        if method in route.methods and "{path" not in route.path
    }
    assert known == told
