"""Verifications made by hand, and a folder like a user's with one demo shop."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from techrun.cli import main
from techrun.demo.server import DemoShop, mend
from techrun.model import Reason, Status
from techrun.releases.records import (
    Action,
    Counts,
    Expectation,
    Identity,
    NodeFinding,
    Ruling,
    Sample,
    SmokeResult,
    Verdict,
    Verification,
)

LIVE = 1_700_000_060.0


def samples(check: str, number: int, *, failed: int = 0) -> tuple[Sample, ...]:
    """Runs every 8 s after the settle time, the last ones failed, and one before it."""
    settling = Sample(
        check, LIVE + 50, 50.0, Status.DOWN, 0.5, reason=Reason.STATUS, message="cold", settling=True
    )
    good = [
        Sample(check, LIVE + 60 + 8 * turn, 60.0 + 8 * turn, Status.UP, 0.1 + turn / 1000)
        for turn in range(number - failed)
    ]
    bad = [
        Sample(check, LIVE + 290, 290.0, Status.DOWN, 0.2, {}, Reason.STATUS, "home", "expected 200, got 502")
        for _ in range(failed)
    ]
    return (settling, *good, *bad)


@pytest.fixture
def failed() -> Verification:
    """A release that went live on two nodes of three and fails on the home page."""
    rulings = (
        Ruling(
            "identity.old_version",
            "127.0.0.3",
            holds=False,
            text="still serves v811 (asked 12 times)",
            samples=12,
        ),
        Ruling(
            "errors.more", "acme/home", holds=False, text="4 of 30 runs failed, 2 of 1440 before", samples=30
        ),
        Ruling(
            "figures.no_data", "error rate", holds=None, text="no data: no series is like this", warns=True
        ),
        Ruling("smoke.passed", "look", holds=True, text="3 of 3 runs are up", samples=3),
    )
    return Verification(
        id="20231114-221300-ab12",
        shop="acme",
        release=7,
        version="v812",
        commit="0812bbb",
        begun=LIVE - 60,
        started=LIVE - 30,
        ended=LIVE + 300,
        by="ci@runner",
        identity=Identity(
            Expectation("v812", "0812bbb"),
            (
                NodeFinding(
                    "127.0.0.2",
                    "new",
                    "127.0.0.2 runs v812, 3 answers in a row",
                    "v812",
                    "0812bbb",
                    3,
                    3,
                    LIVE,
                ),
                NodeFinding(
                    "127.0.0.3", "old", "127.0.0.3 still serves v811 (asked 12 times)", "v811", "", 0, 12
                ),
                NodeFinding("front", "mixed", "the front says v811 and v812 in turns", "v811"),
            ),
            not_seen=("::1: no route",),
            live=LIVE,
        ),
        smoke=(
            SmokeResult("look", "127.0.0.2", Status.UP, duration=0.4, steps=2),
            SmokeResult(
                "look", "front", Status.DOWN, Reason.STATUS, "article", "expected 200, got 500", 0.3, 1
            ),
            SmokeResult("buy", "front", Status.UP, duration=1.2, steps=5, orders=("order_id=7 cancelled",)),
        ),
        samples=(*samples("acme/home", 30, failed=4), *samples("acme/cart", 12)),
        judged=("acme/home",),
        wanted=30,
        before=(Counts("acme/home", LIVE - 86400, 1440, 2),),
        actions=(
            Action(
                "command",
                "dep rollback",
                LIVE + 301,
                ok=False,
                answer="exit code 3\nno such host",
                seconds=2.0,
            ),
        ),
        verdict=Verdict(
            "fail",
            "v812 is not live everywhere, and its home page fails more often than before.",
            rulings,
            could_see=("acme/home: 7 points more failures",),
            baseline="the same hours of the last 7 days",
            evaluated=3,
        ),
    )


@pytest.fixture
def plain():
    """Print to a string, without colours: `plain(show, record, **options)`."""

    def told(show, *records, **options) -> str:
        out = io.StringIO()
        show(*records, Console(file=out, width=160, no_color=True, highlight=False), **options)
        return out.getvalue()

    return told


PATIENCE = 40.0
CONFIG = """
version: 1
shop: acme
env: staging
url: {url}
include: [journeys/*.yaml]
store: techrun.db
checks:
  - {{name: home, http: /, severity: page, every: 30s, confirmation: {{fail_after: 3, delays: [300ms]}}}}
  - {{name: cart, http: /cart, severity: ticket, every: 30s}}
releases:
  version: {{url: /release.json, json: $.version}}
  commit: {{json: $.commit}}
  identity: {{within: 3s, drain: 1s, every: 50ms, in_a_row: 2, front: 3}}
  smoke: [look]
  bake: {{settle: 300ms, warm_up: 1, for: {bake}, every: 250ms, samples: {samples}}}
  {more}
"""
JOURNEY = """
journey: look
steps:
  - step: home
    get: /
    expect: {text: {contains: Fettle}}
  - step: article
    get: /product/claw-hammer
    expect: {text: {contains: hammer}}
"""


@pytest.fixture(scope="module")
def demo():
    with DemoShop(0) as shop:
        yield shop


@pytest.fixture
def shop(demo) -> DemoShop:
    """Whole, with v812 on it."""
    mend(demo.url)
    demo.deploy("v812", "0812bbb")
    return demo


class Running:
    """A verification in a process of its own; its lines are read as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(self.process.stderr)

    @property
    def err(self) -> str:
        return "".join(self.lines)

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + PATIENCE
        while text not in self.err:
            assert time.monotonic() < end, self.err
            assert self.process.poll() is None or text in self.err, self.err
            time.sleep(0.02)

    def end(self) -> SimpleNamespace:
        assert self.process.stdout is not None
        out = self.process.stdout.read()
        code = self.process.wait(PATIENCE)
        self.close()
        return SimpleNamespace(code=code, out=out, err=self.err)

    def close(self) -> None:
        """Whatever the test came to, nothing of it goes on."""
        self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


class Place:
    """A folder like a user's, with the store that a daemon left."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.started: list[Running] = []
        (folder / "journeys").mkdir()
        (folder / "journeys" / "look.yaml").write_text(JOURNEY)
        self.write()

    def write(self, *, bake: str = "1500ms", samples: int = 5, more: str = "", url: str = "") -> None:
        text = CONFIG.format(url=url or self.url, bake=bake, samples=samples, more=more)
        (self.folder / "techrun.yaml").write_text(text)

    def start(self, *words: str, server: str = "", token: str = "") -> Running:
        names = ("TECHRUN_SERVER", "TECHRUN_TOKEN", "TECHRUN_CONFIG", "GITHUB_STEP_SUMMARY")
        environ = {name: value for name, value in os.environ.items() if name not in names}
        command = [sys.executable, "-m", "techrun", "release", *words]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**environ, "COLUMNS": "160", "TECHRUN_SERVER": server, "TECHRUN_TOKEN": token},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(Running(process))
        return self.started[-1]

    def here(self, *words: str) -> SimpleNamespace:
        """The same in this process: faster to start."""
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main(["release", *words])
        return SimpleNamespace(code=ended.value.code, out=out.getvalue(), err=err.getvalue())

    def begin(self, version: str = "v812", commit: str = "0812bbb") -> None:
        done = self.here("begin", version, "--shop", "acme", "--commit", commit)
        assert done.code == 0, done.err

    def verify(self, *words: str) -> SimpleNamespace:
        done = self.here("verify", "v812", "--format", "json", *words)
        done.seen = json.loads(done.out) if done.out else None
        done.verdict = done.seen["verdict"] if done.seen else None
        return done

    def listed(self) -> list[dict]:
        return json.loads(self.here("list", "--format", "json").out)


@pytest.fixture
def place(tmp_path, shop, monkeypatch):
    for name in ("TECHRUN_SERVER", "TECHRUN_TOKEN", "TECHRUN_CONFIG", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    made = Place(tmp_path, shop.url)
    yield made
    for running in made.started:
        running.close()
