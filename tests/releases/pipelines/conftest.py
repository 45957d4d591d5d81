"""What a pipeline's job finds around it: a repository, a shop to deploy to, and a techrun that watches it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from techrun.demo.server import DemoShop

SECRET = "nobody-else-may-see-this-token"
TOKEN = "pipeline-token-of-24-characters"
SHOP = """
version: 1
shop: acme-es
url: {url}
timezone: Europe/Madrid
defaults: {{confirmation: {{fail_after: 2, recover_after: 1, delays: [100ms]}}}}
checks:
  - {{name: home, http: /, every: 3s, severity: page, expect: {{status: 200}}}}
  - {{name: search, http: "/search?q=hammer", every: 3s, severity: ticket, expect: {{css: {{.card: {{exists: true}}}}}}}}
releases:
  version: {{url: /release.json, json: $.version}}
  commit: {{json: $.commit}}
  identity: {{within: 10s, drain: 0s, in_a_row: 2, front: 2, every: 100ms}}
  webhooks: [{{url: "http://127.0.0.1:1/{secret}", token: {secret}, on: inconclusive}}]
  smoke: [{{check: home}}]
  bake: {{settle: 500ms, warm_up: 1, for: 2s, every: 400ms, samples: 3, checks: [home, search]}}
"""
DAEMON = """
listen: 127.0.0.1:{port}
store: {store}
web: {{tokens: {{operate: ["{token}"]}}}}
"""
DEPLOY = """#!{python}
# Speaks to the demo shop itself: `techrun demo release` would take its time to start.
import json, os, pathlib, sys, urllib.request

def tell(path, **body):
    url = os.environ["DEMO_URL"] + path
    headers = {{"Content-Type": "application/json"}}
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=5).close()

version = sys.argv[1]
if version == "--previous":
    tell("/_faults", all=False)
    tell("/_release", version="v811", commit="")
else:
    stamp = json.loads(pathlib.Path("public/release.json").read_text())
    assert stamp["version"] == version, stamp
    tell("/_release", version=version, commit=stamp["commit"])
    if version.endswith("broken"):
        tell("/_faults", name="search-empty", on=True)
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Job:
    """One job of a pipeline: every script in it is run by bash in the repository, one after the other."""

    folder: Path
    environment: dict[str, str]
    shop: DemoShop

    def run(self, script, **variables):
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def live(self):
        with urllib.request.urlopen(f"{self.shop.url}/release.json", timeout=5) as answer:
            return answer.read().decode()


@pytest.fixture(scope="module")
def demo():
    with DemoShop() as shop:
        yield shop


@pytest.fixture(scope="module")
def watcher(demo, tmp_path_factory):
    """Address of a running techrun that watches the shop."""
    folder, port = tmp_path_factory.mktemp("watcher"), free_port()
    head = DAEMON.format(port=port, store=folder / "store.db", token=TOKEN)
    (folder / "techrun.yaml").write_text(SHOP.format(url=demo.url, secret=SECRET) + head)
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "techrun", "run", "-c", str(folder)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 20
        while not knows(url):
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def knows(url):
    """Whether both checks have run: a gate asks for that."""
    try:
        with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return False
    runs = [line for line in lines if line.startswith("techrun_check_runs_total") and 'status="up"' in line]
    return [line.rpartition(" ")[2] != "0" for line in runs] == [True, True]


@pytest.fixture
def job(demo, watcher, tmp_path):
    """A runner with a fresh checkout; the shop is whole and runs v811."""
    made = Job(tmp_path / "repository", {}, demo)
    techrun = tmp_path / "bin"
    made.write("../bin/techrun", f'#!/bin/sh\nexec {sys.executable} -m techrun "$@"\n')
    made.write("../bin/pip", '#!/bin/sh\necho "$@" >> "$PIP_LOG"\n')
    made.write("deploy.sh", DEPLOY.format(python=sys.executable))
    made.write("ops/techrun/techrun.yaml", SHOP.format(url=demo.url, secret=SECRET))
    (made.folder / "public").mkdir()
    system = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    made.environment = {
        **system,
        "PATH": f"{techrun}:{os.environ['PATH']}",
        "PIP_LOG": str(tmp_path / "pip.log"),
        "DEMO_URL": demo.url,
        "TECHRUN_SERVER": watcher,
        "TECHRUN_TOKEN": TOKEN,
    }
    git = "git -c user.name=a -c user.email=a@example.org"
    done = made.run(f"git init -q . && git add . && {git} commit -q -m first && ./deploy.sh --previous")
    assert done.returncode == 0, done.stderr
    return made
