"""A fleet: four nodes of the demo shop at addresses of their own, behind nginx as balancer, cache and TLS."""

from __future__ import annotations

import datetime as dt
import errno
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from techrun.demo.server import DemoShop, mend

FRONT = "127.0.0.1"
ADDRESSES = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "::1")
NUMBERS = {"127.0.0.2": 1, "127.0.0.3": 2, "127.0.0.4": 3, "::1": 1}
"""How each calls itself in `X-Served-By`: the demo shop knows three nodes."""
OLD = ("v811", "0811aaa")
PATIENCE = 20.0
TEMPLATE = Path(__file__).parent / "fleet" / "nginx.conf"
CACHED = """location ~ ^/(release.json|version)?$ {{
      proxy_pass http://$node;
      proxy_cache pages;
      proxy_cache_key "{generation} {key}";
      proxy_cache_valid 200 1h;
      proxy_ignore_headers Set-Cookie Cache-Control Expires Vary;
      proxy_hide_header Set-Cookie;
      add_header X-Cache $upstream_cache_status;
    }}"""
TLS_NODE = """server {{
    listen {address}:{port} ssl;
    server_name localhost;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    location / {{ proxy_pass http://{address}:{plain}; }}
  }}"""


def written(address: str) -> str:
    """An address as URLs have it."""
    return f"[{address}]" if ":" in address else address


def write_certificate(path: Path, name: str) -> None:
    """Key and certificate for one name, which vouches for itself: as `ca_file` it is trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(1))
        .not_valid_after(now + dt.timedelta(30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + certificate.public_bytes(pem))


class Node:
    """One serving node; `stop` makes it unreachable, `start` lets it come back with the release it had."""

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self._port = port
        self._shop: DemoShop | None = None
        self._release = OLD
        self.start()

    @property
    def url(self) -> str:
        return f"http://{written(self.address)}:{self._port}"

    def start(self) -> None:
        if self._shop is None:
            self._shop = DemoShop(self._port, self.address, NUMBERS[self.address]).start()
            self._shop.deploy(*self._release)

    def stop(self) -> None:
        shop, self._shop = self._shop, None
        if shop:
            shop.stop()

    def deploy(self, version: str, commit: str = "") -> None:
        self._release = version, commit
        if self._shop:
            self._shop.deploy(version, commit)

    def fault(self, name: str, *, on: bool = True) -> None:
        assert self._shop
        self._shop.fault(name, on=on)

    def reset(self) -> None:
        """Whole, and of the old release."""
        self.start()
        mend(self.url)
        self.deploy(*OLD)


class Fleet:
    """The shop at `url` (`secure_url` by TLS, trusted with `ca_file`), its nodes, its balancer and cache."""

    def __init__(self, folder: Path, port: int, secure_port: int) -> None:
        self._folder, self._port, self._secure_port = folder, port, secure_port
        self.url = f"http://{FRONT}:{port}"
        self.secure_url = f"https://localhost:{secure_port}"
        self.ca_file = str(folder / "right.pem")
        write_certificate(folder / "right.pem", "localhost")
        write_certificate(folder / "wrong.pem", "localhost")
        with ThreadPoolExecutor() as pool:
            self.nodes = tuple(pool.map(lambda address: Node(address, port), ADDRESSES))
        self._generation = self._purges = 0
        self._nginx: subprocess.Popen[bytes] | None = None

    def __getitem__(self, address: str) -> Node:
        return next(node for node in self.nodes if node.address == address)

    def deploy(self, version: str, commit: str = "", *, but: tuple[str, ...] = ()) -> None:
        """Let all nodes run this release, but for those at these addresses."""
        for node in self.nodes:
            if node.address not in but:
                node.deploy(version, commit)

    def balance(self, *addresses: str, cache: str = "", untrusted: tuple[str, ...] = ()) -> None:
        """Send customers to these nodes, else to all.

        `cache` holds the home page, /release.json and /version for an hour: `url` by their whole URL, `path`
        also for those who add a query. Nodes that are `untrusted` have a certificate that nobody knows.
        """
        self._generation += 1
        (self._folder / "nginx.conf").write_text(
            self._configuration(addresses or ADDRESSES, cache, untrusted)
        )
        if self._nginx is None:
            command = [shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or "nginx"]
            command += ["-p", str(self._folder), "-e", "stderr", "-c", str(self._folder / "nginx.conf")]
            with (self._folder / "nginx.log").open("ab") as log:
                self._nginx = subprocess.Popen(command, stderr=log)
        else:
            self._nginx.send_signal(signal.SIGHUP)
        self._wait_for_generation()

    def purge(self) -> None:
        """Let the cache forget all with the next `balance`."""
        self._purges += 1

    def reset(self) -> None:
        """All nodes whole, of the old release and in the balancer; nothing cached."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(Node.reset, self.nodes))
        self.purge()
        self.balance()

    def stop(self) -> None:
        if self._nginx:
            self._nginx.terminate()
            self._nginx.wait(PATIENCE)
        for node in self.nodes:
            node.stop()

    def _configuration(self, balanced: tuple[str, ...], cache: str, untrusted: tuple[str, ...]) -> str:
        plain = [f"{written(address)}:{self._port}" for address in balanced]
        # ::1 is what `localhost` means too: there would be the shop itself.
        secure = [address for address in ADDRESSES if ":" not in address]
        nodes = [
            TLS_NODE.format(
                address=address,
                port=self._secure_port,
                plain=self._port,
                certificate=self._folder / ("wrong.pem" if address in untrusted else "right.pem"),
            )
            for address in secure
        ]
        refusing = [
            f"listen {address}:{self._secure_port} ssl default_server;" for address in (FRONT, *secure)
        ]
        key = {"": "", "url": "$request_uri", "path": "$uri"}[cache]
        words = {
            "USER": "user root;" if os.geteuid() == 0 else "",
            "FOLDER": str(self._folder),
            "PORT": str(self._port),
            "SECURE": str(self._secure_port),
            "GENERATION": str(self._generation),
            "BALANCED": "\n".join(f"server {node};" for node in plain),
            "STICKY": "\n".join(f'"{node}" "{node}";' for node in plain),
            "REFUSING": "\n".join(refusing),
            "CACHED": CACHED.format(generation=self._purges, key=key) if cache else "",
            "NODES": "\n".join(nodes),
        }
        text = TEMPLATE.read_text()
        for word, value in words.items():
            text = text.replace(f"@{word}", value)
        return text

    def _wait_for_generation(self) -> None:
        """Until the balancer works by its newest configuration, on every connection."""
        end, right, url = time.monotonic() + PATIENCE, 0, f"{self.url}/_balancer"
        while right < 3:
            assert time.monotonic() < end, (self._folder / "nginx.log").read_text()
            try:
                right = right + 1 if httpx.get(url, verify=False).text == str(self._generation) else 0
            except httpx.TransportError:
                right = 0
            time.sleep(0.02)


def free_ports() -> tuple[int, int]:
    """Two ports that are free at every address of the fleet."""
    found: list[int] = []
    while len(found) < 2:
        sockets = []
        try:
            for address in (FRONT, *ADDRESSES):
                sockets.append(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET))
                sockets[-1].bind((address, sockets[0].getsockname()[1] if len(sockets) > 1 else 0))
            found.append(sockets[0].getsockname()[1])
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                pytest.skip(f"this system lacks loopback addresses for a fleet: {error}")
        finally:
            for each in sockets:
                each.close()
    return found[0], found[1]


@pytest.fixture(scope="session")
def fleet_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    made = Fleet(tmp_path_factory.mktemp("fleet"), *free_ports())
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def fleet(fleet_servers: Fleet) -> Fleet:
    """The fleet, whole: every node runs v811 (commit 0811aaa). Mark such tests `system("nginx-light")`."""
    fleet_servers.reset()
    return fleet_servers
