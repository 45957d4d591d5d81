"""A load run as metrics: what is counted, and how Prometheus, node_exporter and a Pushgateway get it."""

from __future__ import annotations

import base64
import json
import logging
import socket
import stat
import subprocess
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from techrun.load.metrics import Metrics
from techrun.load.publishing import MetricsError, published, push, served, write_textfile
from techrun.load.records import Cell, Health, Report, Schedule, Stage, Traffic
from techrun.sinks.prometheus import STEP_BOUNDS

SCHEDULE = Schedule((Stage("ramp", 1, 0, 10), Stage("warm-up", 1, 10, 10), Stage("measure", 2, 10, 10)))
HEALTH = Health("worker 1", 0, 0.25, 2.0, 0.01, None, 0.004, 0.0, 60_000_000)


def report(window, **changes):
    """A second in which three visits began, one late, one was dropped, and one step failed."""
    cells = (
        Cell("new", "buy", "home", window, {-96: 2, 64: 1}, {}),
        Cell("new", "buy", "pay", window, {-32: 1}, {"status": 1, "made up": 1}),
        Cell("old", "buy", "home", window, {-96: 1}, {}),
        Cell("new", "buy", "", window, {-32: 2}, {"status": 1}),
        Cell("new", "control", "control", window, {-320: 4}, {}),
    )
    traffic = (Traffic(window, due=4, started=3, late=1, dropped=1, active=window + 1, closed=True),)
    made = Report(window + 1.0, cells, traffic, (replace(HEALTH, window=window),), 2, {"orders": 1})
    return replace(made, **changes)


@pytest.fixture
def planned(make_run):
    return make_run(value="", schedule=SCHEDULE, cells=(), traffic=(), health=())


@pytest.fixture
def metrics(planned):
    return Metrics(planned)


def samples(metrics):
    """Every sample by its name and its labels without shop and scenario, which all have."""
    found = {}
    for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()):
        for sample in family.samples:
            labels = dict(sample.labels)
            if not sample.name.endswith("_created"):
                assert (labels.pop("shop"), labels.pop("scenario")) == ("acme-es", "checkout")
                found[sample.name, *sorted(labels.values())] = sample.value
    return found


def test_steps_are_counted_by_result_and_reason_on_both_arms(metrics):
    metrics.add(report(0))
    metrics.add(report(1))
    found = samples(metrics)
    assert found["techrun_load_steps_total", "buy", "good", "home", "new"] == 6
    assert found["techrun_load_steps_total", "buy", "failed", "home", "new"] == 0
    assert found["techrun_load_steps_total", "buy", "failed", "new", "pay"] == 4
    assert found["techrun_load_steps_total", "buy", "good", "home", "old"] == 2
    assert found["techrun_load_failures_total", "buy", "new", "pay", "status"] == 2
    assert found["techrun_load_failures_total", "buy", "new", "other", "pay"] == 2
    assert found["techrun_load_visits_total", "buy", "good", "new"] == 4
    assert not any("control" in key or "" in key for key in found)


def test_durations_have_the_buckets_of_the_probes_metrics(metrics):
    metrics.add(report(0))
    found = samples(metrics)
    bounds = {
        key[1]: value
        for key, value in found.items()
        if key[0] == "techrun_load_step_duration_seconds_bucket" and {"home", "new"} <= set(key)
    }
    assert bounds == {"0.1": 0, "0.3": 2, "1.0": 2, "3.0": 2, "10.0": 3, "+Inf": 3}
    assert tuple(bounds) == STEP_BOUNDS.texts or set(bounds) == set(STEP_BOUNDS.texts)
    total = found["techrun_load_step_duration_seconds_sum", "buy", "home", "new"]
    assert total == pytest.approx(2 * 0.125 + 4, rel=0.011)
    assert found["techrun_load_step_duration_seconds_count", "buy", "home", "new"] == 3
    assert found[("techrun_load_control_duration_seconds_count",)] == 4


def test_arrivals_add_up_to_what_was_due(metrics):
    for window in range(3):
        metrics.add(report(window))
    found = samples(metrics)
    arrivals = {key[1]: value for key, value in found.items() if key[0] == "techrun_load_arrivals_total"}
    assert arrivals == {"on_time": 6, "late": 3, "dropped": 3}


@pytest.mark.parametrize(
    ("windows", "phase", "rate"),
    [
        ((), None, 0),
        ((0,), "warm-up", 10),
        ((0, 1, 2), "measure", 10),
        ((0, 1, 2, 3, 4), "measure", 4),
    ],
    ids=["before", "warm-up", "measure", "extended"],
)
def test_the_phase_and_the_rate_are_those_of_the_moment(metrics, windows, phase, rate):
    for window in windows:
        metrics.add(report(window))
    found = samples(metrics)
    phases = {key[1]: value for key, value in found.items() if key[0] == "techrun_load_phase"}
    assert {name for name, value in phases.items() if value} == ({phase} if phase else set())
    assert set(phases) == {"ramp", "warm-up", "measure", "drain"}
    assert found[("techrun_load_asked_rate",)] == rate or not windows


def test_nothing_is_asked_for_while_it_drains(metrics):
    metrics.add(report(0))
    metrics.add(Report(6.0, traffic=(Traffic(5, 0, 0, 0, 0, 2, closed=True),), workers=2))
    found = samples(metrics)
    assert found["techrun_load_phase", "drain"] == 1
    assert found[("techrun_load_asked_rate",)] == 0
    assert found[("techrun_load_visitors",)] == 2


def test_the_generator_tells_how_it_fares_and_leaves_out_what_it_does_not_know(metrics):
    metrics.add(report(0))
    found = samples(metrics)
    assert found["techrun_load_generator_cpu_ratio", "worker 1"] == 0.25
    assert found["techrun_load_generator_waited_ratio", "worker 1"] == 0.01
    assert found["techrun_load_generator_lag_seconds", "worker 1"] == 0.004
    assert ("techrun_load_generator_steal_ratio", "worker 1") not in found
    assert found[("techrun_load_workers",)] == 2
    assert found["techrun_load_events_total", "orders"] == 1
    assert found["techrun_load_events_total", "orders_leaked"] == 0


def test_the_end_brings_the_verdict_and_takes_what_was_so_just_then(metrics, make_run):
    metrics.add(report(0))
    before = samples(metrics)
    metrics.settle(make_run(value="fail"))
    found = samples(metrics)
    assert not any(key[0] == "techrun_load_verdict" for key in before)
    assert {key[1]: value for key, value in found.items() if key[0] == "techrun_load_verdict"} == {
        "pass": 0,
        "fail": 1,
        "inconclusive": 0,
        "invalid": 0,
    }
    assert found["techrun_load_info", "v2"] == 1
    assert found[("techrun_load_last_run_timestamp_seconds",)] == make_run().ended
    assert found["techrun_load_step_measured_seconds", "buy", "home", "new", "p50"] == pytest.approx(
        0.125, rel=0.011
    )
    assert found["techrun_load_step_failed_ratio", "buy", "home", "new"] == pytest.approx(1 / 13)
    assert not any(sum(values) for values in [[v for k, v in found.items() if k[0] == "techrun_load_phase"]])
    gone = {key[0] for key in before} - {key[0] for key in found}
    assert {"techrun_load_visitors", "techrun_load_generator_cpu_ratio"} <= gone
    assert found["techrun_load_steps_total", "buy", "good", "home", "new"] == 3


@pytest.mark.system("prometheus")
@pytest.mark.parametrize("over", [False, True], ids=["running", "over"])
def test_promtool_finds_nothing_to_say(metrics, make_run, over):
    metrics.add(report(0))
    if over:
        metrics.settle(make_run())
    text = generate_latest(metrics.registry)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


# --- served


def test_it_is_served_on_this_machine_alone_for_as_long_as_it_lasts(metrics):
    metrics.add(report(0))
    with served(metrics, ":0") as url:
        assert url.startswith("http://127.0.0.1:")
        text = httpx.get(url, trust_env=False).text
        assert 'techrun_load_visitors{scenario="checkout",shop="acme-es"} 1.0' in text
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_scrapes_while_reports_come_see_whole_ones(metrics):
    stop, wrong = threading.Event(), []

    def scrape():
        while not stop.is_set():
            found = samples(metrics)
            steps = found.get(("techrun_load_steps_total", "buy", "good", "home", "new"), 0)
            if found.get(("techrun_load_visits_total", "buy", "good", "new"), 0) * 3 != steps * 2:
                wrong.append(found)

    thread = threading.Thread(target=scrape)
    thread.start()
    for window in range(300):
        metrics.add(report(window))
    stop.set()
    thread.join()
    assert wrong == []


def test_an_address_that_is_taken_is_told_and_the_run_goes_on(planned, make_run, caplog):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(MetricsError, match="cannot be served"), served(Metrics(planned), address):
            pass
        with caplog.at_level(logging.WARNING), published(planned, listen=address) as metrics:
            metrics.add(report(0))
            metrics.settle(make_run())
    assert f"the metrics cannot be served at {address}" in caplog.text


# --- at the end


def test_the_file_for_node_exporter_is_there_whole_and_readable(planned, make_run, tmp_path):
    path = tmp_path / "techrun_load.prom"
    path.write_text("old")
    with published(planned, textfile=path) as metrics:
        metrics.add(report(0))
        assert path.read_text() == "old"
        metrics.settle(make_run())
    assert 'techrun_load_verdict{scenario="checkout",shop="acme-es",verdict="pass"} 1.0' in path.read_text()
    assert [one.name for one in tmp_path.iterdir()] == ["techrun_load.prom"]
    assert path.stat().st_mode & stat.S_IROTH


def test_a_run_that_ended_without_a_verdict_leaves_the_last_file_alone(planned, tmp_path):
    path = tmp_path / "techrun_load.prom"
    path.write_text("old")
    with pytest.raises(KeyError), published(planned, textfile=path):
        raise KeyError
    with published(planned, textfile=path) as metrics:
        metrics.add(report(0))
    assert path.read_text() == "old"


def test_a_file_that_cannot_be_written_is_told(metrics, tmp_path):
    with pytest.raises(MetricsError, match="cannot be written"):
        write_textfile(metrics, tmp_path / "nowhere" / "x.prom")


@pytest.fixture
def gateway():
    """Takes what is pushed, as a Pushgateway does."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listening.taken.append((self.path, self.headers.get("Authorization"), body.decode()))
            self.send_response(listening.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.taken, listening.status = [], 200
    listening.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield listening
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("TOKEN", "USER", "PASSWORD"):
        monkeypatch.delenv(f"TECHRUN_PUSHGATEWAY_{name}", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


WHO = {
    "nobody": ({}, None),
    "token": ({"TOKEN": "s3cret"}, "Bearer s3cret"),
    "user": ({"USER": "ci", "PASSWORD": "pw"}, f"Basic {base64.b64encode(b'ci:pw').decode()}"),
}


@pytest.mark.parametrize(("environment", "expected"), WHO.values(), ids=WHO)
def test_the_end_is_put_on_a_pushgateway_in_the_group_of_its_scenario(
    gateway, planned, make_run, monkeypatch, environment, expected
):
    for name, value in environment.items():
        monkeypatch.setenv(f"TECHRUN_PUSHGATEWAY_{name}", value)
    with published(planned, pushgateway=gateway.url) as metrics:
        metrics.add(report(0))
        assert gateway.taken == []
        metrics.settle(make_run())
    ((path, authorization, body),) = gateway.taken
    assert path == "/metrics/job/techrun_load/scenario/checkout/shop/acme-es"
    assert authorization == expected
    assert "techrun_load_verdict{" in body


def test_a_pushgateway_that_refuses_or_is_gone_is_told_and_changes_nothing(
    gateway, planned, make_run, caplog
):
    gateway.status = 503
    with caplog.at_level(logging.WARNING), published(planned, pushgateway=gateway.url) as metrics:
        metrics.settle(make_run())
    assert f"the Pushgateway {gateway.url} did not take the metrics (HTTP Error 503" in caplog.text
    with pytest.raises(MetricsError, match="did not take the metrics"):
        push(metrics, "http://127.0.0.1:1")
    with pytest.raises(MetricsError, match="did not take the metrics"):
        push(metrics, "nonsense://x y")


def test_a_password_in_the_address_of_a_pushgateway_is_not_told(metrics):
    with pytest.raises(MetricsError, match="TECHRUN_PUSHGATEWAY_USER") as told:
        push(metrics, "http://ci:s3cret@127.0.0.1:1")
    assert "s3cret" not in str(told.value)


# --- the real ones


@pytest.fixture
def prometheus(metrics, tmp_path):
    """Debian's Prometheus, scraping a run each second."""
    with served(metrics, ":0") as url, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        target = url.removeprefix("http://").removesuffix("/metrics")
        scrape = {"job_name": "load", "static_configs": [{"targets": [target]}]}
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [scrape]}
        (tmp_path / "prometheus.json").write_text(json.dumps(config))
        command = [
            "prometheus",
            f"--config.file={tmp_path / 'prometheus.json'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with (
            (tmp_path / "log").open("w") as log,
            subprocess.Popen(command, stdout=log, stderr=log) as process,
        ):
            yield lambda query, enough=bool: answer(port, query, enough)
            process.terminate()


def answer(port, query, enough):
    """What Prometheus answers as soon as it is enough."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        last = None
        for _ in range(250):
            try:
                last = client.get("/api/v1/query", params={"query": query}).json()["data"]["result"]
            except (httpx.TransportError, ValueError, KeyError) as error:
                last = error
            if isinstance(last, list) and enough(last):
                return last
            time.sleep(0.1)
    pytest.fail(f"{query}: {last}")


@pytest.mark.system("prometheus")
def test_a_real_prometheus_sees_the_run_by_the_step_names_of_the_probes(prometheus, metrics, make_run):
    window = 0

    def more(found):
        nonlocal window
        metrics.add(report(window))
        window += 1
        return bool(found) and float(found[0]["value"][1]) > 0

    (rate,) = prometheus('sum by (shop, step) (rate(techrun_load_steps_total{step="home"}[5s]))', more)
    assert rate["metric"] == {"shop": "acme-es", "step": "home"}
    p95 = "histogram_quantile(0.95, sum by (le, shop, step) (techrun_load_step_duration_seconds_bucket))"
    found = {one["metric"]["step"]: float(one["value"][1]) for one in prometheus(p95)}
    assert found.keys() == {"home", "pay"}
    assert 3 < found["home"] < 10
    metrics.settle(make_run(value="fail"))
    (verdict,) = prometheus("techrun_load_verdict == 1")
    assert verdict["metric"]["verdict"] == "fail"
    joined = "techrun_load_verdict * on (shop, scenario) group_left (release) techrun_load_info == 1"
    assert prometheus(joined)[0]["metric"]["release"] == "v2"
