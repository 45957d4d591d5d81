"""One exchange: what goes out is what was asked for, what comes back is what was sent."""

import asyncio

import pytest

from techrun.exchange import Failure, Request, Response
from techrun.fetch import Fetcher
from techrun.model import Reason


async def exchange(fetcher, request, within=5.0, connect_to=None):
    async with fetcher.session(connect_to) as session:
        return await session.exchange(request, within)


async def test_only_the_headers_that_were_asked_for_are_sent(fetcher, serve):
    site = await serve()
    await exchange(fetcher, Request("GET", site.http + "/"))
    assert [name for name, _ in site.seen[0].raw_headers] == ["Host", "Accept-Encoding"]


async def test_headers_are_sent_as_written_with_repeats_empty_values_and_umlauts(fetcher, serve):
    site = await serve()
    headers = (
        ("X-One", "1"),
        ("X-One", "2"),
        ("X-Empty", ""),
        ("X-Name", "Müller"),
        ("User-Agent", "techrun"),
    )
    await exchange(fetcher, Request("GET", site.http + "/", headers))
    sent = [(name, value.encode("latin-1").decode()) for name, value in site.seen[0].raw_headers]
    assert [pair for pair in sent if pair[0] not in ("Host", "Accept-Encoding")] == list(headers)


async def test_an_accept_encoding_of_the_request_replaces_ours(fetcher, serve):
    site = await serve()
    await exchange(fetcher, Request("GET", site.http + "/", (("Accept-Encoding", "identity"),)))
    assert [value for name, value in site.seen[0].raw_headers if name == "Accept-Encoding"] == ["identity"]


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        ("GET", b"", None),
        ("HEAD", b"", None),
        ("DELETE", b"", None),
        ("DELETE", b"why", "3"),
        ("OPTIONS", b"", None),
        ("POST", b"", "0"),
        ("POST", b"a=1&b=\0\xff", "8"),
        ("PUT", b"", "0"),
        ("PUT", b"{}", "2"),
        ("PATCH", b"{}", "2"),
        ("GET", b"odd", "3"),
    ],
    ids=repr,
)
async def test_method_and_body_arrive_as_written(fetcher, serve, method, body, length):
    async def handler(seen, writer):
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    site = await serve(handler)
    result = await exchange(fetcher, Request(method, site.http + "/p?q=1", body=body))
    assert isinstance(result, Response), result
    seen = site.seen[0]
    assert (seen.method, seen.path, seen.body) == (method, "/p?q=1", body)
    assert seen.headers.get("content-length") == length
    assert "expect" not in seen.headers
    assert "content-type" not in seen.headers


async def test_the_path_is_sent_as_written(fetcher, serve):
    site = await serve()
    await exchange(fetcher, Request("GET", site.http + "/a/../b/./c"))
    assert site.seen[0].path == "/a/../b/./c"


async def test_a_large_body_is_sent_without_waiting_for_a_continue(fetcher, serve):
    site = await serve()
    await exchange(fetcher, Request("POST", site.http + "/", body=b"x" * 2_000_000))
    assert len(site.seen[0].body) == 2_000_000
    assert "expect" not in site.seen[0].headers


async def test_a_content_length_of_the_request_cannot_contradict_its_body(fetcher, serve):
    site = await serve()
    headers = (("Content-Length", "99"), ("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain"))
    await exchange(fetcher, Request("POST", site.http + "/", headers, b"abc"))
    assert site.seen[0].body == b"abc"
    assert [pair for pair in site.seen[0].raw_headers if pair[0] == "Content-Length"] == [
        ("Content-Length", "3")
    ]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request("GET", "http://127.0.0.1/", (("X", "a\r\nEvil: 1"),)), "line break"),
        (Request("GET", "http://127.0.0.1/", (("X", "a\nEvil: 1"),)), "line break"),
        (Request("GET", "http://127.0.0.1/", (("X\r\nEvil", "1"),)), "header name"),
        (Request("GET", "http://127.0.0.1/", (("", "1"),)), "header name"),
        (Request("GET / HTTP/1.1\r\nEvil: 1\r\n", "http://127.0.0.1/"), "no HTTP method"),
        (Request("GET", "http://127.0.0.1/\r\nEvil: 1"), "control character"),
    ],
    ids=["crlf", "lf", "name", "empty-name", "method", "url"],
)
async def test_nothing_can_be_smuggled_into_the_request(fetcher, request_, words):
    result = await exchange(fetcher, request_)
    assert isinstance(result, Failure)
    assert result.reason is Reason.PROTOCOL
    assert words in result.message


async def test_redirects_are_handed_back_and_not_followed(fetcher, serve, reply):
    async def handler(seen, writer):
        return reply(b"", "302 Found", [("Location", "/elsewhere")])

    site = await serve(handler)
    result = await exchange(fetcher, Request("GET", site.http + "/"))
    assert (result.status, result.header("location"), len(site.seen)) == (302, "/elsewhere", 1)


async def test_cookies_are_not_kept_between_exchanges(fetcher, serve, reply):
    async def handler(seen, writer):
        return reply(headers=[("Set-Cookie", "a=1")])

    site = await serve(handler)
    async with fetcher.session() as session:
        await session.exchange(Request("GET", site.http + "/"), 5)
        await session.exchange(Request("GET", site.http + "/"), 5)
    assert all("cookie" not in seen.headers for seen in site.seen)


async def test_response_headers_are_lower_case_in_order_with_repeats_in_either_charset(fetcher, serve):
    async def handler(seen, writer):
        head = [
            b"Set-Cookie: a=1",
            b"SET-COOKIE: b=2",
            "X-Utf: é".encode(),
            b"X-Latin: \xe9",
            b"Content-Length: 0",
        ]
        return b"HTTP/1.1 200 OK\r\n" + b"\r\n".join(head) + b"\r\n\r\n"

    site = await serve(handler)
    result = await exchange(fetcher, Request("GET", site.http + "/"))
    assert result.headers == (
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x-utf", "é"),
        ("x-latin", "é"),
        ("content-length", "0"),
    )


async def test_an_early_hint_and_trailers_are_not_taken_for_headers_of_the_answer(fetcher, serve):
    async def handler(seen, writer):
        return (
            b"HTTP/1.1 103 Early Hints\r\nX-Hint: 1\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nX-Real: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n"
        )

    site = await serve(handler)
    result = await exchange(fetcher, Request("GET", site.http + "/"))
    assert (result.status, result.body) == (200, b"hi")
    assert [name for name, _ in result.headers] == ["x-real", "transfer-encoding"]


async def test_environment_proxies_are_not_used(make_fetcher, serve, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    site = await serve()
    result = await exchange(make_fetcher(), Request("GET", site.http + "/"))
    assert result.status == 200


async def test_a_configured_proxy_is_asked_for_the_whole_url(make_fetcher, serve, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    proxy = await serve()
    fetcher = make_fetcher(proxy=f"http://127.0.0.1:{proxy.port}")
    result = await exchange(fetcher, Request("GET", "http://shop.example/page"))
    assert result.status == 200
    assert proxy.seen[0].path == "http://shop.example/page"
    assert proxy.seen[0].headers["host"] == "shop.example"


async def test_runs_share_no_connection_to_a_proxy(make_fetcher, serve):
    proxy = await serve()
    fetcher = make_fetcher(proxy=f"http://127.0.0.1:{proxy.port}")
    for _ in range(2):
        await exchange(fetcher, Request("GET", "http://shop.example/page"))
    assert [seen.connection for seen in proxy.seen] == [1, 2]


async def test_a_socks_proxy_is_given_the_name_and_not_an_address(make_fetcher, serve):
    site = await serve()
    asked = []

    async def socks(reader, writer):
        await reader.readexactly((await reader.readexactly(2))[1])
        writer.write(b"\x05\x00")
        kind = (await reader.readexactly(4))[3]
        name = await reader.readexactly((await reader.readexactly(1))[0])
        asked.append((kind, name, int.from_bytes(await reader.readexactly(2), "big")))
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        there, back = await asyncio.open_connection("127.0.0.1", site.port)
        back.write(await reader.readuntil(b"\r\n\r\n"))
        writer.write(await there.readuntil(b"hello"))
        await writer.drain()
        back.close()
        writer.close()

    async with await asyncio.start_server(socks, "127.0.0.1", 0) as server:
        fetcher = make_fetcher(proxy=f"socks5h://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        result = await exchange(fetcher, Request("GET", "http://shop.example/page"))
    assert result.status == 200
    assert asked == [(3, b"shop.example", 80)]


async def test_through_a_proxy_literal_forbidden_addresses_stay_forbidden(make_fetcher, serve):
    proxy = await serve()
    fetcher = make_fetcher(proxy=f"http://127.0.0.1:{proxy.port}")
    result = await exchange(fetcher, Request("GET", "http://169.254.169.254/latest/meta-data"))
    assert (result.reason, proxy.seen) == (Reason.FORBIDDEN, [])


@pytest.mark.parametrize("url", ["https://proxy:1", "proxy:3128", "ftp://proxy", "socks5://proxy"], ids=str)
def test_a_proxy_that_cannot_be_used_is_refused_at_once(make_fetcher, url):
    with pytest.raises(ValueError, match="must be written"):
        make_fetcher(proxy=url)


async def test_a_cancelled_exchange_closes_its_connection_and_the_next_one_works(fetcher, serve, reply):
    async def handler(seen, writer):
        if seen.path == "/hang":
            await seen.hang()
        return reply()

    site = await serve(handler)
    async with fetcher.session() as session:
        task = asyncio.create_task(session.exchange(Request("GET", site.http + "/hang"), 30))
        await site.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not fetcher.multi._waiting
        assert (await session.exchange(Request("GET", site.http + "/"), 5)).status == 200


async def test_closing_the_fetcher_ends_exchanges_in_flight_as_interrupted(make_fetcher, serve):
    async def handler(seen, writer):
        await seen.hang()

    site = await serve(handler)
    fetcher = make_fetcher()
    session = fetcher.session()
    task = asyncio.create_task(session.exchange(Request("GET", site.http + "/"), 30))
    await site.asked.wait()
    await fetcher.close()
    result = await task
    assert isinstance(result, Failure)
    assert result.reason is Reason.INTERRUPTED
    assert "stopped" in result.message
    after = await session.exchange(Request("GET", site.http + "/"), 30)
    assert after.reason is Reason.INTERRUPTED


async def test_no_time_left_is_a_timeout_and_sends_nothing(fetcher, serve):
    site = await serve()
    result = await exchange(fetcher, Request("GET", site.http + "/"), within=0)
    assert (result.reason, site.seen) == (Reason.TIMEOUT, [])


def test_fetchers_work_in_event_loops_one_after_the_other(authority):
    async def once():
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        fetcher = Fetcher()
        async with server, fetcher.session() as session:
            port = server.sockets[0].getsockname()[1]
            result = await session.exchange(Request("GET", f"http://127.0.0.1:{port}/"), 5)
        await fetcher.close()
        return result.status

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    assert [asyncio.run(once()) for _ in range(3)] == [200, 200, 200]


async def test_our_own_fault_is_an_internal_failure_and_no_exception(make_fetcher, serve):
    site = await serve()
    result = await exchange(make_fetcher(), Request("GET", site.http + "/", body="text, not bytes", http="9"))  # type: ignore[arg-type]  the fault
    assert isinstance(result, Failure)
    assert result.reason is Reason.INTERNAL


async def test_user_and_password_of_the_url_are_sent_as_basic_authorization(fetcher, serve):
    site = await serve()
    await exchange(fetcher, Request("GET", f"http://staging:s%40fe@127.0.0.1:{site.port}/"))
    assert site.seen[0].headers["authorization"] == "Basic c3RhZ2luZzpzQGZl"
