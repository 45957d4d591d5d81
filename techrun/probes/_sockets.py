"""A TCP connection for the kinds that do not speak HTTP: same names, same guard, true phases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import AfterValidator

from techrun.fetch import Fetcher, ResolveError
from techrun.language.durations import show
from techrun.model import Outcome, Phases, Reason, Status
from techrun.probes import Run


def split_target(text: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`; ValueError says how one is written."""
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    bare = host.strip("[]")
    if not bare or (":" in bare and not bracketed) or not port.isascii() or not port.isdigit():
        raise ValueError(f"expected host:port such as shop.example:443, got {text!r}")
    if not 0 < int(port) < 65536:
        raise ValueError(f"{port} is no port: expected 1 to 65535")
    return bare, int(port)


def _is_target(text: str) -> str:
    split_target(text)
    return text


Target = Annotated[str, AfterValidator(_is_target)]
"""`host:port` in a definition."""


class ProbeError(Exception):
    """What a probe was asked to reach failed; it ends as an outcome."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(slots=True)
class Trace:
    """How far a probe came: kept beside the work, so that a time-out loses nothing."""

    phases: Phases
    address: str = ""
    began: float = 0.0

    def reached(self, phase: str) -> None:
        """Note that this phase has just ended and the next one begins."""
        now = time.perf_counter()
        self.phases = replace(self.phases, **{phase: now - self.began})
        self.began = now

    @property
    def measures(self) -> dict[str, float]:
        """What is known of the address."""
        return {"ip_protocol": 6.0 if ":" in self.address else 4.0} if self.address else {}


async def bounded(work: Callable[[Trace], Awaitable[Outcome]], deadline: float, doing: str) -> Outcome:
    """The outcome of `work` within `deadline` seconds, with the phases it reached."""
    trace = Trace(Phases(), began=time.perf_counter())
    try:
        async with asyncio.timeout(deadline):
            outcome = await work(trace)
    except TimeoutError:
        outcome = Outcome(Status.DOWN, Reason.TIMEOUT, f"{doing} took longer than {show(deadline)}")
    except ProbeError as error:
        unknown = error.reason is Reason.FORBIDDEN
        outcome = Outcome(Status.UNKNOWN if unknown else Status.DOWN, error.reason, str(error))
    return replace(outcome, phases=trace.phases, measures=trace.measures | dict(outcome.measures))


async def connect(run: Run, target: str, trace: Trace) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the first address that answers; ProbeError says what failed."""
    host, port = split_target(target)
    addresses = await _allowed(run.fetcher, run.node or host, run.deadline)
    trace.reached("resolve")
    problems = []
    for address in addresses:
        trace.address = address
        try:
            streams = await asyncio.open_connection(address, port, limit=LIMIT)
        except OSError as error:
            problems.append(f"{address} port {port}: {error.strerror or error}")
        else:
            trace.reached("connect")
            return streams
    raise ProbeError(Reason.CONNECT, f"cannot connect to {target}: {'; '.join(problems)}")


LIMIT = 64 * 1024
"""Bytes that are read from a server at most."""


async def _allowed(fetcher: Fetcher, host: str, limit: float) -> tuple[str, ...]:
    """The addresses of a host, all of them allowed by the settings."""
    try:
        addresses = await fetcher.resolver.resolve(host, limit)
    except ResolveError as error:
        raise ProbeError(Reason.DNS, str(error)) from None
    for address in addresses:
        refusal = fetcher.guard.refusal(address)
        if refusal:
            raise ProbeError(Reason.FORBIDDEN, f"the settings forbid {host}: {refusal}")
    return addresses
