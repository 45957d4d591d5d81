"""Names with several addresses: the next one is tried where one is dead."""

import pytest

from techrun.exchange import Failure, Request, Response
from techrun.model import Reason


async def exchange(fetcher, url):
    async with fetcher.session() as session:
        return await session.exchange(Request("GET", url), 5)


@pytest.mark.parametrize(
    ("listening", "known"),
    [("127.0.0.1", ["::1", "127.0.0.1"]), ("::1", ["127.0.0.1", "::1"])],
    ids=["only-ipv4-listens", "only-ipv6-listens"],
)
async def test_the_other_family_is_tried_where_one_refuses(
    make_fetcher, serve, name_server, listening, known
):
    site = await serve(host=listening)
    server = await name_server({"dual.example": known})
    fetcher = make_fetcher(nameservers=(server.address,))
    result = await exchange(fetcher, f"http://dual.example:{site.port}/")
    assert isinstance(result, Response), result
    assert result.address == listening


async def test_the_setting_keeps_to_one_family(make_fetcher, serve, name_server):
    site = await serve(host="::1")
    server = await name_server({"dual.example": ["::1", "127.0.0.1"]})
    fetcher = make_fetcher(nameservers=(server.address,), ip="4")
    result = await exchange(fetcher, f"http://dual.example:{site.port}/")
    assert isinstance(result, Failure)
    assert result.reason is Reason.CONNECT
    assert "(tried 127.0.0.1)" in result.message


async def test_where_all_addresses_refuse_all_are_named(make_fetcher, name_server):
    server = await name_server({"dual.example": ["::1", "127.0.0.1"]})
    result = await exchange(make_fetcher(nameservers=(server.address,)), "http://dual.example:1/")
    assert result.reason is Reason.CONNECT
    assert "127.0.0.1" in result.message
    assert "::1" in result.message
