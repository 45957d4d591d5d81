"""The complete sample of the language in a small configuration: it compiles, and buys as it says."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from techrun.app.loading import load

SAMPLE = Path(__file__).parents[1] / "golden" / "sample"
CART = "/rest/V1/guest-carts"


@pytest.fixture
def checks():
    """The plans of the sample's checks by name."""
    return {check.id.name: check.prepared for check in load(SAMPLE, {}).checks}


@pytest.fixture
def magento(shop):
    """Makes a shop that answers each request by method and path."""

    def make(**changed):
        answers = {
            "GET /": shop.page("<form role=search></form>"),
            "POST /graphql": shop.data(
                {"data": {"products": {"total_count": 1, "items": [{"sku": "PROBE-1", "url_key": "pot"}]}}}
            ),
            "GET /pot.html": shop.page(
                "<meta itemprop=price content='1 299,00 €'><div class=gallery><img></div>"
                "<form id=product_addtocart_form method=post action=/checkout/cart/add>"
                "<input type=hidden name=form_key value=k1><input name=qty value=2></form>"
            ),
            "POST /checkout/cart/add": shop.page("", 302, location="/checkout/cart"),
            "GET /checkout/cart": shop.page("<p>You added PROBE-1 to your cart</p>"),
            f"GET {CART}/mine": shop.data({"id": "c-17-secret", "items_qty": 1, "grand_total": 1299}),
            f"POST {CART}/c-17-secret/estimate-shipping-methods": shop.data([{"available": True}]),
            f"POST {CART}/c-17-secret/payment-information": shop.data("1042"),
            "POST /rest/V1/orders/1042/cancel": shop.data(value=True),
        } | {key: value(shop) for key, value in changed.items()}
        return lambda request: answers[f"{request.method} {urlsplit(request.url).path}"]

    return make


def test_the_check_without_an_order_ends_at_the_shipping_offers(shop, checks, magento):
    check = checks["checkout"]
    played = shop.play(check.plan, magento(), until=check.until)
    assert (played.outcome.status, played.outcome.message) == ("up", "")
    assert check.step_names == ("home", "search", "product", "add-to-cart", "cart", "shipping-offers")
    assert [step.name for step in played.outcome.steps] == list(check.step_names)
    assert not check.places_orders
    assert checks["order"].places_orders


def test_the_order_is_placed_and_cancelled_by_the_other_identity(shop, checks, magento):
    played = shop.play(checks["order"].plan, magento(), allow_orders=True)
    outcome = played.outcome
    assert (outcome.status, outcome.message, outcome.cleanup_failed) == ("up", "", False)
    assert [(order.reference, order.state) for order in outcome.orders] == [("order_id=1042", "cancelled")]
    sent = {urlsplit(request.url).path: request for request in played.requests}
    assert "$words" in json.loads(sent["/graphql"].body)["query"]
    assert json.loads(sent["/graphql"].body)["variables"] == {"words": "tea pot"}
    assert sent["/checkout/cart/add"].body == b"form_key=k1&qty=1"
    order = sent[f"{CART}/c-17-secret/payment-information"]
    assert json.loads(order.body)["billingAddress"]["postcode"] == "01000"
    assert order.places_order
    assert sent["/rest/V1/orders/1042/cancel"].cleanup


def test_a_refused_order_is_down_leaks_nothing_and_shows_no_secret(shop, checks, magento):
    broken = {
        f"POST {CART}/c-17-secret/payment-information": lambda shop: shop.data(
            {"message": "No such payment"}, 400
        )
    }
    outcome = shop.play(checks["order"].plan, magento(**broken), allow_orders=True).outcome
    assert (outcome.status, outcome.reason, outcome.step) == ("down", "status", "place-order")
    assert outcome.order_failed
    assert [order.state for order in outcome.orders] == ["unconfirmed"]
    assert [step.skipped for step in outcome.cleanup] == [True]
    assert "c-17-secret" not in repr(outcome)


def test_a_picture_that_is_missing_only_degrades(shop, checks, magento):
    page = (
        "<meta itemprop=price content='1.299,00'><form id=product_addtocart_form method=post"
        " action=/checkout/cart/add></form>"
    )
    without = {"GET /pot.html": lambda shop: shop.page(page.replace("</form>", "<input name=qty></form>"))}
    outcome = shop.play(checks["checkout"].plan, magento(**without), until="shipping-offers").outcome
    assert (outcome.status, outcome.step) == ("degraded", "product")
