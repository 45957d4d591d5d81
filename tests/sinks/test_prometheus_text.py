"""The text of a scrape, held against prometheus_client and promtool."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from techrun.model import Check, CheckId, Order, Outcome, Phases, Reason, Result, Shop, Status, Step
from techrun.sinks import prometheus
from techrun.sinks._prometheus_families import CHECK_BOUNDS, STEP_BOUNDS, expected_reasons
from techrun.sinks._prometheus_text import as_text, labels
from techrun.sinks.prometheus import PrometheusSink, incident_families, leak_families, outbox_families

SHOP = Shop("acme-es", "https://shop.example", client="acme")
CHECKS = [
    Check(CheckId("acme-es", name), kind, 30, 10, steps=steps, places_orders=bool(steps))
    for name, kind, steps in [
        ("home", "http", ()),
        ("buy", "journey", ("cart", "pay")),
        ("port", "tcp", ()),
        ("certificate", "tls", ()),
        ("name", "dns", ()),
        ("never-ran", "http", ()),
    ]
]


def results():
    phases = Phases(0.001, 0.002, 0.01, 0.2, 0.003)
    for turn, check in enumerate(CHECKS[:-1] * 3):
        status = Status.DOWN if turn % 4 == 0 else Status.UP
        outcome = Outcome(
            status,
            Reason.TIMEOUT if status is Status.DOWN else None,
            phases=phases,
            measures={"http_status_code": 200.0, "ssl_earliest_cert_expiry": 1.8e9 + turn},
            steps=tuple(Step(name, status, duration=0.25 * turn) for name in check.steps),
            orders=(Order("pay", "order_id=7", "cancelled"),) if check.places_orders else (),
        )
        yield Result(check, outcome, "r", 1.7e9 + turn, 0.125 * turn, 0.001, missed=1)


def scraped():
    sink = PrometheusSink()
    sink.configure(CHECKS, [SHOP])
    sink.set_reload(ok=True)
    sink.add_source("incidents", lambda: incident_families({("acme-es", "page"): 1}))
    sink.add_source("orders", lambda: leak_families({("acme-es", "buy"): 1}))
    sink.add_source("outbox", lambda: outbox_families({"oncall": (1, 2.0)}, {("oncall", "delivered"): 1}))
    for result in results():
        sink.accept(result)
        if result.check.kind == "tcp":
            b"".join(sink.metrics())
    return b"".join(sink.metrics())


def reference():
    """The same results given to prometheus_client's own classes."""
    registry = CollectorRegistry()
    own, short = ["shop", "check", "kind", "location"], ["shop", "check"]
    status = Gauge("techrun_check_status", "", [*own, "status"], registry=registry)
    success = Gauge("probe_success", "", own, registry=registry)
    duration = Gauge("probe_duration_seconds", "", own, registry=registry)
    runs = Counter("techrun_check_runs", "", [*own, "status"], registry=registry)
    failures = Counter("techrun_check_failures", "", [*own, "reason"], registry=registry)
    durations = Histogram(
        "techrun_check_duration_seconds", "", own, buckets=CHECK_BOUNDS.values, registry=registry
    )
    last = Gauge("techrun_check_last_run_timestamp_seconds", "", short, registry=registry)
    step_labels = ["shop", "check", "step", "location"]
    held = Gauge("techrun_step_success", "", step_labels, registry=registry)
    took = Histogram(
        "techrun_step_duration_seconds", "", step_labels, buckets=STEP_BOUNDS.values, registry=registry
    )
    for check in CHECKS:
        key = (check.id.shop, check.id.name, check.kind, "local")
        durations.labels(*key)
        for reason in expected_reasons(check):
            failures.labels(*key, reason.value)
        for one in Status:
            runs.labels(*key, one.value)
    for result in results():
        check, found = result.check, result.outcome.status
        key = (check.id.shop, check.id.name, check.kind, "local")
        for one in Status:
            status.labels(*key, one.value).set(one is found)
        success.labels(*key).set(found is Status.UP)
        duration.labels(*key).set(result.duration)
        runs.labels(*key, found.value).inc()
        if result.outcome.reason:
            failures.labels(*key, result.outcome.reason.value).inc()
        durations.labels(*key).observe(result.duration)
        last.labels(*key[:2]).set(result.started + result.duration)
        for step in result.outcome.steps:
            held.labels(*key[:2], step.name, "local").set(step.status is Status.UP)
            took.labels(*key[:2], step.name, "local").observe(step.duration)
    return registry


def samples(families):
    return {
        family.name: {
            (sample.name, frozenset(sample.labels.items()), sample.value)
            for sample in family.samples
            if not sample.name.endswith("_created")
        }
        for family in families
    }


def test_the_series_are_those_that_prometheus_client_would_make():
    ours = samples(text_string_to_metric_families(scraped().decode()))
    for name, expected in samples(reference().collect()).items():
        assert ours[name] == expected, name


def test_each_family_is_contiguous_below_one_help_and_one_type(monkeypatch):
    """Also where its checks are joined some at a time."""
    monkeypatch.setattr(prometheus, "_CHUNK", 2)
    monkeypatch.setattr(prometheus, "_PIECE", 1000)
    seen, current = set(), ""
    for line in scraped().decode().splitlines():
        if line.startswith("# HELP "):
            current = line.split()[2]
            assert current not in seen
            seen.add(current)
        elif line.startswith("# TYPE "):
            assert line.split()[2] == current
        else:
            name = line.partition("{")[0].partition(" ")[0]
            assert name == current or name.removeprefix(current) in ("_bucket", "_sum", "_count")


def test_no_series_comes_twice():
    series = [line.rpartition(" ")[0] for line in scraped().decode().splitlines() if line[0] != "#"]
    assert len(series) == len(set(series))


def test_two_scrapes_without_a_run_in_between_say_the_same_of_checks():
    sink = PrometheusSink()
    sink.configure(CHECKS, [])
    for result in results():
        sink.accept(result)
    first, second = (
        [line for line in b"".join(sink.metrics()).splitlines() if b"acme-es" in line] for _ in range(2)
    )
    assert first == second
    assert first


@given(value=st.text(st.characters(exclude_categories=["Cs"])))
def test_labels_are_escaped_as_prometheus_client_does(value):
    family = GaugeMetricFamily("x", "x", labels=["shop"])
    family.add_metric([value], 1)
    assert as_text([family]).decode().split("\n", 2)[2] == f"x{{{labels(shop=value)}}} 1.0\n"


def test_a_name_with_quotes_and_line_breaks_stays_one_label():
    odd = Check(CheckId("acme-es", 'a "b" \\ \n ü'), "http", 30, 10)
    sink = PrometheusSink()
    sink.configure([odd], [])
    text = b"".join(sink.metrics()).decode()
    found = {s.labels.get("check") for f in text_string_to_metric_families(text) for s in f.samples}
    assert odd.id.name in found


@pytest.mark.system("prometheus")
def test_promtool_has_nothing_to_say():
    done = subprocess.run(["promtool", "check", "metrics"], input=scraped(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
