"""Takes the compression off a body, up to a limit: a bomb ends there."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import brotli  # type: ignore[import-untyped]  # it ships no types

from techrun.exchange import Headers
from techrun.load.visitor.connect import TroubleError
from techrun.model import Reason


def decoded(raw: bytearray, headers: Headers | Sequence[tuple[str, str]], peer: str, limit: int) -> bytes:
    """The body as it was before it was compressed; raises TroubleError."""
    body = bytes(raw)
    written = [value for name, value in headers if name == "content-encoding"]
    if not written or not body:
        return body
    for coding in reversed([part.strip().lower() for part in ",".join(written).split(",")]):
        try:
            body = _uncompressed(body, coding, limit + 1)
        except (zlib.error, brotli.error, EOFError) as error:
            what = f"the answer of {peer} cannot be decompressed ({coding}): {error}"
            raise TroubleError(Reason.DECODE, what) from None
        if len(body) > limit:
            raise too_large(peer, limit)
    return body


def too_large(peer: str, limit: int) -> TroubleError:
    """The failure of a body that is larger than the limit."""
    return TroubleError(Reason.SIZE, f"the body that {peer} sends is larger than the limit of {limit} bytes")


def _uncompressed(body: bytes, coding: str, most: int) -> bytes:
    """One coding taken off; not much more than `most` bytes come out."""
    if coding in ("", "identity"):
        return body
    if coding in ("gzip", "x-gzip", "deflate"):
        # A deflate stream without its zlib frame is sent by old servers: its first byte tells.
        bare = coding == "deflate" and body[0] & 0x0F != 8
        stream = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)
        plain = stream.decompress(body, most)
        if not stream.eof and len(plain) < most:
            raise EOFError("it ends too early")
        return plain
    if coding == "br":
        return _unbrotlied(body, most)
    raise EOFError("nobody asked for this coding")


def _unbrotlied(body: bytes, most: int) -> bytes:
    stream = brotli.Decompressor()
    plain: bytes = stream.process(body, output_buffer_limit=most)
    while not stream.is_finished() and len(plain) < most:
        if stream.can_accept_more_data():
            raise EOFError("it ends too early")
        plain += stream.process(b"", output_buffer_limit=most)
    return plain
