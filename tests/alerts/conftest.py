"""Services that messages are sent to: scripted HTTP and a real SMTP server, on the loopback."""

from __future__ import annotations

import datetime as dt
import json
import re
import socket
import ssl
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3.util.connection
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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
    busy: set = field(default_factory=set)
    """Recipients that are told to come back later."""
    port: int = 0

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's name
        if address in self.refused:
            return "550 no such mailbox"
        if address in self.busy:
            return "450 come back later"
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


# --- services of the wide world, played on the loopback -------------------------------------------

FAR_HOSTS = (
    "alert.victorops.com",
    "api.atlassian.com",
    "api.eu.opsgenie.com",
    "api.ilert.com",
    "api.incident.io",
    "api.opsgenie.com",
    "api.pagertree.com",
    "api.sendgrid.com",
    "api.squadcast.com",
    "api.telegram.org",
    "api.twilio.com",
    "connect.signl4.com",
    "discord.com",
    "events.eu.pagerduty.com",
    "events.pagerduty.com",
    "goalert.example",
    "hooks.slack.com",
    "signals.firehydrant.com",
)


@dataclass
class Far:
    """What was sent to hosts of the wide world, and what they answer; the last answer stays."""

    requests: list = field(default_factory=list)
    """Host, path with query, headers, body as JSON or text."""
    answers: list = field(default_factory=lambda: [(202, {})])
    """Status and headers."""
    echoes: int = 0
    """How often an answer repeats the path of the request; then its headers follow."""

    def bodies(self):
        return [body for *_, body in self.requests]

    def answer(self):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def far_handler(far):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            body = json.loads(text) if text.startswith("{") else text
            far.requests.append((self.headers["Host"], self.path, dict(self.headers), body))
            status, headers = far.answer()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            answer = json.dumps(
                {"result": "taken", "requestId": f"request-{len(far.requests)}"}
                | ({"you": [*[self.path] * far.echoes, dict(self.headers)]} if far.echoes else {})
            ).encode()
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    return Handler


@pytest.fixture(scope="session")
def far_certificate(tmp_path_factory):
    """A file with key and certificate for all of `FAR_HOSTS`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "far")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(map(x509.DNSName, FAR_HOSTS)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("far") / "both.pem"
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem)
    )
    return path


@pytest.fixture
def far(monkeypatch, far_certificate):
    """All that is sent by HTTPS goes to a server here, whatever host it is meant for: real code, real TLS."""
    seen = Far()
    server = ThreadingHTTPServer(("127.0.0.1", 0), far_handler(seen))
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(far_certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    connect = urllib3.util.connection.create_connection

    def connect_here(address, *args, **options):
        assert address[1] == 443, address
        return connect(("127.0.0.1", server.server_port), *args, **options)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", connect_here)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(far_certificate))
    monkeypatch.setenv("NO_PROXY", "*")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield seen
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Arrival:
    """A message that a channel took, and how many seconds after the run's start."""

    at: float
    channel: str
    title: str
    key: str

    def __str__(self):
        return f"{self.at:.2f} s {self.channel}: {self.title} ({self.key})"


@dataclass
class Want:
    """A message that must come to a channel, not before and not after these seconds."""

    channel: str
    pattern: str
    earliest: float
    latest: float
    arrival: Arrival | None = None

    def fits(self, arrival):
        return self.channel == arrival.channel and re.search(self.pattern, f"{arrival.title} {arrival.key}")

    def problem(self):
        if self.arrival is None:
            return f"missing: {self.channel}: {self.pattern} until {self.latest:g} s"
        if self.arrival.at > self.latest:
            return f"late (wanted until {self.latest:g} s): {self.arrival}"
        if self.arrival.at < self.earliest:
            return f"early (wanted from {self.earliest:g} s): {self.arrival}"
        return ""


class Collector:
    """A black box at the end of all channels: fails on messages that are missing, late or unexpected.

    Patterns are searched in the title and the key of a message. Seconds count from `start`, or from when
    the collector was made. A channel answers 200, or what `answers` has for it, one after the other.
    """

    QUIET = 0.5
    """Seconds without a message after which none is expected any more."""

    def __init__(self):
        self.answers = defaultdict(list)
        self.arrivals = []
        self.attempts = Counter()
        self.wants = []
        self.port = 0
        self._changed = threading.Condition()
        self.start()

    def start(self):
        """Count seconds from now on."""
        self._started = time.monotonic()

    def url(self, channel):
        return f"json://127.0.0.1:{self.port}/{channel}"

    def want(self, channel, pattern, *, after=0.0, within=20.0):
        """A message like this must come to this channel, between these seconds."""
        self.wants.append(Want(channel, pattern, after, within))

    def take(self, channel, body):
        """Note a message; what to answer."""
        with self._changed:
            self.attempts[channel] += 1
            answer = self.answers[channel].pop(0) if self.answers[channel] else 200
            if answer == 200:
                key = body["message"].rpartition("message ")[2].partition(",")[0]
                now = time.monotonic() - self._started
                self.arrivals.append(Arrival(now, channel, body["title"], key))
            self._changed.notify_all()
        return answer

    def wait_for(self, count, timeout=20):
        """Wait until so many messages arrived."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.arrivals) >= count, timeout)
        assert arrived, f"{len(self.arrivals)} of {count} messages came"

    def check(self):
        """Wait for all that is wanted, and a little for what is not; then fail on every difference."""
        with self._changed:
            for number in range(len(self.wants)):
                left = max(want.latest for want in self.wants) - (time.monotonic() - self._started)
                self._changed.wait_for(lambda seen=number: len(self.arrivals) > seen, max(0.0, left))
            seen = -1
            while seen < len(self.arrivals):
                seen = len(self.arrivals)
                self._changed.wait_for(lambda seen=seen: len(self.arrivals) > seen, self.QUIET)
        problems = self._problems()
        assert not problems, "\n".join(problems)

    def _problems(self):
        unexpected = []
        for want in self.wants:
            want.arrival = None
        for arrival in self.arrivals:
            open_wants = (want for want in self.wants if want.arrival is None and want.fits(arrival))
            want = next(open_wants, None)
            if want is None:
                unexpected.append(f"unexpected: {arrival}")
            else:
                want.arrival = arrival
        return [*filter(None, (want.problem() for want in self.wants)), *unexpected]


def collecting(collector):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = collector.take(self.path.strip("/"), body)
            try:
                self.send_response(status)
                self.end_headers()
            except OSError:
                pass  # the sender has gone

        def log_message(self, *args):
            pass

    return Handler


@pytest.fixture
def collector():
    made = Collector()
    server = ThreadingHTTPServer(("127.0.0.1", 0), collecting(made))
    server.daemon_threads = True
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()
