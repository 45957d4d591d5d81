"""Makes exactly one exchange on geventhttpclient's parser and gevent's sockets: no redirects, no cookies, no retries.

FastHttpUser's own client follows redirects, keeps a jar and sends some requests again; the journey engine owns
the first two, and an order must not be sent twice. So the exchange is made here, on the same parser, and costs
less than half of `FastHttpSession.request`.

A host that is not part of the load test gives `forbidden`, whatever asks for it. The engine then fails a page or
a redirect for this reason, and leaves an asset out (`Options.own_hosts_only`): somebody else's machine is not
loaded, and the shop's page is not failed for what it embeds.
"""

from __future__ import annotations

import select
from contextlib import suppress
from time import perf_counter

from gevent import Timeout, monkey, socket
from gevent.ssl import SSLError
from geventhttpclient.response import HTTPParseError, HTTPResponse

from techrun.exchange import Failure, Request, Response
from techrun.fetch.settings import FetchSettings
from techrun.load.visitor.connect import Aim, Network, TroubleError, aim
from techrun.load.visitor.decoding import decoded, too_large
from techrun.model import Phases, Reason

_LIMITS = FetchSettings()
"""Those of the probes."""
_ACCEPT_ENCODING = "Accept-Encoding: gzip, br"
_OURS = frozenset({"content-length", "transfer-encoding", "expect"})
"""Headers that follow from the body."""
_REPEATABLE = frozenset({"GET", "HEAD"})
_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})
_PIECE = 65536
_NOT_MEASURED = Phases()
"""A load test counts whole exchanges: the probes tell their phases."""
_FINAL = 200
"""The lowest status of an answer that no other follows."""

_poll = monkey.get_original("select", "poll")
"""The system's own: it is asked without waiting."""


class Incoming(HTTPResponse):
    """An answer while it comes in: headers in wire order, without those of 1xx answers and trailers."""

    def __init__(self, method: str) -> None:
        super().__init__(method)
        self.pairs: list[tuple[str, str]] = []
        self._name = ""
        self._value: str | None = ""
        self.ended = False
        """The final answer is there as a whole."""

    def _on_message_begin(self) -> None:
        if self.ended:
            raise HTTPParseError("there are bytes behind the answer")
        if self.message_complete:
            self.pairs, self._name, self._value = [], "", ""
        super()._on_message_begin()

    def _on_header_field(self, string: str) -> None:
        if self._value is None:
            self._name += string
            return
        self._keep()
        self._name, self._value = string, None

    def _on_header_value(self, string: str) -> None:
        self._value = string if self._value is None else self._value + string

    def _on_headers_complete(self) -> bool:
        self._keep()
        self._name, self._value = "", ""
        return bool(super()._on_headers_complete())

    def _keep(self) -> None:
        if self._name and not self.headers_complete:
            value = self._value or ""
            if not value.isascii():
                with suppress(UnicodeError):
                    value = value.encode("latin-1").decode()
            self.pairs.append((self._name.lower(), value))

    def _on_message_complete(self) -> None:
        super()._on_message_complete()
        self.ended = self.get_code() >= _FINAL

    def take(self, piece: bytes) -> None:
        """Parse what came, nothing at the connection's end; raises HTTPParseError.

        What a sloppy server sends behind its answer is left, and its connection with it, as browsers do.
        """
        try:
            self.feed(piece)
        except HTTPParseError:
            if not self.ended:
                raise
            self._trailing_data_dropped = True
        if not piece and not self.ended:
            raise HTTPParseError("the connection ended before the answer")

    @property
    def body(self) -> bytearray:
        """What came of the body so far, as it was sent."""
        return self._body_buffer


class Connections:
    """The connections of one visit: opened for it as for any new customer, kept alive while it lasts."""

    __slots__ = ("_idle", "_network", "_sock")

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: dict[tuple[str, int, bool], socket.socket] = {}
        self._sock: socket.socket | None = None
        """The one in use."""

    def exchange(self, request: Request, seconds: float) -> Response | Failure:
        """Make this exchange within so many seconds; whatever goes wrong is a `Failure`."""
        began = perf_counter()
        alarm = Timeout.start_new(max(seconds, 0.001))
        try:
            return self._exchange(request, began)
        except Timeout as spent:
            if spent is not alarm:
                raise
            return _failure(Reason.TIMEOUT, f"{_peer(request)} did not answer within {seconds:.3g} s", began)
        except TroubleError as trouble:
            return _failure(trouble.reason, trouble.message, began)
        except Exception as error:  # noqa: BLE001  our own fault is a value too: a journey always has an outcome
            return _failure(Reason.INTERNAL, f"{_peer(request)} could not be asked: {error!r}", began)
        finally:
            alarm.close()
            if self._sock is not None:
                self._sock.close()
                self._sock = None

    def close(self) -> None:
        """The customer leaves."""
        for sock in self._idle.values():
            sock.close()
        self._idle.clear()

    def _exchange(self, request: Request, began: float) -> Response:
        to = aim(request.url)
        self._network.refuse(to)
        head = _head(request, to)
        key = (to.host, to.port, request.verify_tls)
        sock = None if request.places_order else self._kept(key)
        incoming = None
        if sock is not None:
            incoming = self._ask(sock, head + request.body, request, to, reused=True)
        if sock is None or incoming is None:
            sock = self._sock = self._network.connect(to, verify=request.verify_tls)
            incoming = self._ask(sock, head + request.body, request, to, reused=False)
        if incoming is None:
            raise AssertionError("a new connection gives an answer or raises")
        if not incoming.should_close() and not request.places_order:
            self._idle[key] = sock
            self._sock = None
        return Response(
            incoming.get_code(),
            tuple(incoming.pairs),
            decoded(incoming.body, incoming.pairs, to.peer, self._network.largest_body),
            _NOT_MEASURED,
            perf_counter() - began,
        )

    def _kept(self, key: tuple[str, int, bool]) -> socket.socket | None:
        """The connection of an earlier exchange, if the server has not closed it since."""
        sock = self._idle.pop(key, None)
        if sock is None:
            return None
        poll = _poll()
        poll.register(sock.fileno(), select.POLLIN)
        if poll.poll(0):
            sock.close()
            return None
        self._sock = sock
        return sock

    def _ask(
        self, sock: socket.socket, message: bytes, request: Request, to: Aim, *, reused: bool
    ) -> Incoming | None:
        """Send and receive. None: a kept connection was gone before a byte of a GET's answer came."""
        incoming = Incoming(request.method)
        received = 0
        try:
            sock.sendall(message)
            while not incoming.ended:
                piece = sock.recv(_PIECE)
                if not piece and not received:
                    raise ConnectionResetError
                received += len(piece)
                incoming.take(piece)
                _check(incoming, received, to, self._network.largest_body)
        except OSError as error:
            if reused and not received and request.method in _REPEATABLE:
                sock.close()
                return None
            raise TroubleError(Reason.PROTOCOL, _broke(to, received, error)) from None
        except HTTPParseError as error:
            what = (
                f"{to.peer} broke off its answer" if not piece else f"{to.peer} answered with no valid HTTP"
            )
            raise TroubleError(Reason.PROTOCOL, f"{what}: {error}") from None
        return incoming


def _head(request: Request, to: Aim) -> bytes:
    """Request line and headers, exactly those asked for; only what follows from the body is ours."""
    lines = [f"{request.method} {to.target} HTTP/1.1", f"Host: {to.host_line}"]
    encodings, authorization = _ACCEPT_ENCODING, to.authorization
    for name, value in request.headers:
        key = name.lower()
        if key in _OURS:
            continue
        if key == "accept-encoding":
            encodings = ""
        elif key == "authorization":
            authorization = ""
        lines.append(f"{name}: {value}")
    if encodings:
        lines.append(encodings)
    if authorization:
        lines.append(f"Authorization: {authorization}")
    if request.body or request.method in _WITH_LENGTH:
        lines.append(f"Content-Length: {len(request.body)}")
    head = "\r\n".join(lines)
    if not head.count("\r") == head.count("\n") == len(lines) - 1:
        raise TroubleError(Reason.PROTOCOL, "a header of the request holds a line break")
    return f"{head}\r\n\r\n".encode()


def _check(incoming: Incoming, received: int, to: Aim, largest_body: int) -> None:
    """The limits of the probes."""
    if len(incoming.body) > largest_body:
        raise too_large(to.peer, largest_body)
    if received - len(incoming.body) > _LIMITS.max_headers and not incoming.headers_complete:
        what = f"the headers that {to.peer} sends are larger than the limit of {_LIMITS.max_headers} bytes"
        raise TroubleError(Reason.SIZE, what)
    if len(incoming.pairs) > _LIMITS.max_header_count:
        raise TroubleError(Reason.SIZE, f"{to.peer} sends more than {_LIMITS.max_header_count} headers")


def _broke(to: Aim, received: int, error: OSError) -> str:
    if isinstance(error, SSLError) or received:
        return f"the connection to {to.peer} broke while its answer was awaited ({received} bytes came)"
    return f"{to.peer} closed the connection without answering"


def _peer(request: Request) -> str:
    with suppress(TroubleError):
        return aim(request.url).peer
    return request.url


def _failure(reason: Reason, message: str, began: float) -> Failure:
    return Failure(reason, message, _NOT_MEASURED, perf_counter() - began)
