"""What may be connected to, in every spelling."""

import pytest

from techrun.exchange import Failure, Request
from techrun.fetch import PRIVATE_NETWORKS, Guard
from techrun.model import Reason


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "100.100.100.200",
        "168.63.129.16",
        "::",
        "fe80::1",
        "ff02::1",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "no address",
    ],
)
def test_addresses_that_are_never_a_shop_are_refused_in_every_disguise(address):
    assert Guard().refusal(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "fd12::1", "203.0.113.9", "2606:4700::1111"]
)
def test_public_private_and_loopback_addresses_may_be_probed(address):
    assert Guard().refusal(address) == ""


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "fd12::1", "::ffff:10.1.2.3"])
def test_private_networks_are_refused_where_the_settings_deny_them(address):
    assert "the settings deny" in Guard(deny=PRIVATE_NETWORKS).refusal(address)


def test_allow_wins_over_deny_so_that_nothing_else_gets_through():
    guard = Guard(allow=("203.0.113.0/24",), deny=("0.0.0.0/0", "::/0"))
    assert guard.refusal("203.0.113.9") == ""
    assert guard.refusal("198.51.100.1")
    assert guard.refusal("2606:4700::1111")


def test_allow_lets_a_link_local_address_through():
    assert Guard(allow=("169.254.10.0/24",)).refusal("169.254.10.1") == ""


@pytest.mark.parametrize(
    ("url", "connect_to"),
    [
        ("http://127.0.0.1:{port}/", None),
        ("http://localhost:{port}/", None),
        ("http://[::ffff:127.0.0.1]:{port}/", None),
        ("http://shop.example:{port}/", "127.0.0.1"),
        ("http://shop.example/", "127.0.0.1:{port}"),
        ("http://mixed.example:{port}/", None),
    ],
    ids=["literal", "name", "mapped", "connect-to", "connect-to-port", "one-forbidden-among-good"],
)
async def test_a_forbidden_address_is_not_connected_to(make_fetcher, serve, name_server, url, connect_to):
    site = await serve()
    server = await name_server({"mixed.example": ["203.0.113.7", "127.0.0.1"]})
    fetcher = make_fetcher(deny=PRIVATE_NETWORKS, nameservers=(server.address,))
    node = connect_to and connect_to.format(port=site.port)
    async with fetcher.session(node) as session:
        result = await session.exchange(Request("GET", url.format(port=site.port)), 5)
    assert isinstance(result, Failure)
    assert result.reason is Reason.FORBIDDEN
    assert "127.0.0.1" in result.message
    assert site.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://127.0.0.1/",
        "dict://127.0.0.1/",
        "//127.0.0.1/",
        "/page",
    ],
)
async def test_other_protocols_than_http_are_refused(fetcher, url):
    async with fetcher.session() as session:
        result = await session.exchange(Request("GET", url), 5)
    assert (result.reason, "only http and https" in result.message) == (Reason.FORBIDDEN, True)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1"], ids=lambda host: f"host-{host}"
)
async def test_numbers_that_libcurl_would_read_as_addresses_are_names_to_us(
    make_fetcher, serve, name_server, host
):
    """Whatever libcurl makes of a host, it connects to the addresses that the guard has seen."""
    site = await serve()
    server = await name_server({})
    fetcher = make_fetcher(nameservers=(server.address,))
    async with fetcher.session() as session:
        result = await session.exchange(Request("GET", f"http://{host}:{site.port}/"), 5)
    assert (result.reason, site.connections) == (Reason.DNS, 0)


async def test_a_name_is_not_asked_for_again_within_a_run(make_fetcher, serve, name_server):
    """A name that turns to another address between two requests cannot lead a run astray."""
    site = await serve()
    server = await name_server({"shop.example": ["127.0.0.1"]})
    fetcher = make_fetcher(nameservers=(server.address,))
    async with fetcher.session() as session:
        await session.exchange(Request("GET", f"http://shop.example:{site.port}/"), 5)
        server.table["shop.example"] = ["169.254.169.254"]
        result = await session.exchange(Request("GET", f"http://shop.example:{site.port}/"), 5)
    assert (result.status, len(server.asked)) == (200, 2)


async def test_other_kinds_ask_for_allowed_addresses_too(make_fetcher, name_server):
    server = await name_server({"good.example": ["203.0.113.7"], "bad.example": ["169.254.1.1"]})
    fetcher = make_fetcher(nameservers=(server.address,))
    assert await fetcher.resolve_allowed("good.example", 5) == ["203.0.113.7"]
    assert (await fetcher.resolve_allowed("bad.example", 5)).reason is Reason.FORBIDDEN
    assert (await fetcher.resolve_allowed("none.example", 5)).reason is Reason.DNS
