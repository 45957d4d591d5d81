"""One exchange with the `/api/v1` of another machine. It needs neither configuration nor secrets.

The standard library does it: a command starts faster without an HTTP client, and one exchange is all.
"""

from __future__ import annotations

import gzip
import http.client
import json
import logging
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import IO, Any, TypeVar
from urllib.parse import urlencode, urlsplit

import certifi

from techrun import __version__
from techrun.errors import CannotTellError, TechrunError, UsageError
from techrun.oncall import TakenError, UnknownError
from techrun.wire import from_json

log = logging.getLogger(__name__)

Record = TypeVar("Record")
Parameters = Sequence[tuple[str, str]]

TIMEOUT = 15.0
"""Seconds for one exchange: longer than the server waits for its own daemon's answer."""
LARGEST = 50_000_000
"""Bytes of an answer that are read."""
WORTH_PACKING = 16_384
"""Bytes of a body from which on it is sent as gzip."""
LOCAL = {"127.0.0.1", "::1", "localhost"}


_ERRORS: dict[int, type[TechrunError]] = {404: UnknownError, 409: TakenError, 503: CannotTellError}
"""What the server's own words are, by the status of its answer."""


class ServerError(TechrunError):
    """The server failed, or what answers there is not techrun."""


class Client:
    """Asks one server; `server` is the address of its web server, `https://techrun.example`."""

    def __init__(self, server: str, token: str, *, timeout: float = TIMEOUT) -> None:
        self._url = _base(server)
        self._token = token.strip()
        self._timeout = timeout
        if not self._token:
            raise UsageError(f"{self._url} wants a token: set TECHRUN_TOKEN")
        if not self._token.isascii() or not self._token.isprintable():
            raise UsageError("TECHRUN_TOKEN holds characters that no token has; set it again")
        handlers = [urllib.request.HTTPSHandler(context=_tls())] if self._url.startswith("https:") else []
        self._opener = urllib.request.build_opener(_NoRedirects, *handlers)

    def get(self, type_: type[Record], path: str, query: Parameters = ()) -> Record:
        """What is there."""
        return self._exchange(type_, "GET", path, query)

    def post(self, type_: type[Record], path: str, body: dict[str, Any] | bytes) -> Record:
        """Have something done; a body of bytes is JSON already."""
        return self._exchange(type_, "POST", path, body=body)

    def put(self, type_: type[Record], path: str, body: dict[str, Any]) -> Record:
        """Say how something is now; twice is as once."""
        return self._exchange(type_, "PUT", path, body=body)

    def delete(self, type_: type[Record], path: str, query: Parameters = ()) -> Record:
        """End something."""
        return self._exchange(type_, "DELETE", path, query)

    def _exchange(
        self,
        type_: type[Record],
        method: str,
        path: str,
        query: Parameters = (),
        body: dict[str, Any] | bytes | None = None,
    ) -> Record:
        """One exchange, and the record in its answer."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        sent = json.dumps(body).encode() if isinstance(body, dict) else body
        if sent is not None:
            headers["Content-Type"] = "application/json"
        if sent is not None and len(sent) >= WORTH_PACKING:
            sent, headers["Content-Encoding"] = gzip.compress(sent), "gzip"
        path += f"?{urlencode(query)}" if query else ""
        url = f"{self._url}/api/v1/{path}"
        request = urllib.request.Request(url, sent, headers, method=method)  # noqa: S310  http and https only, see _base
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return self._record(type_, answer)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error) from None
        except TimeoutError:
            what = f"{self._url} did not answer within {self._timeout:g} s; check --server, or try again"
            raise CannotTellError(what) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            why = getattr(reason, "strerror", "") or reason or type(error).__name__
            what = f"cannot reach {self._url}: {why}; check --server, and that techrun runs there"
            raise CannotTellError(what) from None

    def _record(self, type_: type[Record], answer: IO[bytes]) -> Record:
        try:
            return from_json(type_, json.loads(answer.read(LARGEST)))
        except ValueError as error:
            raise self._strange(answer, f"its answer is not understood ({error})") from None

    def _refusal(self, error: urllib.error.HTTPError) -> TechrunError:
        """What the server said instead of an answer."""
        try:
            said = json.loads(error.read(LARGEST))
            text = "; ".join(filter(None, (str(said["error"]), str(said.get("hint") or ""))))
        except (ValueError, KeyError, TypeError, AttributeError):
            return self._strange(error, f"it answered {error.code} {error.reason}")
        if error.code == 401:
            return UsageError(f"{self._url} does not know this token; set TECHRUN_TOKEN to another one")
        if error.code in _ERRORS:
            return _ERRORS[error.code](text)
        if error.code == 403:
            text = f"{self._url}: {text}"
        return UsageError(text) if error.code < 500 else ServerError(f"{self._url}: {text}")

    def _strange(self, answer: Any, what: str) -> TechrunError:
        version = answer.headers.get("Techrun-Version")
        if version is None:
            return ServerError(f"{self._url} does not answer as techrun does: {what}; check --server")
        if version != __version__:
            what += f"; it is techrun {version}, this is {__version__}: use the same version"
        return ServerError(f"{self._url}: {what}")


def _tls() -> ssl.SSLContext:
    """Trusts what the system trusts, and more: Python of python.org on macOS trusts nobody by itself."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A token is sent to the server that was named, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none: the answer is an error that names its status."""


def given(**values: Any) -> Parameters:
    """Those that say something, as query parameters."""
    return [(name, str(value)) for name, value in values.items() if value not in {None, ""}]


def _base(server: str) -> str:
    """The server's address without its last slash; `techrun.example:9789` alone is http on this machine only."""
    url = server if "://" in server else f"http://{server}"
    parts = urlsplit(url)
    try:
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable or parts.username or parts.query or parts.fragment:
        raise UsageError(f"--server {server} is no address; write it as https://techrun.example")
    if parts.scheme == "http" and parts.hostname not in LOCAL:
        log.warning("the token goes to %s in plain text; let the server be reached by https", parts.hostname)
    return url.rstrip("/")
