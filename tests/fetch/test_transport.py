"""The transport below an ordinary httpx client."""

import gzip

import httpx
import pytest

from techrun.fetch.transport import CurlTransport
from techrun.model import Reason


@pytest.fixture
async def client(fetcher):
    async with httpx.AsyncClient(transport=CurlTransport(fetcher)) as client:
        yield client


async def test_a_client_posts_a_form_and_reads_json(client, serve, reply):
    async def handler(seen, writer):
        return reply(b'{"ok": true}', headers=[("Content-Type", "application/json")])

    site = await serve(handler)
    answer = await client.post(site.http + "/cart?x=1", data={"sku": "A 1"})
    assert answer.json() == {"ok": True}
    assert site.seen[0].body == b"sku=A+1"
    assert site.seen[0].headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_compressed_answer_is_decompressed_once_and_keeps_its_headers(client, serve, reply):
    async def handler(seen, writer):
        return reply(gzip.compress(b"page"), headers=[("Content-Encoding", "gzip")])

    site = await serve(handler)
    answer = await client.get(site.http + "/")
    assert answer.text == "page"
    assert answer.headers["content-encoding"] == "gzip"


async def test_an_answer_carries_phases_address_and_certificate(client, serve, authority):
    site = await serve(context=authority.context("localhost"))
    extensions = (await client.get(site.https + "/")).extensions
    assert extensions["phases"].tls > 0
    assert extensions["address"] in ("127.0.0.1", "::1")
    assert extensions["certificate"].names == ("localhost",)
    assert extensions["http_version"] == b"HTTP/1.1"


async def test_the_client_follows_redirects_and_keeps_cookies_itself(client, serve, reply):
    async def handler(seen, writer):
        if seen.path == "/":
            return reply(b"", "302 Found", [("Location", "/in"), ("Set-Cookie", "a=1")])
        return reply(seen.headers.get("cookie", "").encode())

    site = await serve(handler)
    answer = await client.get(site.http + "/", follow_redirects=True)
    assert answer.text == "a=1"


async def test_fresh_asks_for_a_connection_of_its_own(client, serve):
    site = await serve()
    await client.get(site.http + "/")
    await client.get(site.http + "/", extensions={"fresh": True})
    await client.get(site.http + "/")
    assert [seen.connection for seen in site.seen] == [1, 2, 1]


async def test_a_client_may_be_tied_to_one_node(fetcher, serve):
    site = await serve()
    transport = CurlTransport(fetcher, f"127.0.0.1:{site.port}")
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get("http://shop.example/")
    assert site.seen[0].headers["host"] == "shop.example"


@pytest.mark.parametrize(
    ("url", "error", "reason"),
    [
        ("http://127.0.0.1:1/", httpx.ConnectError, Reason.CONNECT),
        ("http://169.254.169.254/", httpx.ConnectError, Reason.FORBIDDEN),
        ("file:///etc/passwd", httpx.TransportError, Reason.FORBIDDEN),
    ],
    ids=["refused", "forbidden", "file"],
)
async def test_failures_are_httpx_errors_that_carry_the_failure(client, url, error, reason):
    with pytest.raises(error) as caught:
        await client.get(url)
    assert caught.value.request.extensions["failure"].reason is reason


async def test_the_clients_timeout_bounds_the_whole_exchange(client, serve):
    async def handler(seen, writer):
        await seen.hang()

    site = await serve(handler)
    with pytest.raises(httpx.TimeoutException):
        await client.get(site.http + "/", timeout=0.2)
