"""Phases and time-outs: what was reached is told, what was not reached is not."""

import asyncio
import socket

import pytest

from techrun.exchange import Failure, Request
from techrun.model import Reason


async def exchange(fetcher, url, within=5.0, **request):
    async with fetcher.session() as session:
        return await session.exchange(Request("GET", url, **request), within)


async def test_an_exchange_over_tls_has_all_phases_and_they_add_up(fetcher, serve, authority):
    site = await serve(context=authority.context("localhost"))
    result = await exchange(fetcher, site.https + "/")
    assert [name for name, _ in result.phases.items()] == [
        "resolve",
        "connect",
        "tls",
        "processing",
        "transfer",
    ]
    assert all(seconds >= 0 for _, seconds in result.phases.items())
    assert sum(seconds for _, seconds in result.phases.items()) <= result.elapsed + 0.001


async def test_plain_http_has_no_tls_phase_and_a_literal_address_nothing_to_resolve(fetcher, serve):
    site = await serve()
    result = await exchange(fetcher, site.http + "/")
    assert [name for name, _ in result.phases.items()] == ["connect", "processing", "transfer"]


async def test_a_connection_used_again_was_neither_resolved_nor_connected(fetcher, serve, authority):
    site = await serve(context=authority.context("localhost"))
    async with fetcher.session() as session:
        await session.exchange(Request("GET", site.https + "/"), 5)
        again = await session.exchange(Request("GET", site.https + "/"), 5)
    assert [name for name, _ in again.phases.items()] == ["processing", "transfer"]


async def test_the_servers_delays_are_found_in_processing_and_transfer(fetcher, serve):
    async def handler(seen, writer):
        await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        await asyncio.sleep(0.2)
        return b"hi"

    site = await serve(handler)
    phases = (await exchange(fetcher, site.http + "/")).phases
    assert phases.processing >= 0.099
    assert phases.transfer >= 0.199


@pytest.fixture
def full_backlog():
    """A port whose queue of connections is full: further ones are not accepted."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        fill = [socket.socket() for _ in range(5)]
        for one in fill:
            one.settimeout(0)
            one.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
        for one in fill:
            one.close()


async def test_a_connection_that_is_not_accepted_times_out_in_connect(fetcher, full_backlog):
    result = await exchange(fetcher, f"http://127.0.0.1:{full_backlog}/", 0.3)
    assert [name for name, _ in result.phases.items()] == ["connect"]
    assert result.reason is Reason.TIMEOUT
    assert result.message == f"127.0.0.1:{full_backlog} accepted no connection within 0.3 s"


async def start_mute(serve):
    async def handler(seen, writer):
        await seen.hang()

    return await serve(handler)


async def test_a_handshake_that_is_not_answered_times_out_in_tls(fetcher, serve):
    site = await start_mute(serve)
    result = await exchange(fetcher, site.https + "/", 0.3)
    assert [name for name, _ in result.phases.items()] == ["resolve", "connect", "tls"]
    assert (result.reason, "did not finish the TLS handshake" in result.message) == (Reason.TIMEOUT, True)


async def test_a_request_that_is_not_answered_times_out_in_processing(fetcher, serve):
    site = await start_mute(serve)
    result = await exchange(fetcher, site.http + "/", 0.3)
    assert [name for name, _ in result.phases.items()] == ["connect", "processing"]
    assert result.phases.processing >= 0.25
    assert result.address == "127.0.0.1"
    assert result.message == f"127.0.0.1:{site.port} took the request but did not answer within 0.3 s"


async def test_a_hang_after_the_headers_times_out_in_transfer(fetcher, serve):
    async def handler(seen, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        await seen.hang()

    site = await serve(handler)
    result = await exchange(fetcher, site.http + "/", 0.3)
    assert isinstance(result, Failure)
    assert result.reason is Reason.TIMEOUT
    assert [name for name, _ in result.phases.items()] == ["connect", "processing", "transfer"]
    assert "did not finish its answer within 0.3 s: 4 bytes" in result.message


async def test_a_time_out_on_a_connection_used_again_is_not_taken_for_one_in_connect(fetcher, serve, reply):
    async def handler(seen, writer):
        if seen.path == "/hang":
            await seen.hang()
        return reply()

    site = await serve(handler)
    async with fetcher.session() as session:
        await session.exchange(Request("GET", site.http + "/"), 5)
        result = await session.exchange(Request("GET", site.http + "/hang"), 0.3)
    assert [name for name, _ in result.phases.items()] == ["processing"]
    assert "took the request" in result.message


async def test_a_refused_connection_reached_connect_alone(fetcher):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        result = await exchange(fetcher, f"http://127.0.0.1:{port}/")
    assert [name for name, _ in result.phases.items()] == ["connect"]
    assert result.reason is Reason.CONNECT
