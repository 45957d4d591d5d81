"""One answer of one place to the question what it runs."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from techrun import __version__
from techrun.exchange import Failure, Headers, Request, Response
from techrun.fetch import Fetcher, Session
from techrun.journey.addresses import BadAddressError, joined, resolve
from techrun.journey.blocked import refused
from techrun.language.page import Page
from techrun.model import Reason
from techrun.releases.identity.edges import answered_by, cached_for, edge_of
from techrun.releases.identity.nodes import has_route
from techrun.releases.identity.reading import Reader, UnreadableError
from techrun.releases.records import FRONT, Sighting

PATIENCE = 10.0
"""Seconds for one answer, redirects included."""
MOST_REDIRECTS = 5
OFF_LOOP = 100 * 1024
"""Bytes of a body from which on it is read in a thread: parsing it would hold the loop."""
PAST_CACHES: Headers = (("Cache-Control", "no-cache"), ("Pragma", "no-cache"))
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks the places of one shop, each time on a connection of its own and without cookies."""

    fetcher: Fetcher
    base_url: str
    readers: tuple[Reader, ...]
    """Tried in turn until one finds a version."""
    now: Callable[[], float] = time.time
    user_agent: str = f"techrun/{__version__}"
    redact: Callable[[str], str] = str

    @property
    def url(self) -> str:
        """The address that is asked first."""
        return resolve(self.base_url, self.readers[0].url)

    async def ask(self, via: str, *, through_cache: bool) -> Sighting:
        """What a place says: past every cache, or as a customer is answered; it never raises."""
        node = None if via == FRONT else via
        blank = Sighting(self.now(), via, through_cache)
        if node is not None and node.count(":") > 1 and not has_route(node.strip("[]").partition("]")[0]):
            why = "this machine has no way to IPv6 addresses"
            return replace(blank, failure=why, reason=Reason.UPLINK)
        seen = blank
        for reader in self.readers:
            async with self.fetcher.session(connect_to=node) as session:
                seen = await self._read(session, reader, blank)
            if not seen.failure or seen.reason not in {Reason.STATUS, Reason.EXTRACTION}:
                break
        failure, by = self.redact(seen.failure), self.redact(seen.answered_by)
        return replace(seen, at=self.now(), failure=failure, answered_by=by)

    async def _read(self, session: Session, reader: Reader, blank: Sighting) -> Sighting:
        url = resolve(self.base_url, reader.url)
        answer = await self._answer(session, url, through_cache=blank.through_cache)
        if isinstance(answer, Failure):
            return replace(blank, failure=answer.message, reason=answer.reason)
        url, response = answer
        headers = response.headers
        seen = replace(
            blank, edge=edge_of(headers), age=cached_for(headers), answered_by=answered_by(headers)
        )
        firewall = refused(response)
        if firewall:
            return replace(seen, failure=f"{firewall} stopped techrun", reason=Reason.BLOCKED)
        page = Page(response.status, headers, response.body, url)
        try:
            if len(response.body) > OFF_LOOP:
                version, commit = await asyncio.to_thread(reader.read, page)
            else:
                version, commit = reader.read(page)
        except UnreadableError as error:
            good = 200 <= response.status < 300
            return replace(seen, failure=str(error), reason=Reason.EXTRACTION if good else Reason.STATUS)
        return replace(seen, version=version, commit=commit)

    async def _answer(
        self, session: Session, url: str, *, through_cache: bool
    ) -> tuple[str, Response] | Failure:
        """The answer of a URL at last, and where it stood; redirects are followed within the host."""
        end, host = time.monotonic() + PATIENCE, _host(url)
        extra: Headers = () if through_cache else PAST_CACHES
        headers: Headers = (("User-Agent", self.user_agent), ("Accept", "*/*"), *extra)
        # A redirect is followed as it stands: it may be there to take unknown queries away.
        url = url if through_cache else _unlike_any(url)
        for _ in range(MOST_REDIRECTS + 1):
            answer = await session.exchange(Request("GET", url, headers), end - time.monotonic())
            if isinstance(answer, Failure) or answer.status not in _REDIRECTS:
                return answer if isinstance(answer, Failure) else (url, answer)
            try:
                url = joined(url, answer.header("location") or "")
            except BadAddressError as error:
                return Failure(Reason.REDIRECT, str(error))
            if _host(url) != host:
                return Failure(Reason.REDIRECT, f"it leads to another host, {_host(url)}")
        return Failure(Reason.REDIRECT, f"more than {MOST_REDIRECTS} redirects")


def _host(url: str) -> str:
    """`www.shop.example` and `shop.example` are one shop."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _unlike_any(url: str) -> str:
    """The URL with a query that no cache has seen."""
    return f"{url}{'&' if urlsplit(url).query else '?'}techrun={secrets.token_hex(6)}"
