"""A verification with a verdict, and somebody who hears of it."""

from __future__ import annotations

import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from techrun.fetch import Fetcher
from techrun.redact import Redactor
from techrun.releases.acting import Reactions, act
from techrun.releases.records import Ruling, Verdict, Verification

SECRET = "s3cr3t-of-the-shop"


class Receiver(ThreadingHTTPServer):
    """Answers with what stands in `answers`, then 200; keeps what it was sent."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = []
        self.heard = queue.Queue()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.heard.put((self.path, dict(self.headers.items()), json.loads(body)))
        status, text = self.server.answers.pop(0) if self.server.answers else (200, "{}")
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def make_verification():
    def make(value="fail", summary="2 of 30 checkout runs failed", **changes):
        ruling = Ruling("errors.more", "checkout", value == "pass", summary, check="demo/checkout")
        return Verification(
            **{
                "id": "v-1",
                "shop": "demo",
                "release": 7,
                "version": "v812",
                "commit": "abc1234",
                "begun": 1_700_000_000.0,
                "started": 1_700_000_010.0,
                "ended": 1_700_000_300.0,
                "verdict": Verdict(value, summary, (ruling,), evaluated=1) if value else None,
            }
            | changes
        )

    return make


@pytest.fixture
def acted():
    """Does what is asked for, with a fetcher of its own; a secret is known."""

    async def do(verification, **reactions):
        fetcher = Fetcher()
        try:
            return await act(verification, Reactions(**reactions), fetcher, Redactor([SECRET]))
        finally:
            await fetcher.close()

    return do
