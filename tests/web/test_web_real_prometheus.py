"""A real Prometheus scrapes the web server, and queries find what a person would ask for."""

from __future__ import annotations

import json
import socket
import subprocess
import time

import httpx
import pytest

from techrun.model import Check, CheckId, Outcome, Phases, Reason, Result, Shop, Status
from techrun.sinks.prometheus import PrometheusSink
from techrun.web.routes import Handlers
from techrun.web.server import WebServer

pytestmark = pytest.mark.system("prometheus")

STATUSES = dict(zip(["home", "search", "buy", "blog", "api"], Status, strict=True))
TOKEN = "s3cret-token"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def techrun():
    """A web server with one check in each status."""
    sink = PrometheusSink(location="fra")
    checks = [Check(CheckId("acme-es", name), "http", 30, 10) for name in STATUSES]
    sink.configure(checks, [Shop("acme-es", "https://shop.example", client="acme")])
    for check, status in zip(checks, STATUSES.values(), strict=True):
        reason = None if status is Status.UP else Reason.STATUS
        outcome = Outcome(status, reason, phases=Phases(0.001, 0.002, None, 0.2, 0.003))
        sink.accept(Result(check, outcome, "r", time.time(), 0.25, 0.001))
    server = WebServer("127.0.0.1:0", Handlers(sink.metrics, lambda: True, lambda: "", list), token=TOKEN)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def prometheus(techrun, tmp_path_factory):
    """Debian's Prometheus, scraping it each second."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    scrape = {
        "job_name": "techrun",
        "authorization": {"credentials": TOKEN},
        "static_configs": [{"targets": [str(techrun.address)]}],
    }
    config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [scrape]}
    (folder / "prometheus.json").write_text(json.dumps(config))
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.json'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield lambda query: asked(client, query, folder / "log")
        process.terminate()


def asked(client, query, log):
    """The answer to a query as soon as there is one: Prometheus starts and scrapes in its own time."""
    last = ""
    for _ in range(200):
        try:
            answer = client.get("/api/v1/query", params={"query": query})
            last = answer.text
            found = answer.json()["data"]["result"] if answer.status_code == 200 else []
        except httpx.TransportError as error:
            found, last = [], repr(error)
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"no answer to {query}: {last}\n{log.read_text()}")


def test_a_query_finds_the_status_of_each_check(prometheus):
    found = {
        one["metric"]["check"]: one["metric"]["status"] for one in prometheus("techrun_check_status == 1")
    }
    assert found == STATUSES


def test_a_query_finds_whose_shop_is_down(prometheus):
    query = '(techrun_check_status{status="down"} == 1) * on (shop) group_left (client) techrun_shop_info'
    (down,) = prometheus(query)
    assert (down["metric"]["client"], down["metric"]["check"]) == ("acme", "buy")


def test_prometheus_took_every_sample(prometheus):
    (up,) = prometheus('up{job="techrun"}')
    assert up["value"][1] == "1"
    (scraped,) = prometheus("scrape_samples_scraped")
    (total,) = prometheus('count({job="techrun", __name__!~"up|scrape_.*"})')
    assert scraped["value"][1] == total["value"][1]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param('sum by (phase) (probe_http_duration_seconds{check="home"})', id="phases"),
        pytest.param("histogram_quantile(0.9, techrun_check_duration_seconds_bucket)", id="histogram"),
        pytest.param('techrun_check_failures_total{reason="dns"} == 0', id="reason at zero"),
        pytest.param("time() - techrun_check_last_run_timestamp_seconds < 3600", id="age"),
    ],
)
def test_the_queries_of_dashboards_and_rules_have_answers(prometheus, query):
    assert prometheus(query)
