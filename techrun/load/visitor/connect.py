"""Opens connections for the visitors of one process: names, trust, and which hosts may be asked at all."""

from __future__ import annotations

import errno
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import certifi
import gevent
from gevent import socket
from gevent.ssl import SSLContext, SSLSocket

from techrun.fetch.guard import Guard
from techrun.fetch.settings import FetchSettings
from techrun.fetch.target import BadTargetError, Target, parse
from techrun.load.guards import Address, address_of, permits
from techrun.model import Reason

KNOWN_FOR = 10.0
"""Seconds that the addresses of a name are kept: thousands of visitors on one machine share its resolver's
answers as well."""
PER_ADDRESS = 3.0
"""Seconds for an address that is not the last one of its name."""

Addresses = tuple[tuple[int, tuple[object, ...]], ...]
"""Family and socket address of each."""


_USUAL = FetchSettings()


class TroubleError(Exception):
    """No answer; reason and words of the failure that is handed back."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a URL leads and how its request begins."""

    host: str
    port: int
    tls: bool
    peer: str
    """Host and port as people write them."""
    target: str
    """Path and query."""
    host_line: str
    authorization: str


@lru_cache(4096)
def aim(url: str) -> Aim:
    """Read a URL; TroubleError says why it leads nowhere."""
    try:
        target = parse(url)
    except BadTargetError as error:
        raise TroubleError(error.reason, str(error)) from None
    return _aim(target)


def _aim(target: Target) -> Aim:
    host_line, _, rest = target.url.partition("://")[2].partition("/")
    return Aim(
        target.host,
        target.port,
        target.scheme == "https",
        target.peer,
        f"/{rest}",
        host_line,
        target.authorization,
    )


@lru_cache(8)
def trust(authorities: str, *, verify: bool) -> SSLContext:
    """What is trusted, as the probes do: these (PEM) or certifi's, an intermediate among them too."""
    context = SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    if verify:
        if authorities:
            context.load_verify_locations(cadata=authorities)
        else:
            context.load_verify_locations(certifi.where())
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def only(base_url: str, patterns: tuple[str, ...] = ()) -> Callable[[str, int], bool]:
    """Whether a host and port are the arm's own (http and https are one shop), or are named by the shop.

    The other arm's are neither: a release that redirects to the other one is not measured as if it answered.
    """
    base = address_of(base_url, "the shop")

    @lru_cache(256)
    def allowed(host: str, port: int) -> bool:
        return base.serves(host, port) or any(
            permits(pattern, Address("https", host, port)) for pattern in patterns
        )

    return allowed


@dataclass(slots=True)
class Network:
    """What the visitors of one process share; proxies of the environment are never used."""

    allowed: Callable[[str, int], bool]
    """Whether a host and port may be asked under load, see `only`."""
    authorities: str = ""
    """Certificates to trust in PEM form; empty: certifi's."""
    largest_body: int = _USUAL.max_body
    """Bytes of a body after decompression."""
    guard: Guard = field(default_factory=Guard)
    lookup: Callable[..., Any] = socket.getaddrinfo
    _known: dict[tuple[str, int], tuple[float, Addresses]] = field(default_factory=dict)
    _asking: dict[tuple[str, int], gevent.Greenlet] = field(default_factory=dict)

    def refuse(self, to: Aim) -> None:
        """Raise TroubleError for a host that is not part of this load test."""
        if not self.allowed(to.host, to.port):
            raise TroubleError(
                Reason.FORBIDDEN,
                f"{to.peer} is no part of this load test; if it is yours, name it under load: hosts: of the shop",
            )

    def connect(self, to: Aim, *, verify: bool) -> socket.socket:
        """A new connection; raises TroubleError, and gevent's Timeout where the caller set one."""
        sock = self._reach(to)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._secure(sock, to, verify=verify) if to.tls else sock
        except BaseException:
            sock.close()
            raise

    def _reach(self, to: Aim) -> socket.socket:
        """A connection to the first address that accepts one."""
        addresses = self._addresses(to)
        trouble = ""
        for number, (family, address) in enumerate(addresses, 1):
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(PER_ADDRESS if number < len(addresses) else None)
                sock.connect(address)
                sock.settimeout(None)
            except OSError as error:
                sock.close()
                trouble = _words(error)
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise TroubleError(Reason.CONNECT, f"no connection to {to.peer}: {trouble}")

    def _secure(self, sock: socket.socket, to: Aim, *, verify: bool) -> SSLSocket:
        context = trust(self.authorities, verify=verify)
        try:
            return context.wrap_socket(sock, server_hostname=to.host)
        except ssl.SSLCertVerificationError as error:
            what = error.verify_message or str(error)
            raise TroubleError(Reason.TLS, f"the certificate of {to.peer} is refused: {what}") from None
        except (OSError, ValueError) as error:
            what = f"the TLS handshake with {to.peer} failed: {_words(error)}"
            raise TroubleError(Reason.TLS, what) from None

    def _addresses(self, to: Aim) -> Addresses:
        """The addresses of a host, all of them allowed.

        One greenlet asks for all visitors: gevent has ten threads for this, and a name server that is slow must
        delay each of them by its own slowness, not by that of all before it.
        """
        key = (to.host, to.port)
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = gevent.spawn(self._resolve, to)
            asking.link(lambda _: self._asking.pop(key))
        found: Addresses | TroubleError = asking.get()
        if isinstance(found, TroubleError):
            raise TroubleError(found.reason, found.message)
        return found

    def _resolve(self, to: Aim) -> Addresses | TroubleError:
        """Ask the system, or say why it is of no use."""
        try:
            found = self.lookup(to.host, to.port, 0, socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            return TroubleError(Reason.DNS, f"{to.host} could not be resolved: {_words(error)}")
        for *_, address in found:
            refusal = self.guard.refusal(address[0])
            if refusal:
                return TroubleError(Reason.FORBIDDEN, f"{to.host} is not asked: {refusal}")
        addresses = tuple(dict.fromkeys((family, address) for family, *_, address in found))
        self._known[to.host, to.port] = (time.monotonic() + KNOWN_FOR, addresses)
        return addresses


_WORDS = {
    errno.ECONNREFUSED: "it refuses connections (nothing listens there)",
    errno.ENETUNREACH: "there is no route to it from here",
    errno.EHOSTUNREACH: "there is no route to it from here",
    errno.ETIMEDOUT: "it does not react",
    errno.ECONNRESET: "it reset the connection",
    errno.EMFILE: "this process has too many open files (raise ulimit -n)",
    errno.EADDRNOTAVAIL: "this machine has no free port for it (too many connections were closed a moment ago)",
}


def _words(error: Exception) -> str:
    """What the system says, for people."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).lower().replace("_", " ")
    if isinstance(error, TimeoutError):
        return "it does not react"
    return _WORDS.get(number or 0) or getattr(error, "strerror", None) or str(error)
