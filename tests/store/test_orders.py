"""The ledger of test orders: on the disk before an order is sent, capped, and not forgotten by a crash."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from techrun.model import CheckId, Order
from techrun.store.database import Store, read_store
from techrun.store.orders import KILLED, OrderCount, Orders, leaked_orders

CHECKOUT = CheckId("acme-es", "checkout")
MORNING = datetime(2026, 9, 21, 8, 0, tzinfo=UTC).timestamp()


class Clock:
    now = MORNING

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def orders(store, clock):
    return Orders(store, clock=clock)


def states(path):
    with read_store(path) as connection:
        return connection.execute("SELECT run_id, state, reference FROM orders ORDER BY id").fetchall()


async def placed(orders, shop, check, run_id, state="cancelled"):
    refusal = await orders.begin(shop, check, run_id, "place-order")
    if not refusal:
        await orders.settle(shop, run_id, [Order("place-order", f"order_id={run_id}", state)])
    return refusal


async def test_an_order_is_on_the_disk_before_it_may_be_sent(orders, shop, check, path):
    assert await orders.begin(shop, check, "r1", "place-order") == ""
    assert states(path) == [("r1", "begun", "")]


async def test_beginning_an_order_holds_no_loop(store, orders, shop, check):
    hold = threading.Event()
    store.write(lambda _: hold.wait(10), urgent=True)
    beginning = asyncio.create_task(orders.begin(shop, check, "r1", "place-order"))
    await asyncio.sleep(0.05)
    assert not beginning.done()
    hold.set()
    assert await beginning == ""


async def test_what_became_of_an_order_is_noted(orders, shop, check, path):
    await placed(orders, shop, check, "r1")
    assert states(path) == [("r1", "cancelled", "order_id=r1")]
    assert orders.snapshot() == [OrderCount(CHECKOUT, created=1, leaked=0)]


async def test_an_order_in_nobodys_account_is_unconfirmed(orders, shop, check, path):
    await orders.begin(shop, check, "r1", "place-order")
    await orders.settle(shop, "r1", [])
    assert states(path) == [("r1", "unconfirmed", "")]
    assert orders.snapshot() == [OrderCount(CHECKOUT, created=0, leaked=0)]


async def test_the_cap_of_a_day_holds(orders, shop, check):
    assert [await placed(orders, shop, check, f"r{n}") for n in range(3)] == ["", "", ""]
    assert "cap of 3 test orders a day is reached in acme-es" in await placed(orders, shop, check, "r3")


async def test_the_cap_holds_over_a_restart(orders, shop, check, store, clock):
    for n in range(3):
        await placed(orders, shop, check, f"r{n}")
    store.close()
    again = Store(store.path)
    assert "cap of 3" in await placed(Orders(again, clock=clock), shop, check, "r3")
    again.close()


async def test_the_cap_counts_the_orders_of_commands_beside_the_daemon(orders, shop, check, path, clock):
    beside = Store(path, exclusive=False)
    for n in range(3):
        await placed(Orders(beside, clock=clock), shop, check, f"r{n}")
    beside.close()
    assert "cap of 3" in await placed(orders, shop, check, "r3")


async def test_many_at_once_do_not_slip_past_the_cap(orders, shop, check):
    refusals = await asyncio.gather(*(orders.begin(shop, check, f"r{n}", "place-order") for n in range(9)))
    assert refusals.count("") == 3


async def test_a_new_day_begins_by_the_clock_of_the_shop(orders, shop, check, clock):
    clock.now = datetime(2026, 9, 21, 21, 59, tzinfo=UTC).timestamp()
    for n in range(3):
        await placed(orders, shop, check, f"r{n}")
    assert await placed(orders, shop, check, "r3") != ""
    clock.now += 120
    assert await placed(orders, shop, check, "r4") == ""


async def test_after_two_leaked_orders_none_is_placed_until_a_person_has_seen_to_them(
    orders, shop, check, store
):
    assert await placed(orders, shop, check, "r1", "leaked") == ""
    assert await placed(orders, shop, check, "r2", "leaked") == ""
    assert "2 test orders were not taken back in acme-es" in await placed(orders, shop, check, "r3")
    with store.read() as connection:
        assert [order.reference for order in leaked_orders(connection)] == ["order_id=r1", "order_id=r2"]
    assert orders.resolve("acme-es") == 2
    assert await placed(orders, shop, check, "r3") == ""
    assert orders.snapshot() == [OrderCount(CHECKOUT, created=3, leaked=0)]


async def test_an_order_that_cannot_be_recorded_is_refused(orders, shop, check, store):
    store.write(lambda connection: connection.execute("DROP TABLE orders")).result()
    assert "could not be recorded before it is sent" in await orders.begin(shop, check, "r1", "place-order")


async def test_a_run_that_is_stopped_while_it_begins_leaves_no_order_behind(orders, shop, check, store, path):
    hold = threading.Event()
    store.write(lambda _: hold.wait(10), urgent=True)
    beginning = asyncio.create_task(orders.begin(shop, check, "r1", "place-order"))
    await asyncio.sleep(0.05)
    beginning.cancel()
    hold.set()
    with pytest.raises(asyncio.CancelledError):
        await beginning
    store.flush()
    assert states(path) == []


async def test_an_order_that_the_disk_does_not_settle_holds_up_no_run_and_is_settled_later(
    orders, shop, check, store, path, monkeypatch, caplog
):
    monkeypatch.setattr("techrun.store.orders.SETTLING", 0.05)
    monkeypatch.setattr("techrun.store.orders.SETTLE_AGAIN", 0.01)
    await orders.begin(shop, check, "r1", "place-order")
    rename = "ALTER TABLE {} RENAME TO {}"
    store.write(lambda connection: connection.execute(rename.format("orders", "away"))).result()
    await asyncio.wait_for(orders.settle(shop, "r1", [Order("place-order", "order_id=1", "leaked")]), 5)
    assert "a test order stands in acme-es: order_id=1" in caplog.text
    store.write(lambda connection: connection.execute(rename.format("away", "orders"))).result()
    await asyncio.gather(*orders._settling)
    assert states(path) == [("r1", "leaked", "order_id=1")]


def test_an_order_that_a_killed_daemon_had_begun_is_named_at_the_next_start(path, shop, check):
    script = f"""
import asyncio, os, signal
from techrun.model import *
from techrun.store.database import Store
from techrun.store.orders import Orders
orders = Orders(Store({str(path)!r}))
check = Check(CheckId("acme-es", "checkout"), "journey", 60, 30)
asyncio.run(orders.begin(Shop("acme-es", "https://www.acme.es"), check, "r1", "place-order"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    store = Store(path)
    orders = Orders(store)
    with store.read() as connection:
        (order,) = leaked_orders(connection)
    assert (order.check, order.step, order.run_id, order.reference) == (CHECKOUT, "place-order", "r1", KILLED)
    assert orders.snapshot() == [OrderCount(CHECKOUT, created=1, leaked=1)]
    store.close()


async def test_a_starting_daemon_does_not_take_an_order_of_a_command_that_is_under_way(
    path, shop, check, clock
):
    beside = Store(path, exclusive=False)
    await Orders(beside, clock=clock).begin(shop, check, "r1", "place-order")
    daemon = Store(path)
    Orders(daemon, clock=clock)
    assert states(path) == [("r1", "begun", "")]
    clock.now += 7200
    Orders(daemon, clock=clock)
    assert states(path) == [("r1", "leaked", KILLED)]
    daemon.close()
    beside.close()
