"""Finds the addresses of a name without ever holding the loop or another lookup.

The system's `getaddrinfo` needs a thread for as long as a name server is silent, and libcurl's own
threads block its `close`. So names are looked up here: /etc/hosts, then the name servers and search
list of /etc/resolv.conf, nothing kept between lookups. dnspython packs and unpacks the messages; its
asyncio resolver took 1.4 ms of CPU for A and AAAA, one socket for both takes a third of that.
Names known only to mDNS or to a VPN's scoped resolver on macOS are not found: use `nameservers`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence
from typing import Literal

import dns.exception
import dns.name
import dns.resolver

from techrun.fetch.inquiry import NoAnswerError, NoSuchNameError, Server, ask
from techrun.fetch.names import BadHostError, ascii_host, literal_address, split_address
from techrun.fetch.sysfiles import Watched, read_hosts

ATTEMPTS = 2
"""How often each name server is asked before a lookup fails."""


class ResolveError(Exception):
    """A name has no address; the text says why."""


class Resolver:
    """Looks names up; equal lookups at the same time share one inquiry."""

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        limit: float = 5.0,
        ip: Literal["auto", "4", "6"] = "auto",
    ) -> None:
        self._nameservers = tuple((host, port or 53) for host, port in map(split_address, nameservers))
        self._limit = limit
        self._ip = ip
        self._flights: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        self._hosts = Watched("/etc/hosts", read_hosts)
        self._resolv_conf = Watched("/etc/resolv.conf", _read_resolv_conf)

    async def resolve(self, host: str, timeout: float) -> tuple[str, ...]:  # noqa: ASYNC109  part of the contract
        """The addresses of a name, the best first; a literal address is its own.

        Raises ResolveError if there is none, or none within `timeout` seconds.
        """
        literal = literal_address(host)
        if literal:
            return (literal,)
        name = _ascii(host)
        known = self._hosts.value.get(name.rstrip("."), ()) or _localhost(name)
        if known:
            return self._fitting(host, known)
        flight = self._flights.get(host)
        if flight is None:
            flight = asyncio.create_task(self._lookup(host, name))
            self._flights[host] = flight
            flight.add_done_callback(lambda done: self._landed(host, done))
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(flight)
        except TimeoutError:
            raise ResolveError(f"no name server answered about {host} within {timeout:.3g} s") from None
        except asyncio.CancelledError:
            if flight.cancelled() and not _cancelled():
                raise ResolveError(f"techrun was stopped while {host} was looked up") from None
            raise

    async def close(self) -> None:
        """Give up all lookups."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _landed(self, host: str, flight: asyncio.Task[tuple[str, ...]]) -> None:
        del self._flights[host]
        if not flight.cancelled():
            flight.exception()  # seen, also where every task that waited is gone

    async def _lookup(self, host: str, name: str) -> tuple[str, ...]:
        return self._fitting(host, await self._inquire(name))

    def _fitting(self, host: str, known: Sequence[str]) -> tuple[str, ...]:
        """Those of its addresses that are wanted, the best first."""
        fitting = [address for address in known if self._ip in ("auto", "6" if ":" in address else "4")]
        if not fitting:
            raise ResolveError(f"{host} has no IPv{self._ip} address")
        return _best_first(fitting)

    async def _inquire(self, name: str) -> tuple[str, ...]:
        config = self._resolv_conf.value
        servers = self._nameservers or tuple((str(server), config.port) for server in config.nameservers)
        problem: Exception = NoAnswerError(f"no name server is configured to ask about {name}")
        deadline = asyncio.get_running_loop().time() + self._limit
        for candidate in _candidates(name, config):
            try:
                return await _ask_all(candidate, servers * ATTEMPTS, deadline)
            except NoSuchNameError as error:
                problem = error
            except NoAnswerError as error:
                raise ResolveError(str(error)) from None
        raise ResolveError(str(problem))


def _ascii(host: str) -> str:
    try:
        return ascii_host(host)
    except BadHostError as error:
        raise ResolveError(str(error)) from None


async def _ask_all(name: dns.name.Name, servers: Sequence[Server], deadline: float) -> tuple[str, ...]:
    """The first answer of these name servers, asked in turn; each gets its share of the time left."""
    problem = NoAnswerError(f"no name server is configured to ask about {name.to_text(omit_final_dot=True)}")
    for number, server in enumerate(servers):
        patience = (deadline - asyncio.get_running_loop().time()) / (len(servers) - number)
        try:
            return await ask(name, server, max(patience, 0))
        except NoAnswerError as error:
            problem = error
    raise problem


def _cancelled() -> bool:
    """Whether someone wants the running task to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _read_resolv_conf(path: str) -> dns.resolver.Resolver:
    try:
        return dns.resolver.Resolver(path)
    except (dns.resolver.NoResolverConfiguration, OSError):
        return dns.resolver.Resolver(configure=False)


def _localhost(name: str) -> tuple[str, ...]:
    """`localhost` and what is below it never leave this machine (RFC 6761)."""
    plain = name.rstrip(".")
    return ("127.0.0.1", "::1") if plain == "localhost" or plain.endswith(".localhost") else ()


def _candidates(name: str, config: dns.resolver.Resolver) -> Iterator[dns.name.Name]:
    """The full names to ask for, in order: the search list of /etc/resolv.conf applied."""
    try:
        written = dns.name.from_text(name, origin=None)
        absolute = written if written.is_absolute() else written.concatenate(dns.name.root)
    except dns.exception.DNSException as error:
        raise ResolveError(f"{name} is no valid host name: {error}") from None
    if written.is_absolute():
        yield absolute
        return
    dots_wanted = config.ndots if config.ndots is not None else 1
    searched = [written.concatenate(suffix) for suffix in config.search if suffix != dns.name.root]
    as_written_first = len(written.labels) - 1 >= dots_wanted
    yield from (absolute, *searched) if as_written_first else (*searched, absolute)


def _best_first(addresses: list[str]) -> tuple[str, ...]:
    """IPv6 first where this machine has a route for it, as `getaddrinfo` would; order kept else."""
    six = [address for address in addresses if ":" in address]
    four = [address for address in addresses if ":" not in address]
    return tuple(six + four if six and four and _has_route(six[0]) else four + six)


def _has_route(address: str) -> bool:
    """Whether the kernel would send to this IPv6 address; nothing is sent."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 443))
    except OSError:
        return False
    return True
