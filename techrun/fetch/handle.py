"""One transfer of libcurl: its options, what comes in, and what it measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pycurl

from techrun.exchange import Headers, HttpVersion, Request
from techrun.fetch.target import Target
from techrun.model import Phases

ACCEPT_ENCODING = "gzip, br"
"""What this libcurl can decompress on every system; its wheel has no zstd."""

HAS_HTTP3 = bool(pycurl.version_info()[4] & pycurl.VERSION_HTTP3)

_VERSIONS: dict[HttpVersion, int] = {
    "auto": pycurl.CURL_HTTP_VERSION_2TLS,
    "1.1": pycurl.CURL_HTTP_VERSION_1_1,
    "2": pycurl.CURL_HTTP_VERSION_2TLS,
    "3": pycurl.CURL_HTTP_VERSION_3ONLY,
}
_VERSION_NAMES = {
    pycurl.CURL_HTTP_VERSION_1_0: "1.0",
    pycurl.CURL_HTTP_VERSION_1_1: "1.1",
    pycurl.CURL_HTTP_VERSION_2_0: "2",
    pycurl.CURL_HTTP_VERSION_3: "3",
}
_PROTOCOLS = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LINE_BREAK = re.compile(r"[\r\n\0]")
_HANDSHAKE = re.compile(rb"SSL connection using (\S+) / (\S+)")
_CURVES = "X25519:P-256:P-384:P-521"
"""Without OpenSSL's post-quantum key, whose making alone is 15 % of the CPU of an https request."""

_OURS = frozenset({"content-length", "transfer-encoding", "expect"})
"""Headers that follow from the body; libcurl writes them."""


class BadRequestError(Exception):
    """A request that cannot be written as HTTP."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way to one origin for one run: a name that only this run knows, and its addresses.

    libcurl keeps connections by the name connected to. With a name of its own a run can neither be
    given another run's connection nor leave it one, although all share one multi handle.
    """

    alias: str
    port: int
    addresses: tuple[str, ...]
    proxy: str = ""

    @property
    def entry(self) -> str:
        """How libcurl names it in its list of known addresses."""
        return f"{self.alias}:{self.port}"

    def resolve(self) -> str:
        """The line that makes its addresses known to libcurl."""
        shown = ",".join(f"[{address}]" if ":" in address else address for address in self.addresses)
        return f"{self.entry}:{shown}"


class Incoming:
    """Takes what a transfer brings in; the body up to a limit."""

    __slots__ = ("body", "handshake", "limit", "lines", "overflow", "size")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.lines: list[bytes] = []
        self.body: list[bytes] = []
        self.size = 0
        self.handshake = ("", "")
        """Version and cipher of TLS."""
        self.overflow = False

    def write(self, chunk: bytes) -> int:
        """Take a piece of the body; any other number than its length ends the transfer."""
        self.size += len(chunk)
        if self.size > self.limit:
            self.overflow = True
            return 0
        self.body.append(chunk)
        return len(chunk)

    def tell(self, kind: int, text: bytes) -> None:
        """Take what libcurl tells of its work; pycurl has no other way to learn version and cipher."""
        if kind == pycurl.INFOTYPE_TEXT and text.startswith(b"SSL"):  # one of some sixty lines a request
            found = _HANDSHAKE.match(text)
            if found:
                self.handshake = (found[1].decode(), found[2].decode())

    def headers(self) -> Headers | None:
        """The final answer's headers: neither those of a 1xx answer before it nor trailers after it.

        None if they broke off, which libcurl takes for an empty answer.
        """
        found: list[tuple[str, str]] = []
        ended = False
        for line in self.lines:
            if line.startswith(b"HTTP/"):
                found, ended = [], False
            elif line in (b"\r\n", b"\n"):
                ended = True
            elif not ended:
                _add_header(found, line)
        return tuple(found) if ended else None


def _add_header(found: list[tuple[str, str]], line: bytes) -> None:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    if text[0] in " \t" and found:
        name, value = found[-1]
        found[-1] = (name, f"{value} {text.strip()}")
        return
    name, _, value = text.partition(":")
    found.append((name.strip().lower(), value.strip()))


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one transfer needs to know."""

    request: Request
    target: Target
    route: Route
    timeout: float
    """Seconds that the exchange was given."""
    left: float
    """Seconds of them that are left for libcurl."""
    ca_file: str
    fresh: bool
    forget: tuple[str, ...] = ()
    """Entries of ended runs, to be taken off libcurl's list of addresses."""


def build(plan: Plan, incoming: Incoming) -> Any:
    """A handle ready to run; raises BadRequestError."""
    request, route = plan.request, plan.route
    handle = pycurl.Curl()
    set_option = handle.setopt
    set_option(pycurl.URL, plan.target.url)
    set_option(pycurl.PROTOCOLS, _PROTOCOLS)
    set_option(pycurl.PATH_AS_IS, 1)
    set_option(pycurl.NOSIGNAL, 1)
    set_option(pycurl.PROXY, route.proxy)
    set_option(pycurl.NOPROXY, "")
    if not route.proxy:
        set_option(pycurl.CONNECT_TO, [f"::{route.entry}"])
    set_option(pycurl.RESOLVE, [*plan.forget, route.resolve()])
    set_option(pycurl.TIMEOUT_MS, max(1, int(plan.left * 1000)))
    set_option(pycurl.ACCEPT_ENCODING, ACCEPT_ENCODING)
    set_option(pycurl.HTTPHEADER, header_lines(request, plan.target.authorization))
    set_option(pycurl.HTTP_VERSION, _version(request.http, plan.target.scheme))
    set_option(pycurl.HEADERFUNCTION, incoming.lines.append)
    set_option(pycurl.WRITEFUNCTION, incoming.write)
    _set_method(handle, request)
    if plan.target.scheme == "https":
        _set_tls(handle, plan, incoming)
    if plan.fresh:
        set_option(pycurl.FRESH_CONNECT, 1)
        set_option(pycurl.FORBID_REUSE, 1)
    return handle


def _version(wanted: HttpVersion, scheme: str) -> int:
    if wanted == "2" and scheme == "http":
        return int(pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
    return _VERSIONS[wanted]


def _set_tls(handle: Any, plan: Plan, incoming: Incoming) -> None:
    handle.setopt(pycurl.CAINFO, plan.ca_file)
    handle.setopt(pycurl.OPT_CERTINFO, 1)
    handle.setopt(pycurl.SSL_SESSIONID_CACHE, 0)
    handle.setopt(pycurl.SSL_EC_CURVES, _CURVES)
    handle.setopt(pycurl.VERBOSE, 1)
    handle.setopt(pycurl.DEBUGFUNCTION, incoming.tell)
    if not plan.request.verify_tls:
        handle.setopt(pycurl.SSL_VERIFYPEER, 0)
        handle.setopt(pycurl.SSL_VERIFYHOST, 0)


def _set_method(handle: Any, request: Request) -> None:
    method = request.method
    if not _TOKEN.fullmatch(method):
        raise BadRequestError(f"{method!r} is no HTTP method")
    if method == "HEAD":
        handle.setopt(pycurl.NOBODY, 1)
    elif request.body or method in ("POST", "PUT", "PATCH"):
        handle.setopt(pycurl.POSTFIELDS, request.body)
        if method != "POST":
            handle.setopt(pycurl.CUSTOMREQUEST, method)
    elif method != "GET":
        handle.setopt(pycurl.CUSTOMREQUEST, method)


def header_lines(request: Request, authorization: str) -> list[bytes]:
    """The headers exactly as asked for; what libcurl would add on its own is switched off.

    `accept-encoding` alone is added where the request has none, since it follows from what can be
    decompressed. Raises BadRequestError.
    """
    lines = []
    given = set()
    for name, value in request.headers:
        if not _TOKEN.fullmatch(name):
            raise BadRequestError(f"the request's header name {name!r} is not valid")
        if _LINE_BREAK.search(value):
            raise BadRequestError(f"the value of the request's header {name} holds a line break")
        key = name.lower()
        if key not in _OURS:
            given.add(key)
            lines.append((f"{name}: {value}" if value.strip() else f"{name};").encode())
    if authorization and "authorization" not in given:
        lines.append(f"Authorization: {authorization}".encode())
    lines.extend(line for key, line in _SILENCED if key not in given)
    return lines


_SILENCED = (
    ("accept", b"Accept:"),
    ("user-agent", b"User-Agent:"),
    ("content-type", b"Content-Type:"),
    ("expect", b"Expect:"),
)


def http_version(handle: Any) -> str:
    """The version that was spoken."""
    return _VERSION_NAMES.get(handle.getinfo(pycurl.INFO_HTTP_VERSION), "")


def phases(handle: Any, resolve: float | None, *, tls: bool, answered: bool) -> tuple[Phases, str]:
    """Seconds of each phase by libcurl's clocks, and the name of the last one reached.

    The clocks run from the start of the transfer. The phase that a failure ended has the seconds until
    the failure. After a failure libcurl sets the later clocks to the end as well, so whether a phase was
    reached is told by what comes before it: the lookup's clock stays 0 on a connection that is used
    again, those of connect and tls until they succeed.
    """
    info = handle.getinfo
    total, start = info(pycurl.TOTAL_TIME), info(pycurl.NAMELOOKUP_TIME)
    connect = handshake = None
    mark = info(pycurl.PRETRANSFER_TIME)
    if start:
        connected, secured = info(pycurl.CONNECT_TIME), info(pycurl.APPCONNECT_TIME)
        connect = (connected or total) - start
        if not connected:
            return Phases(resolve, connect), "connect"
        handshake = (secured or total) - connected if tls else None
        if tls and not secured:
            return Phases(resolve, connect, handshake), "tls"
        mark = secured or connected
    if not answered:
        return Phases(resolve, connect, handshake, total - mark), "processing"
    first_byte = info(pycurl.STARTTRANSFER_TIME)
    return Phases(resolve, connect, handshake, first_byte - mark, total - first_byte), "transfer"
