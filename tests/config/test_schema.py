"""The JSON Schema takes what the loader takes, and refuses the commonest mistakes."""

from __future__ import annotations

import json
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from techrun.app.loading import DOCUMENTS, spec_types
from techrun.config.reading import parse, read
from techrun.config.releases import Grafana, Releases
from techrun.config.schema import _models_below, schema
from techrun.config.tree import Source, plain

ROOT = Path(__file__).parents[2]
NOT_CONFIGURATION = {"secrets.yaml"}
FILES = sorted(
    path
    for folder in (ROOT / "checks", ROOT / "tests" / "shops", ROOT / "tests" / "golden" / "agency")
    for path in folder.rglob("*.yaml")
    if path.name not in NOT_CONFIGURATION and "data" not in path.parts
)
HEAD = "shop: acme\nurl: https://www.acme.example\n"
ALERTING = """
shops: shops/*.yaml
alerting: {group_wait: {page: 2s}, remind: {page: never}, storm: {shops: 5, within: 3m}}
routes:
  - match: {select: 'acme-*', tag: [b2b, b2c], severity: page, days: [sat, sun], hours: 08:00-18:00}
    notify: day-desk
web: {url: https://techrun.example, tokens: {read: "${secret.R}"}}
"""
LOAD = """
shop: acme
url: https://www.acme.example
load:
  hosts: [staging.acme.example, "*.preview.acme.example"]
  max_rate: "${env.CEILING}"
  criteria: [{errors: 0.5%}, {p95: 800ms, over: 30s, abort: true}, {apdex: 0.9, at: 500ms, from: warm-up}]
  scenarios: {checkout: {rate: 5/s, measure: 5m, criteria: [{step: product, p99: 1.5s}]}}
"""
RELEASES = """
shop: acme
url: https://www.acme.example
releases:
  version: {url: /version, json: $.build}
  commit: {header: X-Commit}
  identity: {within: 3m, origins: hidden}
  smoke: [guest, {journey: guest, orders: true, nodes: false}, {check: home, no_worse: true}]
  bake: {settle: 0s, for: "${env.BAKE}", every: 8s, samples: 30, checks: home}
  judge: {errors: 2%, latency: fail, slower: 30%, slower_by: 50ms}
  prometheus:
    url: https://prometheus.example
    queries: [{name: errors, query: 'errors{version="${release.version}"}', max: 0.01, worse: 10%}]
  gate: {load: checkout, campaigns: false}
  webhooks: [{url: https://chat.example/hook, on: [fail, inconclusive], token: "${secret.CHAT}"}]
"""
CALENDAR = """
maintenance:
  - {name: import, select: acme-es, every: weekday, at: 02:30, lasts: 30m}
  - {name: move, from: 2026-12-01T22:00, to: 2026-12-02}
holidays: [{date: 2026-12-25, name: Christmas}]
"""


RELEASE_PARTS = {Grafana, Releases, *_models_below([Releases])}


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
        HEAD + "owner: {name: ops-team, notify: [ops]}\n",
        HEAD + "owner: ops-team\nimpact: {orders_per_hour: {mon-sun: [1, 2]}, average_order: 85 EUR}\n",
        ALERTING,
        CALENDAR,
        LOAD,
        RELEASES,
        "shops: shops/*.yaml\ngrafana: {url: https://grafana.example, token: x, tags: [release, shop]}\n",
    ],
    ids=[
        "main",
        "shop",
        "templates",
        "pack",
        "journey",
        "owners",
        "owner",
        "alerting",
        "calendar",
        "load",
        "releases",
        "grafana",
    ],
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
        HEAD + "load: {max_rate: 5}\n",
        HEAD + "load: {criteria: [{errors: 0.5}]}\n",
        HEAD + "load: {criteria: [{p98: 800ms}]}\n",
        HEAD + "load: {scenarios: {checkout: {rates: 5/s}}}\n",
        HEAD + "releases: {smoke: {journey: guest}}\n",
        HEAD + "releases: {smoke: [{jurney: guest}]}\n",
        HEAD + "releases: {bake: {for: 240}}\n",
        HEAD + "releases: {judge: {latency: warning}}\n",
        HEAD + "releases: {judge: {errors: 0.02}}\n",
        HEAD + "releases: {version: {text: false}}\n",
        HEAD + "releases: {prometheus: {url: https://prometheus.example}}\n",
        HEAD + "releases: {webhooks: [{url: https://chat.example, on: passed}]}\n",
        HEAD + "grafana: {url: https://grafana.example}\n",
        "pack: more\nparams: {}\n",
        "journey: buy\nsteps: [{step: home, gett: /}]\n",
        "journey: buy\nsteps: []\n",
        "journey: buy\n",
        "shops: shops/*.yaml\nowner: ops-team\n",
        "shops: shops/*.yaml\nalerting: {group_wait: 2s}\n",
        "shops: shops/*.yaml\nroutes: [{match: {days: mon-fri}}]\n",
        "shops: shops/*.yaml\nroutes: [{match: {severity: pager}, notify: ops}]\n",
        "maintenance: [{every: day, at: 02:30, lasts: 30m}]\n",
        "maintenance: [{name: import, every: day, at: 2, lasts: 30m}]\n",
        "fragment: login\nsteps: [{step: home, get: /, expct: {}}]\n",
    ],
)
def test_what_is_wrong_is_not_valid(text: str, validator: Draft202012Validator) -> None:
    assert any(list(validator.iter_errors(document)) for document in documents(text))


def test_every_key_is_described() -> None:
    """An editor shows what a key is for: at least for every key of our own files and of the kinds."""
    definitions = schema(spec_types(), DOCUMENTS)["$defs"]
    ours = ("main", "shop", "pack", "LoadSettings", "ScenarioSettings", "Criterion")
    silent = [
        f"{name}.{key}"
        for name in (*ours, *map(attrgetter("__name__"), RELEASE_PARTS))
        for key, part in definitions[name]["properties"].items()
        if "description" not in part
    ]
    assert silent == []


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(schema(spec_types(), DOCUMENTS)))["$schema"].endswith("2020-12/schema")
