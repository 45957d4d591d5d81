"""Makes exchanges: one `Fetcher` for an event loop, one `Session` for each run."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

import certifi
import pycurl

from techrun.exchange import Certificate, Failure, Request, Response
from techrun.fetch.guard import Guard
from techrun.fetch.handle import HAS_HTTP3, BadRequestError, Incoming, Plan, Route, build
from techrun.fetch.multi import Multi
from techrun.fetch.names import literal_address, split_address
from techrun.fetch.proxy import Proxy
from techrun.fetch.resolver import ResolveError, Resolver
from techrun.fetch.result import Finished, early, timed
from techrun.fetch.settings import FetchSettings
from techrun.fetch.target import BadTargetError, Target, parse
from techrun.model import Phases, Reason


class Fetcher:
    """Shares one libcurl, one resolver and one guard among all runs of an event loop."""

    def __init__(self, settings: FetchSettings | None = None) -> None:
        self.settings = settings or FetchSettings()
        self.guard = Guard(self.settings.allow, self.settings.deny)
        self.resolver = Resolver(self.settings.nameservers, self.settings.resolve_timeout, self.settings.ip)
        self.ca_file = self.settings.ca_file or certifi.where()
        self.proxy = Proxy(self.settings.proxy) if self.settings.proxy else None
        self._multi: Multi | None = None
        self._closed = False
        self._numbers = itertools.count(1)
        self._forget: list[str] = []
        self._open: set[Session] = set()

    @property
    def multi(self) -> Multi:
        """The transfers of the running event loop."""
        if self._multi is None:
            self._multi = Multi(asyncio.get_running_loop())
        return self._multi

    def session(self, connect_to: str | None = None) -> Session:
        """The means of one run: connections of its own, kept until it is closed.

        `connect_to` (`address` or `address:port`) is where the host of the first exchange is sought
        in place of what its name resolves to; SNI and Host stay. Other hosts are not affected.
        """
        session = Session(self, next(self._numbers), connect_to)
        self._open.add(session)
        return session

    async def resolve_allowed(self, host: str, timeout: float) -> list[str] | Failure:  # noqa: ASYNC109  contract
        """The addresses of a host, all of them allowed, in `timeout` seconds; else why not."""
        found = await self.resolve(host, timeout)
        for address in () if isinstance(found, Failure) else found:
            refusal = self.guard.refusal(address)
            if refusal:
                return Failure(Reason.FORBIDDEN, f"{host} is not probed: {refusal}", address=address)
        return found

    async def resolve(self, host: str, timeout: float) -> list[str] | Failure:  # noqa: ASYNC109  contract
        """The addresses of a host, whether allowed or not, in `timeout` seconds; else why not."""
        started = asyncio.get_running_loop().time()
        try:
            return list(await self.resolver.resolve(host, timeout))
        except ResolveError as error:
            spent = asyncio.get_running_loop().time() - started
            reason = Reason.INTERRUPTED if self._closed else Reason.DNS
            return Failure(reason, f"{error} ({spent:.3g} s)", Phases(resolve=spent), spent)

    def forget(self, entries: list[str], session: Session) -> None:
        """A session is over: its names leave libcurl with the next transfer."""
        self._open.discard(session)
        self._forget.extend(f"-{entry}" for entry in entries)

    def forgotten(self) -> tuple[str, ...]:
        """The entries to take off libcurl's list of addresses, each told once."""
        entries, self._forget = self._forget, []
        return tuple(entries)

    async def close(self) -> None:
        """End all exchanges at once, as `interrupted`, and close all connections."""
        self._closed = True
        for session in list(self._open):
            await session.close()
        await self.resolver.close()
        if self._multi is not None:
            await self._multi.close()


class Session:
    """One run's own connections: reused within it, never shared with another run."""

    def __init__(self, fetcher: Fetcher, number: int, connect_to: str | None = None) -> None:
        self._fetcher = fetcher
        self._connect_to = connect_to or ""
        self._pinned: tuple[str, int] | None = None
        self._routes: dict[tuple[str, int], Route] = {}
        self._aliases = (f"r{number}-{count}.invalid" for count in itertools.count())
        self._entries: list[str] = []
        self._sockets: dict[int, int] = {}
        self._certificates: dict[str, Certificate] = {}

    async def exchange(self, request: Request, timeout: float) -> Response | Failure:  # noqa: ASYNC109  contract
        """Make exactly one exchange within `timeout` seconds; whatever goes wrong is a `Failure`."""
        started = asyncio.get_running_loop().time()
        try:
            result = await self._exchange(request, timeout, started)
        except (BadTargetError, BadRequestError) as error:
            result = early(getattr(error, "reason", Reason.PROTOCOL), str(error))
        except Exception as error:  # noqa: BLE001  our own fault must end neither the run nor the daemon
            result = early(Reason.INTERNAL, f"{request.url} could not be fetched: {error!r}")
        return result if result.elapsed else timed(result, asyncio.get_running_loop().time() - started)

    async def close(self) -> None:
        """Close this run's connections.

        They are shut down rather than closed: the descriptors are libcurl's, which frees a dead
        connection the next time it looks for a live one.
        """
        for descriptor, port in self._sockets.items():
            _shut_down(descriptor, port)
        self._sockets.clear()
        self._fetcher.forget(self._entries, self)
        self._entries = []
        self._routes.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _exchange(self, request: Request, timeout: float, started: float) -> Response | Failure:  # noqa: ASYNC109  contract
        target = parse(request.url)
        if request.http == "3" and not HAS_HTTP3:
            return early(Reason.INTERNAL, "HTTP/3 was asked for, but this libcurl is built without it")
        route, resolve = self._routes.get((target.host, target.port)), None
        if route is None:
            found = await self._route(target, timeout)
            if isinstance(found, Failure):
                return found
            route = found
            if not literal_address(target.host):
                resolve = asyncio.get_running_loop().time() - started
        left = timeout - (asyncio.get_running_loop().time() - started)
        if left <= 0:
            return early(Reason.TIMEOUT, f"no time was left to ask {target.peer}", resolve)
        plan = Plan(
            request=request,
            target=target,
            route=route,
            timeout=timeout,
            left=left,
            ca_file=self._fetcher.ca_file,
            fresh=request.places_order,
            forget=self._fetcher.forgotten(),
        )
        return await self._run(plan, resolve, started)

    async def _run(self, plan: Plan, resolve: float | None, started: float) -> Response | Failure:
        incoming = Incoming(self._fetcher.settings.max_body)
        handle = build(plan, incoming)
        try:
            code, detail, descriptor = await self._fetcher.multi.perform(handle)
            elapsed = asyncio.get_running_loop().time() - started
            finished = Finished(handle, plan, incoming, resolve, elapsed)
            if descriptor >= 0:
                self._sockets[descriptor] = handle.getinfo(pycurl.LOCAL_PORT)
            result = finished.judge(code, detail, self._fetcher.settings)
        finally:
            handle.close()
        return self._with_certificate(result, plan.target.peer)

    def _with_certificate(self, result: Response | Failure, peer: str) -> Response | Failure:
        """A connection that is used again shows no certificate: it has the one seen at first."""
        if result.certificate is not None:
            self._certificates[peer] = result.certificate
        elif peer in self._certificates:
            return replace(result, certificate=self._certificates[peer])
        return result

    async def _route(self, target: Target, timeout: float) -> Route | Failure:  # noqa: ASYNC109  contract
        """The way to a target's origin, found once for each run."""
        alias = next(self._aliases)
        proxy = self._fetcher.proxy
        host, port = (proxy.host, proxy.port) if proxy else self._destination(target)
        found: Sequence[str] | Failure
        if proxy:
            refusal = literal_address(target.host) and self._fetcher.guard.refusal(target.host)
            if refusal:
                return early(Reason.FORBIDDEN, f"{target.peer} is not probed: {refusal}")
            found = await self._fetcher.resolve(host, timeout)
        else:
            found = await self._fetcher.resolve_allowed(host, timeout)
        if isinstance(found, Failure):
            return found
        route = Route(alias, port, tuple(found), proxy.through(alias) if proxy else "")
        self._routes[target.host, target.port] = route
        self._entries.append(route.entry)
        return route

    def _destination(self, target: Target) -> tuple[str, int]:
        """Host and port to connect to: those of the URL, or the node that this run is tied to."""
        if not self._connect_to:
            return target.host, target.port
        if self._pinned is None:
            self._pinned = (_bare(target.host), target.port)
        host, port = self._pinned
        if _bare(target.host) != host:
            return target.host, target.port
        node, node_port = split_address(self._connect_to)
        return node, node_port if node_port and target.port == port else target.port


def _bare(host: str) -> str:
    """`www.shop.example` and `shop.example` are one shop."""
    return host.removeprefix("www.")


def _shut_down(descriptor: int, port: int) -> None:
    """End the connection on a descriptor of libcurl's if it still is the one from this local port."""
    # Borrowed, not duplicated, and its family not asked for (the one given only has to have room for
    # either): five calls of the system less, which are 3 % of a request.
    with suppress(OSError):
        borrowed = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 0, descriptor)
        try:
            if borrowed.getsockname()[1:2] == (port,):
                borrowed.shutdown(socket.SHUT_RDWR)
        finally:
            borrowed.detach()
