"""What every test of a probe needs: a fetcher, a ledger, a run; and real servers on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from techrun.fetch import Fetcher, FetchSettings
from techrun.model import Check, CheckId, Shop
from techrun.probes import Run
from techrun.redact import Redactor


@dataclass
class Ledger:
    """Remembers what it was asked and told; refuses with `refusal`."""

    refusal: str = ""
    begun: list = field(default_factory=list)
    settled: list = field(default_factory=list)

    async def begin(self, shop, check, run_id, step):
        self.begun.append(step)
        return self.refusal

    async def settle(self, shop, run_id, orders):
        self.settled.append(tuple(orders))


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
async def make_run(ledger):
    """Makes a run; keyword arguments are fields of `Run`, `fetch` the settings of its fetcher."""
    fetchers = []

    def make(*, deadline=5.0, cleanup_deadline=5.0, fetch=None, kind="tcp", **settings):
        fetchers.append(Fetcher(fetch or FetchSettings()))
        check = Check(
            CheckId("acme", "check"), kind, every=60.0, deadline=deadline, cleanup_deadline=cleanup_deadline
        )
        return Run(
            check=check,
            shop=Shop("acme", "http://shop.invalid"),
            run_id="run-1",
            fetcher=fetchers[-1],
            ledger=ledger,
            redactor=Redactor(),
            deadline=deadline,
            **settings,
        )

    yield make
    for fetcher in fetchers:
        await fetcher.close()


@pytest.fixture
async def serve():
    """Starts a TCP server with this handler; the answer is its port."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(handler, context=None):
            async def guarded(reader, writer):
                with contextlib.suppress(ConnectionError, asyncio.CancelledError, ssl.SSLError):
                    await handler(reader, writer)
                writer.close()

            server = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=context)
            stack.callback(server.close)
            return server.sockets[0].getsockname()[1]

        yield start


@pytest.fixture
def closed_port():
    """A port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@dataclass
class Authority:
    """An authority of our own; `file` is what a client must trust."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    file: str

    def context(self, names=("localhost", "127.0.0.1"), *, days_old=1.0, days_left=90.0):
        """What a server needs to present a certificate for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _signed(names[0], key, self, (days_old, days_left), names)
        file = self.folder / f"{leaf.serial_number}.pem"
        file.write_bytes(_pem(leaf) + _pem(self.certificate) + _key(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed("Test authority", key, None, (1.0, 3650.0))
    (folder / "ca.pem").write_bytes(_pem(certificate))
    return Authority(folder, key, certificate, str(folder / "ca.pem"))


def _signed(common_name, key, authority, days, names=()):
    days_old, days_left = days
    now = dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    issuer = authority.certificate.subject if authority else subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=days_old))
        .not_valid_after(now + dt.timedelta(days=days_left))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
        )
    return builder.sign(authority.key if authority else key, hashes.SHA256())


def _general_name(name):
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


@dataclass
class Site:
    """A small web server: `pages` maps a path to (status, body, headers), or to a function of the request."""

    pages: dict
    requests: list = field(default_factory=list)
    port: int = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def __call__(self, reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            method, target, _ = head.decode().split("\r\n", 1)[0].split(" ")
            headers = {
                name.lower(): value
                for name, _, value in (line.partition(": ") for line in head.decode().split("\r\n")[1:-2])
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append((method, target, headers, body))
            page = self.pages.get(f"{method} {target.partition('?')[0]}", (404, "no such page", {}))
            status, text, extra = await page(body) if callable(page) else page
            content = text.encode()
            lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", "Content-Type: text/html"]
            lines += [f"{name}: {value}" for name, value in extra.items()]
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + content)
            await writer.drain()


@pytest.fixture
def site(serve):
    """Starts a small web server with these pages."""

    async def serve_pages(pages, context=None):
        site = Site(pages)

        async def handler(reader, writer):
            with contextlib.suppress(asyncio.IncompleteReadError):
                await site(reader, writer)

        site.port = await serve(handler, context)
        return site

    return serve_pages
