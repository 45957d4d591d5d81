"""A real Prometheus scrapes `techrun run` and answers what is down."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request

import pytest

CONFIG = """
shop: demo
url: {url}
checks:
  - {{name: home, http: /, every: 1s}}
  - {{name: gone, http: /no-such-page, every: 1s}}
  - {{name: closed, tcp: "127.0.0.1:1", every: 1s}}
"""


@pytest.mark.system("prometheus")
def test_a_query_finds_the_status_of_each_watched_check(daemon, demo, free_port, tmp_path_factory) -> None:
    daemon.configure(CONFIG.format(url=demo.url))
    daemon.start()
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port
    targets = [{"targets": [f"127.0.0.1:{daemon.port}"]}]
    jobs = [
        {
            "job_name": "techrun",
            "scrape_interval": "500ms",
            "scrape_timeout": "500ms",
            "static_configs": targets,
        }
    ]
    (folder / "prometheus.json").write_text(json.dumps({"scrape_configs": jobs}))
    command = ["prometheus", f"--config.file={folder}/prometheus.json", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
    expected = {"home": "up", "gone": "down", "closed": "down"}

    def found() -> bool:
        query = urllib.parse.urlencode({"query": "techrun_check_status == 1"})
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}", timeout=5) as answer:
            rows = json.load(answer)["data"]["result"]
        return {row["metric"]["check"]: row["metric"]["status"] for row in rows} == expected

    try:
        daemon.wait(found, "Prometheus to know every status")
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.mark.system("prometheus")
def test_promtool_finds_nothing_to_say_about_the_metrics(daemon, demo) -> None:
    daemon.configure(CONFIG.format(url=demo.url))
    daemon.start()
    daemon.wait(lambda: daemon.metric("techrun_check_runs_total", check="gone", status="down"), "a run")
    text = daemon.get("/metrics")
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


TROUBLED = """
shop: demo
url: {url}
impact: {{orders_per_hour: 120, average_order: 85 EUR}}
channels:
  oncall: {{url: "json://127.0.0.1:{port}/oncall"}}
  desk: {{url: "json://127.0.0.1:1/refused"}}
notify: {{page: [oncall, desk], ticket: [desk]}}
defaults: {{confirmation: {{fail_after: 2, recover_after: 1, delays: [100ms]}}}}
include: [buy.yaml]
checks:
  - {{name: gone, http: /no-such-page, every: 1s, severity: page}}
  - {{name: closed, tcp: "127.0.0.1:1", every: 1s, severity: ticket}}
  - {{name: order, journey: buy, every: 1h, depends_on: [gone]}}
"""
ORDER = """
journey: buy
steps:
  - {step: place, effect: order, post: /order, save: {order: {css: h1}}}
cleanup:
  - {step: cancel, post: "/cancel/${order}", expect: {css: {h1: {exists: true}}}}
"""


@pytest.mark.system("prometheus")
def test_promtool_finds_nothing_to_say_while_incidents_are_open_and_cost_money(
    daemon, demo, receiver
) -> None:
    (daemon.folder / "buy.yaml").write_text(ORDER)
    daemon.configure(TROUBLED.format(url=demo.url, port=receiver.port))
    daemon.start()
    receiver.next()
    daemon.wait(lambda: daemon.metric("techrun_outbox_messages", channel="desk"), "a message that waits")
    text = daemon.get("/metrics")
    assert daemon.metric("techrun_revenue_at_risk_per_hour", bound="high")
    assert daemon.metric("techrun_incidents_open", severity="page")
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
