"""Placing the order fails at a real daemon: exactly two orders are tried, at the cap none."""

from __future__ import annotations

import time

import pytest

SHOP = """
shop: acme
url: {shop.url}
owner: shop-ops
orders: {{max_per_day: {cap}}}
channels: {{oncall: {{url: "json://127.0.0.1:{receiver.port}/oncall"}}}}
notify: {{page: [oncall], ticket: [oncall]}}
alerting: {{group_wait: {{page: 100ms, ticket: 100ms}}}}
defaults: {{confirmation: {{fail_after: 2, recover_after: 1, delays: [200ms]}}}}
include: [buy.yaml]
checks:
  - {{name: home, http: /, every: 1s, severity: page}}
  - {{name: order, journey: buy, every: 1h, severity: page, depends_on: [home], for_each: {{node: [a, b]}}}}
  - {{name: mail, http: /mail, every: 1s, severity: info, depends_on: [order]}}
"""
BUY = """
journey: buy
steps:
  - {step: cart, get: "/cart/${node}", expect: {css: {main: {exists: true}}}}
  - {step: place, effect: order, post: "/order/${node}", save: {order: {css: "#order"}}}
cleanup:
  - {step: cancel, as: admin, when: "${order}", post: "/cancel/${order}", expect: {css: {main: {exists: true}}}}
"""
HURRIED = """
import time
from techrun import schedule
schedule.ORDER_RETRY, schedule.JUST_RUN = 2.0, 0.2
schedule._share = lambda check: ((time.time() + 2) % 3600) / 3600
"""
"""Every check begins two seconds after its start, the one more order comes two seconds after the first."""


@pytest.fixture
def shopping(daemon, shop, receiver):
    """A daemon, not yet started, that places an order an hour at each of two nodes."""

    def configure(cap: int = 24) -> None:
        (daemon.folder / "buy.yaml").write_text(BUY)
        daemon.configure(SHOP.format(shop=shop, receiver=receiver, cap=cap))

    daemon.inside.append(HURRIED)
    configure()
    daemon.set_cap = configure
    return daemon


def orders(shop, node="a"):
    return shop.asked[f"POST /order/{node}"]


def test_a_failed_order_is_tried_once_more_whoever_else_looks_at_the_journey(
    shopping, shop, receiver
) -> None:
    """`mail` fails all the time and asks both orders, its parents; `home` fails and mends meanwhile."""
    shop.broken = {"/order/a": 502, "/mail": 500}
    shopping.start()
    assert "place" in receiver.next()["title"]
    for _ in range(3):
        before = shop.asked["GET /cart/a"]
        shop.broken = {"/order/a": 502, "/": 500}
        shopping.wait(lambda before=before: shop.asked["GET /cart/a"] >= before, "the journey")
        home = shopping.runs("home", "down")
        shopping.wait(lambda home=home: shopping.runs("home", "down") > home + 2, "home to be down")
        shop.broken = {"/order/a": 502, "/mail": 500}
        home, mail = shopping.runs("home", "up"), shopping.runs("mail", "down")
        shopping.wait(lambda home=home: shopping.runs("home", "up") > home + 2, "home to be up")
        shopping.wait(lambda mail=mail: shopping.runs("mail", "down") > mail + 2, "mail to fail")
    assert shop.asked["GET /cart/a"] > orders(shop), "nobody asked the parent"
    assert (orders(shop), orders(shop, "b")) == (2, 1)


def test_a_restart_between_the_two_orders_costs_no_third_and_no_hour(shopping, shop, receiver) -> None:
    shop.broken = {"/order/a": 502}
    shopping.inside.append("schedule.ORDER_RETRY = 5.0")
    shopping.start()
    shopping.wait(lambda: shopping.runs("order/a", "down"), "the first order to fail")
    shopping.wait(lambda: shopping.runs("order/b", "up"), "the other order")
    time.sleep(1.5)  # the state is written with the next commit
    shopping.inside.append("schedule._share = lambda check: ((time.time() + 1800) % 3600) / 3600")
    shopping.restart()
    assert "place" in receiver.next()["title"]
    mails = shopping.runs("mail", "up")
    shopping.wait(lambda: shopping.runs("mail", "up") > mails + 6, "no more orders")
    assert (orders(shop), orders(shop, "b")) == (2, 1)


def test_at_the_cap_no_order_is_placed_and_a_restart_forgets_nothing_of_it(shopping, shop, receiver) -> None:
    shopping.set_cap(1)
    shop.broken = {"/order/a": 502, "/order/b": 502}
    shopping.start()
    for node in "ab":
        shopping.wait(
            lambda node=node: shopping.metric(
                "techrun_check_runs_total", check=f"order/{node}", status="unknown"
            ),
            "an order at the cap",
        )
    assert orders(shop) + orders(shop, "b") == 1
    shopping.restart()
    for node in "ab":
        shopping.wait(
            lambda node=node: shopping.metric(
                "techrun_check_runs_total", check=f"order/{node}", status="unknown"
            ),
            "an order at the cap, again",
        )
    assert orders(shop) + orders(shop, "b") == 1
    assert receiver.all == []
