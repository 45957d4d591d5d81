"""The fault matrix: every fault of the demo shop, switched on while the daemon of `techrun run` watches, is found
by the check that should find it, at the right step and for the right reason; nothing else raises an
alarm; switched off, everything recovers.

The checks are those that ship for the demo shop. Only their clocks are faster: every check runs twice
a second, two failures in a row are an outage, one good run ends it.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from techrun.app.daemon import Daemon, Watch
from techrun.app.loading import Loaded, load
from techrun.config.files import shipped_checks
from techrun.demo.faults import FAULTS
from techrun.demo.server import DemoShop
from techrun.model import Check, Confirmation, Reason, Result, Shop, Status
from techrun.standing import Incident, Member
from techrun.store.orders import leaked_orders
from techrun.store.state import open_incidents, past_incidents

EVERY = 0.5
CONFIRMATION = Confirmation(fail_after=2, recover_after=1, delays=(0.05,))
PATIENCE = 40.0
BUYING = "order"
OPENING = "order browse business feeds"
"""The checks that also open a product page."""
ALL = "home checkout order browse business api payments feeds health/1 health/2 health/3 same-release"


@dataclass(frozen=True)
class Row:
    """Which check finds a fault, where and why; `also` may notice it, too."""

    fault: str
    check: str
    step: str
    reason: Reason
    also: str = ""
    status: Status = Status.DOWN

    @property
    def alarmed(self) -> set[str]:
        return {self.check, *self.also.split()}


MATRIX = [
    # fault, found by check, at step, for reason, and also noticed by
    Row("maintenance", "home", "", Reason.MAINTENANCE, ALL),
    Row("unavailable", "home", "", Reason.STATUS, ALL),
    Row("slow-database", "home", "", Reason.BUDGET, ALL, Status.DEGRADED),
    Row("node-broken", "health/2", "", Reason.STATUS, "same-release"),
    Row("node-outdated", "same-release", "second", Reason.EXPECTATION),
    Row("wrong-currency", "checkout", "product", Reason.EXPECTATION, "order browse api"),
    Row("stylesheet-gone", "home", "", Reason.ASSET, "checkout order payments"),
    Row("script-empty", "home", "", Reason.ASSET, "checkout order payments"),
    Row("payment-script-error", "checkout", "shipping", Reason.ASSET, "order payments"),
    Row("search-empty", "browse", "search", Reason.EXTRACTION, "api"),
    Row("category-empty", "browse", "category", Reason.EXTRACTION),
    Row("category-truncated", "browse", "category", Reason.PROTOCOL),
    Row("product-hangs", "checkout", "product", Reason.TIMEOUT, OPENING),
    Row("product-error-200", "checkout", "product", Reason.EXTRACTION, OPENING),
    Row("price-zero", "checkout", "product", Reason.EXPECTATION, "order browse business api"),
    Row("sold-out-sold", "browse", "sold-out", Reason.EXPECTATION),
    Row("api-html", "api", "articles", Reason.EXPECTATION),
    # the buying journeys take it for sold-out probe data: a ticket to the owner of the shop
    Row("api-stock-lost", "api", "stock", Reason.EXPECTATION, "checkout order"),
    Row("add-to-cart-ignored", "checkout", "add-to-cart", Reason.EXPECTATION, "order business api"),
    Row("cart-loop", "checkout", "add-to-cart", Reason.REDIRECT, "order business"),
    Row("coupon-ignored", "checkout", "coupon", Reason.EXTRACTION, BUYING),
    Row("total-wrong", "checkout", "coupon", Reason.EXPECTATION, BUYING),
    Row("csrf-stale", "checkout", "add-to-cart", Reason.EXPECTATION, "order business"),
    Row("captcha", "checkout", "checkout", Reason.BLOCKED, BUYING, Status.BLOCKED),
    Row("session-lost", "checkout", "address", Reason.EXPECTATION, BUYING),
    Row("shipping-slow", "checkout", "address", Reason.BUDGET, BUYING),
    Row("shipping-empty", "checkout", "address", Reason.EXPECTATION, BUYING),
    Row("shipping-error-200", "checkout", "address", Reason.EXPECTATION, BUYING),
    Row("payment-blank", "checkout", "shipping", Reason.EXPECTATION, BUYING),
    Row("payment-declined", "checkout", "payment", Reason.EXPECTATION, "order payments"),
    Row("payment-unreachable", "payments", "accepted", Reason.STATUS),
    Row("review-500", "checkout", "payment", Reason.STATUS, BUYING),
    Row("order-500", "order", "place-order", Reason.STATUS),
    Row("order-missing", "order", "track-order", Reason.STATUS),
    Row("login-refused", "business", "login", Reason.EXPECTATION),
    Row("contract-price-lost", "business", "contract-price", Reason.EXTRACTION),
    Row("history-empty", "business", "history", Reason.EXTRACTION),
    Row("invoice-broken", "business", "invoice", Reason.EXPECTATION),
    Row("quote-lost", "business", "quote", Reason.EXTRACTION),
    Row("reorder-empty", "business", "reorder", Reason.EXPECTATION),
    Row("robots-closed", "feeds", "robots", Reason.EXPECTATION),
    Row("sitemap-dead", "feeds", "sitemap-page", Reason.STATUS),
    Row("feed-empty", "feeds", "feed", Reason.EXTRACTION),
    Row("feed-prices-old", "feeds", "feed-price", Reason.EXPECTATION),
]
ELSEWHERE = {"cancel-refused"}
"""No outage: what a refused cancellation means is tested below the matrix."""


class Watcher:
    """The daemon of `techrun run`, on a loop in a thread; it is a sink itself, to know the last results."""

    def __init__(self, url: str, folder: Path) -> None:
        phone = f"{url.removeprefix('http://')}/_phone"
        environ = {**os.environ, "TECHRUN_DEMO_URL": url, "TECHRUN_DEMO_PHONE": phone}
        loaded = faster(load(shipped_checks() / "demo", environ))
        self._expected = len(loaded.checks)
        self.last: dict[str, Result] = {}
        self._news = threading.Condition()
        self._stack = ExitStack()
        wish = Watch(listen="127.0.0.1:0", store=folder / "techrun.db")
        self.daemon = Daemon(loaded, wish, self._stack, [self])
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:
        pass

    def accept(self, result: Result) -> None:
        with self._news:
            self.last[result.check.id.name] = result
            self._news.notify_all()

    def close(self) -> None:
        pass

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._stack.close()

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        await self.daemon.run(self._stopping)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for the results that make something true; the failure shows how the checks stand."""
        end = time.monotonic() + PATIENCE
        with self._news:
            while not holds():
                self._news.wait(0.05)
                assert time.monotonic() < end, f"not within {PATIENCE:g} s: {what}\n{self.standing()}"

    def failing(self) -> set[str]:
        """The checks that are part of an open incident and have not recovered."""
        with self.daemon.store.read() as connection:
            return {member.check.name for one in open_incidents(connection) for member in one.failing}

    def opened_since(self, moment: float) -> list[Incident]:
        with self.daemon.store.read() as connection:
            return list(past_incidents(connection, moment))

    def alarmed_since(self, moment: float) -> list[Member]:
        """The checks that became part of an incident; one that began before may end only now."""
        incidents = self.opened_since(moment)
        return [one for incident in incidents for one in incident.members if one.joined >= moment]

    def leaked(self) -> int:
        with self.daemon.store.read() as connection:
            return len(leaked_orders(connection))

    def not_up(self) -> set[str]:
        """The checks whose confirmed or last status is anything but up."""
        states = self.daemon.incidents.snapshot().states
        confirmed = {check.name for check, state in states.items() if state.status is not Status.UP}
        last = {name for name, result in self.last.items() if result.outcome.status is not Status.UP}
        return confirmed | last | self.failing()

    def all_up(self) -> bool:
        return len(self.last) == self._expected and not self.not_up()

    def standing(self) -> str:
        lines = (
            f"{name}: {result.outcome.status} {result.outcome.reason} at {result.outcome.step!r}: "
            f"{result.outcome.message[:200]}"
            for name, result in sorted(self.last.items())
        )
        return "\n".join(lines)


def faster(loaded: Loaded) -> Loaded:
    """The same shop and checks, watched much more often."""
    checks = tuple(replace(check, every=EVERY, confirmation=CONFIRMATION) for check in loaded.checks)
    shops = tuple(
        replace(one, shop=replace(one.shop, orders_per_day=100_000)) for one in loaded.settings.shops
    )
    return replace(loaded, checks=checks, settings=replace(loaded.settings, shops=shops))


@pytest.fixture(scope="module")
def shop() -> Iterator[DemoShop]:
    with DemoShop() as running:
        yield running


@pytest.fixture(scope="module")
def watcher(shop: DemoShop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    watching = Watcher(shop.url, tmp_path_factory.mktemp("matrix"))
    watching.start()
    yield watching
    watching.stop()


def found(watcher: Watcher, row: Row) -> bool:
    """The check that should find the fault has found it: confirmed, where the status can be."""
    if row.status is Status.DOWN:
        return row.check in watcher.failing()
    result = watcher.last.get(row.check)
    return result is not None and result.outcome.status is row.status


def test_every_fault_is_in_the_matrix():
    assert [row.fault for row in MATRIX] == [fault.name for fault in FAULTS if fault.name not in ELSEWHERE]


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row.fault)
def test_fault_is_found_by_its_check_and_by_no_other(row, shop, watcher):
    watcher.until(watcher.all_up, "every check of the whole shop is up")
    began = time.time()
    with shop.broken(row.fault):
        watcher.until(lambda: found(watcher, row), f"{row.check} finds {row.fault}")
        outcome = watcher.last[row.check].outcome
    assert (outcome.status, outcome.step, outcome.reason) == (row.status, row.step, row.reason), (
        outcome.message
    )
    watcher.until(watcher.all_up, f"every check is up again without {row.fault}")
    members = watcher.alarmed_since(began)
    assert {member.check.name for member in members} <= row.alarmed
    mine = [(one.step, one.reason) for one in members if one.check.name == row.check]
    assert mine == ([(row.step, row.reason)] if row.status is Status.DOWN else [])


def test_order_that_cannot_be_cancelled_is_no_outage_but_stops_further_orders(shop, watcher):
    """Checkout works, cleanup leaks: nobody is woken, and after two leaked orders no more are placed."""
    watcher.until(watcher.all_up, "every check of the whole shop is up")
    began = time.time()
    with shop.broken("cancel-refused"):
        watcher.until(lambda: watcher.leaked() == 2, "two orders leak")
        watcher.until(
            lambda: watcher.last["order"].outcome.reason is Reason.ORDER_CAP, "no more orders are placed"
        )
    told = watcher.opened_since(began)
    assert [(one.severity, "a test order stands in the shop" in one.title) for one in told] == [
        ("ticket", True)
    ] * 2
    assert watcher.leaked() == 2
    watcher.daemon.orders.resolve("demo")
    watcher.until(watcher.all_up, "orders are placed again once a person has seen to the leaked ones")
