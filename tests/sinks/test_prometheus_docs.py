"""docs/metrics.md lists every metric, its type and its labels, and no others."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from techrun.handling import Release
from techrun.load.metrics import Metrics
from techrun.load.records import Cell, Health, Report, Run, Schedule, Stage, Traffic
from techrun.model import Check, CheckId, Order, Outcome, Phases, Result, Shop, Status, Step
from techrun.sinks._prometheus_families import _MEASURE_HELP
from techrun.sinks.prometheus import (
    PrometheusSink,
    Revenue,
    Shipping,
    dora_families,
    incident_families,
    leak_families,
    load_families,
    load_tests_family,
    outbox_families,
    release_families,
    revenue_families,
    store_family,
)
from techrun.views import LoadSummary, StepFigures

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
ROW = re.compile(
    r"^\| `(?P<name>[a-z_*]+)` \| (?P<type>\w+) \| (?P<labels>[^|]*) \| (?P<meaning>[^|]+) \|$", re.MULTILINE
)
HTTP = Check(CheckId("acme-es", "home"), "http", every=30, deadline=10)
KINDS = [
    HTTP,
    replace(HTTP, id=CheckId("acme-es", "port"), kind="tcp"),
    replace(HTTP, id=CheckId("acme-es", "certificate"), kind="tls"),
    replace(HTTP, id=CheckId("acme-es", "name"), kind="dns"),
    replace(HTTP, id=CheckId("acme-es", "buy"), kind="journey", steps=("cart", "pay"), places_orders=True),
]
PHASES = Phases(0.001, 0.002, 0.01, 0.2, 0.003)


def everything():
    """A scrape in which every metric occurs."""
    sink = PrometheusSink()
    sink.configure(KINDS, [Shop("acme-es", "https://shop.example")])
    sink.set_reload(ok=True)
    sink.add_source("incidents", lambda: incident_families({("acme-es", "page"): 1}))
    sink.add_source("orders", lambda: leak_families({("acme-es", "buy"): 1}))
    money = Revenue("acme-es", "EUR", (1.0, 2.0), (3.0, 4.0))
    sink.add_source("revenue", lambda: revenue_families([money]))
    sink.add_source("loads", daemon_loads)
    sink.add_source("releases", lambda: release_families([Release(1, "acme-es", "v812", 1.0, "a1b9f3e")]))
    sink.add_source("dora", lambda: dora_families([Shipping("acme-es", 1, 2.0, 0.5, 3.0)]))
    sink.add_source("outbox", lambda: outbox_families({"oncall": (1, 2.0)}, {("oncall", "delivered"): 1}))
    sink.add_source("store", lambda: [store_family(writable=True)])
    for check in KINDS:
        outcome = Outcome(
            Status.UP,
            phases=PHASES,
            measures=dict.fromkeys(_MEASURE_HELP, 1.0),
            steps=tuple(Step(name, Status.UP) for name in check.steps),
            orders=(Order("pay", "order_id=7", "leaked"),) if check.places_orders else (),
        )
        sink.accept(Result(check, outcome, "r", 1.7e9, 0.2, 0.001))
    daemon = list(text_string_to_metric_families(b"".join(sink.metrics()).decode()))
    known = {family.name for family in daemon}
    return [*daemon, *(family for family in load_run() if family.name not in known)]


def daemon_loads():
    """What the daemon tells of load tests."""
    run = LoadSummary(
        "r1", "acme-es", "checkout", "v2", "", 1.0, 2.0, "pass", "", accepted=True, fingerprint={}
    )
    yield from load_families([(run, [StepFigures("new", "buy", "cart", 10, 1, 0.1, 0.2, 0.3)])])
    yield load_tests_family({"acme-es": 1})


def load_run():
    """What a load run tells of itself, while it goes on."""
    metrics = Metrics(
        Run("r1", "acme-es", "checkout", "v2", "", 1.0, 2.0, Schedule((Stage("measure", 9, 1, 1),)))
    )
    cells = tuple(
        Cell("new", journey, step, 0, {-96: 1}, {"status": 1})
        for journey, step in (("buy", "cart"), ("buy", ""), ("control", "control"))
    )
    health = (Health("local", 0, 0.1, 2.0, 0.0, 0.0, 0.0, 0.0, 1),)
    metrics.add(Report(1.0, cells, (Traffic(0, 1, 1, 0, 0, 1),), health))
    return list(metrics.collect())


def documented():
    return {row["name"]: row for row in ROW.finditer(DOCS.read_text("utf-8"))}


def metric_name(family):
    return f"{family.name}_total" if family.type == "counter" else family.name


@pytest.mark.parametrize("family", everything(), ids=metric_name)
def test_every_metric_is_documented_with_its_type_and_labels(family):
    rows = documented()
    if family.name.startswith(("process_", "python_")):
        assert f"{family.name.partition('_')[0]}_*" in rows
        return
    row = rows[metric_name(family)]
    assert row["type"] == family.type
    labels = {label for sample in family.samples for label in sample.labels} - {"le"}
    assert set(re.findall(r"`(\w+)`", row["labels"])) == labels


def test_no_metric_is_documented_that_does_not_exist():
    assert {name for name in documented() if "*" not in name} <= {metric_name(one) for one in everything()}


@pytest.mark.parametrize("check", KINDS, ids=lambda check: check.kind)
def test_the_series_of_each_kind_are_as_many_as_documented(check):
    text = DOCS.read_text("utf-8")
    always, phases = map(
        int, re.search(rf"^\| `{check.kind}` \| (\d+) \| (\d+) \|", text, re.MULTILINE).groups()
    )
    plain = replace(check, steps=(), places_orders=False)
    assert (always, phases) == (series_of(plain), len(PHASES.items()))
    a_step = re.search(r"A step\shas (\d) for its histogram and (\d) for its success", text).groups()
    assert series_of(replace(plain, steps=check.steps)) - always == sum(map(int, a_step)) * len(check.steps)
    assert "has 3 more" in text
    from_the_ledger = 1
    if check.kind == "journey":
        assert series_of(replace(plain, places_orders=True)) - always == 3 - from_the_ledger


def series_of(check):
    """The series of a check whose last run gave neither phases nor measures."""
    sink = PrometheusSink()
    sink.configure([check], [])
    steps = tuple(Step(name, Status.UP) for name in check.steps)
    sink.accept(Result(check, Outcome(Status.UP, steps=steps), "r", 1.7e9, 0.2, 0.001))
    text = b"".join(sink.metrics()).decode()
    return sum(f'check="{check.id.name}"' in line for line in text.splitlines())
