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
        Store(folder / "techrun.db").close()

    def write(self, *, bake: str = "2500ms", samples: int = 8, more: str = "", url: str = "") -> None:
        text = CONFIG.format(url=url or self.url, bake=bake, samples=samples, more=more)
        (self.folder / "techrun.yaml").write_text(text)

    def start(self, *words: str) -> Running:
        names = ("TECHRUN_SERVER", "TECHRUN_TOKEN", "TECHRUN_CONFIG", "GITHUB_STEP_SUMMARY")
        environ = {name: value for name, value in os.environ.items() if name not in names}
        command = [sys.executable, "-m", "techrun", "release", *words]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**environ, "COLUMNS": "160"},
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
    assert len([one for one in done.seen["samples"] if one["check"] == "acme/home" and not one["settling"]]) >= 8
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


def test_a_second_verification_of_the_same_release_is_refused_and_told_who_is_at_it(place) -> None:
    place.write(bake="30s", samples=80)
    place.begin()
    running = place.start("verify", "v812")
    running.wait_for("identity:")
    second = place.verify()
    assert second.code == 4
    assert "verifies v812 of acme already" in second.err
    assert "techrun release show v812" in second.err
    running.process.send_signal(signal.SIGINT)
    assert running.end().code == 130


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_verification_is_kept_as_inconclusive_and_acts_on_nothing(place, name) -> None:
    place.write(bake="30s", samples=80)
    place.begin()
    running = place.start("verify", "v812", "--format", "json", "--on-fail", "touch acted", "--report-only")
    running.wait_for("bake:")
    running.process.send_signal(getattr(signal, name))
    done = running.end()
    assert done.code == 130, done.err
    seen = json.loads(done.out)
    assert seen["verdict"]["value"] == "inconclusive"
    assert f"interrupted ({name})" in seen["verdict"]["summary"]
    assert seen["cut"] == f"interrupted ({name})"
    assert [one["verdict"] for one in place.listed()] == ["inconclusive"]
    assert not (place.folder / "acted").exists()


@pytest.mark.parametrize("stage", ["identity:", "smoke:", "bake:"])
def test_after_a_kill_the_next_verification_begins_anew_and_the_dead_one_never_passes(
    place, shop, stage
) -> None:
    place.write(bake="30s", samples=80, more="")
    place.begin()
    running = place.start("verify", "v812")
    running.wait_for(stage)
    running.process.kill()
    running.end()
    assert [one["verdict"] for one in place.listed()] == [""]
    place.write()
    done = place.verify()
    assert (done.code, done.verdict["value"]) == (0, "pass"), done.err + done.out
    assert done.seen["cut"] == ""
    story = json.loads(place.here("show", "v812", "--format", "json").out)
    assert [(one["state"], one["verdict"]) for one in story["verifications"]] == [
        ("abandoned", ""),
        ("ended", "pass"),
    ]


def test_a_newer_release_ends_the_verification_and_what_came_before_it_is_no_pass(place) -> None:
    place.write(bake="30s", samples=80)
    place.begin()
    running = place.start("verify", "v812", "--format", "json")
    running.wait_for("bake:")
    place.begin("v813", "0813ccc")
    done = running.end()
    assert done.code == 4, done.err
    seen = json.loads(done.out)
    assert (seen["superseded"], seen["verdict"]["value"]) == ("v813", "inconclusive")
    assert "v813" in seen["cut"]


def test_a_version_that_never_began_is_told_how_to_begin(place) -> None:
    done = place.verify()
    assert done.code == 2
    assert "techrun release begin v812 --shop acme" in done.err


def test_a_failed_release_runs_the_command_with_the_verdict_and_keeps_what_it_said(place, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.begin()
    done = place.verify("--on-fail", "cat > verdict.json; echo $TECHRUN_VERSION is taken back; exit 3")
    assert done.code == 1, done.err
    (action,) = done.seen["actions"]
    assert (action["kind"], action["ok"]) == ("command", False)
    assert "v812 is taken back" in action["answer"]
    assert json.loads((place.folder / "verdict.json").read_text())["verdict"] == "fail"
    kept = json.loads(place.here("show", "v812", "--format", "json").out)["last"]
    assert kept["actions"] == done.seen["actions"]


def test_a_release_that_passes_runs_no_command(place) -> None:
    place.begin()
    done = place.verify("--on-fail", "touch acted")
    assert (done.code, done.seen["actions"]) == (0, [])
    assert not (place.folder / "acted").exists()


def test_a_report_alone_is_never_red_and_takes_nothing_back(place, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.begin()
    done = place.verify("--report-only", "--on-fail", "touch acted")
    assert (done.code, done.verdict["value"]) == (0, "fail")
    assert not (place.folder / "acted").exists()


@pytest.mark.parametrize(("words", "code"), [((), 4), (("pass",), 0), (("fail",), 1)])
def test_what_cannot_be_told_comes_to_what_was_asked_for(place, words, code) -> None:
    """Without a way to read the version nothing says that the release is live."""
    text = (place.folder / "techrun.yaml").read_text()
    lines = [line for line in text.splitlines() if "release.json" not in line and "$.commit" not in line]
    (place.folder / "techrun.yaml").write_text("\n".join(lines))
    place.begin()
    done = place.verify(*(("--on-inconclusive", *words) if words else ()))
    assert (done.code, done.verdict["value"]) == (code, "inconclusive"), done.err


def test_every_report_that_was_asked_for_is_written(place) -> None:
    place.begin()
    forms = {"junit": "v.xml", "markdown": "v.md", "json": "v.json", "dotenv": "v.env", "metrics": "v.prom"}
    words = [word for form, path in forms.items() for word in ("--report", f"{form}=out/{path}")]
    assert place.verify(*words).code == 0
    out = place.folder / "out"
    assert etree.parse(str(out / "v.xml")).getroot().tag in {"testsuite", "testsuites"}
    assert "v812" in (out / "v.md").read_text()
    assert json.loads((out / "v.json").read_text())["verdict"] == "pass"
    assert "TECHRUN_VERDICT=pass" in (out / "v.env").read_text()
    assert 'techrun_release_verdict{shop="acme",verdict="pass"} 1' in (out / "v.prom").read_text()
    assert place.here("show", "v812", "--report", "junit=again.xml").code == 0
    assert (place.folder / "again.xml").read_text() == (out / "v.xml").read_text()


def test_what_happens_goes_to_stderr_and_the_result_to_stdout(place) -> None:
    place.begin()
    done = place.here("verify", "v812")
    assert done.out.startswith("✓ Passed  v812 of acme")
    assert all(stage in done.err for stage in ("identity:", "smoke:", "bake:", "judgement:"))
    quiet = place.here("verify", "v812", "-q")
    assert (quiet.code, quiet.err) == (0, "")


def test_the_story_tells_verifications_commands_and_the_times(place, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.begin()
    place.verify("--on-fail", "echo taken back")
    shop.deploy("v812", "0812bbb")
    place.verify()
    told = place.here("show", "v812").out
    assert told.startswith("✓ Passed  v812 of acme")
    for text in ("release begins", "live on every node", "✗ Failed", "under way"):
        assert text in told
    first = json.loads(place.here("show", "v812", "--format", "json").out)["verifications"][0]["id"]
    assert "taken back" in place.here("show", "v812", "--verification", first).out
    assert "Passed" in place.here("list").out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        pytest.param(["verify", "v812", "--shop", "acmee"], 2, 'did you mean "acme"', id="a mistyped shop"),
        pytest.param(["verify", "v812", "-c", "nowhere.yaml"], 3, "nowhere.yaml", id="no configuration"),
        pytest.param(["verify", "v812", "--report", "html"], 2, "junit=verify.xml", id="an unknown report"),
        pytest.param(["verify", "v812", "--report", "json=/proc/nowhere/x"], 2, "cannot be written", id="a report in nowhere"),
        pytest.param(["verify", "v812", "--bake", "long"], 2, "30s", id="a wrong duration"),
        pytest.param(["verify", "v812", "--server", "http://127.0.0.1:1"], 2, "TECHRUN_TOKEN", id="a server without a token"),
        pytest.param(["show", "v999"], 2, "techrun release list", id="a version that is not there"),
        pytest.param(["verfy", "v812"], 2, "verfy", id="a mistyped command"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_before_anything_is_sent(place, words, code, text) -> None:
    done = place.here(*words)
    assert done.code == code, done.err
    assert text in done.err
