"""A folder like a user's, and one demo shop to release."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from techrun.cli import main
from techrun.demo.server import DemoShop, mend

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
  identity: {{within: {within}, drain: 1s, every: 50ms, in_a_row: 2, front: 3}}
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


class Acting(io.StringIO):
    """Output during which something happens, once: as soon as this text is in it."""

    def __init__(self, text: str, act: Callable[[], object]) -> None:
        super().__init__()
        self._text, self._act, self._acted = text, act, False

    def write(self, text: str) -> int:
        written = super().write(text)
        if not self._acted and self._text in self.getvalue():
            self._acted = True
            self._act()
        return written


class Place:
    """A folder like a user's, with the store that a daemon left."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.started: list[Running] = []
        (folder / "journeys").mkdir()
        (folder / "journeys" / "look.yaml").write_text(JOURNEY)
        self.write()

    def write(
        self, *, within: str = "3s", bake: str = "1500ms", samples: int = 5, more: str = "", url: str = ""
    ) -> None:
        text = CONFIG.format(url=url or self.url, within=within, bake=bake, samples=samples, more=more)
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

    def here(self, *words: str, err: io.StringIO | None = None) -> SimpleNamespace:
        """The same in this process: faster to start."""
        out, err = io.StringIO(), err or io.StringIO()
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

    def verify(self, *words: str, at: str = "", act: Callable[[], object] = int) -> SimpleNamespace:
        """Verify v812 here; act as soon as `at` is said."""
        done = self.here("verify", "v812", "--format", "json", *words, err=Acting(at, act))
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


REPORTS = {"junit": "v.xml", "markdown": "v.md", "json": "v.json", "dotenv": "v.env", "metrics": "v.prom"}
UNREAD = 'webhooks: [{url: "http://127.0.0.1:1/hook-4711", token: token-4711-of-some-length, on: fail}]'


@pytest.fixture(scope="module")
def passed(demo, tmp_path_factory):
    """One verification that passed, in a job of GitHub's, with all its reports."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TECHRUN_SERVER", "TECHRUN_TOKEN", "TECHRUN_CONFIG"):
            patch.delenv(name, raising=False)
        place = Place(tmp_path_factory.mktemp("passed"), demo.url)
        summary = place.folder / "summary.md"
        summary.write_text("# Built\n")
        patch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        mend(demo.url)
        demo.deploy("v812", "0812bbb")
        place.write(more=UNREAD)
        place.begin()
        words = [word for form, path in REPORTS.items() for word in ("--report", f"{form}=out/{path}")]
        done = place.here("verify", "v812", *words, "--report", "markdown", "--on-fail", "touch acted")
        told = place.here("show", "v812", "--format", "json").out
    return SimpleNamespace(
        place=place, done=done, told=told, seen=json.loads(told)["last"], out=place.folder / "out"
    )
