"""The engine needs no client library: http.client buys at a real server on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest


class SmallShop(BaseHTTPRequestHandler):
    """A shop with a CSRF token, a session cookie, one article and orders that can be cancelled."""

    orders: dict = {}  # noqa: RUF012  one server lives in one test

    def answer(self, body, status=200, kind="text/html", **headers):
        raw = body.encode()
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": len(raw), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self):
        if self.path == "/":
            self.answer(
                "<h1>Small shop</h1><form action=/cart method=post><input type=hidden name=csrf value=t1>"
                "<input name=qty value=1><button>Add</button></form>",
                set_cookie="sid=s1; Path=/",
            )
        elif self.path == "/cart" and "sid=s1" in self.headers.get("cookie", ""):
            self.answer("<p>You added 2 mugs</p><p class=total>25,00 €</p>")
        elif self.path.startswith("/orders/"):
            self.answer(json.dumps({"state": self.orders.get(self.path[8:])}), kind="application/json")
        else:
            self.answer("<h1>Not found</h1>", 404)

    def do_POST(self):
        sent = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        if self.path == "/cart" and parse_qs(sent) == {"csrf": ["t1"], "qty": ["2"]}:
            self.answer("", 303, location="/cart")
        elif self.path == "/order":
            self.orders["1042"] = "new"
            self.answer(json.dumps({"id": "1042"}), 201, "application/json")
        elif self.path == "/orders/1042/cancel" and self.headers["authorization"] == "Bearer admin-token":
            self.orders["1042"] = "cancelled"
            self.answer("{}", kind="application/json")
        else:
            self.answer("<h1>Forbidden</h1>", 403)

    def log_message(self, *_arguments):
        """Quiet."""


@pytest.fixture
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), SmallShop)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


BUY = """
steps:
  - {step: home, get: /, expect: {css: {h1: Small shop}}}
  - {step: add, submit: form, fill: {qty: 2}, save: {total: {css: .total, number: true}}, expect: {text: {contains: You added 2}, that: "${total == 25}"}}
  - {step: order, post: /order, effect: order, expect: {status: 201}, save: {order: {json: $.id}}}
cleanup:
  - {step: cancel, as: admin, when: "${order}", auth: {bearer: admin-token}, post: "/orders/${order}/cancel", expect: {status: 200}}
  - {step: check, as: admin, when: "${order}", get: "/orders/${order}", expect: {json: {$.state: cancelled}}}
"""


def test_a_guest_buys_and_the_order_is_cancelled(shop, address):
    played = shop.over_http(shop.compiled(BUY, base_url=address, locale="de-DE"), allow_orders=True)
    outcome = played.outcome
    assert (outcome.status, outcome.message) == ("up", "")
    assert [step.status for step in (*outcome.steps, *outcome.cleanup)] == ["up"] * 5
    assert outcome.orders[0].state == "cancelled"


def test_a_shop_that_is_gone_is_down(shop):
    plan = shop.compiled(BUY, base_url="http://127.0.0.1:1", locale="de-DE")
    outcome = shop.over_http(plan).outcome
    assert (outcome.status, outcome.reason, outcome.step) == ("down", "connect", "home")
