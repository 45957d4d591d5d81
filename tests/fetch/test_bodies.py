"""Bodies and headers: decompressed, bounded, and never trusted."""

import gzip
import zlib

import pytest

from techrun.exchange import Failure, Request, Response
from techrun.model import Reason


async def exchange(fetcher, url, within=5.0):
    async with fetcher.session() as session:
        return await session.exchange(Request("GET", url), within)


@pytest.fixture
def answering(serve, reply):
    """A server that gives one answer, as bytes; `None` after it closes."""

    async def start(raw, *, close=False):
        async def handler(seen, writer):
            writer.write(raw)
            return None if close else b""

        return await serve(handler)

    return start


def brotli(text):
    """Brotli of a short text: one uncompressed block, so that no library is needed."""
    size = len(text) - 1
    bits = "0" + "0" + "00" + f"{size:016b}"[::-1] + "1"  # window, not last, 4 nibbles, length, uncompressed
    bits += "0" * (-len(bits) % 8)
    head = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
    return head + text + b"\x03"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"hello shop")),
        ("br", brotli(b"hello shop")),
        ("deflate", zlib.compress(b"hello shop")),
        ("gzip, br", None),
    ],
    ids=["gzip", "br", "deflate", "twice"],
)
async def test_bodies_are_decompressed_and_headers_stay_as_sent(fetcher, answering, reply, encoding, packed):
    packed = packed or brotli(gzip.compress(b"hello shop"))
    site = await answering(reply(packed, headers=[("Content-Encoding", encoding)]))
    result = await exchange(fetcher, site.http + "/")
    assert result.body == b"hello shop"
    assert result.header("content-encoding") == encoding
    assert result.header("content-length") == str(len(packed))


async def test_only_what_can_be_decompressed_is_offered(fetcher, serve):
    site = await serve()
    await exchange(fetcher, site.http + "/")
    assert site.seen[0].headers["accept-encoding"] == "gzip, br"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"this is not gzip at all, but text"),
        ("gzip", gzip.compress(bytes(range(256)) * 9)[:-12] + b"garbage, more"),
        ("br", b"\xff\xff\xff\xff\xff"),
        ("zstd", b"\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00"),
        ("rot13", b"uryyb"),
    ],
    ids=["text-as-gzip", "garbled-gzip", "garbled-br", "zstd", "unknown"],
)
async def test_what_cannot_be_decompressed_is_a_decoding_failure(fetcher, answering, reply, encoding, body):
    site = await answering(reply(body, headers=[("Content-Encoding", encoding)]))
    result = await exchange(fetcher, site.http + "/")
    assert isinstance(result, Failure), result
    assert result.reason is Reason.DECODE
    assert "cannot be decompressed" in result.message


async def test_a_bomb_is_stopped_at_the_limit(make_fetcher, answering, reply):
    bomb = gzip.compress(b"\0" * 50_000_000)
    site = await answering(reply(bomb, headers=[("Content-Encoding", "gzip")]))
    result = await exchange(make_fetcher(max_body=100_000), site.http + "/")
    assert isinstance(result, Failure)
    assert result.reason is Reason.SIZE
    assert "100000 bytes" in result.message


@pytest.mark.parametrize(("size", "kind"), [(1000, Response), (1001, Failure)], ids=["at", "above"])
async def test_a_body_may_be_as_large_as_the_limit(make_fetcher, answering, reply, size, kind):
    site = await answering(reply(b"x" * size))
    result = await exchange(make_fetcher(max_body=1000), site.http + "/")
    assert isinstance(result, kind)


async def test_an_endless_body_is_stopped_at_the_limit(make_fetcher, serve):
    async def handler(seen, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    site = await serve(handler)
    result = await exchange(make_fetcher(max_body=500_000), site.http + "/")
    assert result.reason is Reason.SIZE


async def test_a_body_that_drips_without_end_times_out(fetcher, serve):
    async def handler(seen, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nx")
        await seen.hang()

    site = await serve(handler)
    result = await exchange(fetcher, site.http + "/", 0.3)
    assert result.reason is Reason.TIMEOUT


@pytest.mark.parametrize(
    "head",
    [
        b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(150)),
        b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(2000)),
        b"X-Long: " + b"y" * 150_000 + b"\r\n",
        b"".join(b"X: %d\r\n" % number for number in range(600)),
        b"".join(b"X: %d\r\n" % number for number in range(20_000)),
    ],
    ids=["large", "flood", "one-line", "many", "very-many"],
)
async def test_too_many_or_too_large_headers_are_a_size_failure(fetcher, answering, head):
    site = await answering(b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: 0\r\n\r\n")
    result = await exchange(fetcher, site.http + "/")
    assert isinstance(result, Failure)
    assert result.reason is Reason.SIZE, result


async def test_endless_headers_do_not_fill_the_memory(fetcher, serve):
    async def handler(seen, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X: y\r\n" * 1000)
            await writer.drain()

    site = await serve(handler)
    result = await exchange(fetcher, site.http + "/")
    assert result.reason is Reason.SIZE, result


async def test_endless_early_hints_end_as_well(fetcher, serve):
    async def handler(seen, writer):
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 100)
            await writer.drain()

    site = await serve(handler)
    result = await exchange(fetcher, site.http + "/")
    assert isinstance(result, Failure)
    assert result.reason in (Reason.SIZE, Reason.TIMEOUT), result


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "without answering"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "broke off its answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "broke"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "within the headers"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\nhello", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", ""),
        (b"HTTP/1.1 abc\r\n\r\n", "not HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"\x16\x03\x01\x02\x00\x01", "not HTTP"),
        (b"<html>an answer of the nineties</html>", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", ""),
    ],
    ids=[
        "nothing",
        "truncated",
        "truncated-chunks",
        "bad-chunk",
        "cut-header",
        "two-lengths",
        "negative-length",
        "bad-status",
        "ssh",
        "tls",
        "http-0.9",
        "no-colon",
    ],
)
async def test_a_broken_answer_is_a_protocol_failure(fetcher, answering, raw, words):
    site = await answering(raw, close=True)
    result = await exchange(fetcher, site.http + "/")
    assert isinstance(result, Failure), result
    assert result.reason is Reason.PROTOCOL, result
    assert words in result.message
    assert f"127.0.0.1:{site.port}" in result.message


async def test_a_reset_connection_is_a_protocol_failure(fetcher, serve):
    async def handler(seen, writer):
        writer.transport.abort()

    site = await serve(handler)
    result = await exchange(fetcher, site.http + "/")
    assert result.reason is Reason.PROTOCOL
