"""`techrun load` as a pipeline uses it: real processes, a real (demo) shop, the exit codes of the contract."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from lxml import etree

from techrun.cli import main
from techrun.cli.extras import EXTRAS
from techrun.demo.server import DemoShop

pytestmark = pytest.mark.timeout(240)

CONFIG = """
version: 1
shop: acme
env: {env}
url: {url}
include: [journeys/*.yaml]
store: {store}
load: {load}
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
SCENARIO = '''"""Two pages, evenly."""
from techrun.load import JourneyUser, Scenario

scenario = Scenario({})


class Looker(JourneyUser):
    journey = "look"
'''
ON_START = """
    def on_start(self):
        open({path!r}, "w").close()
"""
STEADY = 'rate="5/s", ramp="0", warm_up="1s", measure="3s", drain="3s"'
SHORT = 'rate="20/s", ramp="0", warm_up="0", measure="1s", drain="3s"'
FORGIVING = """
import sys
from techrun.cli import main
from techrun.load.judge import validity
validity.BUSY = validity.STEAL = validity.LAG = validity.LATE = validity.LATE_SHARE = float("inf")
main(sys.argv[1:])
"""
"""techrun that forgives a busy machine, so that each of these runs has the verdict that its shop deserves.

What these limits say is tested by tests/load/judge.
"""


@pytest.fixture(scope="module")
def demo():
    with DemoShop(0) as shop:
        yield shop


class Place:
    """A folder like a user's: a configuration, a journey, a scenario of one's own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        (folder / "journeys").mkdir()
        (folder / "journeys" / "look.yaml").write_text(JOURNEY)
        self.write()

    def write(self, *, load: str = "{}", scenario: str = STEADY, env: str = "staging", url: str = "") -> None:
        text = CONFIG.format(url=url or self.url, load=load, env=env, store=self.folder / "techrun.db")
        (self.folder / "techrun.yaml").write_text(text)
        (self.folder / "loadtests").mkdir(exist_ok=True)
        (self.folder / "loadtests" / "look.py").write_text(SCENARIO.format(scenario))

    def start(self, *words: str, how: tuple[str, ...] = ("-m", "techrun")) -> subprocess.Popen[str]:
        names = ("TECHRUN_SERVER", "TECHRUN_TOKEN", "TECHRUN_CONFIG", "GITHUB_STEP_SUMMARY")
        environ = {name: value for name, value in os.environ.items() if name not in names}
        return subprocess.Popen(
            [sys.executable, *how, "load", *words],
            cwd=self.folder,
            env={**environ, "COLUMNS": "160"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def here(self, *words: str) -> SimpleNamespace:
        """The same in this process: nothing is started for what is refused."""
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main(["load", *words])
        return SimpleNamespace(code=ended.value.code, out=out.getvalue(), err=err.getvalue())

    def load(self, *words: str, how: tuple[str, ...] = ("-m", "techrun")) -> SimpleNamespace:
        process = self.start(*words, how=how)
        out, err = process.communicate(timeout=55)
        return SimpleNamespace(code=process.returncode, out=out, err=err)

    def run(self, *words: str) -> SimpleNamespace:
        """One run of the scenario, judged by what its shop did alone."""
        path = self.folder / "run.json"
        done = self.load("run", "look", "--json", str(path), *words, how=("-c", FORGIVING))
        assert path.exists(), done.err
        done.run = json.loads(path.read_text())
        done.verdict = done.run["verdict"]
        return done


@pytest.fixture
def place(tmp_path, demo) -> Place:
    return Place(tmp_path, demo.url)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, demo) -> SimpleNamespace:
    """Two runs that passed, with all their reports."""
    place = Place(tmp_path_factory.mktemp("loaded"), demo.url)
    reports = (
        "--report",
        "out/load.html",
        "--junit",
        "out/load.xml",
        "--markdown",
        "out/load.md",
        "--store",
        "kept",
    )
    first = place.run("--release", "v1", "--textfile", "out/load.prom", *reports)
    return SimpleNamespace(place=place, first=first, second=place.run("--release", "v2", "--store", "kept"))


def test_a_run_that_holds_passes_and_is_the_first_of_the_baseline(loaded) -> None:
    first = loaded.first
    assert (first.code, first.verdict["value"]) == (0, "pass")
    assert "baseline recorded (1 of 5)" in first.out
    assert first.run["release"] == "v1"
    assert sum(traffic["started"] for traffic in first.run["traffic"]) == 20


def test_the_next_run_is_the_second(loaded) -> None:
    assert "baseline recorded (2 of 5)" in loaded.second.out


def test_every_report_that_was_asked_for_is_written(loaded) -> None:
    out = loaded.place.folder / "out"
    assert (out / "load.html").read_text().lstrip().lower().startswith("<!doctype html>")
    assert etree.parse(str(out / "load.xml")).getroot().tag in {"testsuite", "testsuites"}
    assert "Passed" in (out / "load.md").read_text()
    assert "techrun_load_steps_total{" in (out / "load.prom").read_text()


def test_what_happens_goes_to_stderr_and_the_result_to_stdout(loaded) -> None:
    assert loaded.first.out.startswith("✓ Passed")
    assert "no kill switch" in loaded.first.err
    assert "measure" in loaded.first.err


def test_the_list_has_the_scenarios_and_the_runs(loaded) -> None:
    done = loaded.place.here("list", "--store", "kept")
    assert done.code == 0, done.err
    assert "look" in done.out
    assert "Two pages, evenly." in done.out
    assert "checkout" in done.out
    assert loaded.first.run["id"] in done.out
    found = json.loads(loaded.place.here("list", "--store", "kept", "--format", "json").out)
    assert [(one["release"], one["verdict"]) for one in found] == [("v2", "pass"), ("v1", "pass")]


def test_a_run_is_told_again_by_its_id_its_beginning_or_as_the_last(loaded) -> None:
    number = loaded.second.run["id"]
    for name in (number, number[:-1], "last"):
        done = loaded.place.here("show", name, "--store", "kept", "--report", "again.html")
        assert done.code == 0, done.err
        assert number in done.out
    assert (loaded.place.folder / "again.html").stat().st_size > 10_000


def test_two_runs_stand_side_by_side_with_a_warning(loaded) -> None:
    done = loaded.place.here("compare", loaded.first.run["id"], loaded.second.run["id"], "--store", "kept")
    assert done.code == 0, done.err
    assert "article" in done.out
    assert "Two runs at different times differ" in done.out


def test_a_run_that_is_not_there_is_told(loaded) -> None:
    done = loaded.place.here("show", "nosuch", "--store", "kept")
    assert done.code == 2
    assert "techrun load list" in done.err


def test_a_missed_criterion_fails(place) -> None:
    place.write(load="{criteria: [{step: home, p95: 1ms}]}", scenario=SHORT)
    done = place.run()
    assert (done.code, done.verdict["value"]) == (1, "fail")
    assert "✗ home" in done.out


def test_a_report_alone_is_never_red_and_says_it_all_the_same(place) -> None:
    place.write(load="{criteria: [{step: home, p95: 1ms}]}", scenario=SHORT)
    done = place.run("--report-only", "--format", "json")
    assert done.code == 0
    assert json.loads(done.out)["verdict"]["value"] == "fail"


def test_a_shop_that_refuses_every_connection_fails_and_stops_early(place) -> None:
    place.write(
        url="http://127.0.0.1:1", scenario='rate="20/s", ramp="0", warm_up="0", measure="40s", drain="2s"'
    )
    done = place.run()
    assert done.code == 1
    assert "connect" in done.out
    assert done.run["stopped"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_cancelled_run_leaves_its_reports_and_is_never_green(place, name) -> None:
    place.write(scenario='rate="5/s", ramp="0", warm_up="0", measure="50s", drain="30s"')
    came = place.folder / "came"
    with (place.folder / "loadtests" / "look.py").open("a") as scenario:
        scenario.write(ON_START.format(path=str(came)))
    process = place.start("run", "look", "--report", "load.html", "--json", "run.json", "--report-only")
    until = time.monotonic() + 40
    while not came.exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(getattr(signal, name))
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"interrupted ({name})" in out
    assert (place.folder / "load.html").exists()
    run = json.loads((place.folder / "run.json").read_text())
    assert run["stopped"] == f"interrupted ({name})"
    assert 0 < sum(traffic["started"] for traffic in run["traffic"]) < 200
    kept = json.loads(place.here("list", "--format", "json").out)
    assert [one["id"] for one in kept] == [run["id"]]


@pytest.mark.parametrize("after", [0.5, 0.8, 0.9, 1.1, 1.3])
def test_a_signal_before_the_load_begins_ends_it_without_a_run(place, after) -> None:
    """Also in the middle of an import, which may leave a module broken or make Python die by SIGINT."""
    process = place.start("run", "look")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(after)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode in {130, -signal.SIGTERM}
    assert not (place.folder / "techrun.db").exists() or "[]" in place.here("list", "--format", "json").out


def test_old_and_new_are_loaded_in_one_run(place) -> None:
    with DemoShop(0) as old:
        done = place.run("--release", "v2", "--baseline-url", old.url, "--baseline-release", "v1")
    assert done.code in {0, 1, 4}
    assert done.run["old_release"] == "v1"
    started = {arm: sum(sum(cell["buckets"].values()) for cell in done.run["cells"]
               if cell["arm"] == arm and cell["step"] == "home") for arm in ("new", "old")}  # fmt: skip
    assert started["new"] > 0
    assert abs(started["new"] - started["old"]) <= 2
    assert done.verdict["comparison"] is None or done.verdict["comparison"]["method"] in {
        "interleaved",
        "none",
    }


def test_a_breakpoint_tells_what_held(place) -> None:
    (place.folder / "loadtests" / "climb.py").write_text(
        SCENARIO.format(STEADY).replace(
            f"Scenario({STEADY})",
            'Scenario.stairs(first="2/s", step="2/s", each="2s", until="4/s", ramp="0", warm_up="0", drain="2s")',
        )
    )
    done = place.load("run", "climb")
    assert done.code in {0, 4}, done.err
    assert "holds" in done.out or done.code == 4


def test_a_release_against_itself_is_counted(place) -> None:
    done = place.load("aa", "look", "--runs", "2", "--measure", "2s", "--warm-up", "0")
    assert done.code == 0, done.err
    assert "False alarms: " in done.out or "No run could be believed" in done.out
    assert "2 runs of http://127.0.0.1" in done.err


def test_one_file_holds_a_scenario_and_its_journeys(place) -> None:
    done = place.here("export", "look", "-o", "alone.py")
    assert done.code == 0, done.err
    text = (place.folder / "alone.py").read_text()
    compile(text, "alone.py", "exec")
    assert "claw-hammer" in text


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        pytest.param(["run", "chekout"], 2, 'did you mean "checkout"', id="a mistyped scenario"),
        pytest.param(["run", "./nowhere.py"], 2, "nowhere.py", id="no such file"),
        pytest.param(["run", "look", "--shop", "acmee"], 2, 'did you mean "acme"', id="a mistyped shop"),
        pytest.param(["run", "look", "--rate", "5"], 2, "5/s", id="a rate without its unit"),
        pytest.param(["run", "look", "--rate", "5/s", "--users", "3"], 2, "exclude", id="two models"),
        pytest.param(["run", "look", "--baseline-release", "v1"], 2, "--baseline-url", id="a release of nothing"),
        pytest.param(["run", "look", "--host", "https://evil.example"], 2, "load: {hosts: [evil.example]}", id="a foreign host"),
        pytest.param(["run", "look", "--host", "https://acme.myshopify.com"], 2, "not among", id="a platform"),
        pytest.param(["run", "look", "--rate", "50/s", "--max-rate", "20/s"], 2, "ceiling", id="over the ceiling"),
        pytest.param(["run", "look", "--report", "/proc/nowhere/x.html"], 2, "cannot be written", id="a report in nowhere"),
        pytest.param(["run", "look", "-c", "nowhere.yaml"], 3, "nowhere.yaml", id="no configuration"),
        pytest.param(["run", "look", "--store", "kept", "--bind", "0.0.0.0:x"], 2, "HOST:PORT", id="a wrong address"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_before_anything_is_sent(place, words, code, text) -> None:
    done = place.here(*words)
    assert done.code == code, done.err
    assert text in done.err


def test_a_production_shop_needs_an_owner(place) -> None:
    place.write(env="production", url="https://shop.example.invalid")
    done = place.here("run", "look")
    assert done.code == 2
    assert "--i-own-this" in done.err


def test_a_platform_is_refused_even_where_it_was_written_down(place) -> None:
    place.write(load="{hosts: [acme.myshopify.com]}")
    done = place.here("run", "look", "--host", "https://acme.myshopify.com")
    assert done.code == 2
    assert "Shopify" in done.err


def test_where_locust_is_not_installed_it_is_said_what_to_install(place, monkeypatch) -> None:
    monkeypatch.setitem(EXTRAS, "load", ("locust", "no_such_package"))
    done = place.here("run", "look")
    assert done.code == 2
    assert "load tests need no_such_package: pip install 'techrun[load]'" in done.err


HEAVY = ("locust", "gevent", "geventhttpclient", "scipy", "numpy", "zmq")


@pytest.mark.parametrize(
    "words",
    [["load", "run", "--help"], ["check", "--format", "json"], ["load", "list"]],
    ids=" ".join,
)  # fmt: skip
def test_nothing_but_a_load_test_pays_for_it(place, words) -> None:
    code = (
        "import sys, techrun.cli\n"
        f"try: techrun.cli.main({words!r})\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place.folder, capture_output=True, text=True, check=True, timeout=50
    )
    assert done.stderr.splitlines()[-1] == "[]", done.stderr
