"""What a scrape says about checks, told from results alone."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace

import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from techrun.model import Check, CheckId, Order, Outcome, Phases, Reason, Result, Shop, Status, Step
from techrun.sinks.prometheus import PrometheusSink, incident_families, leak_families, outbox_families

SHOP = Shop("acme-es", "https://shop.example", client="acme", platform="magento2", owner="shop-ops")
HOME = Check(CheckId("acme-es", "home"), "http", every=30, deadline=10)
BUY = Check(CheckId("acme-es", "buy"), "journey", every=60, deadline=30, steps=("cart", "pay"))
UP = Outcome(Status.UP)
OWN = {"shop": "acme-es", "check": "home", "kind": "http", "location": "local"}


def result(check=HOME, outcome=UP, **stamped):
    return Result(
        check, outcome, **({"run_id": "r1", "started": 1000.0, "duration": 0.2, "lateness": 0.001} | stamped)
    )


def down(reason=Reason.STATUS):
    return Outcome(Status.DOWN, reason)


def sink_of(*checks, **settings):
    sink = PrometheusSink(**settings)
    sink.configure(checks, [SHOP])
    return sink


def families(sink):
    text = b"".join(sink.metrics()).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def samples(sink, name, **labels):
    """The values of all samples with this name, by what tells them apart from the labels given."""
    family = next(found for found in families(sink).values() if name in {one.name for one in found.samples})
    return {
        tuple(value for label, value in one.labels.items() if label not in labels): one.value
        for one in family.samples
        if one.name == name and labels.items() <= one.labels.items()
    }


def names(sink):
    return {sample.name for family in families(sink).values() for sample in family.samples}


def value(sink, name, **labels):
    (only,) = samples(sink, name, **labels).values()
    return only


@pytest.mark.parametrize(
    ("status", "success"),
    [(Status.UP, 1), (Status.DEGRADED, 1), (Status.DOWN, 0), (Status.BLOCKED, 0), (Status.UNKNOWN, 0)],
    ids=str,
)
def test_the_last_run_decides_the_status_and_whether_the_probe_succeeded(status, success):
    sink = sink_of(HOME)
    sink.accept(result(outcome=down()))
    sink.accept(result(outcome=Outcome(status)))
    assert value(sink, "probe_success", **OWN) == success
    one_hot = samples(sink, "techrun_check_status", **OWN)
    assert one_hot == {(other.value,): float(other is status) for other in Status}


def test_a_check_that_has_not_run_yet_has_counters_at_zero_and_no_status():
    """Otherwise increase() would miss the first failure, and a check could look up before it ran."""
    sink = sink_of(HOME)
    assert set(samples(sink, "techrun_check_runs_total", **OWN)) == {(status.value,) for status in Status}
    assert set(samples(sink, "techrun_check_failures_total", **OWN).values()) == {0.0}
    assert value(sink, "techrun_check_duration_seconds_count", **OWN) == 0
    assert not {"probe_success", "techrun_check_status", "techrun_check_last_run_timestamp_seconds"} & names(
        sink
    )


@pytest.mark.parametrize(
    ("check", "never"),
    [
        pytest.param(HOME, {"graphql", "fixture", "order_cap", "certificate"}, id="http"),
        pytest.param(BUY, {"order_cap"}, id="journey"),
        pytest.param(replace(BUY, places_orders=True), set(), id="journey that places orders"),
        pytest.param(replace(HOME, kind="homemade"), {"order_cap"}, id="a kind of its own"),
    ],
)
def test_every_reason_that_a_kind_can_give_starts_at_zero(check, never):
    sink = sink_of(check)
    told = {one["reason"] for one in labels_of(sink, "techrun_check_failures_total")}
    assert told == {reason.value for reason in Reason} - never


def labels_of(sink, name):
    return [
        sample.labels
        for family in families(sink).values()
        for sample in family.samples
        if sample.name == name
    ]


def test_a_reason_that_was_not_expected_of_a_kind_is_counted_when_it_comes_up():
    sink = sink_of(HOME)
    sink.accept(result(outcome=down(Reason.CERTIFICATE)))
    assert value(sink, "techrun_check_failures_total", **OWN, reason="certificate") == 1


def test_runs_and_failures_are_counted_by_status_and_reason():
    sink = sink_of(HOME)
    for outcome in (UP, down(), down(), down(Reason.DNS), Outcome(Status.DEGRADED, Reason.BUDGET)):
        sink.accept(result(outcome=outcome))
        b"".join(sink.metrics())
    runs = samples(sink, "techrun_check_runs_total", **OWN)
    assert (runs[("up",)], runs[("down",)], runs[("degraded",)]) == (1, 3, 1)
    failures = samples(sink, "techrun_check_failures_total", **OWN)
    assert {reason: count for (reason,), count in failures.items() if count} == {
        "status": 2,
        "dns": 1,
        "budget": 1,
    }


def test_durations_fall_into_cumulative_buckets():
    sink = sink_of(HOME)
    for seconds in (0.04, 0.05, 0.06, 7.0, 31.0):
        sink.accept(result(duration=seconds))
    buckets = samples(sink, "techrun_check_duration_seconds_bucket", **OWN)
    assert [buckets[(bound,)] for bound in ("0.05", "0.1", "5.0", "10.0", "30.0", "+Inf")] == [
        2,
        3,
        3,
        4,
        4,
        5,
    ]
    assert value(sink, "techrun_check_duration_seconds_count", **OWN) == 5
    assert value(sink, "techrun_check_duration_seconds_sum", **OWN) == pytest.approx(38.15)
    assert value(sink, "probe_duration_seconds", **OWN) == 31.0


def test_the_last_success_stays_where_it_was_when_a_check_fails():
    sink = sink_of(HOME)
    sink.accept(result(started=1000.0))
    sink.accept(result(started=2000.0, outcome=down()))
    who = {"shop": "acme-es", "check": "home"}
    assert value(sink, "techrun_check_last_run_timestamp_seconds", **who) == 2000.2
    assert value(sink, "techrun_check_last_success_timestamp_seconds", **who) == 1000.2


@pytest.mark.parametrize(
    ("kind", "metric", "word"),
    [
        pytest.param("http", "probe_http_duration_seconds", "processing", id="http"),
        pytest.param("journey", "probe_http_duration_seconds", "processing", id="journey"),
        pytest.param("dns", "probe_dns_duration_seconds", "request", id="dns"),
        pytest.param("tcp", "probe_tcp_duration_seconds", "processing", id="tcp"),
    ],
)
def test_phases_have_the_names_of_blackbox_exporter(kind, metric, word):
    sink = sink_of(replace(HOME, kind=kind))
    sink.accept(result(outcome=replace(UP, phases=Phases(resolve=0.001, processing=0.25))))
    assert samples(sink, metric, **OWN | {"kind": kind}) == {("resolve",): 0.001, (word,): 0.25}
    assert value(sink, "probe_dns_lookup_time_seconds", **OWN | {"kind": kind}) == 0.001


def test_a_phase_that_was_not_reached_this_time_is_absent():
    sink = sink_of(HOME)
    sink.accept(result(outcome=replace(UP, phases=Phases(0.001, 0.002, 0.01, 0.2, 0.003))))
    assert len(samples(sink, "probe_http_duration_seconds", **OWN)) == 5
    sink.accept(result(outcome=replace(down(Reason.CONNECT), phases=Phases(connect=0.5))))
    assert samples(sink, "probe_http_duration_seconds", **OWN) == {("connect",): 0.5}
    assert "probe_dns_lookup_time_seconds" not in names(sink)


def test_measures_are_gauges_that_leave_when_they_were_not_taken():
    sink = sink_of(HOME)
    sink.accept(result(outcome=replace(UP, measures={"http_status_code": 200, "http_version": 1.1})))
    assert value(sink, "probe_http_status_code", **OWN) == 200
    assert value(sink, "probe_http_version", **OWN) == 1.1
    sink.accept(result(outcome=replace(UP, measures={"http_status_code": 204})))
    assert value(sink, "probe_http_status_code", **OWN) == 204
    assert "probe_http_version" not in names(sink)


def test_the_expiry_of_a_refused_certificate_is_told():
    sink = sink_of(HOME)
    sink.accept(result(outcome=replace(down(Reason.TLS), measures={"ssl_earliest_cert_expiry": 1.8e9})))
    assert value(sink, "probe_ssl_earliest_cert_expiry", **OWN) == 1.8e9


def test_steps_tell_whether_they_held_and_how_long_they_took():
    sink = sink_of(BUY)
    steps = (Step("cart", Status.UP, duration=0.2), Step("pay", Status.DOWN, Reason.STATUS, duration=4.0))
    cancel = Step("cancel", Status.UP, duration=0.1)
    sink.accept(result(BUY, replace(down(), steps=steps, cleanup=(cancel,))))
    who = {"shop": "acme-es", "check": "buy", "location": "local"}
    assert samples(sink, "techrun_step_success", **who) == {("cart",): 1, ("pay",): 0, ("cancel",): 1}
    assert value(sink, "techrun_step_duration_seconds_bucket", **who, step="pay", le="3.0") == 0
    assert value(sink, "techrun_step_duration_seconds_bucket", **who, step="pay", le="10.0") == 1


def test_a_step_that_the_last_run_did_not_reach_is_not_green():
    sink = sink_of(BUY)
    cart, pay = Step("cart", Status.UP), Step("pay", Status.UP)
    sink.accept(result(BUY, replace(UP, steps=(cart, pay))))
    sink.accept(result(BUY, replace(down(), steps=(replace(cart, status=Status.DOWN),))))
    assert {one["step"] for one in labels_of(sink, "techrun_step_success")} == {"cart"}
    sink.accept(result(BUY, replace(UP, steps=(cart, replace(pay, skipped=True)))))
    assert {one["step"] for one in labels_of(sink, "techrun_step_success")} == {"cart"}
    assert value(sink, "techrun_step_duration_seconds_count", step="pay", shop="acme-es") == 1


def test_an_http_check_has_no_step_series_since_its_one_step_is_the_check():
    sink = sink_of(HOME)
    sink.accept(result(outcome=replace(UP, steps=(Step("home", Status.UP),))))
    assert not {name for name in names(sink) if name.startswith("techrun_step")}


def test_orders_are_counted_and_those_that_stand_in_the_shop_come_from_its_ledger():
    buy = replace(BUY, places_orders=True)
    sink = sink_of(buy, HOME)
    orders = (Order("pay", "order_id=1", "cancelled"), Order("pay", "order_id=2", "leaked"))
    sink.accept(result(buy, replace(UP, orders=orders)))
    sink.accept(result(buy, replace(UP, orders=orders[:1])))
    assert value(sink, "techrun_orders_created_total", check="buy") == 3
    sink.add_source("orders", lambda: leak_families({("acme-es", "buy"): 1}))
    assert value(sink, "techrun_orders_leaked", check="buy") == 1


def test_lateness_and_missed_runs_are_counted_for_planned_runs_only():
    sink = sink_of(HOME, location="fra")
    sink.accept(result(lateness=0.02, missed=2))
    sink.accept(result(lateness=0.3, trigger="confirmation"))
    sink.accept(result(lateness=9.0, missed=5, trigger="manual"))
    assert value(sink, "techrun_check_lateness_seconds_count", location="fra") == 2
    assert value(sink, "techrun_check_lateness_seconds_bucket", location="fra", le="0.025") == 1
    assert value(sink, "techrun_check_missed_runs_total", location="fra") == 2


def test_a_check_that_leaves_the_configuration_leaves_the_metrics():
    sink = sink_of(HOME, BUY)
    sink.accept(result())
    sink.configure([BUY], [SHOP])
    sink.accept(result())  # it was under way
    assert {one["check"] for one in labels_of(sink, "techrun_check_runs_total")} == {"buy"}


def test_counters_go_on_over_a_reload_and_steps_that_are_gone_leave():
    sink = sink_of(BUY)
    steps = (Step("cart", Status.UP), Step("pay", Status.UP))
    sink.accept(result(BUY, replace(UP, steps=steps)))
    sink.accept(result(BUY, down()))
    changed = replace(BUY, steps=("cart", "ship"), digest="other")
    sink.configure([changed, HOME], [SHOP])
    sink.accept(result(changed, replace(down(), steps=steps[:1])))
    assert value(sink, "techrun_check_runs_total", check="buy", status="up") == 1
    assert value(sink, "techrun_check_failures_total", check="buy", reason="status") == 2
    counts = samples(
        sink, "techrun_step_duration_seconds_count", shop="acme-es", check="buy", location="local"
    )
    assert counts == {("cart",): 2, ("ship",): 0}


def test_a_check_of_another_kind_starts_anew():
    sink = sink_of(HOME)
    sink.accept(result())
    sink.configure([replace(HOME, kind="tcp")], [SHOP])
    assert {one["kind"] for one in labels_of(sink, "techrun_check_runs_total")} == {"tcp"}
    assert value(sink, "techrun_check_runs_total", kind="tcp", status="up") == 0


def test_a_reload_that_changes_nothing_keeps_what_is_shown():
    sink = sink_of(HOME)
    sink.accept(result())
    before = samples(sink, "techrun_check_status", **OWN)
    sink.configure([replace(HOME, every=60)], [SHOP])
    assert samples(sink, "techrun_check_status", **OWN) == before


def test_the_shop_is_described_to_be_joined():
    sink = sink_of(HOME)
    assert labels_of(sink, "techrun_shop_info") == [
        {
            "shop": "acme-es",
            "client": "acme",
            "env": "production",
            "platform": "magento2",
            "owner": "shop-ops",
        }
    ]


def test_a_failed_reload_shows_and_keeps_the_time_of_the_last_good_one():
    moments = iter([100.0, 200.0])
    sink = sink_of(HOME, now=lambda: next(moments))
    sink.set_reload(ok=True)
    assert value(sink, "techrun_config_last_reload_successful") == 1
    sink.set_reload(ok=False)
    assert value(sink, "techrun_config_last_reload_successful") == 0
    assert value(sink, "techrun_config_last_reload_success_timestamp_seconds") == 100.0


def test_other_parts_of_techrun_add_their_metrics():
    sink = sink_of(HOME)
    sink.add_source("incidents", lambda: incident_families({("acme-es", "page"): 2}))
    sink.add_source("outbox", lambda: outbox_families({"oncall": (3, 17.5)}, {("oncall", "delivered"): 9}))
    assert value(sink, "techrun_incidents_open", shop="acme-es", severity="page") == 2
    assert value(sink, "techrun_outbox_messages", channel="oncall") == 3
    assert value(sink, "techrun_outbox_oldest_seconds", channel="oncall") == 17.5
    assert value(sink, "techrun_notifications_total", channel="oncall", result="delivered") == 9
    assert value(sink, "techrun_collector_success", collector="outbox") == 1


def broken():
    yield GaugeMetricFamily("half", "It goes well for a while.", value=1)
    raise OSError("the store is locked")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(broken, id="raises half-way"),
        pytest.param(lambda: [None], id="gives no families"),
        pytest.param(lambda: [GaugeMetricFamily("x", "x", value="no number")], id="gives no number"),
    ],
)
def test_one_failing_collector_does_not_fail_the_scrape(source, caplog):
    sink = sink_of(HOME)
    sink.add_source("outbox", source)
    assert value(sink, "techrun_collector_success", collector="outbox") == 0
    assert value(sink, "techrun_check_runs_total", **OWN, status="up") == 0
    assert "half" not in names(sink)
    assert "outbox could not be collected" in caplog.text


@pytest.mark.parametrize("measure", ["no-name", "Largé", "success", "", "duration_seconds"])
def test_a_measure_that_cannot_be_a_metric_is_left_out_and_named_in_the_log(measure, caplog):
    sink = sink_of(HOME)
    sink.accept(result(outcome=replace(UP, measures={measure: 7.0})))
    found = families(sink)
    assert {sample.value for sample in found["probe_success"].samples} == {1.0}
    (checks,) = [s for s in found["techrun_collector_success"].samples if s.labels == {"collector": "checks"}]
    assert checks.value == 0
    assert repr(measure) in caplog.text


def test_the_name_of_a_source_is_given_once():
    sink = sink_of(HOME)
    sink.add_source("outbox", list)
    with pytest.raises(ValueError, match="'outbox'"):
        sink.add_source("outbox", list)


@pytest.fixture
def restless_interpreter():
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_results_that_come_in_during_scrapes_are_neither_lost_nor_counted_twice(restless_interpreter, caplog):
    """Three scrapers, while results bring new steps and reasons: each scrape has every check, the last all runs."""
    checks = [replace(BUY, id=CheckId("acme-es", f"check-{number}"), kind="tcp") for number in range(40)]
    sink = sink_of(*checks)
    done = threading.Event()
    failed = []

    def scrape():
        while not done.is_set():
            text = b"".join(sink.metrics())
            if text.count(b"techrun_check_duration_seconds_count") != len(checks):
                failed.append(text)

    scrapers = [threading.Thread(target=scrape) for _ in range(3)]
    for scraper in scrapers:
        scraper.start()
    for turn in range(25):
        for check in checks:
            step = Step(f"step-{turn}", Status.UP)
            sink.accept(result(check, replace(down(list(Reason)[turn % len(Reason)]), steps=(step,))))
    done.set()
    for scraper in scrapers:
        scraper.join()
    assert not failed
    assert set(samples(sink, "techrun_check_runs_total", status="down").values()) == {25.0}
    assert not caplog.records  # every check could be rendered each time
