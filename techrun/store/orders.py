"""Test orders, counted against the shop's cap and remembered over a crash.

An order is on the disk before it is sent. One that was begun by a daemon which then was killed
is counted as leaked: nothing can have taken it back.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from techrun.errors import StoreError
from techrun.model import Check, CheckId, Order, Shop
from techrun.standing import LEAKS_ALLOWED, storable
from techrun.store.database import Store
from techrun.zones import zone_of

log = logging.getLogger(__name__)

COMMAND_TAKES = 3600.0
"""Seconds after which an order of a command beside the daemon is not under way any more."""
SETTLING = 2.0
"""Seconds that a run waits for the disk to settle its orders; after that they are settled behind its back."""
SETTLE_AGAIN = 5.0
"""Seconds until the disk is asked again."""
KILLED = "techrun was stopped while it was being placed"


@dataclass(frozen=True, slots=True)
class LeakedOrder:
    """A test order that stands in a shop, as far as is known."""

    id: int
    check: CheckId
    step: str
    run_id: str
    begun: float
    reference: str


@dataclass(frozen=True, slots=True)
class OrderCount:
    """The test orders of one check."""

    check: CheckId
    created: int
    """Placed and confirmed by the shop, ever."""
    leaked: int
    """Standing in the shop now."""


class Orders:
    """The ledger that a driver asks before it sends an order (`probes.OrderLedger`)."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._settling: set[asyncio.Task[None]] = set()
        self._owner = "daemon" if store.exclusive else "command"
        if store.exclusive:
            long_ago = clock() - COMMAND_TAKES
            store.write(lambda connection: _name_the_killed(connection, long_ago), urgent=True).result()
            with store.read() as connection:
                for order in leaked_orders(connection):
                    log.warning("a test order stands in %s: %s", order.check, order.reference)

    async def begin(self, shop: Shop, check: Check, run_id: str, step: str) -> str:
        """Record durably that an order is about to be sent; why it must not be sent, or ``""``."""
        now = self._clock()
        row = (check.id.shop, check.id.name, run_id, step, _day(shop, now), now, self._owner)
        try:
            begun = self._store.write(lambda connection: _begin(connection, shop, row), urgent=True)
            return await asyncio.wrap_future(begun)
        except StoreError as error:
            return f"the order could not be recorded before it is sent: {error}"
        except asyncio.CancelledError:
            # The one who asked was stopped and sends nothing.
            self._store.write(lambda connection: _withdraw(connection, run_id, step))
            raise

    async def settle(self, shop: Shop, run_id: str, orders: Sequence[Order]) -> None:
        """Record what became of this run's orders, as soon as the disk takes it.

        What cannot be settled until techrun ends is named at the next start.
        """
        for order in orders:
            if order.state == "leaked":
                log.warning("a test order stands in %s: %s (run %s)", shop.name, order.reference, run_id)
        settling = asyncio.create_task(self._settle(shop, run_id, orders, self._clock()))
        self._settling.add(settling)
        settling.add_done_callback(self._settling.discard)
        await asyncio.wait({settling}, timeout=SETTLING)

    async def _settle(self, shop: Shop, run_id: str, orders: Sequence[Order], now: float) -> None:
        while True:
            try:
                settled = self._store.write(
                    lambda connection: _settle(connection, shop, run_id, orders, now), urgent=True
                )
                return await asyncio.wrap_future(settled)
            except StoreError as error:
                log.error("what became of the orders of run %s is not recorded yet: %s", run_id, error)  # noqa: TRY400  the text says it all
            await asyncio.sleep(SETTLE_AGAIN)

    def resolve(self, shop: str) -> int:
        """A person has seen to the leaked orders of a shop: orders may be placed again; how many they were."""
        return self._store.write(
            lambda connection: (
                connection.execute(
                    "UPDATE orders SET state = 'resolved' WHERE shop = ? AND state = 'leaked'", (shop,)
                ).rowcount
            ),
            urgent=True,
        ).result()

    def snapshot(self) -> list[OrderCount]:
        """The orders of each check, for metrics."""
        with self._store.read() as connection:
            return order_counts(connection)


def leaked_orders(connection: sqlite3.Connection) -> list[LeakedOrder]:
    """The test orders that stand in shops, oldest first."""
    rows = connection.execute(
        "SELECT id, shop, name, step, run_id, begun, reference FROM orders WHERE state = 'leaked' ORDER BY id"
    )
    return [LeakedOrder(number, CheckId(shop, name), *rest) for number, shop, name, *rest in rows]


def order_counts(connection: sqlite3.Connection) -> list[OrderCount]:
    """The orders of each check that ever placed one."""
    created: Counter[CheckId] = Counter()
    leaked: Counter[CheckId] = Counter()
    for shop, name, state, count in connection.execute(
        "SELECT shop, name, state, count(*) FROM orders GROUP BY shop, name, state"
    ):
        check = CheckId(shop, name)
        created[check] += count if state in ("created", "cancelled", "leaked", "resolved") else 0
        leaked[check] += count if state == "leaked" else 0
    return [OrderCount(check, created[check], leaked[check]) for check in created]


def _day(shop: Shop, now: float) -> str:
    """The date on the shop's calendar."""
    return datetime.fromtimestamp(now, zone_of(shop.timezone)).date().isoformat()


def _begin(connection: sqlite3.Connection, shop: Shop, row: tuple[str | float, ...]) -> str:
    (leaked,) = connection.execute(
        "SELECT count(*) FROM orders WHERE shop = ? AND state = 'leaked'", (shop.name,)
    ).fetchone()
    if leaked >= LEAKS_ALLOWED:
        return f"{leaked} test orders were not taken back in {shop.name}: none is placed until a person has seen to them"
    day = row[4]
    (today,) = connection.execute(
        "SELECT count(*) FROM orders WHERE shop = ? AND day = ?", (shop.name, day)
    ).fetchone()
    if today >= shop.orders_per_day:
        return f"the cap of {shop.orders_per_day} test orders a day is reached in {shop.name} (orders.max_per_day)"
    connection.execute(
        "INSERT INTO orders (shop, name, run_id, step, day, begun, owner, state, reference)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'begun', '')",
        row,
    )
    return ""


def _withdraw(connection: sqlite3.Connection, run_id: str, step: str) -> None:
    connection.execute("DELETE FROM orders WHERE run_id = ? AND step = ? AND state = 'begun'", (run_id, step))


def _settle(
    connection: sqlite3.Connection, shop: Shop, run_id: str, orders: Sequence[Order], now: float
) -> None:
    for order in orders:
        connection.execute(
            "UPDATE orders SET state = ?, reference = ?, settled = ? WHERE shop = ? AND run_id = ? AND step = ?",
            (order.state, storable(order.reference), now, shop.name, run_id, order.step),
        )
    # What was begun and is in no one's account: it may have been taken.
    connection.execute(
        "UPDATE orders SET state = 'unconfirmed', settled = ?"
        " WHERE shop = ? AND run_id = ? AND state = 'begun'",
        (now, shop.name, run_id),
    )


def _name_the_killed(connection: sqlite3.Connection, long_ago: float) -> None:
    connection.execute(
        "UPDATE orders SET state = 'leaked', reference = ?"
        " WHERE state = 'begun' AND (owner = 'daemon' OR begun < ?)",
        (KILLED, long_ago),
    )
