"""One question to one place: what is sent, and what each kind of answer is taken for."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import dns.message
import dns.rrset
import pytest

from techrun.config.releases import Releases
from techrun.fetch import Fetcher, FetchSettings
from techrun.model import Reason
from techrun.releases.identity.asking import Asker
from techrun.releases.identity.looking import identify
from techrun.releases.identity.reading import compile_readers
from techrun.releases.records import FRONT, Expectation

JSON = b"content-type: application/json\r\n"


def answer(body=b"", status=b"200 OK", headers=b""):
    length = str(len(body)).encode()
    return (
        b"HTTP/1.1 "
        + status
        + b"\r\ncontent-length: "
        + length
        + b"\r\n"
        + headers
        + b"connection: keep-alive\r\n\r\n"
        + body
    )


def leads_to(place):
    return answer(status=b"302 Found", headers=b"location: " + place.encode() + b"\r\n")


class Server:
    """Answers each path as `answers` says; `asked` holds every request as it came, with its connection."""

    def __init__(self):
        self.answers = {"/release.json": answer(b'{"version": "v812"}', headers=JSON)}
        self.asked = []
        self.whatever = answer(b"gone", b"404 Not Found")

    async def serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
                target = lines[0].split()[1]
                self.asked.append((target, headers, writer.get_extra_info("peername")))
                writer.write(self.answers.get(target.partition("?")[0], self.whatever))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def asking(server, source=None, *, ask="127.0.0.1", **options):
    """An asker of the server, at an address that its name does not lead to."""
    listening = await asyncio.start_server(server.serve, ask, 0)
    port = listening.sockets[0].getsockname()[1]
    fetcher = Fetcher(FetchSettings(deny=("10.9.9.9/32",)))
    readers = compile_readers(Releases.model_validate({"version": source or {}}))
    try:
        yield Asker(fetcher, f"http://shop.localhost:{port}", readers, **options)
    finally:
        await fetcher.close()
        listening.close()
        await listening.wait_closed()


async def seen(server, via=FRONT, *, through_cache=False, source=None, **options):
    async with asking(server, source, **options) as asker:
        return await asker.ask(via, through_cache=through_cache)


@pytest.fixture
def server():
    return Server()


async def test_past_the_cache_each_question_has_a_query_that_nobody_asked_before(server):
    async with asking(server) as asker:
        for _ in range(3):
            assert (await asker.ask(FRONT, through_cache=False)).version == "v812"
    targets = [target for target, _, _ in server.asked]
    assert len(set(targets)) == 3
    assert all(target.startswith("/release.json?techrun=") for target in targets)
    assert {headers["cache-control"] for _, headers, _ in server.asked} == {"no-cache"}


async def test_a_customers_question_says_nothing_to_caches(server):
    found = await seen(server, through_cache=True)
    assert found.through_cache
    ((target, headers, _),) = server.asked
    assert target == "/release.json"
    assert not {"cache-control", "pragma", "cookie"} & headers.keys()


async def test_no_cookie_comes_back_and_every_question_has_a_connection_of_its_own(server):
    server.answers["/release.json"] = answer(b'{"version": "v812"}', headers=JSON + b"set-cookie: node=1\r\n")
    async with asking(server) as asker:
        for _ in range(3):
            await asker.ask(FRONT, through_cache=False)
    assert len({peer for _, _, peer in server.asked}) == 3
    assert not any("cookie" in headers for _, headers, _ in server.asked)


async def test_a_node_is_asked_at_its_address_by_the_name_of_the_shop(server):
    async with asking(server, ask="127.0.0.7") as asker:
        found = await asker.ask("127.0.0.7", through_cache=False)
        assert (await asker.ask(FRONT, through_cache=False)).reason is Reason.CONNECT
    assert (found.via, found.version) == ("127.0.0.7", "v812")
    assert server.asked[0][1]["host"].startswith("shop.localhost:")


@pytest.mark.parametrize(
    ("answers", "version", "reason", "words"),
    [
        ({"/release.json": leads_to("/r/1.json"), "/r/1.json": answer(b'{"version": 1}')}, "1", None, ""),
        ({"/release.json": leads_to("http://other.example/x")}, "", Reason.REDIRECT, "other.example"),
        ({"/release.json": leads_to("/release.json")}, "", Reason.REDIRECT, "more than 5 redirects"),
        ({"/release.json": leads_to("ftp://shop")}, "", Reason.REDIRECT, "no web address"),
        ({}, "", Reason.STATUS, "answers 404 to /release.json"),
        ({"/release.json": answer(b"{}")}, "", Reason.EXTRACTION, "matched nothing"),
        (
            {"/release.json": answer(b"Attention Required! | Cloudflare", b"403 Forbidden")},
            "",
            Reason.BLOCKED,
            "Cloudflare",
        ),
    ],
    ids=["a redirect", "to another host", "in a circle", "to no web", "404", "nothing in it", "a firewall"],
)
async def test_what_an_answer_is_taken_for(server, answers, version, reason, words):
    server.answers = answers
    found = await seen(server)
    assert (found.version, found.reason) == (version, reason)
    assert words in found.failure


async def test_a_large_page_is_read_too(server):
    page = b'<html><meta name="v" content="v812">' + b"<p>x</p>" * 30_000
    server.answers["/"] = answer(page, headers=b"content-type: text/html\r\n")
    assert (await seen(server, source={"meta": "v"})).version == "v812"


async def test_edge_age_and_who_answered_are_kept(server):
    headers = JSON + b"server: nginx\r\nx-served-by: web3\r\nage: 12\r\nx-vercel-id: dub1\r\n"
    server.answers["/release.json"] = answer(b'{"version": "v812"}', headers=headers)
    found = await seen(server)
    assert (found.edge, found.age, found.answered_by) == ("Vercel", 12.0, "nginx, x-served-by: web3")


async def test_where_a_preset_has_several_places_the_next_is_asked_until_one_tells(server):
    page = b'<html><script src="/static/version1731500000/frontend/app.js"></script>'
    server.answers = {"/": answer(page, headers=b"content-type: text/html\r\n")}
    async with asking(server) as asker:
        readers = compile_readers(Releases.model_validate({"preset": "magento2"}))
        magento = Asker(asker.fetcher, asker.base_url, readers)
        assert (await magento.ask(FRONT, through_cache=True)).version == "1731500000"
    assert [target for target, _, _ in server.asked] == [
        "/static/deployed_version.txt",
        "/pub/static/deployed_version.txt",
        "/",
    ]


async def test_an_address_that_the_settings_forbid_is_not_asked(server):
    found = await seen(server, "10.9.9.9")
    assert (found.reason, server.asked) == (Reason.FORBIDDEN, [])


async def test_secrets_are_redacted_from_what_is_told(server):
    found = await seen(
        server,
        source={"url": "/release.json?key=hunter22", "json": "$.build"},
        redact=lambda text: text.replace("hunter22", "***"),
    )
    assert "key=***" in found.failure
    assert "hunter22" in server.asked[0][0]


async def test_through_a_proxy_no_node_is_taken_for_seen(server):
    async with asking(server) as asker:
        proxy = Fetcher(FetchSettings(proxy=asker.base_url))
        releases = Releases.model_validate({"version": {}, "identity": {"every": "20ms", "front": 3}})
        server.answers = {}
        server.whatever = answer(b'{"version": "v812"}')
        nodes = ("127.0.0.8", "127.0.0.9")
        found = await identify(
            proxy, "http://shop.test", nodes, Expectation("v812"), releases, lambda _: None
        )
        await proxy.close()
    assert [(one.via, one.state) for one in found.findings] == [(FRONT, "new")]
    assert "through a proxy" in found.not_seen[0]
    assert found.live is None


class NameServer(asyncio.DatagramProtocol):
    """Leads one name to the addresses in `addresses`."""

    def __init__(self, *addresses):
        self.addresses = addresses

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        query = dns.message.from_wire(data)
        asked, made = query.question[0], dns.message.make_response(query)
        if asked.rdtype.name == "A":
            made.answer.append(dns.rrset.from_text_list(asked.name, 1, "IN", "A", list(self.addresses)))
        self.transport.sendto(made.to_wire(), sender)


async def test_a_name_that_moves_to_a_new_machine_is_followed_and_the_old_one_is_let_go():
    """Blue and green: the old machine goes on to run the old version, and nobody is led there."""
    blue, green, loop = Server(), Server(), asyncio.get_running_loop()
    blue.answers["/release.json"] = answer(b'{"version": "v811"}')
    old = await asyncio.start_server(blue.serve, "127.0.0.11", 0)
    port = old.sockets[0].getsockname()[1]
    new = await asyncio.start_server(green.serve, "127.0.0.12", port)
    transport, names = await loop.create_datagram_endpoint(
        lambda: NameServer("127.0.0.11"), local_addr=("127.0.0.1", 0)
    )
    fetcher = Fetcher(FetchSettings(nameservers=("{}:{}".format(*transport.get_extra_info("sockname")),)))
    times = {"within": "20s", "drain": "400ms", "every": "50ms", "front": 4}
    releases = Releases.model_validate({"version": {}, "identity": times})
    heard = []

    def moves(identity):
        heard.append(identity)
        if identity.findings[0].samples >= 2:
            names.addresses = ("127.0.0.12",)

    try:
        found = await identify(fetcher, f"http://shop.test:{port}", (), Expectation("v812"), releases, moves)
    finally:
        await fetcher.close()
        transport.close()
        for each in (old, new):
            each.close()
    assert [(one.via, one.state) for one in found.findings] == [
        ("127.0.0.11", "drained"),
        ("127.0.0.12", "new"),
        (FRONT, "new"),
    ]
    assert found.live is not None
