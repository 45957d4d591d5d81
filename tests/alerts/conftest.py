"""Services that messages are sent to: scripted HTTP and a real SMTP server, on the loopback."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from techrun.standing import Message


@dataclass
class Service:
    """An HTTP service that answers as it is told: a status, `hang`, or `redirect`; the last answer stays."""

    answers: list = field(default_factory=lambda: [200])
    received: list = field(default_factory=list)
    gets: list = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0

    def url(self, path="hook-token-1234", query=""):
        return f"json://127.0.0.1:{self.port}/{path}{query}"

    def wait_for(self, count, timeout=20):
        """Wait for so many requests; the bodies of all that came."""
        with self.changed:
            arrived = self.changed.wait_for(lambda: len(self.received) >= count, timeout)
        assert arrived, f"{len(self.received)} of {count} messages came"
        return self.received

    def titles(self):
        return [body["title"] for body in self.received]

    def take(self, body):
        with self.changed:
            self.received.append(body)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.changed.notify_all()
        return answer


def handler_for(service):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = service.take(body)
            if answer == "hang":
                service.release.wait(30)
                answer = 200
            self.answer(302 if answer == "redirect" else answer)

        def do_GET(self):
            service.gets.append(self.path)
            self.answer(200)

        def answer(self, status):
            try:
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{service.port}/login")
                self.end_headers()
                self.wfile.write(b"the service says hook-token-1234")
            except OSError:
                pass  # the sender has gone

        def log_message(self, *args):
            pass

    return Handler


@pytest.fixture
def make_service():
    servers = []

    def make(*answers):
        service = Service(answers=list(answers) or [200])
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(service))
        server.daemon_threads = True
        service.port = server.server_port
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append((server, service))
        return service

    yield make
    for server, service in servers:
        service.release.set()
        server.shutdown()
        server.server_close()


@dataclass
class Mailbox:
    """What an SMTP server was given; it refuses the recipients that it is told to."""

    mails: list = field(default_factory=list)
    refused: set = field(default_factory=set)
    port: int = 0

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's name
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        self.mails.append(envelope)
        return "250 OK"

    def url(self, *recipients):
        to = ",".join(recipients or ["dee@ops.example"])
        return f"mailto://127.0.0.1:{self.port}?from=probe@ops.example&to={to}&mode=insecure"


@pytest.fixture
def mailbox():
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def make_message():
    def make(**changes):
        values = {
            "incident": 7,
            "event": "opened",
            "channel": "oncall",
            "title": '[PAGE] acme-es: checkout fails at "payment" (expected 200, got 502)',
            "body": "Since 03:12:05",
            "created": 1_790_000_000.0,
            "severity": "page",
            "attempt": 1,
        }
        return Message(**(values | changes))

    return make
