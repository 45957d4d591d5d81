"""Names: found as the system would, and a silent name server delays nobody else."""

import asyncio
import socket
import struct

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from techrun.exchange import Request
from techrun.fetch import ResolveError, Resolver
from techrun.fetch.sysfiles import Watched, read_hosts
from techrun.model import Reason


@pytest.fixture
def silent_port():
    """A name server that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield silent.getsockname()[1]


async def test_a_name_has_the_addresses_that_the_name_server_knows(name_server):
    server = await name_server({"shop.example": ["203.0.113.1", "203.0.113.2", "2001:db8::1"]})
    found = await Resolver([server.address]).resolve("shop.example", 5)
    assert set(found) == {"203.0.113.1", "203.0.113.2", "2001:db8::1"}


@pytest.mark.parametrize(("ip", "wanted"), [("4", ("203.0.113.1",)), ("6", ("2001:db8::1",))])
async def test_the_family_of_addresses_can_be_chosen(name_server, ip, wanted):
    server = await name_server({"shop.example": ["203.0.113.1", "2001:db8::1"]})
    assert await Resolver([server.address], ip=ip).resolve("shop.example", 5) == wanted


async def test_a_name_without_an_address_of_the_chosen_family_says_so(name_server):
    server = await name_server({"shop.example": ["203.0.113.1"]})
    with pytest.raises(ResolveError, match="no IPv6 address"):
        await Resolver([server.address], ip="6").resolve("shop.example", 5)


@pytest.mark.parametrize("host", ["203.0.113.1", "2001:db8::1"])
async def test_a_literal_address_is_its_own(host):
    assert await Resolver(["127.0.0.1:1"]).resolve(host, 5) == (host,)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "node1.localhost"])
async def test_localhost_never_leaves_the_machine(host):
    assert "127.0.0.1" in await Resolver(["127.0.0.1:1"]).resolve(host, 5)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({}, "there is no name shop.example"),
        ({"shop.example": []}, "shop.example has no address"),
        ({"shop.example": dns.rcode.SERVFAIL}, "answered SERVFAIL"),
        ({"shop.example": dns.rcode.REFUSED}, "answered REFUSED"),
    ],
    ids=["nxdomain", "no-data", "servfail", "refused"],
)
async def test_what_the_name_server_says_is_told(name_server, known, words):
    server = await name_server(known)
    with pytest.raises(ResolveError, match=words):
        await Resolver([server.address]).resolve("shop.example", 5)


@pytest.mark.parametrize(
    "host", ["a..b", "x" * 64 + ".example", "\N{SNOWMAN}" * 70, ""], ids=["dots", "long", "idna", "empty"]
)
async def test_what_is_no_name_is_told(host):
    with pytest.raises(ResolveError):
        await Resolver(["127.0.0.1:1"]).resolve(host, 5)


async def test_the_next_name_server_is_asked_where_one_does_not_answer(name_server, silent_port):
    server = await name_server({"shop.example": ["203.0.113.1"]})
    resolver = Resolver(["127.0.0.1:1", f"127.0.0.1:{silent_port}", server.address], limit=0.6)
    assert await resolver.resolve("shop.example", 5) == ("203.0.113.1",)


async def test_one_family_that_is_never_answered_does_not_hold_the_other_back(name_server):
    server = await name_server({"shop.example": ["203.0.113.1"]}, silent=lambda _, kind: kind == "AAAA")
    assert await Resolver([server.address], limit=30).resolve("shop.example", 2) == ("203.0.113.1",)


async def test_one_family_denied_and_the_other_silent_is_no_answer(name_server):
    server = await name_server({"shop.example": ["203.0.113.1"]}, silent=lambda _, kind: kind == "A")
    with pytest.raises(ResolveError, match="did not answer"):
        await Resolver([server.address], limit=0.4).resolve("shop.example", 2)


async def test_equal_lookups_at_the_same_time_are_asked_once(name_server):
    server = await name_server({"shop.example": ["203.0.113.1"]})
    resolver = Resolver([server.address])
    await asyncio.gather(*(resolver.resolve("shop.example", 5) for _ in range(20)))
    assert sorted(server.asked) == [("shop.example", "A"), ("shop.example", "AAAA")]


async def test_lookups_one_after_the_other_are_each_asked(name_server):
    server = await name_server({"shop.example": ["203.0.113.1"]})
    resolver = Resolver([server.address])
    for _ in range(2):
        await resolver.resolve("shop.example", 5)
    assert len(server.asked) == 4


async def test_who_gives_up_does_not_end_the_lookup_of_the_others(name_server):
    server = await name_server({"shop.example": ["203.0.113.1"]}, silent=lambda _, kind: kind == "AAAA")
    resolver = Resolver([server.address])
    first = asyncio.create_task(resolver.resolve("shop.example", 5))
    second = asyncio.create_task(resolver.resolve("shop.example", 5))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == ("203.0.113.1",)


async def test_hung_names_delay_neither_a_good_one_nor_the_end(make_fetcher, serve, name_server, eventually):
    """Threads of libcurl and of the event loop starve behind fewer hung names than these."""
    site = await serve()
    server = await name_server(
        {"good.example": ["127.0.0.1"]}, silent=lambda name, _: name.startswith("hung")
    )
    fetcher = make_fetcher(nameservers=(server.address,))
    sessions = [fetcher.session() for _ in range(60)]
    hung = [
        asyncio.create_task(session.exchange(Request("GET", f"http://hung{number}.example/"), 30))
        for number, session in enumerate(sessions)
    ]
    await eventually(lambda: len(server.asked) == 2 * len(hung))
    async with asyncio.timeout(2), fetcher.session() as session:
        good = await session.exchange(Request("GET", f"http://good.example:{site.port}/"), 5)
    assert good.status == 200
    assert not any(task.done() for task in hung)
    async with asyncio.timeout(2):
        await fetcher.close()
        results = await asyncio.gather(*hung)
    assert {result.reason for result in results} == {Reason.INTERRUPTED}


async def test_a_hung_name_fails_in_its_time_with_the_name_server_named(make_fetcher, silent_port):
    fetcher = make_fetcher(nameservers=(f"127.0.0.1:{silent_port}",), resolve_timeout=0.4)
    async with fetcher.session() as session:
        result = await session.exchange(Request("GET", "http://shop.example/"), 5)
    assert result.reason is Reason.DNS
    assert [name for name, _ in result.phases.items()] == ["resolve"]
    assert "127.0.0.1" in result.message or "no name server" in result.message


async def test_the_exchanges_own_time_bounds_the_lookup(make_fetcher, silent_port):
    fetcher = make_fetcher(nameservers=(f"127.0.0.1:{silent_port}",), resolve_timeout=30)
    async with fetcher.session() as session, asyncio.timeout(3):
        result = await session.exchange(Request("GET", "http://shop.example/"), 0.2)
    assert (result.reason, "within 0.2 s" in result.message) == (Reason.DNS, True)


async def test_an_answer_too_large_for_a_datagram_is_fetched_over_tcp(name_server):
    addresses = [f"203.0.113.{number}" for number in range(1, 200)]

    async def over_tcp(reader, writer):
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        query = dns.message.from_wire(await reader.readexactly(length))
        answer = dns.message.make_response(query)
        answer.answer.append(dns.rrset.from_text_list(query.question[0].name, 60, "IN", "A", addresses))
        wire = answer.to_wire()
        writer.write(struct.pack("!H", len(wire)) + wire)
        await writer.drain()
        writer.close()

    def truncated(answer, question, name):
        if question.rdtype.name == "A":
            answer.flags |= dns.flags.TC

    async with await asyncio.start_server(over_tcp, "127.0.0.1", 0) as listening:
        server = await name_server(port=listening.sockets[0].getsockname()[1])
        server.fill = truncated
        assert len(await Resolver([server.address]).resolve("shop.example", 5)) == 199


async def test_forged_and_broken_answers_are_passed_over(name_server):
    server = await name_server({"shop.example": ["203.0.113.1"]})
    honest = server.datagram_received

    def with_noise(data, sender):
        server.transport.sendto(b"\0", sender)
        forged = dns.message.make_response(dns.message.make_query("shop.example", "A"))  # of another id
        forged.answer.append(dns.rrset.from_text("shop.example.", 60, "IN", "A", "198.51.100.66"))
        server.transport.sendto(forged.to_wire(), sender)
        honest(data, sender)

    server.datagram_received = with_noise
    assert await Resolver([server.address]).resolve("shop.example", 5) == ("203.0.113.1",)


def resolver_of(path, text):
    """A resolver on a system whose /etc/resolv.conf says this."""
    path.write_text(text)
    resolver = Resolver()
    resolver._resolv_conf._path = str(path)
    return resolver


async def test_the_search_list_completes_short_names(name_server, tmp_path):
    server = await name_server({"shop.internal.example": ["203.0.113.1"]})
    host, _, port = server.address.partition(":")
    resolver = resolver_of(tmp_path / "resolv.conf", f"nameserver {host}\nsearch internal.example\n")
    resolver._resolv_conf.value.port = int(port)
    assert await resolver.resolve("shop", 5) == ("203.0.113.1",)
    assert server.asked[0][0] == "shop.internal.example"


async def test_names_with_dots_are_asked_as_written_first(name_server, tmp_path):
    server = await name_server({"www.shop.example": ["203.0.113.1"]})
    host, _, port = server.address.partition(":")
    resolver = resolver_of(tmp_path / "resolv.conf", f"nameserver {host}\nsearch internal.example\n")
    resolver._resolv_conf.value.port = int(port)
    assert await resolver.resolve("www.shop.example", 5) == ("203.0.113.1",)
    assert {name for name, _ in server.asked} == {"www.shop.example"}


async def test_a_machine_without_name_servers_says_so(tmp_path):
    with pytest.raises(ResolveError, match="no name server is configured"):
        await resolver_of(tmp_path / "resolv.conf", "# nothing\n").resolve("shop.example", 5)


def test_the_hosts_file_is_read_as_the_system_reads_it(tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("# comment\n127.0.0.1 localhost Shop.Test # x\n::1 localhost\n\n10.0.0.1\n")
    assert read_hosts(str(hosts)) == {"localhost": ("127.0.0.1", "::1"), "shop.test": ("127.0.0.1",)}
    assert read_hosts(str(tmp_path / "none")) == {}


async def test_a_name_of_the_hosts_file_is_asked_of_nobody(tmp_path):
    resolver = Resolver(["127.0.0.1:1"])
    (tmp_path / "hosts").write_text("203.0.113.9 shop.test\n")
    resolver._hosts = Watched(str(tmp_path / "hosts"), read_hosts)
    assert await resolver.resolve("Shop.Test", 5) == ("203.0.113.9",)


def test_a_changed_file_is_read_again(tmp_path, monkeypatch):
    path = tmp_path / "hosts"
    path.write_text("10.0.0.1 a\n")
    watched = Watched(str(path), read_hosts)
    assert watched.value == {"a": ("10.0.0.1",)}
    (tmp_path / "new").write_text("10.0.0.2 a\n")
    (tmp_path / "new").replace(path)
    watched._looked = float("-inf")
    assert watched.value == {"a": ("10.0.0.2",)}


async def test_names_with_umlauts_are_asked_in_their_ascii_form(name_server):
    server = await name_server({"xn--mnchen-3ya.example": ["203.0.113.1"]})
    assert await Resolver([server.address]).resolve("München.example", 5) == ("203.0.113.1",)
