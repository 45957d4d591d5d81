"""`techrun release verify` as a pipeline uses it: real processes, a real (demo) shop, the exit codes of the contract."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from lxml import etree

from techrun.cli import main
from techrun.demo.server import DemoShop, mend
from techrun.store.database import Store

pytestmark = pytest.mark.timeout(120)

PATIENCE = 40.0
CONFIG = """
version: 1
shop: acme
env: staging
url: {url}
include: [journeys/*.yaml]
store: techrun.db
checks:
  - {{name: home, http: /, severity: page, every: 30s}}
  - {{name: cart, http: /cart, severity: ticket, every: 30s}}
releases:
  version: {{url: /release.json, json: $.version}}
  commit: {{json: $.commit}}
  identity: {{within: 3s, drain: 1s, every: 50ms, in_a_row: 2, front: 3}}
  smoke: [look]
  bake: {{settle: 500ms, warm_up: 1, for: {bake}, every: 250ms, samples: {samples}}}
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
        self._reader.join(PATIENCE)
        return SimpleNamespace(code=code, out=out, err=self.err)


class Place:
    """A folder like a user's, with the store that a daemon left."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        (folder / "journeys").mkdir()
        (folder / "journeys" / "look.yaml").write_text(JOURNEY)
        self.write()
        Store(folder / "techrun.db").close()

    def write(self, *, bake: str = "2500ms", samples: int = 8, more: str = "", url: str = "") -> None:
        text = CONFIG.format(url=url or self.url, bake=bake, samples=samples, more=more)
        (self.folder / "techrun.yaml").write_text(text)

    def start(self, *words: str) -> Running:
        names = ("TECHRUN_SERVER", "TECHRUN_TOKEN", "TECHRUN_CONFIG", "GITHUB_STEP_SUMMARY")
        environ = {name: value for name, value in os.environ.items() if name not in names}
        command = [sys.executable, "-m", "techrun", "release", *words]
        return Running(
            subprocess.Popen(
                command,
                cwd=self.folder,
                env={**environ, "COLUMNS": "160"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )

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
def place(tmp_path, shop, monkeypatch) -> Place:
    for name in ("TECHRUN_SERVER", "TECHRUN_TOKEN", "TECHRUN_CONFIG", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    return Place(tmp_path, shop.url)


def rules(done) -> set[str]:
    """The rules that were broken."""
    return {one["rule"] for one in done.verdict["rulings"] if one["holds"] is False and not one["warns"]}


def test_a_release_that_is_live_and_well_passes_and_is_the_first_of_the_baseline(place) -> None:
    place.begin()
    done = place.verify()
    assert (done.code, done.verdict["value"]) == (0, "pass"), done.err + done.out
    assert "baseline recorded (1 of 5)" in done.verdict["baseline"]
    assert {one["state"] for one in done.seen["identity"]["findings"]} == {"new"}
    assert {one["status"] for one in done.seen["smoke"]} == {"up"}
    assert len([one for one in done.seen["samples"] if one["check"] == "home" and not one["settling"]]) >= 8
    assert place.listed()[0]["verdict"] == "pass"


def test_an_old_version_fails_before_anything_else_is_tried(place, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.begin()
    done = place.verify()
    assert (done.code, done.verdict["value"]) == (1, "fail"), done.err
    assert "identity.old_version" in rules(done)
    assert done.seen["smoke"] == done.seen["samples"] == []


def test_a_journey_that_breaks_fails_before_the_bake(place, shop) -> None:
    shop.fault("product-error-200")
    place.begin()
    done = place.verify()
    assert (done.code, done.verdict["value"]) == (1, "fail"), done.err
    assert done.seen["samples"] == []


def test_a_check_that_goes_down_in_the_bake_ends_it_early(place, shop) -> None:
    place.write(bake="30s", samples=80)
    place.begin()
    running = place.start("verify", "v812", "--format", "json")
    running.wait_for("bake:")
    shop.fault("unavailable")
    began = time.monotonic()
    done = running.end()
    assert done.code == 1, done.err
    assert json.loads(done.out)["verdict"]["value"] == "fail"
    assert time.monotonic() - began < 25
