"""The switchboard as programs work it."""

from __future__ import annotations

import socket

import pytest

from techrun.demo.server import DemoShop, list_faults, mend, set_fault
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
