"""A server with known delays in a process of its own, for the benchmarks of `techrun.fetch`.

`GET /<processing ms>/<transfer ms>/<bytes>` waits, sends the headers and half the body, waits again and
sends the rest; its last bytes say how long it really waited. With a second argument (a folder) it speaks TLS and leaves its authority there as `ca.pem`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CLOCKS = 32
"""Bytes at the end of a body that say how long the server really waited before each half."""


class Page(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.asked = time.perf_counter()
        path = data.split(b" ", 2)[1].decode()
        processing, self.transfer, self.size = (int(part) for part in path.strip("/").split("/"))
        after(processing, self.first_half)

    def first_half(self):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {self.size}\r\n\r\n"
        self.answered = time.perf_counter()
        self.transport.write(head.encode() + b"x" * (self.size // 2))
        after(self.transfer, self.second_half)

    def second_half(self):
        ended = time.perf_counter()
        clocks = f"{self.answered - self.asked:.6f} {ended - self.answered:.6f}".rjust(CLOCKS)
        self.transport.write(b"x" * (self.size - self.size // 2 - CLOCKS) + clocks.encode())


def after(milliseconds, then):
    if milliseconds:
        asyncio.get_running_loop().call_later(milliseconds / 1000, then)
    else:
        then()


def certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(1))
        .not_valid_after(now + dt.timedelta(30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


async def serve(folder: str) -> None:
    context = certificate(Path(folder)) if folder else None
    server = await asyncio.get_running_loop().create_server(Page, "127.0.0.1", 0, ssl=context, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def running(folder: Path | None = None) -> Iterator[int]:
    """A server of its own; gives its port."""
    command = [sys.executable, __file__, "serve", *([str(folder)] if folder else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


if __name__ == "__main__" and sys.argv[1:2] == ["serve"]:
    asyncio.run(serve((sys.argv[2:] or [""])[0]))
