"""The demo shop sells, to guests and business customers, and keeps its books."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import pytest

from techrun.demo.shop import Shop

ADMIN = {"authorization": "Bearer demo-admin-token"}
PAGES = [
    "/",
    "/search?q=hammer",
    "/category/workwear",
    "/category/safety?sort=price",
    "/product/cordless-drill",
    "/product/FT-1006",
    "/cart",
    "/account/login",
    "/payments/sandbox",
    "/robots.txt",
    "/sitemap.xml",
    "/feed.csv",
    "/version",
    "/health",
    "/api/products",
    "/api/cart",
    "/_faults",
    "/static/shop.css",
    "/static/shop.js",
    "/static/pay.js",
    "/static/faults.js",
]


@pytest.mark.parametrize("path", PAGES)
def test_page_is_there(customer, path):
    assert customer.get(path, headers={"accept": "text/html"}).status_code == 200
    assert len(customer.page.content) > 20


def test_every_page_of_the_sitemap_exists(customer):
    locations = [part.split("</loc>")[0] for part in customer.get("/sitemap.xml").text.split("<loc>")[1:]]
    assert len(locations) > 20
    assert [customer.get(location).status_code for location in locations] == [200] * len(locations)


def test_pages_load_nothing_from_other_machines(customer):
    for path in PAGES[:9]:
        text = customer.get(path).text
        assert 'src="http' not in text
        assert 'href="http' not in text


def test_unknown_pages_are_not_found(customer):
    for path in ("/nothing", "/product/nothing", "/category/nothing", "/api/products/nothing"):
        assert customer.get(path).status_code == 404


def test_guest_buys_by_card(customer):
    number = customer.buy()
    assert customer.path == "/checkout/thank-you"
    order = customer.get(f"/api/orders/{number}?email=ann@x.example").json()
    assert order == {
        "number": int(number),
        "state": "paid",
        "total": 74.70,
        "synthetic": False,
        "lines": [{"sku": "FT-1001", "quantity": 2}],
    }


def test_order_by_bank_transfer_is_placed_and_not_paid(customer):
    customer.to_review(method="transfer", card_number="")
    customer.submit("#place-order")
    number = customer.see("#order-number")
    assert customer.get(f"/api/orders/{number}", headers=ADMIN).json()["state"] == "placed"


def test_order_of_a_stranger_is_not_shown(customer):
    number = customer.buy()
    assert customer.get(f"/api/orders/{number}?email=eve@x.example").status_code == 404


def test_test_order_is_marked_and_its_cancelling_restocks(customer):
    stock = customer.get("/api/stock/FT-1001").json()["stock"]
    customer.to_review()
    customer._http.headers["x-synthetic"] = "guest-checkout run-1"
    customer.submit("#place-order")
    number = customer.see("#order-number")
    assert customer.get("/api/stock/FT-1001").json()["stock"] == stock - 2
    listed = customer.get("/api/orders?synthetic=1", headers=ADMIN).json()["items"]
    assert [order["number"] for order in listed] == [int(number)]
    assert customer.post(f"/api/orders/{number}/cancel", headers=ADMIN).json()["state"] == "cancelled"
    assert customer.get("/api/stock/FT-1001").json()["stock"] == stock
    assert customer.post(f"/api/orders/{number}/cancel", headers=ADMIN).status_code == 409


def test_cancelling_needs_the_admin(customer):
    number = customer.buy()
    assert customer.post(f"/api/orders/{number}/cancel").status_code == 401
    assert customer.get("/api/orders").status_code == 401


def test_staff_cancels_an_order_by_hand(customer):
    number = customer.buy()
    customer.login("staff@fettle.example", "staff-demo")
    assert customer.path == "/admin/orders"
    customer.submit(f"#cancel-{number}")
    assert "is cancelled" in customer.see(".message")


def test_admin_pages_are_for_staff_only(customer):
    customer.get("/admin/orders")
    assert customer.path == "/account/login"
    customer.login()
    customer.get("/admin/orders")
    assert customer.path == "/account"


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ("4000 0000 0000 0002", "declined"),
        ("4000 0000 0000 9995", "insufficient funds"),
        ("1234", "unknown test card"),
        ("", "unknown test card"),
    ],
)
def test_bad_card_is_declined(customer, card, told):
    customer.to_review(card_number=card)
    assert customer.path == "/checkout/payment"
    assert told in customer.see(".message.bad")


def test_token_of_the_sandbox_pays_in_place_of_the_card(customer):
    customer.to_shipping()
    customer.submit("#shipping-method")
    paid = {"card": "4242424242424242", "amount": 7470}
    token = customer.post("/payments/authorise", json=paid).json()["token"]
    customer.submit("#card-form", payment_token=token)
    assert customer.path == "/checkout/review"


def test_token_for_a_smaller_amount_does_not_pay(customer):
    customer.to_shipping()
    customer.submit("#shipping-method")
    token = customer.post("/payments/authorise", json={"card": "4242424242424242", "amount": 1}).json()[
        "token"
    ]
    customer.submit("#card-form", payment_token=token)
    assert customer.path == "/checkout/payment"


def test_coupon_takes_ten_percent_and_shipping_is_free_from_a_hundred(customer):
    customer.fill_cart()
    customer.submit("#coupon", code="welcome10")
    assert (customer.see("#subtotal"), customer.see("#discount")) == ("€69.80", "-€6.98")
    customer.submit("#coupon", code="nonsense")
    assert "not valid" in customer.see(".message.bad")
    customer.get("/product/cordless-drill")
    customer.submit("#add-to-cart")
    customer.get("/checkout/address")
    customer.submit("#address", email="a@x.example", name="A", street="S", postcode="1", city="C")
    customer.submit("#shipping-method", shipping="standard")
    assert customer.see("#shipping") == "€0.00"


def test_quantity_zero_takes_an_article_out(customer):
    customer.fill_cart()
    customer.submit("form.quantity", quantity="0")
    assert customer.see("#cart-empty")


def test_sold_out_article_cannot_be_bought(customer):
    customer.get("/product/anniversary-hammer")
    assert customer.see("#sold-out") == "Sold out"
    assert customer.post("/api/cart", json={"sku": "FT-1006"}).status_code == 409


@pytest.mark.parametrize("path", ["address", "shipping", "payment", "review", "thank-you"])
def test_checkout_with_an_empty_cart_leads_to_the_cart(customer, path):
    customer.get(f"/checkout/{path}")
    assert customer.path == "/cart"


def test_skipped_step_leads_back_to_it(customer):
    customer.to_shipping()
    customer.get("/checkout/review")
    assert customer.path == "/checkout/shipping"


@pytest.mark.parametrize("token", ["", "0" * 32])
def test_form_with_a_wrong_token_is_refused(customer, token):
    customer.get("/product/claw-hammer")
    customer.submit("#add-to-cart", csrf_token=token)
    assert "expired" in customer.see(".message.bad")
    assert customer.get("/api/cart").json()["pieces"] == 0


def test_token_of_one_form_does_not_open_another(customer):
    customer.get("/product/claw-hammer")
    customer.submit("#add-to-cart")
    customer.submit("#coupon")
    coupon = customer.get("/cart").text.split('action="/cart/coupon"')[1].split('value="')[1].split('"')[0]
    customer.get("/product/claw-hammer")
    customer.submit("#add-to-cart", csrf_token=coupon)
    assert "expired" in customer.see(".message.bad")


def test_business_customer_sees_own_price_history_invoice_and_reorders(customer):
    customer.login()
    customer.get("/product/cordless-drill")
    assert (customer.see("[itemprop=price]"), customer.see("#list-price")) == ("€160.65", "€189.00")
    customer.get("/account")
    number = customer.see("#orders td a")
    invoice = customer.get(f"/account/orders/{number}/invoice.pdf")
    assert invoice.headers["content-type"] == "application/pdf"
    assert invoice.content.startswith(b"%PDF-1.4")
    assert invoice.content.endswith(b"%%EOF\n")
    assert f"order {number}".encode() in invoice.content
    customer.get(f"/account/orders/{number}")
    customer.submit("#reorder")
    assert customer.path == "/cart"
    assert customer.count("#cart-lines > li") == 2


def test_invoice_points_to_its_own_objects(customer):
    """The offsets of the cross-reference table are where the objects are."""
    customer.login()
    pdf = customer.get("/account/orders/10001/invoice.pdf").content
    table = pdf[int(pdf.rsplit(b"startxref\n", 1)[1].split()[0]) :]
    entries = table.split(b"trailer")[0].splitlines()[3:]
    for number, entry in enumerate(entries, 1):
        assert pdf[int(entry[:10]) :].startswith(b"%d 0 obj" % number)


def test_order_of_another_customer_is_hidden(customer):
    number = customer.buy()
    customer.login()
    assert customer.get(f"/account/orders/{number}").status_code == 404
    assert customer.get(f"/account/orders/{number}/invoice.pdf").status_code == 404


def test_quote_is_asked_for_listed_and_withdrawn(customer):
    customer.login()
    customer.get("/account/quotes")
    customer.submit("#quote", sku="FT-3001", quantity="60", note="for May")
    assert "for May" in customer.see("#quotes")
    customer.submit("form.withdraw")
    assert "for May" not in customer.page.text


def test_wrong_password_is_refused(customer):
    customer.login(password="guess")
    assert "wrong" in customer.see(".message.bad")


@pytest.mark.parametrize("path", ["/account", "/account/orders/10001", "/account/quotes"])
def test_account_needs_a_login(customer, path):
    customer.get(path)
    assert customer.path == "/account/login"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 409),
        (b"[]", 409),
        (b'{"sku": "FT-1001", "quantity": "two"}', 422),
        (b'{"sku": "FT-1001"}', 200),
        (b"\xff", 409),
    ],
)
def test_api_answers_nonsense_with_json(customer, body, status):
    answer = customer.post("/api/cart", content=body)
    assert answer.status_code == status
    assert isinstance(answer.json(), dict)


@pytest.mark.parametrize("node", [1, 2, 3])
def test_node_is_chosen_by_header_cookie_or_address(shop, node):
    assert httpx.get(f"{shop.url}/version", headers={"x-node": str(node)}).json()["node"] == f"node-{node}"
    by_cookie = httpx.get(f"{shop.url}/version", headers={"cookie": f"node={node}"})
    assert by_cookie.headers["x-served-by"] == f"node-{node}"
    if sys.platform == "linux":
        direct = shop.url.replace("127.0.0.1", f"127.0.0.1{node}")
        assert httpx.get(f"{direct}/version").json()["node"] == f"node-{node}"


def test_foreign_host_names_do_not_reach_the_switchboard(shop):
    """A page of another site whose name was rebound to 127.0.0.1."""
    assert httpx.get(f"{shop.url}/_faults", headers={"host": "evil.example"}).status_code == 403


def test_forms_of_other_sites_do_not_switch_faults(shop):
    answer = httpx.post(f"{shop.url}/_faults", content='{"name": "captcha", "on": true}')
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("body", "status"), [({"name": "nonsense", "on": True}, 404), ({"name": 3, "on": 1}, 422), ([], 422)]
)
def test_switchboard_says_what_is_wrong(shop, body, status):
    answer = httpx.post(f"{shop.url}/_faults", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_shop_ends_with_its_parent():
    """Even a parent that is killed leaves no shop behind: the shop sees its standard input end."""
    code = "import sys; from techrun.demo.server import DemoShop; print(DemoShop().start().url, flush=True); sys.stdin.read()"
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        address = urlsplit(parent.stdout.readline().strip())
        held = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        held.request("GET", "/health")
        assert json.loads(held.getresponse().read())["status"] == "ok"
        parent.send_signal(signal.SIGKILL)
    assert held.sock.recv(1) == b""
    held.close()


def test_old_orders_go_but_the_first_one_stays(monkeypatch):
    """A demo may run for weeks: its memory is bounded, and the history keeps its beginning."""
    monkeypatch.setattr("techrun.demo.database.KEPT", 5)
    shop = Shop()
    checkout = {
        "address": {"email": "a@x.example", "name": "A", "street": "S", "postcode": "1", "city": "C"},
        "payment": {"method": "card"},
        "shipping": "standard",
    }
    numbers = [shop.place(checkout, shop.bill({"FT-1001": 1}), "") for _ in range(10)]
    assert [order.number for order in shop.database.orders("a@x.example")] == numbers[:-6:-1]
    assert [order.number for order in shop.history("buyer@atelier.example")] == [10001]
    shop.database.close()
