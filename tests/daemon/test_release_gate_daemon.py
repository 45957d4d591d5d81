"""A gate before a real daemon's eyes: open while the shop is well, closed while it is not, shut by a reload."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

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
  - {{name: home, http: /, every: 1s, severity: page, slo: 99%}}
"""


@pytest.fixture
def ask(daemon, shop, receiver, tmp_path):
    """Asks the gate of the daemon, as a runner does that has no configuration."""
    daemon.configure(CONFIG.format(shop=shop, receiver=receiver, token=TOKEN))
    daemon.start()
    daemon.wait(lambda: daemon.runs("home", "up"), "the shop to be well")
    runner = tmp_path / "runner"
    runner.mkdir()

    def gate(*words: str) -> tuple[int, dict]:
        done = subprocess.run(
            [sys.executable, "-m", "techrun", "release", "gate", "v812", "--format", "json", *words],
            cwd=runner,
            env={**os.environ, "TECHRUN_SERVER": f"127.0.0.1:{daemon.port}", "TECHRUN_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    return gate


def test_it_opens_and_closes_with_the_shop_and_its_calendar(ask, daemon, shop, receiver) -> None:
    code, said = daemon.wait(lambda: (asked := ask())[0] == 0 and asked, "the results to be kept")
    assert (code, said["value"], said["evaluated"]) == (0, "open", 2)
    shop.broken = {"/": 502}
    assert receiver.next()["title"].startswith("[PAGE]")
    code, said = ask()
    assert (code, said["value"]) == (1, "closed")
    assert said["rulings"][0]["rule"] == "gate.incident"
    code, said = ask("--override", "fixes the home page")
    assert (code, said["override"]) == (0, "fixes the home page")
    shop.broken = {}
    assert receiver.next()["title"].startswith("[OK]")
    assert ask()[0] == 0
    freeze = "calendar: calendar.yaml\n"
    (daemon.folder / "calendar.yaml").write_text(
        "freezes: [{name: Sales, from: 2026-01-01, to: 2999-01-01}]\n"
    )
    daemon.configure(CONFIG.format(shop=shop, receiver=receiver, token=TOKEN) + freeze)
    assert daemon.post("/-/reload")[0] == 200
    code, said = ask()
    assert (code, said["rulings"][0]["rule"]) == (1, "gate.freeze")
