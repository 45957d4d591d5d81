"""All pages: metrics, health, reload, the landing page; with the API and the acknowledge link.

They call what `app` hands in, and know no more.
"""

from __future__ import annotations

import hmac
import logging
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.exposition import gzip_accepted
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from techrun.errors import TechrunError
from techrun.load.keeping import StoreLoads
from techrun.oncall import Operations
from techrun.releases.dora import AskDora
from techrun.releases.gate import Gate
from techrun.releases.keeping.store_book import StoreBook
from techrun.sinks.prometheus import CONTENT_TYPE
from techrun.views import IncidentStanding
from techrun.web.access import Tokens
from techrun.web.acknowledge import acknowledge_route
from techrun.web.api import api_routes
from techrun.web.landing import CONTENT_SECURITY_POLICY, Row, landing_page

log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Response]

_LEVEL = 1
"""Higher ones take more time for a few per cent."""
_GZIP = 16 + zlib.MAX_WBITS
_ENOUGH = 64 * 1024
"""Bytes worth a change of threads."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """What the pages ask for. Each is called in a worker thread of the web server, never on the probe loop."""

    metrics: Callable[[], Iterator[bytes]]
    """All metrics, piece by piece."""
    ready: Callable[[], bool]
    """Whether a first check has ended."""
    reload: Callable[[], str]
    """Load the configuration anew; the problems as text, or ``""`` when the new one runs."""
    status: Callable[[], Sequence[Row]]
    """Every check with its status."""
    alive: Callable[[], bool] = lambda: True
    """Whether the probes go on."""
    operations: Operations | None = None
    """What a person on call asks and does; without it there is no API."""
    tokens: Callable[[], Tokens] = Tokens
    """Who may use the API."""
    link_secret: str = ""
    """What acknowledge links are signed with."""
    loads: StoreLoads | None = None
    """Where load runs are kept; without it the API knows none."""
    gate: Gate | None = None
    """What is asked before a release."""
    book: StoreBook | None = None
    """Where releases and their verifications are kept."""
    dora: AskDora | None = None
    """How often, how fast and how badly shops are released."""


def application(handlers: Handlers, token: str = "") -> Starlette:
    """The web application; with a token all but the health pages ask for it as a bearer token."""
    pages = _Pages(handlers)
    guarded = _guard(token)
    operating = handlers.operations
    return Starlette(
        routes=[
            Route("/", guarded(pages.landing)),
            Route("/metrics", guarded(pages.metrics)),
            Route("/-/healthy", pages.healthy),
            Route("/-/ready", pages.ready),
            Route("/-/reload", guarded(pages.reload), methods=["POST"]),
            *(_api(operating, handlers) if operating else ()),
            *([acknowledge_route(operating, handlers.link_secret)] if operating else ()),
        ]
    )


def _api(operating: Operations, handlers: Handlers) -> list[Route]:
    return api_routes(
        operating, handlers.tokens, handlers.loads, handlers.gate, handlers.book, dora=handlers.dora
    )


class _Pages:
    """Plain functions, not coroutines: Starlette runs them in worker threads."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    def metrics(self, request: Request) -> Response:
        headers = {"Content-Type": CONTENT_TYPE, "Vary": "Accept-Encoding"}
        if request.method == "HEAD":
            return Response(headers=headers)
        pieces = self._handlers.metrics()
        if gzip_accepted(request.headers.get("accept-encoding", "")):
            headers["Content-Encoding"] = "gzip"
            pieces = _compressed(pieces)
        return StreamingResponse(pieces, headers=headers)

    def healthy(self, _: Request) -> Response:
        if self._handlers.alive():
            return PlainTextResponse("techrun is healthy.\n")
        return PlainTextResponse("techrun stands still: no check is started any more; restart it.\n", 503)

    def ready(self, _: Request) -> Response:
        if self._handlers.ready():
            return PlainTextResponse("techrun is ready.\n")
        return PlainTextResponse("techrun is not ready: no check has ended yet.\n", 503)

    def reload(self, _: Request) -> Response:
        problems = self._handlers.reload()
        if problems:
            return PlainTextResponse(f"The old configuration goes on.\n{problems.rstrip()}\n", 500)
        return PlainTextResponse("The new configuration runs.\n")

    def landing(self, _: Request) -> Response:
        page = landing_page(self._handlers.status(), incidents=self._incidents())
        return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    def _incidents(self) -> tuple[IncidentStanding, ...]:
        """What is wrong; the checks are shown also while the store cannot be read."""
        try:
            return self._handlers.operations.incidents() if self._handlers.operations else ()
        except TechrunError:
            log.exception("the landing page shows no incidents")
            return ()


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces as gzip, in the thread that renders them.

    Starlette's middleware changes threads twice for each piece; on a busy machine a scrape of 10,000
    checks took half as long again.
    """
    compressor = zlib.compressobj(_LEVEL, wbits=_GZIP)
    ready = bytearray()
    for piece in pieces:
        ready += compressor.compress(piece)
        if len(ready) >= _ENOUGH:
            yield bytes(ready)
            ready.clear()
    yield bytes(ready) + compressor.flush()


def _guard(token: str) -> Callable[[Endpoint], Endpoint]:
    """What turns an endpoint into one that wants the token; without a token it stays as it is."""
    expected = f"Bearer {token}".encode()

    def guarded(endpoint: Endpoint) -> Endpoint:
        def answer(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode()
            if hmac.compare_digest(given, expected):
                return endpoint(request)
            return PlainTextResponse(
                "The bearer token is missing or wrong.\n", 401, {"WWW-Authenticate": "Bearer"}
            )

        return answer

    return guarded if token else lambda endpoint: endpoint
