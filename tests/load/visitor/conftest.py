"""Real servers in threads of their own: gevent holds this one while a visit runs."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import textwrap
import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import gevent
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from techrun.exchange import Request
from techrun.journey.compile import compile_journey
from techrun.journey.model import Journey
from techrun.load.generator.recorder import Recorder
from techrun.load.histogram import middle
from techrun.load.records import Slot
from techrun.load.visitor.connect import Network, only
from techrun.load.visitor.equipment import make_visit, prepared
from techrun.load.visitor.exchange import Connections
from techrun.redact import Redactor

CLOSE = object()
"""Answer of a handler: close the connection and say nothing."""


@dataclass
class Asked:
    """One request as the server read it."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    stop: threading.Event

    def header(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class Site:
    """A listening server and what it was asked."""

    port: int
    asked: list = field(default_factory=list)
    connections: int = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls(self):
        return f"https://localhost:{self.port}"

    def count(self, method):
        return sum(each.method == method for each in self.asked)


def reply(body=b"hello", status="200 OK", *headers):
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        *(f"{key}: {value}" for key, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture(name="reply")
def reply_fixture():
    """Bytes of an answer."""
    return reply


@pytest.fixture
def close():
    """Answer of a handler: close the connection and say nothing."""
    return CLOSE


def _read(stream, connection, stop):
    line = stream.readline()
    if not line.endswith(b"HTTP/1.1\r\n"):
        return None
    method, path, _ = line.decode().split(" ", 2)
    headers = []
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode().rstrip("\r\n").partition(": ")
        headers.append((name, value))
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Asked(method, path, headers, stream.read(length), connection, stop)


class _Serving:
    def __init__(self, handler, context):
        self.handler, self.context, self.stop = handler, context, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.site = Site(self.listener.getsockname()[1])
        self.open = []
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(sock)
            self.site.connections += 1
            worker = threading.Thread(target=self.serve, args=(sock, self.site.connections), daemon=True)
            self.threads.append(worker)
            worker.start()

    def serve(self, sock, number):
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as stack:
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
                self.open.append(sock)
            stack.callback(sock.close)
            stream = stack.enter_context(sock.makefile("rb"))
            while (asked := _read(stream, number, self.stop)) is not None:
                self.site.asked.append(asked)
                answer = self.handler(asked)
                if answer is CLOSE:
                    return
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    if piece is CLOSE:
                        return
                    sock.sendall(piece)

    def close(self):
        self.stop.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in self.open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self.threads:
            thread.join(5)


@pytest.fixture
def serve():
    """Starts a server with this handler (request → bytes, pieces of bytes, or CLOSE); the answer is its `Site`."""
    with contextlib.ExitStack() as stack:

        def start(handler, context=None):
            serving = _Serving(handler, context)
            stack.callback(serving.close)
            return serving.site

        yield start


@pytest.fixture
def connect():
    """The connections of one visit to the shop at this URL."""
    made = []

    def connections(url, *patterns, **settings):
        made.append(Connections(Network(only(url, patterns), **settings)))
        return made[-1]

    yield connections
    for each in made:
        each.close()


@pytest.fixture
def ask(connect):
    """Make one exchange with a shop by a GET, on connections of its own."""

    def exchange(url, *, seconds=5.0, shop="", method="GET", body=b"", headers=(), **settings):
        request = Request(method, url, tuple(headers), body)
        return connect(shop or url, **settings).exchange(request, seconds)

    return exchange


@pytest.fixture
def closed_port():
    """A port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@dataclass
class Authority:
    """An authority of our own; `pem` is what a client must trust."""

    folder: object
    key: object
    certificate: object

    @property
    def pem(self):
        return _pem(self.certificate).decode()

    def context(self, names=("localhost",), *, days_left=90.0, self_signed=False):
        """What a server needs to present a certificate for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _signed(names[0], key, None if self_signed else self, days_left, names)
        file = self.folder / f"{leaf.serial_number}.pem"
        file.write_bytes(_pem(leaf) + _key(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed("Test authority", key, None, 3650.0)
    return Authority(tmp_path_factory.mktemp("authority"), key, certificate)


def _signed(common_name, key, authority, days_left, names=()):
    now = dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.certificate.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=10))
        .not_valid_after(now + dt.timedelta(days=days_left))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_name(name) for name in names]), critical=False
        )
    return builder.sign(authority.key if authority else key, hashes.SHA256())


def _name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Visited:
    """What one visit left behind."""

    def __init__(self, recorder, events, cut):
        part = recorder.take()
        self.cut, self.events, self.counts = cut, events, part["counts"]
        self.cells, self.examples = part["cells"], part["examples"]
        self.steps = [(event["name"], str(event["exception"] or "")) for event in events]

    def cell(self, step):
        """Window, durations and errors of a step; "" is the visit."""
        found = [
            (window, buckets, errors) for _, _, name, window, buckets, errors in self.cells if name == step
        ]
        assert len(found) == 1, self.cells
        return found[0]

    def seconds(self, step):
        """How long a step that passed took."""
        return middle(next(iter(self.cell(step)[1])))

    def errors(self, step):
        return self.cell(step)[2]


@pytest.fixture
def visit():
    """Make one visit of a journey in YAML to a shop; keyword arguments say how."""

    def make(
        text,
        shop,
        *,
        slot=0,
        late=0.0,
        think=None,
        until=None,
        allow_orders=False,
        data=None,
        kill=None,
        listener=None,
        **more,
    ):
        journey = Journey.model_validate({"journey": "test", **yaml.safe_load(textwrap.dedent(text))})
        for name, content in (data or {}).items():
            journey.data[name].load(content)
        constants = {"shop": {"url": shop}, "env": {}, "secret": {}, "synthetic": {}}

        def plan(name, host):
            return compile_journey(
                journey, constants, {}, "en-US", base_url=host, user_agent="techrun/1", **more
            )

        zero = time.monotonic() - 100.0 - late
        recorder, events = Recorder(), []
        means = SimpleNamespace(
            pacer=SimpleNamespace(now=lambda: time.monotonic() - zero),
            recorder=recorder,
            bundle=SimpleNamespace(
                plan=plan,
                settings=SimpleNamespace(hosts=()),
                authorities="",
                largest_body=2**21,
                redactor=Redactor(["hunter22"]),
            ),
            allow_orders=allow_orders,
        )
        means.ways = prepared(means.bundle, ["test"], {"new": shop})
        if isinstance(slot, int):
            slot = Slot(slot, 100.0)

        def fire(**event):
            events.append(event)
            if listener is not None:
                listener()

        work = gevent.spawn(make_visit, means, slot, ("test", until), think, fire)
        for wait in kill or ():
            wait()
            work.kill(block=False)
        work.join(20)
        if work.exception is not None:
            raise work.exception
        return Visited(recorder, events, work.value)

    return make
