"""The JSON Schema takes what the loader takes, and refuses the commonest mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from techrun.app.loading import DOCUMENTS, spec_types
from techrun.config.reading import parse, read
from techrun.config.schema import schema
from techrun.config.tree import Source, plain

ROOT = Path(__file__).parents[2]
NOT_CONFIGURATION = {"secrets.yaml", "calendar.yaml"}
FILES = sorted(
    path
    for folder in (ROOT / "checks", ROOT / "tests" / "shops")
    for path in folder.rglob("*.yaml")
    if path.name not in NOT_CONFIGURATION and "data" not in path.parts
)
HEAD = "shop: acme\nurl: https://www.acme.example\n"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """A validator of the whole schema."""
    made = schema(spec_types(), DOCUMENTS)
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def documents(text: str) -> list[Any]:
    source = Source("file.yaml", Path("file.yaml"), tuple(text.splitlines()))
    return [plain(node) for node in parse(text, source, [])]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_ships_is_valid(path: Path, validator: Draft202012Validator) -> None:
    found = read(path, path.name, [])
    assert found
    for _, node in found:
        assert [error.message for error in validator.iter_errors(plain(node))] == []


@pytest.mark.parametrize(
    "text",
    [
        "shops: shops/*.yaml\ninclude: [a.yaml]\n",
        "shop: acme\nurl: ${env.URL}\nchecks: [{name: home, http: /, every: 30s, slo: 99.9%}]\n",
        HEAD + 'checks: [{name: port, tcp: "${shop.host}:25", every: "${often}", deadline: "${long}"}]\n',
        "pack: more\nparameters: {words: {required: true}}\nchecks: []\n",
        "journey: buy\nsteps: [{step: home, get: /}]\n",
    ],
    ids=["main", "shop", "templates", "pack", "journey"],
)
def test_what_is_right_is_valid(text: str, validator: Draft202012Validator) -> None:
    for document in documents(text):
        assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize(
    "text",
    [
        "shops: shops/*.yaml\nchanels: {}\n",
        HEAD + "cleint: acme\n",
        "shop: acme\n",
        "shop: Acme Shop\nurl: https://www.acme.example\n",
        HEAD + "checks: [{name: home, http: /, evry: 30s}]\n",
        HEAD + "checks: [{name: home, htpp: /}]\n",
        HEAD + "checks: [{http: /}]\n",
        HEAD + "checks: [{name: home, http: /, every: 30}]\n",
        HEAD + "checks: [{name: home, http: /, severity: pager}]\n",
        HEAD + "checks: {home: {http: /}}\n",
        HEAD + "orders: {max_per_day: many}\n",
        "pack: more\nparams: {}\n",
        "journey: buy\nsteps: [{step: home, gett: /}]\n",
        "journey: buy\nsteps: []\n",
        "journey: buy\n",
        "fragment: login\nsteps: [{step: home, get: /, expct: {}}]\n",
    ],
)
def test_what_is_wrong_is_not_valid(text: str, validator: Draft202012Validator) -> None:
    assert any(list(validator.iter_errors(document)) for document in documents(text))


def test_every_key_is_described() -> None:
    """An editor shows what a key is for: at least for every key of our own files and of the kinds."""
    definitions = schema(spec_types(), DOCUMENTS)["$defs"]
    silent = [
        f"{name}.{key}"
        for name in ("main", "shop", "pack")
        for key, part in definitions[name]["properties"].items()
        if "description" not in part
    ]
    assert silent == []


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(schema(spec_types(), DOCUMENTS)))["$schema"].endswith("2020-12/schema")
