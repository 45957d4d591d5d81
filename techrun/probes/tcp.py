"""A TCP port accepts connections, and says what it should if asked to.

The module to copy for a new kind of check (docs/adding-a-kind.md).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from pydantic import Field

from techrun.language.definition import Definition
from techrun.model import Outcome, Reason, Status
from techrun.probes import Run
from techrun.probes._sockets import LIMIT, ProbeError, Target, Trace, bounded, connect

EXCERPT = 120
"""Characters of an unexpected answer that the message shows."""


class Spec(Definition):
    """`tcp: mail.shop.example:25` connects."""

    tcp: Target
    """`host:port`, an IPv6 address in brackets."""
    send: str | None = None
    """Sent after connecting, as it is written (`"PING\\r\\n"`)."""
    expect: str | None = Field(default=None, min_length=1)
    """A text that the server must send within the deadline and its first 64 KB."""


async def run(spec: Spec, run: Run) -> Outcome:
    """Connect, send, read until the expected text is there."""
    said = bytearray()
    outcome = await bounded(
        lambda trace: _talk(spec, run, trace, said), run.deadline, f"the exchange with {spec.tcp}"
    )
    if outcome.reason is Reason.TIMEOUT and said:
        return replace(outcome, reason=Reason.EXPECTATION, message=_unexpected(spec, said))
    return outcome


async def _talk(spec: Spec, run: Run, trace: Trace, said: bytearray) -> Outcome:
    reader, writer = await connect(run, spec.tcp, trace)
    try:
        if spec.send is not None:
            writer.write(spec.send.encode())
        if spec.expect is None:
            return Outcome(Status.UP)
        await _read_until(reader, spec.expect.encode(), said)
    except ConnectionError as error:
        raise ProbeError(Reason.PROTOCOL, f"{spec.tcp} broke off the connection: {error}") from None
    finally:
        writer.close()
    trace.reached("processing")
    if spec.expect.encode() in said:
        return Outcome(Status.UP, measures={"failed_due_to_regex": 0.0})
    message = _unexpected(spec, said)
    return Outcome(Status.DOWN, Reason.EXPECTATION, message, measures={"failed_due_to_regex": 1.0})


async def _read_until(reader: asyncio.StreamReader, wanted: bytes, said: bytearray) -> None:
    """Collect what the server sends until the text is there, it closes, or it has said too much."""
    while wanted not in said and len(said) < LIMIT:
        chunk = await reader.read(LIMIT)
        if not chunk:
            return
        said += chunk


def _unexpected(spec: Spec, said: bytearray) -> str:
    if not said:
        return f"expected {spec.expect!r}, the server closed without a word"
    excerpt = said[:EXCERPT].decode(errors="backslashreplace")
    return f"expected {spec.expect!r}, the server said {excerpt + '…' * (len(said) > EXCERPT)!r}"
