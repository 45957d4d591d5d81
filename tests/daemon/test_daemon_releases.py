"""A real daemon is told of releases: messages name them, metrics tell what was found of them."""

from __future__ import annotations

import subprocess
import time

import pytest

from techrun.app.remote import RemoteOperations
from techrun.app.remote_book import RemoteBook
from techrun.oncall import ReleaseWish
from techrun.releases.records import Verdict, Verification

TOKEN = "operate-token-0123456789"
CONFIG = """
shop: acme
url: {shop.url}
channels:
  oncall: {{url: "json://127.0.0.1:{receiver.port}/oncall"}}
notify: {{page: [oncall]}}
alerting: {{group_wait: {{page: 100ms}}, deploy_grace: 1s}}
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


@pytest.mark.system("prometheus")
def test_an_outage_names_both_releases_that_were_new_and_the_verdict_of_one(watched, shop, receiver) -> None:
    server = f"127.0.0.1:{watched.port}"
    operations, book = RemoteOperations(server, TOKEN), RemoteBook(server, TOKEN)
    first = operations.begin_release(ReleaseWish("acme", "v811", "0811aaa"), "ci")
    second = operations.begin_release(ReleaseWish("acme", "v812", "a1b9f3e"), "ci")
    assert watched.metric("techrun_release_info", shop="acme", version="v812", commit="a1b9f3e") == 1
    shop.broken = {"/": 502}
    message = receiver.next()["message"]
    assert "Changed: release v812 (a1b9f3e) by ci," in message
    assert "or release v811 (0811aaa) by ci," in message
    assert "which of them it was cannot be told" in message

    now = time.time()
    verdict = Verdict("fail", "home is down")
    seen = Verification(
        "v-1", "acme", second.id, "v812", "a1b9f3e", second.begun, now, now + 1, verdict=verdict
    )
    book.claim(seen)
    book.save(seen)
    operations.end_release("acme", "v811", "ci", rolled_back=True)
    shop.broken = {}
    recovered = receiver.next()["message"]
    assert "release v812 (a1b9f3e) by ci," in recovered
    assert "verified: fail" in recovered
    assert watched.metric("techrun_release_verdict", shop="acme", verdict="fail") == 1
    operations.end_release("acme", "v812", "ci", rolled_back=True)
    third = operations.begin_release(ReleaseWish("acme", "v811", "0811aaa"), "ci")
    assert third.id > first.id
    assert watched.metric("techrun_release_info", shop="acme", version="v811", commit="0811aaa") == 1
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=watched.get("/metrics"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
