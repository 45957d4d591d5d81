"""The switchboard as programs work it."""

from __future__ import annotations

import socket

import httpx
import pytest

from techrun.demo.server import DemoShop, deploy, list_faults, mend, set_fault
from techrun.errors import TechrunError, UsageError


def on(shop):
    return [fault.name for fault in list_faults(shop.url) if fault.on]


def test_faults_are_listed_and_switched(shop):
    assert on(shop) == []
    set_fault(shop.url, "captcha", on=True)
    set_fault(shop.url, "price-zero", on=True)
    assert on(shop) == ["price-zero", "captcha"]
    set_fault(shop.url, "captcha", on=False)
    assert on(shop) == ["price-zero"]
    mend(shop.url)
    assert on(shop) == []


def test_broken_mends_what_it_broke(shop):
    with shop.broken("captcha", "price-zero"):
        assert len(on(shop)) == 2
    assert on(shop) == []


def test_unknown_fault_is_a_usage_error(shop):
    with pytest.raises(UsageError, match="there is no fault 'nonsense'"):
        set_fault(shop.url, "nonsense", on=True)


def test_no_shop_is_said_in_words():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TechrunError, match="No demo shop answers"):
        list_faults(f"http://127.0.0.1:{port}")


def test_taken_port_is_said_in_words(shop, capfd):
    port = int(shop.url.rpartition(":")[2])
    with pytest.raises(TechrunError, match=f"is port {port} taken"):
        DemoShop(port).start()
    assert "cannot listen" in capfd.readouterr().err


def test_another_release_is_what_every_page_tells_and_one_node_may_keep_the_old_one():
    with DemoShop() as shop:
        deploy(shop.url, "v811", "0811aaa")
        shop.deploy("v812", "0812bbb")
        with shop.broken("node-outdated"):
            told = [httpx.get(f"{shop.url}/release.json", headers={"x-node": node}).json() for node in "123"]
        assert [one["version"] for one in told] == ["v812", "v811", "v812"]
        assert told[0] == {"version": "v812", "commit": "0812bbb"}
        assert "shop.css?v=v812" in httpx.get(shop.url).text


def test_a_release_without_a_version_is_refused(shop):
    with pytest.raises(UsageError, match=r"send \{"):
        deploy(shop.url, "")


def test_a_node_of_a_fleet_answers_at_its_own_address_alone():
    with DemoShop(address="127.0.0.1") as home, DemoShop(address="::1", node=3) as node:
        assert node.url.startswith("http://[::1]:")
        assert httpx.get(node.url).headers["x-served-by"] == "node-3"
        assert httpx.get(home.url).headers["x-served-by"] == "node-1"
        with pytest.raises(httpx.ConnectError):
            httpx.get(node.url.replace("[::1]", "127.0.0.1"))
