"""`--server`: the checks are run on a pipeline's runner, which has no store; the book is the daemon's."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.timeout(120)

TOKEN = "operate-token-of-24-characters"


class Daemon:
    """`techrun run` on the same shop in a folder of its own."""

    def __init__(self, folder, text: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        web = f'listen: 127.0.0.1:{port}\nweb: {{tokens: {{operate: ["{TOKEN}"]}}}}\n'
        (folder / "techrun.yaml").write_text(text + web)
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "techrun", "run", "-c", str(self.folder)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        end = time.monotonic() + 30
        while not self.answers():
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/healthy", timeout=2):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


@pytest.fixture
def daemon(place, tmp_path, monkeypatch):
    """A daemon that watches the shop; the runner knows its address and token."""
    folder = tmp_path / "daemon"
    shutil.copytree(place.folder / "journeys", folder / "journeys")
    made = Daemon(folder, (place.folder / "techrun.yaml").read_text())
    monkeypatch.setenv("TECHRUN_SERVER", made.url)
    monkeypatch.setenv("TECHRUN_TOKEN", TOKEN)
    yield made
    made.stop()


def test_the_server_keeps_what_the_runner_saw_and_the_runner_keeps_nothing(place, daemon) -> None:
    place.begin()
    done = place.verify()
    assert (done.code, done.verdict["value"]) == (0, "pass"), done.err + done.out
    assert not (place.folder / "techrun.db").exists()
    (listed,) = place.listed()
    assert listed["verdict"] == "pass"
    assert listed["live"] == pytest.approx(done.seen["identity"]["live"], abs=2)
    story = json.loads(place.here("show", "v812", "--format", "json").out)
    assert story["last"]["samples"] == done.seen["samples"]
    with urllib.request.urlopen(f"{daemon.url}/metrics") as answer:
        assert 'techrun_release_verdict{shop="acme",verdict="pass"} 1' in answer.read().decode()


def test_a_command_that_prints_its_environment_tells_nobody_the_token(place, daemon, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.begin()
    done = place.verify("--on-fail", "env", "--report", "json=v.json")
    (action,) = done.seen["actions"]
    assert "TECHRUN_TOKEN=***" in action["answer"]
    assert TOKEN not in done.out + done.err + (place.folder / "v.json").read_text()


def test_two_runners_do_not_verify_one_release_at_once(place, daemon) -> None:
    place.write(bake="30s", samples=80)
    place.begin()
    running = place.start("verify", "v812", server=daemon.url, token=TOKEN)
    running.wait_for("identity:")
    second = place.verify()
    assert second.code == 4
    assert "verifies v812 of acme already" in second.err
    running.process.send_signal(signal.SIGTERM)
    assert running.end().code == 130
    assert place.listed()[0]["verdict"] == "inconclusive"


def test_a_verdict_that_the_server_could_not_keep_is_told_and_is_not_green(
    place, daemon, monkeypatch
) -> None:
    monkeypatch.setattr("techrun.app.release_verify.SAVE_AGAIN", (0.1, 0.1, 0.1))
    place.begin()
    done = place.verify(at="bake:", act=daemon.stop)
    assert done.verdict["value"] == "pass"
    assert done.code == 5
    assert "the verification is not kept: cannot reach" in done.err


def test_a_server_that_is_away_for_a_moment_costs_nothing(place, daemon, monkeypatch) -> None:
    monkeypatch.setattr("techrun.app.release_watch.SAY", 0.2)
    monkeypatch.setattr("techrun.app.release_verify.SAVE_AGAIN", (0.5,) * 60)  # however slowly it comes back
    place.begin()
    with ThreadPoolExecutor() as pool:
        done = place.verify(at="bake:", act=lambda: (daemon.stop(), pool.submit(daemon.start)))
    assert done.code == 0, done.err
    assert "the book of releases does not answer" in done.err
    assert place.listed()[0]["verdict"] == "pass"


def test_without_the_server_nothing_is_begun_or_verified(place, monkeypatch) -> None:
    monkeypatch.setenv("TECHRUN_SERVER", "http://127.0.0.1:1")
    monkeypatch.setenv("TECHRUN_TOKEN", TOKEN)
    done = place.verify()
    assert done.code == 4
    assert "cannot reach http://127.0.0.1:1" in done.err
