"""Whatever a server sends, an exchange ends with an answer or with the shop's failure."""

import asyncio
import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from techrun.exchange import Failure, Request, Response
from techrun.fetch import Fetcher, FetchSettings
from techrun.model import Reason

STATUS_LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.0 200",
        b"HTTP/1.1 99999 ?",
        b"HTTP/1.1 100 Continue",
        b"HTTP/2 200",
        b"HTTP/9.9",
    ]
) | st.binary(max_size=20)
HEADERS = st.sampled_from(
    [
        b"Content-Length: 5",
        b"Content-Length: 18446744073709551616",
        b"Content-Length: 0",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Content-Encoding: gzip",
        b"Content-Encoding: br, gzip, br, gzip, br, gzip, br",
        b"Connection: close",
        b"Location: http://169.254.169.254/",
        b"Set-Cookie: \0=\xff",
        b" folded",
        b": nameless",
        b'Alt-Svc: h3=":443"',
        b"Strict-Transport-Security: max-age=999",
        b"WWW-Authenticate: Digest realm=x",
    ]
) | st.binary(max_size=30)
BODIES = st.sampled_from(
    [b"hello", b"5\r\nhello\r\n0\r\n\r\n", gzip.compress(b"hello"), b"ffffffffffffffffff\r\n"]
) | (st.binary(max_size=60))


@pytest.fixture(scope="module")
def ask():
    """Send one answer to one exchange, in an event loop that lives as long as this module."""
    answer = [b""]

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer[0])
        await writer.drain()
        writer.close()

    async def exchange():
        async with fetcher.session() as session:
            return await session.exchange(Request("GET", f"http://127.0.0.1:{port}/"), 5)

    def once(raw):
        answer[0] = raw
        return runner.run(exchange())

    with asyncio.Runner() as runner:
        server = runner.run(asyncio.start_server(talk, "127.0.0.1", 0))
        port = server.sockets[0].getsockname()[1]
        fetcher = Fetcher(FetchSettings(max_body=100_000))
        yield once
        runner.run(fetcher.close())
        server.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=STATUS_LINES,
    headers=st.lists(HEADERS, max_size=5),
    body=BODIES,
    newline=st.sampled_from([b"\r\n", b"\n"]),
)
def test_any_answer_ends_in_an_answer_or_the_shops_failure(ask, status, headers, body, newline):
    result = ask(newline.join([status, *headers, b"", b""]) + body)
    assert isinstance(result, Response | Failure)
    if isinstance(result, Failure):
        assert result.reason in {Reason.PROTOCOL, Reason.DECODE, Reason.SIZE}, result
        assert result.message
