"""A TCP connection for the kinds that do not speak HTTP: same names, same guard, true phases."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import AfterValidator

from techrun.exchange import Failure
from techrun.fetch.names import join, split_address
from techrun.language.durations import show
from techrun.model import Outcome, Phases, Reason, Status
from techrun.probes import Run

LIMIT = 64 * 1024
"""Bytes that are read from a server at most."""


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
    if run.node:
        node, node_port = split_address(run.node)
        host, port = node, node_port or port
    found = await run.fetcher.resolve_allowed(host, run.deadline)
    if isinstance(found, Failure):
        raise ProbeError(found.reason, found.message)
    trace.reached("resolve")
    problems: list[tuple[str, OSError]] = []
    for address in found:
        trace.address = address
        try:
            async with asyncio.timeout(run.deadline / len(found)):
                streams = await asyncio.open_connection(address, port, limit=LIMIT)
        except OSError as error:
            problems.append((join(address, port), error))
        else:
            trace.reached("connect")
            return streams
    raise _unreachable(target, problems)


def _unreachable(target: str, problems: list[tuple[str, OSError]]) -> ProbeError:
    """What each address said; one that says nothing is given its share of the deadline."""
    silent = any(isinstance(error, TimeoutError) for _, error in problems)
    told = "; ".join(_why(error) if peer == target else f"{peer}: {_why(error)}" for peer, error in problems)
    return ProbeError(Reason.TIMEOUT if silent else Reason.CONNECT, f"cannot connect to {target}: {told}")


def _why(error: OSError) -> str:
    if error.errno:
        return os.strerror(error.errno).lower()
    return "no answer" if isinstance(error, TimeoutError) else str(error)
