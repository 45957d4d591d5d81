"""Each fault of the switchboard does to the customer what its line says, and nothing once it is off."""

from __future__ import annotations

import time

import httpx
import pytest

from techrun.demo.faults import FAULTS, Switchboard

ADMIN = {"authorization": "Bearer demo-admin-token"}


def status(customer, path, **options):
    return customer.get(path, **options).status_code


def seconds(customer, path):
    began = time.monotonic()
    customer.get(path)
    return time.monotonic() - began


def fails(customer, path, error):
    try:
        customer.get(path, timeout=0.5)
    except error:
        return True
    return False


def in_history(customer):
    number = customer.buy()
    return status(customer, f"/api/orders/{number}?email=ann@x.example") == 200


def refused_to_cancel(customer):
    number = customer.buy()
    return customer.post(f"/api/orders/{number}/cancel", headers=ADMIN).status_code == 409


def asked_for_quote(customer):
    customer.login()
    customer.get("/account/quotes")
    customer.submit("#quote", note="for May")
    listed = "for May" in customer.page.text
    if listed:
        customer.submit("form.withdraw")
    return listed


def add_gives(customer):
    customer.fill_cart()
    return customer.get("/api/cart").json()["pieces"]


def coupon_gives(customer):
    customer.fill_cart()
    customer.submit("#coupon", code="WELCOME10")
    return customer.see("#discount")


def after(action, path):
    """Whether an action of the customer leads elsewhere than to this page."""

    def seen(customer):
        getattr(customer, action)()
        return customer.path != path

    return seen


def logged_in(path, selector):
    """What business customers see of something on a page."""

    def see(customer):
        customer.login()
        customer.get(path)
        return customer.see(selector)

    return see


def reordered(customer):
    customer.login()
    customer.get("/account/orders/10001")
    customer.submit("#reorder")
    return customer.count("#cart-lines > li")


def total_is_wrong(customer):
    customer.fill_cart()
    return customer.see("#total") != customer.see("#subtotal")


def shown(path, selector):
    def see(customer):
        customer.get(path)
        return customer.see(selector)

    return see


def invoice_of(customer):
    customer.login()
    return customer.get("/account/orders/10001/invoice.pdf").content


def payment(customer):
    paid = {"card": "4242424242424242", "amount": 100}
    return customer.post("/payments/authorise", json=paid).status_code


def address_page(customer):
    customer.fill_cart()
    customer.get("/checkout/address")
    return customer.count("#address") == 0 and "captcha" in customer.page.text


def payment_page(customer):
    customer.to_shipping()
    customer.submit("#shipping-method")
    return customer.page.status_code == 200 and not customer.page.content


def time_of_shipping(customer):
    began = time.monotonic()
    customer.to_shipping()
    return time.monotonic() - began >= 2.2


def loops(customer):
    try:
        customer.get("/cart")
    except httpx.TooManyRedirects:
        return True
    return False


def dead_end_of_sitemap(customer):
    location = customer.get("/sitemap.xml").text.rsplit("<loc>", 1)[1].split("</loc>")[0]
    return status(customer, location) == 404


def empty_shipping(customer):
    customer.to_shipping()
    return customer.path == "/checkout/shipping" and "do not deliver" in customer.page.text


def review_status(customer):
    customer.to_review()
    return customer.page.status_code == 500


def order_status(customer):
    customer.buy()
    return customer.page.status_code == 500


NODE_2 = {"x-node": "2"}
SIGNS = {
    "maintenance": lambda c: "retry-after" in c.get("/").headers and status(c, "/") == 503,
    "unavailable": lambda c: "retry-after" not in c.get("/").headers and status(c, "/") == 503,
    "slow-database": lambda c: seconds(c, "/") >= 0.8,
    "node-broken": lambda c: (status(c, "/"), status(c, "/", headers=NODE_2)) == (200, 502),
    "node-outdated": lambda c: (
        c.get("/version").json()["commit"] != c.get("/version", headers=NODE_2).json()["commit"]
    ),
    "wrong-currency": lambda c: "$" in shown("/product/claw-hammer", ".price.big")(c),
    "stylesheet-gone": lambda c: status(c, "/static/shop.css?v=1") == 404,
    "script-empty": lambda c: c.get("/static/shop.js").content == b"",
    "payment-script-error": lambda c: "text/html" in c.get("/static/pay.js").headers["content-type"],
    "search-empty": lambda c: "Nothing was found" in c.get("/search?q=hammer").text,
    "category-empty": lambda c: not shown("/category/workwear", "#results")(c),
    "category-truncated": lambda c: fails(c, "/category/workwear", httpx.RemoteProtocolError),
    "product-hangs": lambda c: fails(c, "/product/claw-hammer", httpx.ReadTimeout),
    "product-error-200": lambda c: "Something went wrong" in c.get("/product/claw-hammer").text,
    "price-zero": lambda c: shown("/product/claw-hammer", "[itemprop=price]")(c) == "€0.00",
    "sold-out-sold": lambda c: c.post("/api/cart", json={"sku": "FT-1006"}).status_code == 200,
    "api-html": lambda c: "text/html" in c.get("/api/products").headers["content-type"],
    "api-stock-lost": lambda c: c.get("/api/stock/FT-1001").json()["stock"] == 0,
    "add-to-cart-ignored": lambda c: add_gives(c) == 0,
    "cart-loop": loops,
    "coupon-ignored": lambda c: not coupon_gives(c),
    "total-wrong": total_is_wrong,
    "csrf-stale": after("fill_cart", "/cart"),
    "captcha": address_page,
    "session-lost": after("to_shipping", "/checkout/shipping"),
    "shipping-slow": time_of_shipping,
    "shipping-empty": empty_shipping,
    "shipping-error-200": lambda c: c.to_shipping() or "Something went wrong" in c.page.text,
    "payment-blank": payment_page,
    "payment-declined": after("to_review", "/checkout/review"),
    "payment-unreachable": lambda c: payment(c) == 503,
    "review-500": review_status,
    "order-500": order_status,
    "order-missing": lambda c: not in_history(c),
    "cancel-refused": refused_to_cancel,
    "login-refused": after("login", "/account"),
    "contract-price-lost": lambda c: not logged_in("/product/cordless-drill", "#list-price")(c),
    "history-empty": lambda c: not logged_in("/account", "#orders")(c),
    "invoice-broken": lambda c: not invoice_of(c).startswith(b"%PDF"),
    "quote-lost": lambda c: not asked_for_quote(c),
    "reorder-empty": lambda c: reordered(c) == 0,
    "robots-closed": lambda c: "Disallow: /\n" in c.get("/robots.txt").text,
    "sitemap-dead": dead_end_of_sitemap,
    "feed-empty": lambda c: len(c.get("/feed.csv").text.splitlines()) == 1,
    "feed-prices-old": lambda c: "34.90 EUR" not in c.get("/feed.csv").text,
}


def test_every_fault_has_a_sign():
    assert list(SIGNS) == [fault.name for fault in FAULTS]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_does_what_its_line_says_and_can_be_switched_off(fault, shop, customer, make_customer):
    sign = SIGNS[fault.name]
    assert not sign(customer), "the whole shop shows it too"
    with shop.broken(fault.name):
        assert sign(make_customer()), "the broken shop does not show it"
    assert not sign(make_customer()), "it stays when it is switched off"


def test_names_and_lines_are_unique():
    assert len({fault.name for fault in FAULTS}) == len({fault.sees for fault in FAULTS}) == len(FAULTS)


def test_unknown_fault_is_refused():
    switchboard = Switchboard()
    with pytest.raises(KeyError):
        switchboard.on("nonsense")
    with pytest.raises(KeyError):
        switchboard.turn("nonsense", on=True)


def test_switchboard_answers_while_all_else_is_down(shop):
    with shop.broken("maintenance", "slow-database", "product-hangs"):
        assert httpx.get(f"{shop.url}/_faults").status_code == 200
        assert httpx.get(f"{shop.url}/health").status_code == 503
