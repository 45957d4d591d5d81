"""Connections belong to one run; an order is sent once."""

import asyncio

import psutil
import pycurl
import pytest

from techrun.exchange import Failure, Request
from techrun.fetch.multi import MAX_IDLE
from techrun.model import Reason


def used(site):
    return [seen.connection for seen in site.seen]


async def test_a_run_uses_its_connection_again(fetcher, serve):
    site = await serve()
    async with fetcher.session() as session:
        results = [await session.exchange(Request("GET", site.http + "/"), 5) for _ in range(3)]
    assert used(site) == [1, 1, 1]
    assert [result.phases.connect is None for result in results] == [False, True, True]


async def test_another_run_is_not_given_a_connection_of_the_run_before(fetcher, serve):
    site = await serve()
    for _ in range(3):
        async with fetcher.session() as session:
            await session.exchange(Request("GET", site.http + "/"), 5)
    assert used(site) == [1, 2, 3]


async def test_runs_at_the_same_time_share_no_connection(fetcher, serve):
    site = await serve()
    one, two = fetcher.session(), fetcher.session()
    for _ in range(2):
        await one.exchange(Request("GET", site.http + "/one"), 5)
        await two.exchange(Request("GET", site.http + "/two"), 5)
    assert {(seen.path, seen.connection) for seen in site.seen} == {("/one", 1), ("/two", 2)}


async def test_the_end_of_a_run_closes_its_connections_at_once(fetcher, serve):
    site = await serve()
    async with fetcher.session() as session:
        await session.exchange(Request("GET", site.http + "/"), 5)
        assert not site.ended.is_set()
    async with asyncio.timeout(5):
        await site.ended.wait()


async def test_hosts_of_a_run_that_are_asked_at_the_same_time_are_not_mixed_up(
    make_fetcher, serve, name_server
):
    """Every host has a name of its own in libcurl's list, also where lookups overlap."""
    site = await serve()
    server = await name_server({"shop.example": ["127.0.0.1"], "cdn.example": ["127.0.0.2"]})
    fetcher = make_fetcher(nameservers=(server.address,))
    async with fetcher.session() as session:
        urls = [f"http://{host}:{site.port}/" for host in ("shop.example", "cdn.example", "shop.example")]
        shop, cdn, again = await asyncio.gather(*(session.exchange(Request("GET", url), 5) for url in urls))
        names = session._entries.copy()
    assert (shop.status, again.status) == (200, 200)
    assert isinstance(cdn, Failure), "nothing listens at 127.0.0.2"
    assert len(names) == len(set(names)) == len(urls)
    assert fetcher._forget == [f"-{name}" for name in names]


async def test_https_connections_are_a_runs_own_too_and_not_resumed(fetcher, serve, authority):
    site = await serve(context=authority.context("localhost"))
    for _ in range(2):
        async with fetcher.session() as session:
            for _ in range(2):
                await session.exchange(Request("GET", site.https + "/"), 5)
    assert used(site) == [1, 1, 2, 2]


def open_descriptors():
    return psutil.Process().num_fds()


async def test_many_runs_leave_no_descriptors_behind(fetcher, serve):
    """libcurl frees dead connections when it next looks for a live one, at most once a second."""
    site = await serve()

    async def run():
        async with fetcher.session() as session:
            await session.exchange(Request("GET", site.http + "/"), 5)

    await run()
    before = open_descriptors()
    await asyncio.gather(*(run() for _ in range(50)))
    while open_descriptors() > before + 4:
        await asyncio.sleep(0.2)
        await run()


async def test_runs_that_end_early_leave_no_descriptors_behind(fetcher, serve, reply, eventually):
    async def handler(seen, writer):
        if seen.path == "/hang":
            await seen.hang()
        return reply()

    site = await serve(handler)
    before = open_descriptors()
    for _ in range(20):
        async with fetcher.session() as session:
            task = asyncio.create_task(session.exchange(Request("GET", site.http + "/hang"), 30))
            await site.asked.wait()
            site.asked.clear()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    await eventually(lambda: open_descriptors() <= before + 4)


async def test_a_closed_fetcher_holds_no_descriptor(make_fetcher, serve, eventually):
    site = await serve()
    async with make_fetcher().session() as session:  # what the first fetcher of a process opens for good
        await session.exchange(Request("GET", site.http + "/"), 5)
    before = open_descriptors()
    fetcher = make_fetcher()
    session = fetcher.session()
    await session.exchange(Request("GET", site.http + "/"), 5)
    await fetcher.close()
    await eventually(lambda: open_descriptors() <= before)


async def test_a_descriptor_that_was_given_away_is_not_shut_down(fetcher, serve):
    """The run's connection is gone and its number belongs to another socket: that one lives on."""
    site = await serve()
    session = fetcher.session()
    await session.exchange(Request("GET", site.http + "/"), 5)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    stranger = writer.get_extra_info("socket").fileno()
    session._sockets[stranger] = session._sockets.popitem()[1]
    await session.close()
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_names_of_ended_runs_leave_libcurls_list_of_addresses(fetcher, serve):
    site = await serve()
    names = []
    for _ in range(2):
        async with fetcher.session() as session:
            await session.exchange(Request("GET", site.http + "/"), 5)
            names += session._entries
    codes = []
    for name in names:
        handle = pycurl.Curl()
        handle.setopt(pycurl.URL, site.http)
        handle.setopt(pycurl.CONNECT_TO, [f"::{name}"])
        handle.setopt(pycurl.WRITEFUNCTION, len)
        handle.setopt(pycurl.RESOLVER_START_FUNCTION, lambda *_: 1)  # asks nobody
        codes.append((await fetcher.multi.perform(handle))[0])
    assert codes[0] != 0, "the first run's name was taken off with the second run's transfer"
    assert codes[1] == 0, "the second run's name is still to be taken off"
    assert not fetcher._open


async def test_more_runs_wait_between_steps_than_libcurl_would_keep_connections_for(fetcher, serve):
    """libcurl's own limit is four idle connections for each transfer in flight."""
    site = await serve()
    sessions = [fetcher.session() for _ in range(30)]
    for _ in range(2):
        for session in sessions:
            await session.exchange(Request("GET", site.http + "/"), 5)
    assert site.connections == len(sessions) < MAX_IDLE


async def swallow_second_post(seen, writer):
    """Answers what comes first on a connection; reads what comes second and closes without a word."""
    seen_before = swallow_second_post.connections
    if seen.connection in seen_before:
        return None
    seen_before.add(seen.connection)
    return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def trap(serve):
    swallow_second_post.connections = set()
    return serve(swallow_second_post)


async def test_an_order_is_sent_exactly_once_on_a_connection_of_its_own(fetcher, trap):
    site = await trap
    async with fetcher.session() as session:
        await session.exchange(Request("GET", site.http + "/"), 5)
        order = Request("POST", site.http + "/order", body=b"buy", places_order=True)
        await session.exchange(order, 5)
        await session.exchange(Request("GET", site.http + "/"), 5)
    posts = [seen for seen in site.seen if seen.method == "POST"]
    assert [seen.connection for seen in posts] == [2]
    assert [seen.connection for seen in site.seen if seen.path == "/order"] == [2]


async def test_the_connection_of_an_order_is_not_used_again(fetcher, serve):
    site = await serve()
    async with fetcher.session() as session:
        for places_order in (True, False, True, False):
            await session.exchange(Request("POST", site.http + "/", places_order=places_order), 5)
    assert used(site) == [1, 2, 3, 2]


async def test_an_order_that_is_read_and_not_answered_is_not_sent_again(fetcher, serve):
    async def handler(seen, writer):
        return None if seen.method == "POST" else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    site = await serve(handler)
    async with fetcher.session() as session:
        await session.exchange(Request("GET", site.http + "/"), 5)
        order = Request("POST", site.http + "/order", body=b"buy", places_order=True)
        result = await session.exchange(order, 5)
    assert isinstance(result, Failure)
    assert result.reason is Reason.PROTOCOL
    assert "without answering" in result.message
    assert len([seen for seen in site.seen if seen.method == "POST"]) == 1


async def test_without_that_care_the_same_server_gets_the_post_twice(fetcher, trap):
    """What the test before guards against is real: libcurl silently sends an ordinary POST again."""
    site = await trap
    async with fetcher.session() as session:
        await session.exchange(Request("GET", site.http + "/"), 5)
        await session.exchange(Request("POST", site.http + "/cart", body=b"add"), 5)
    assert len([seen for seen in site.seen if seen.method == "POST"]) == 2


async def test_closing_does_not_wait_for_a_peer_that_never_says_goodbye(make_fetcher, serve, authority):
    """libcurl waits for the TLS goodbye of idle connections unless they are dead already."""
    site = await serve(context=authority.context("localhost"))
    fetcher = make_fetcher()
    session = fetcher.session()
    await session.exchange(Request("GET", site.https + "/"), 5)
    async with asyncio.timeout(1.5):
        await fetcher.close()
