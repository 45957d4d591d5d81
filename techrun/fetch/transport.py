"""The same exchanges below any `httpx.AsyncClient`.

Probes call `Session.exchange` itself: through an httpx client a fresh request costs 1.8 times the CPU
over http and 1.3 over https (`benchmarks/fetch_cpu.py`), and the journey engine owns all that the client
would add.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from techrun.exchange import Failure, Request, Response
from techrun.fetch.client import Fetcher, Session
from techrun.model import Reason

DEFAULT_TIMEOUT = 30.0
"""Seconds for an exchange of a client that has no time-out."""

_ERRORS: Mapping[Reason, type[httpx.RequestError]] = {
    Reason.DNS: httpx.ConnectError,
    Reason.CONNECT: httpx.ConnectError,
    Reason.TLS: httpx.ConnectError,
    Reason.FORBIDDEN: httpx.ConnectError,
    Reason.TIMEOUT: httpx.TimeoutException,
    Reason.DECODE: httpx.DecodingError,
    Reason.SIZE: httpx.ReadError,
    Reason.PROTOCOL: httpx.RemoteProtocolError,
}


class CurlTransport(httpx.AsyncBaseTransport):
    """An httpx transport with connections of its own; the fetcher stays its owner's.

    Extensions of a request: `timeout` (httpx's; the longest of its parts bounds the whole exchange),
    `http` (`auto`, `1.1`, `2`, `3`) and `fresh` (a connection that is used once). Extensions of a
    response: `http_version`, `phases`, `address`, `certificate`, `elapsed`. An error's request carries
    the `Failure` as extension `failure`. Bodies arrive decompressed, headers as they were sent.
    """

    def __init__(self, fetcher: Fetcher, connect_to: str | None = None, *, verify_tls: bool = True) -> None:
        self._session: Session = fetcher.session(connect_to)
        self._verify_tls = verify_tls

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make one exchange; raises the httpx error that fits a failure."""
        wanted = Request(
            method=request.method,
            url=str(request.url),
            headers=tuple(
                (name.decode(), value.decode("utf-8", "replace")) for name, value in request.headers.raw
            ),
            body=await request.aread(),
            places_order=bool(request.extensions.get("fresh")),
            http=request.extensions.get("http", "auto"),
            verify_tls=self._verify_tls,
        )
        result = await self._session.exchange(wanted, _timeout(request))
        if isinstance(result, Failure):
            request.extensions["failure"] = result
            raise _ERRORS.get(result.reason, httpx.TransportError)(result.message, request=request)
        return _response(result)

    async def aclose(self) -> None:
        """Close this transport's connections."""
        await self._session.close()


def _timeout(request: httpx.Request) -> float:
    parts = request.extensions.get("timeout", {}).values()
    return max((part for part in parts if part is not None), default=DEFAULT_TIMEOUT)


def _response(result: Response) -> httpx.Response:
    response = httpx.Response(
        result.status,
        content=result.body,
        extensions={
            "http_version": f"HTTP/{result.http_version}".encode(),
            "phases": result.phases,
            "address": result.address,
            "certificate": result.certificate,
            "elapsed": result.elapsed,
        },
    )
    # Only now that the content is taken: httpx would decompress again what libcurl has decompressed.
    response.headers = httpx.Headers(list(result.headers))
    return response
