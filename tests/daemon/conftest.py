"""A running `techrun run`, the shop it watches, and those who hear of it."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from techrun.demo.server import DemoShop

PATIENCE = 20.0
START = "from techrun.cli import main; main()"


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Daemon:
    """One `techrun run` on a configuration that the test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = a_free_port()
        self.log = folder / "log.txt"
        self.store = folder / "store.db"
        self.process: subprocess.Popen[bytes] | None = None
        self.words: tuple[str, ...] = ()
        """More words of the command line."""
        self.inside: list[str] = []
        """Statements that are run in its process before it begins: waits of minutes are shortened there."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def configure(self, text: str) -> None:
        head = f"version: 1\nlisten: 127.0.0.1:{self.port}\nstore: {self.store}\n"
        (self.folder / "techrun.yaml").write_text(head + text)

    def start(self) -> None:
        with self.log.open("ab") as log:
            program = "\n".join([*self.inside, START])
            command = [sys.executable, "-c", program, "run", "-c", str(self.folder), *self.words]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        self.wait(lambda: self.get("/-/healthy"), "the daemon to answer")

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)

    def restart(self) -> None:
        """Killed without a word, and started again."""
        self.stop(signal.SIGKILL)
        self.start()

    def techrun(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command beside the running daemon."""
        done = subprocess.run(
            [sys.executable, "-m", "techrun", *words],
            env={**os.environ, "TECHRUN_CONFIG": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def runs(self, check: str, status: str) -> float:
        """How many runs of a check ended so, since the start."""
        return self.metric("techrun_check_runs_total", check=check, status=status) or 0

    def get(self, path: str, method: str = "GET") -> str:
        request = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(answer.read().decode())

    def post(self, path: str) -> tuple[int, str]:
        try:
            return 200, self.get(path, "POST")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name: str, **labels: str) -> float | None:
        """The value of one series, or None."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        for line in self.get("/metrics").splitlines():
            if re.match(rf"{name}(\{{| )", line) and all(label in line for label in wanted):
                return float(line.rsplit(" ", 1)[1])
        return None

    def wait(self, ready: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if found := ready():
                    return found
            except OSError:
                assert self.process is not None
                assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        raise AssertionError(f"waited in vain for {what}:\n{self.log.read_text()[-4000:]}")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path)
    yield daemon
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.process.kill()
        daemon.process.wait()


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoShop]:
    with DemoShop() as shop:
        yield shop


class Place:
    """A small HTTP server at one port, which can go away and come back."""

    handler: type[BaseHTTPRequestHandler]

    def __init__(self) -> None:
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self.rise()

    def rise(self) -> None:
        """Answer, at the port of before."""
        place = self

        class Handler(self.handler):  # type: ignore[name-defined,misc]  a class made for this place
            at = place

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def die(self) -> None:
        """Let nobody connect any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked has gone."""


class _Inbox(BaseHTTPRequestHandler):
    at: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body["channel"] = self.path.strip("/")
        status = self.at.statuses.pop(0) if self.at.statuses else 200
        if status == 200:
            self.at.messages.put(body)
            self.at.all.append(body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Receiver(Place):
    """An HTTP endpoint that keeps what Apprise posts to it."""

    handler = _Inbox

    def __init__(self) -> None:
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.all: list[dict[str, Any]] = []
        """All that ever came, in its order; `channel` is the path."""
        self.statuses: list[int] = []
        """What it answers to the next ones; 200 to all others."""
        super().__init__()

    def next(self) -> dict[str, Any]:
        return self.messages.get(timeout=PATIENCE)

    @property
    def keys(self) -> list[str]:
        """What each message is named by: `1-opened-oncall`."""
        return [one["message"].rpartition("message ")[2].partition(",")[0] for one in self.all]


class _Shelf(BaseHTTPRequestHandler):
    at: SmallShop

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.at.asked[f"{self.command} {self.path}"] += 1
        status = self.at.broken.get(self.path, self.at.broken.get("*", 200))
        text = self.at.page
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_HEAD = _answer  # noqa: N815  names of http.server


class SmallShop(Place):
    """A shop of any pages; it counts what it is asked for."""

    handler = _Shelf

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        """By method and path."""
        self.broken: dict[str, int] = {}
        """What a path answers in place of 200; `*` is any."""
        self.page = b"<html><title>shop</title><main><p id=order>D-1</p></main></html>"
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.die()


@pytest.fixture
def shop() -> Iterator[SmallShop]:
    shop = SmallShop()
    yield shop
    shop.die()


@pytest.fixture
def witness() -> Iterator[SmallShop]:
    """A well-known site."""
    site = SmallShop()
    yield site
    site.die()


@pytest.fixture
def free_port() -> int:
    return a_free_port()
