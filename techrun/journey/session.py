"""One identity at the shop: its cookies, what it carries, who it is, the page it is on."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from techrun.exchange import Failure, Headers, HttpVersion, Request, Response
from techrun.journey.addresses import BadAddressError, joined
from techrun.journey.cookies import Jar
from techrun.journey.record import Log
from techrun.language.page import Page
from techrun.language.words import shorten
from techrun.model import Reason
from techrun.redact import Redactor

MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ANYWHERE = frozenset({"accept", "accept-language", "content-type", "user-agent"})
"""Headers of a step that may follow a redirect to another origin; tokens hide in any other."""

Origin = tuple[str, str, int]
Kind = Literal["page", "redirect", "asset"]


@dataclass(frozen=True, slots=True)
class Identity:
    """What is the same for every request of a run."""

    base: Headers
    """User agent and language."""
    home: Origin | None
    """The shop's own origin: only there goes the signature."""
    verify_tls: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """One step's request before redirects, cookies and marks."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    follows: bool = True
    places_order: bool = False
    timeout: float | None = None
    cleanup: bool = False
    step: str = ""
    http: HttpVersion = "auto"
    marks: Headers = ()
    signature: Headers = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a call ended: the final response and how it was reached."""

    response: Response
    url: str
    redirects: int = 0
    left_https: str = ""
    """The http address that an https one redirected to."""


@dataclass(slots=True)
class Carried:
    """A header that the session sends to one origin."""

    name: str
    value: str
    origin: Origin
    renewed_by: str = ""


@dataclass(slots=True)
class Session:
    """Cookies, carried headers and the last HTML page of one identity."""

    jar: Jar = field(default_factory=Jar)
    page: Page | None = None
    """The last HTML page: `submit` finds its form there, and it is the `Referer`."""
    carried: dict[str, Carried] = field(default_factory=dict)
    redactor: Redactor = field(default_factory=Redactor)
    """Learns what is carried: tokens open doors."""

    def carry(self, name: str, value: str, url: str, renewed_by: str = "") -> None:
        """Send this header with every later request to the origin of `url`."""
        if renewed_by:
            self.redactor.add(value)
        self.carried[name.lower()] = Carried(name, value, origin_of(urlsplit(url)), renewed_by)

    def take(self, response: Response, url: SplitResult, now: float) -> None:
        """Learn from an answer: its cookies, and new values of what is carried."""
        lines = [value for name, value in response.headers if name == "set-cookie"]
        if lines:
            self.jar.store(lines, url, now)
        for carried in self.carried.values():
            if carried.renewed_by and may_travel(carried.origin, origin_of(url)):
                value = response.header(carried.renewed_by)
                if value and value != carried.value:
                    self.redactor.add(value)
                    carried.value = value

    def cookies_at(self, url: str, now: float) -> dict[str, str]:
        """The cookies that go to this URL."""
        return self.jar.matching(_split(url), now)

    def headers(self, identity: Identity, call: Call, parts: SplitResult, now: float) -> Headers:
        """Every header of a request; those of the step win over all others."""
        origin = origin_of(parts)
        found = list(identity.base)
        if self.page is not None:
            found.extend(_referer(self.page.url, parts))
        cookies = self.jar.header(parts, now)
        if cookies:
            found.append(("Cookie", cookies))
        found.extend(
            (carried.name, carried.value)
            for carried in self.carried.values()
            if may_travel(carried.origin, origin)
        )
        found.extend(call.marks)
        if call.signature and identity.home is not None and may_travel(identity.home, origin):
            found.extend(call.signature)
        if not call.headers:
            return tuple(found)
        own = {name.lower() for name, _ in call.headers}
        return (*(pair for pair in found if pair[0].lower() not in own), *call.headers)


@dataclass(slots=True)
class Visit:
    """One call brought to its final response, redirects followed as browsers do."""

    session: Session
    identity: Identity
    log: Log

    def go(
        self, call: Call, now: float, *, asset: bool = False
    ) -> Generator[Request, Response | Failure | None, Arrival | Failure]:
        """Yield each exchange; a `Failure` of our own says why a redirect was not followed."""
        seen = set()
        left_https = ""
        for hop in range(MOST_REDIRECTS + 1):
            parts = _split(call.url)
            kind: Kind = "asset" if asset else "redirect" if hop else "page"
            request = self._request(call, parts, now, kind)
            answer = yield self.log.ask(request)
            self.log.add(request, answer)
            if not isinstance(answer, Response):
                return answer or Failure(Reason.INTERNAL, "the driver brought back nothing")
            self.session.take(answer, parts, now)
            target = answer.header("location") if call.follows and answer.status in _REDIRECTS else None
            if not target:
                return Arrival(answer, call.url, hop, left_https)
            seen.add((call.method, call.url, dict(request.headers).get("Cookie")))
            following = redirected(call, answer.status, target)
            if isinstance(following, Failure):
                return following
            call = following
            if parts.scheme == "https" and call.url.startswith("http:"):
                left_https = call.url
            if (call.method, call.url, self.session.jar.header(_split(call.url), now) or None) in seen:
                return Failure(Reason.REDIRECT, f"redirect loop: {call.url} comes round again")
        return Failure(Reason.REDIRECT, f"more than {MOST_REDIRECTS} redirects, the last to {call.url}")

    def _request(self, call: Call, parts: SplitResult, now: float, kind: Kind) -> Request:
        return Request(
            method=call.method,
            url=call.url,
            headers=self.session.headers(self.identity, call, parts, now),
            body=call.body,
            timeout=call.timeout,
            places_order=call.places_order and kind == "page",
            cleanup=call.cleanup,
            step=call.step,
            kind=kind,
            http=call.http,
            verify_tls=self.identity.verify_tls,
        )


def redirected(call: Call, status: int, target: str) -> Call | Failure:
    """The call that a redirect leads to; an order is never sent a second time."""
    try:
        url = joined(call.url, target)
    except BadAddressError:
        return Failure(
            Reason.REDIRECT, f"status {status} redirects to {shorten(target, 200)!r}, which is no web address"
        )
    changes = status == 303 or (status in (301, 302) and call.method == "POST")
    method = "GET" if changes else call.method
    if call.places_order and method != "GET":
        return Failure(
            Reason.REDIRECT, f"status {status} asks to send the order again to {url}; not followed"
        )
    headers = call.headers
    if changes:
        headers = tuple(pair for pair in headers if pair[0].lower() not in ("content-type", "origin"))
    if not may_travel(origin_of(_split(call.url)), origin_of(_split(url))):
        headers = tuple(pair for pair in headers if pair[0].lower() in _ANYWHERE)
    return Call(
        method,
        url,
        headers,
        b"" if changes else call.body,
        places_order=call.places_order,
        timeout=call.timeout,
        cleanup=call.cleanup,
        step=call.step,
        http=call.http,
        marks=call.marks,
        signature=call.signature,
    )


@lru_cache(maxsize=1024)
def origin_of(parts: SplitResult) -> Origin:
    """Scheme, host and port."""
    default = 443 if parts.scheme == "https" else 80
    return parts.scheme, parts.hostname or "", parts.port or default


def may_travel(origin: Origin, to: Origin) -> bool:
    """Whether what belongs to one origin may be sent to another: only to itself, or up to https."""
    return origin == to or (origin[0] == "http" and to == ("https", origin[1], 443) and origin[2] == 80)


@lru_cache(maxsize=1024)
def _split(url: str) -> SplitResult:
    return urlsplit(url)


def _referer(page_url: str, parts: SplitResult) -> Headers:
    """Where the customer comes from: the page at home, its origin abroad, nothing out of https."""
    source = _split(page_url)
    if source.scheme == "https" and parts.scheme != "https":
        return ()
    if origin_of(source) == origin_of(parts):
        return (("Referer", page_url.partition("#")[0]),)
    return (("Referer", f"{source.scheme}://{source.netloc}/"),)
