"""Loopback servers that behave as badly as real ones, certificates of every kind, name servers."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import dns.message
import dns.rcode
import dns.rrset
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from techrun.fetch import Fetcher, FetchSettings

HUGE = 64 * 1024 * 1024


@dataclass
class Seen:
    """One request as the server read it."""

    method: str
    path: str
    headers: dict[str, str]
    raw_headers: list[tuple[str, str]]
    body: bytes
    connection: int
    reader: asyncio.StreamReader

    async def hang(self) -> None:
        """Say nothing until the client goes."""
        await self.reader.read()


@dataclass
class Site:
    """A listening server and what it has seen."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    resumed: list[bool] = field(default_factory=list)
    """Of each TLS connection: whether an earlier session was taken up."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """A client's connection is over."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def https(self) -> str:
        return f"https://localhost:{self.port}"


Handler = Callable[[Seen, asyncio.StreamWriter], Awaitable[bytes | None]]


def reply_bytes(body=b"hello", status="200 OK", headers=()):
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        *(f"{key}: {value}" for key, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def reply():
    """Bytes of an answer."""
    return reply_bytes


async def read_request(reader, connection):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    raw = [tuple(part.strip() for part in line.split(":", 1)) for line in head[1:] if line]
    headers = {key.lower(): value for key, value in raw}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(method, path, headers, raw, body, connection, reader)


@pytest.fixture
async def serve():
    """Start a server whose handler returns the answer, or None to close the connection."""
    servers, tasks = [], set()

    async def start(handler: Handler | None = None, context: ssl.SSLContext | None = None, host="127.0.0.1"):
        site = Site()

        async def talk(reader, writer):
            tasks.add(asyncio.current_task())
            site.connections += 1
            number = site.connections
            if context is not None:
                site.resumed.append(writer.get_extra_info("ssl_object").session_reused)
            try:
                while True:
                    seen = await read_request(reader, number)
                    site.seen.append(seen)
                    site.asked.set()
                    answer = reply_bytes() if handler is None else await handler(seen, writer)
                    if answer is None:
                        break
                    writer.write(answer)
                    await writer.drain()
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                site.ended.set()
                writer.close()

        server = await asyncio.start_server(talk, host, 0, ssl=context, limit=HUGE)
        site.port = server.sockets[0].getsockname()[1]
        servers.append(server)
        return site

    yield start
    for server in servers:
        server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Authority:
    """A certificate authority that signs whatever a test asks for."""

    def __init__(self, folder):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.file = str(folder / "ca.pem")
        self.certificate = self._sign(self.name, self.key, self.key, self.name, ca=True)
        (folder / "ca.pem").write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, key, signer, issuer, *, names=(), days=(-1, 30), ca=False):
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days[0]))
            .not_valid_after(now + dt.timedelta(days[1]))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            general = [_general(name) for name in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
        return builder.sign(signer, hashes.SHA256())

    def files(self, *names, days=(-1, 30), self_signed=False):
        """Paths of a certificate and its key for these names, valid from and to these days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        signer, issuer = (key, subject) if self_signed else (self.key, self.name)
        certificate = self._sign(subject, key, signer, issuer, names=names, days=days)
        path = self.folder / f"{certificate.serial_number}"
        chain = certificate.public_bytes(serialization.Encoding.PEM)
        if not self_signed:
            chain += self.certificate.public_bytes(serialization.Encoding.PEM)
        path.with_suffix(".pem").write_bytes(chain)
        path.with_suffix(".key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path.with_suffix(".pem"), path.with_suffix(".key")

    def context(self, *names, days=(-1, 30), self_signed=False):
        """What a server needs to present such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.files(*names, days=days, self_signed=self_signed))
        return context


def _general(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def make_fetcher(authority):
    """Fetchers that trust the test authority and are closed at the end."""
    made = []

    def make(**settings):
        fetcher = Fetcher(FetchSettings(**{"ca_file": authority.file, **settings}))
        made.append(fetcher)
        return fetcher

    yield make
    for fetcher in made:
        await fetcher.close()


@pytest.fixture
def fetcher(make_fetcher):
    return make_fetcher()


class NameServer(asyncio.DatagramProtocol):
    """Answers from a table: name → addresses; a name that is not there does not exist."""

    def __init__(self, table, silent):
        self.table, self.silent, self.asked = table, silent, []

    def connection_made(self, transport):
        self.transport = transport
        self.address = "{}:{}".format(*transport.get_extra_info("sockname"))

    def datagram_received(self, data, sender):
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append((name, question.rdtype.name))
        if self.silent(name, question.rdtype.name):
            return
        answer = dns.message.make_response(query)
        self.fill(answer, question, name)
        self.transport.sendto(answer.to_wire(), sender)

    def fill(self, answer, question, name):
        if name not in self.table:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return
        known = self.table[name]
        if isinstance(known, dns.rcode.Rcode):
            answer.set_rcode(known)
            return
        fitting = [one for one in known if (":" in one) == (question.rdtype.name == "AAAA")]
        if fitting:
            answer.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", question.rdtype, fitting))


@pytest.fixture
async def name_server():
    """Start a name server on loopback."""
    started = []

    async def start(table=None, silent=lambda _name, _kind: False, port=0):
        loop = asyncio.get_running_loop()
        transport, server = await loop.create_datagram_endpoint(
            lambda: NameServer(table or {}, silent), ("127.0.0.1", port)
        )
        started.append(transport)
        return server

    yield start
    for transport in started:
        transport.close()


@pytest.fixture
def eventually():
    """Wait for something that nobody announces; the time limit of the test bounds it."""

    async def wait(holds):
        while not holds():  # noqa: ASYNC110  descriptors and sockets send no events
            await asyncio.sleep(0.01)

    return wait
