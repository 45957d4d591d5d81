"""One command of the shell, run because a release failed."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import IO

from techrun.markup import readable
from techrun.redact import CUT
from techrun.releases.records import Action, Verification
from techrun.releases.report import document
from techrun.releases.report.variables import variables

KEPT = 65_536
"""Characters of its output that are kept: the last ones."""
SPARE = 4096
"""Bytes that are read beyond that, so that no secret is cut in two before it is sought."""
GRACE = 5.0
"""Seconds between asking it to end and ending it."""
LATE = 1.0
"""Seconds for the rest of the output once the command is over: what it left running may hold it open for ever."""
LONGEST_VALUE = 1000
"""Characters of one variable of the environment; the whole stands on standard input."""


async def run(verification: Verification, command: str, limit: float, redact: Callable[[str], str]) -> Action:
    """Run it for `limit` seconds at most, in a process group of its own, with the verdict as JSON on standard input.

    The environment is ours, and `TECHRUN_SHOP`, `TECHRUN_VERSION`, `TECHRUN_VERDICT`, … are added.
    """
    at, begun = time.time(), time.monotonic()
    try:
        code, output, ended = await _run(verification, command, limit)
    except OSError as error:
        text = f"could not be started: {error.strerror}"
        return Action("command", redact(command), at, ok=False, answer=text)
    told = redact(readable(output)).strip()
    if len(told) > KEPT:
        told = CUT + told[-KEPT:]
    return Action(
        kind="command",
        what=redact(command),
        at=at,
        ok=code == 0 and not ended,
        answer="\n".join(filter(None, (ended or _exit(code), told))),
        seconds=round(time.monotonic() - begun, 3),
    )


def environment(verification: Verification) -> Mapping[str, str]:
    """Ours, and what was found; nobody's text can end a variable before its time."""
    summary = verification.verdict.summary if verification.verdict else ""
    found = {**variables(verification), "TECHRUN_SUMMARY": summary}
    return {**os.environ, **{name: readable(value)[:LONGEST_VALUE] for name, value in found.items()}}


def _exit(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"


async def _run(verification: Verification, command: str, limit: float) -> tuple[int, str, str]:
    """Its exit code, the end of its output, and why it was ended before its time."""
    with tempfile.TemporaryFile() as verdict:
        # Files and a pipe of our own: asyncio's pipes would wait for whatever the command leaves running.
        verdict.write(document.render(verification).encode())
        verdict.seek(0)
        async with _tail() as (tail, writing):
            try:
                process = await _started(command, verdict, writing, environment(verification))
            finally:
                os.close(writing)
            ended = await _awaited(process, limit)
            with suppress(TimeoutError):
                await asyncio.wait_for(tail.over.wait(), LATE)
            return await process.wait(), tail.kept.decode("utf-8", "replace"), ended


async def _started(command: str, said: IO[bytes], output: int, known: Mapping[str, str]) -> Process:
    return await asyncio.create_subprocess_shell(
        command, stdin=said, stdout=output, stderr=output, env=known, start_new_session=True
    )


async def _awaited(process: Process, limit: float) -> str:
    """Why it had to be ended; nothing: it came to its own end. Whoever gives up on it ends it, too."""
    try:
        async with asyncio.timeout(limit):
            await process.wait()
    except TimeoutError:
        return f"ended after {limit:g} s, which is its limit (--on-fail-timeout)"
    finally:
        if process.returncode is None:
            await _end(process)
    return ""


async def _end(process: Process) -> None:
    """Ask the whole group to end; what is left of it after the grace is killed."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE)
        os.killpg(process.pid, signal.SIGKILL)


class _Tail(asyncio.Protocol):
    """Keeps the end of what comes in."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.over = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Keep it, and forget what is too long ago."""
        self.kept += data
        del self.kept[: -(KEPT + SPARE)]

    def connection_lost(self, _: Exception | None) -> None:
        """Nobody writes any more."""
        self.over.set()


@asynccontextmanager
async def _tail() -> AsyncIterator[tuple[_Tail, int]]:
    """Where output is kept, and the descriptor to write it to; whoever takes that one closes it."""
    reading, writing = os.pipe()
    loop = asyncio.get_running_loop()
    transport, tail = await loop.connect_read_pipe(_Tail, os.fdopen(reading, "rb", buffering=0))
    try:
        yield tail, writing
    finally:
        transport.close()
