"""`techrun demo` as a newcomer tries it: break the shop, look at the phone, take the page on."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

PATIENCE = 60.0
COMMAND = [sys.executable, "-m", "techrun"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Terminals:
    """The demo in one terminal, and commands in a second one, which knows only what the first has printed."""

    def __init__(self, folder):
        self._printed = folder / "printed.txt"
        self.port, self.listen = free_port(), f"127.0.0.1:{free_port()}"
        self._environ = {**os.environ, "COLUMNS": "80"}

    def __enter__(self):
        words = ["demo", "--port", str(self.port), "--listen", self.listen, "--for", "3m"]
        with self._printed.open("w") as out:
            self._demo = subprocess.Popen([*COMMAND, *words], stdout=out, stderr=out, env=self._environ)
        self.wait(lambda: "Ctrl-C" in self.printed, "the demo to start")
        (export,) = re.findall(r"export (.*)", self.printed)
        pairs = (pair.split("=", 1) for pair in shlex.split(export))
        self._environ.update((name, value) for name, value in pairs if name.startswith("TECHRUN_"))
        return self

    def __exit__(self, *_):
        self._demo.send_signal(signal.SIGINT)
        try:
            self._demo.wait(PATIENCE)
        finally:
            self._demo.kill()

    @property
    def printed(self):
        return self._printed.read_text()

    @property
    def phone(self):
        (url,) = re.findall(r"The phone +(\S+)", self.printed)
        return url

    def techrun(self, *words):
        """A command of the second terminal."""
        done = subprocess.run(
            [*COMMAND, *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=self._environ,
        )
        assert done.stderr == ""
        return done.stdout

    def wait(self, look, what):
        end = time.monotonic() + PATIENCE
        while not (found := look()):
            assert time.monotonic() < end, f"waited too long for {what}; printed:\n{self.printed}"
            assert self._demo.poll() is None, f"the demo has ended:\n{self.printed}"
            time.sleep(0.2)
        return found

    def message(self, beginning):
        """The text of the newest message on the phone whose title begins so."""

        def look():
            messages = httpx.get(self.phone).json()["messages"]
            return next((one["text"] for one in messages if one["title"].startswith(beginning)), None)

        return self.wait(look, f"a message {beginning}")


@pytest.mark.timeout(180)
def test_a_broken_shop_pages_the_phone_the_link_takes_the_incident_on_and_a_release_is_verified(tmp_path):
    with Terminals(tmp_path) as terminals:
        terminals.wait(lambda: "demo/payments" in terminals.printed, "a first good run")
        assert "is ON" in terminals.techrun(
            "demo", "fault", "payment-declined", "--port", str(terminals.port)
        )
        page = terminals.message("[PAGE] demo: customers cannot pay")
        assert "Runbook" in page
        (link,) = re.findall(r"Ack (\S+)", page)
        assert link.startswith(f"http://{terminals.listen}/ack/1/")

        assert "I take it on" in httpx.get(link).text
        assert "taken on by" not in terminals.techrun("incidents", "show", "1"), "looking acts already"
        assert "Dee" in httpx.post(link, data={"author": "Dee", "note": "on it"}, follow_redirects=True).text
        assert "taken on by Dee: on it" in terminals.techrun("incidents", "show", "1")

        terminals.techrun("demo", "fault", "all", "off", "--port", str(terminals.port))
        assert "it lasted" in terminals.message("[OK] demo: customers cannot pay")

        terminals.techrun("release", "begin", "v2", "--shop", "demo")
        assert "runs v2" in terminals.techrun("demo", "release", "v2", "--port", str(terminals.port))
        at_once = ("--settle", "0", "--bake", "2s", "--every", "200ms", "--samples", "5", "-q")
        assert "Passed  v2 of demo" in terminals.techrun("release", "verify", "v2", *at_once)
