"""One node behind a balancer: another address, the same name."""

import pytest

from techrun.exchange import Request, Response


@pytest.mark.parametrize("node", ["127.0.0.1:{port}", "localhost:{port}"], ids=["address", "name"])
async def test_the_shop_is_sought_at_the_node_under_its_own_name(fetcher, serve, authority, node):
    site = await serve(context=authority.context("shop.example"))
    async with fetcher.session(node.format(port=site.port)) as session:
        result = await session.exchange(Request("GET", "https://shop.example/"), 5)
    assert isinstance(result, Response), result
    assert site.seen[0].headers["host"] == "shop.example"
    assert result.certificate.names == ("shop.example",)
    assert result.address == "127.0.0.1"


async def test_without_a_port_the_urls_own_is_used(fetcher, serve):
    site = await serve()
    async with fetcher.session("127.0.0.1") as session:
        result = await session.exchange(Request("GET", f"http://shop.example:{site.port}/"), 5)
    assert result.status == 200


async def test_other_hosts_of_the_run_go_where_their_names_lead(fetcher, serve):
    node, cdn = await serve(), await serve()
    async with fetcher.session(f"127.0.0.1:{node.port}") as session:
        await session.exchange(Request("GET", "http://shop.example/"), 5)
        await session.exchange(Request("GET", "http://www.shop.example/"), 5)
        await session.exchange(Request("GET", f"http://localhost:{cdn.port}/style.css"), 5)
    assert [seen.headers["host"] for seen in node.seen] == ["shop.example", "www.shop.example"]
    assert [seen.path for seen in cdn.seen] == ["/style.css"]


async def test_an_ipv6_node_is_written_in_brackets(fetcher, serve):
    site = await serve(host="::1")
    async with fetcher.session(f"[::1]:{site.port}") as session:
        result = await session.exchange(Request("GET", "http://shop.example/"), 5)
    assert result.address == "::1"


async def test_a_node_that_is_down_is_named_with_its_address(fetcher):
    async with fetcher.session("127.0.0.1:1") as session:
        result = await session.exchange(Request("GET", "http://shop.example/"), 5)
    assert "no connection to shop.example:80" in result.message
    assert "127.0.0.1" in result.message
