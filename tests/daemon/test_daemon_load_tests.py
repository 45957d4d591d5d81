"""A real daemon is told that a shop is under load: messages say so, nothing waits for it, metrics keep the verdict."""

from __future__ import annotations

import subprocess
import time

import pytest

from techrun.app.remote_loads import RemoteLoads
from techrun.load.keeping import StoreLoads, announced
from techrun.load.records import Cell, Run, Schedule, Stage, Verdict

TOKEN = "operate-token-0123456789"
CONFIG = """
shop: acme
url: {shop.url}
channels:
  oncall: {{url: "json://127.0.0.1:{receiver.port}/oncall"}}
notify: {{page: [oncall]}}
alerting: {{group_wait: {{page: 100ms}}}}
web: {{tokens: {{operate: [{token}]}}}}
defaults: {{confirmation: {{fail_after: 2, recover_after: 1, delays: [200ms]}}}}
checks:
  - {{name: home, http: /, every: 1s, severity: page}}
"""


@pytest.fixture
def watched(daemon, shop, receiver):
    daemon.configure(CONFIG.format(shop=shop, receiver=receiver, token=TOKEN))
    daemon.start()
    daemon.wait(lambda: daemon.runs("home", "up"), "the shop to be well")
    return daemon


@pytest.fixture
def run(shop):
    now = time.time()
    cells = (Cell("new", "buy", "home", 0, {-96: 9}, {"status": 1}),)
    schedule = Schedule((Stage("measure", 60, 5, 5),))
    verdict = Verdict("fail", "slower than it was")
    return Run(
        "r1", "acme", "checkout", "v2", shop.url, now, now + 60, schedule, cells=cells, verdict=verdict
    )


@pytest.fixture(params=["on its machine", "from CI"])
def loads(request, watched):
    if request.param == "from CI":
        return RemoteLoads(f"127.0.0.1:{watched.port}", TOKEN)
    return StoreLoads(watched.store)


@pytest.mark.system("prometheus")
def test_an_outage_under_load_is_paged_at_once_and_says_so(watched, shop, receiver, loads, run) -> None:
    with announced(loads, run):
        watched.wait(
            lambda: watched.metric("techrun_load_tests_running", shop="acme"), "the load to be known"
        )
        shop.broken = {"/": 502}
        page = receiver.next()
        assert page["title"].startswith("[PAGE] acme: home is down")
        assert "Load test running: checkout, v2, since" in page["message"]
    watched.wait(lambda: not watched.metric("techrun_load_tests_running", shop="acme"), "the load to be over")
    shop.broken = {}
    recovered = receiver.next()
    assert recovered["title"].startswith("[OK]")
    assert "Load test over: checkout, v2," in recovered["message"]
    loads.save(run)
    assert watched.metric("techrun_load_verdict", shop="acme", scenario="checkout", verdict="fail") == 1
    assert watched.metric("techrun_load_step_failed_ratio", step="home") == pytest.approx(0.1)
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=watched.get("/metrics"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
