"""Operations on another machine: a client of `/api/v1`. It needs neither configuration nor secrets.

The standard library does it: a command starts faster without an HTTP client, and one exchange is all.
"""

from __future__ import annotations

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
from techrun.handling import Annotation, Fault, Release, Window
from techrun.model import Severity
from techrun.oncall import Asked, Chosen, ReleaseWish, UnknownError, WindowWish
from techrun.views import IncidentStanding, ShadowMessage, Standing, Story
from techrun.wire import from_json

log = logging.getLogger(__name__)

Record = TypeVar("Record")
Parameters = Sequence[tuple[str, str]]

TIMEOUT = 15.0
"""Seconds for one exchange: longer than the server waits for its own daemon's answer."""
LARGEST = 50_000_000
"""Bytes of an answer that are read."""
LOCAL = {"127.0.0.1", "::1", "localhost"}


class ServerError(TechrunError):
    """The server failed, or what answers there is not techrun."""


class RemoteOperations:
    """Operations over HTTP; `server` is the address of its web server, `https://techrun.example`."""

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

    def status(self, chosen: Chosen) -> Standing:
        """How these checks stand, and what is wrong."""
        return self._get(Standing, "status", _choice(chosen))

    def incidents(self, *, since: float | None = None, shop: str = "") -> tuple[IncidentStanding, ...]:
        """What was opened since then, oldest first; without a moment what is open."""
        return self._get(tuple[IncidentStanding, ...], "incidents", _given(since=since, shop=shop))

    def story(self, incident: int) -> Story:
        """Everything about one incident."""
        return self._get(Story, f"incidents/{incident}")

    def open_incident(self, shop: str, text: str, severity: Severity, by: str) -> Asked:
        """A person reports what techrun has missed."""
        body = {"shop": shop, "text": text, "severity": severity, "author": by}
        return self._post(Asked, "incidents", body)

    def close_incident(self, incident: int, by: str) -> Asked:
        """A person ends an incident that a person reported."""
        return self._post(Asked, f"incidents/{incident}/close", {"author": by})

    def acknowledge(self, incident: int, note: str, by: str) -> IncidentStanding:
        """A person takes an incident on."""
        return self._post(IncidentStanding, f"incidents/{incident}/ack", {"note": note, "author": by})

    def annotate(self, incident: int, text: str, fault: Fault | None, by: str) -> Annotation:
        """A person adds something to an incident."""
        body = {"text": text, "cause": fault, "author": by}
        return self._post(Annotation, f"incidents/{incident}/annotate", body)

    def windows(self, since: float | None = None) -> tuple[Window, ...]:
        """What was in force since then or is to come; without a moment what is not over."""
        return self._get(tuple[Window, ...], "windows", _given(since=since))

    def add_window(self, wish: WindowWish, by: str) -> Window:
        """Hold alerts of some checks for a time."""
        body = {
            "selectors": wish.chosen.selectors,
            "client": wish.chosen.client,
            "tags": wish.chosen.tags,
            "for": f"{wish.seconds:.3f}s",
            "from": None if wish.starts is None else str(wish.starts),
            "reason": wish.reason,
            "author": by,
        }
        return self._post(Window, "silences" if wish.kind == "silence" else "maintenance", body)

    def end_window(self, window: int, by: str) -> Window:
        """End such a time early."""
        return self._exchange(Window, "DELETE", f"windows/{window}?{urlencode({'author': by})}")

    def releases(self, *, since: float, shop: str = "") -> tuple[Release, ...]:
        """What began since then, newest first."""
        return self._get(tuple[Release, ...], "releases", _given(since=since, shop=shop))

    def begin_release(self, wish: ReleaseWish, by: str) -> Release:
        """A release of a shop begins."""
        body = {"shop": wish.shop, "version": wish.version, "commit": wish.commit, "link": wish.link}
        return self._post(Release, "releases", {**body, "author": by})

    def end_release(self, shop: str, version: str, by: str) -> Release:
        """A release of a shop has ended."""
        return self._post(Release, "releases/end", {"shop": shop, "version": version, "author": by})

    def shadow(self, since: float) -> tuple[ShadowMessage, ...]:
        """What would have been sent since then, oldest first."""
        return self._get(tuple[ShadowMessage, ...], "shadow", _given(since=since))

    def orders_cancelled(self, shop: str, by: str) -> int:
        """A person has cancelled the shop's leaked test orders; how many they were."""
        return self._post(int, "orders-cancelled", {"shop": shop, "author": by})

    def _get(self, type_: type[Record], path: str, query: Parameters = ()) -> Record:
        return self._exchange(type_, "GET", f"{path}?{urlencode(query)}" if query else path)

    def _post(self, type_: type[Record], path: str, body: dict[str, Any]) -> Record:
        return self._exchange(type_, "POST", path, json.dumps(body).encode())

    def _exchange(self, type_: type[Record], method: str, path: str, body: bytes | None = None) -> Record:
        """One exchange, and the record in its answer."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = f"{self._url}/api/v1/{path}"
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310  http and https only, see _base
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
        if error.code == 404:
            return UnknownError(text)
        if error.code == 401:
            return UsageError(f"{self._url} does not know this token; set TECHRUN_TOKEN to another one")
        if error.code == 403:
            return UsageError(f"{self._url}: {text}")
        if error.code == 503:
            return CannotTellError(text)
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


def _given(**values: Any) -> Parameters:
    return [(name, str(value)) for name, value in values.items() if value not in {None, ""}]


def _choice(chosen: Chosen) -> Parameters:
    selectors = [("selector", selector) for selector in chosen.selectors]
    return [*selectors, *_given(client=chosen.client), *(("tag", tag) for tag in chosen.tags)]


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
