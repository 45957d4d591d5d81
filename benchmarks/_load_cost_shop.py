"""A small shop with constant answers in a process of its own: it counts its requests and costs little of the CPU.

The pages weigh what small shops' pages weigh (8 KB); there are cookies, a form with hidden fields, redirects, JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys

FILLER = "".join(
    f'<div class="card" id="c{number}"><a href="/product/{number}"><img src="/i/{number}.jpg" alt="">Article '
    f'{number}</a><span class="price">{number},90 €</span></div>\n'
    for number in range(60)
)


def page(inner: str) -> bytes:
    return f"""<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Shop</title></head><body>
<form role="search" action="/search"><input name="q"></form>{inner}<main>{FILLER}</main></body></html>""".encode()


def answer(status: str, body: bytes = b"", kind: str = "text/html; charset=utf-8", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


FORM = (
    '<form id="buy" method="post" action="/cart/add"><input type="hidden" name="csrf" value="f00dcafe">'
    '<input type="hidden" name="sku" value="17"><input name="quantity" value="1">'
    '<button name="go" value="cart">Buy</button></form>'
)
CART = {"items_qty": 2, "grand_total": 179.8, "items": [{"sku": "17", "qty": 2, "price": 89.9}] * 5}
ANSWERS = {
    b"GET /": answer(
        "302 Found", b"", "text/html", "Location: /de/", "Set-Cookie: session=abc123; Path=/; HttpOnly"
    ),
    b"GET /de/": answer(
        "200 OK", page("<h1>Welcome</h1>"), "text/html; charset=utf-8", "Set-Cookie: lang=de; Path=/"
    ),
    b"GET /product/17": answer(
        "200 OK", page(f'<h1>Claw hammer</h1><b itemprop="price" content="89.90"></b>{FORM}')
    ),
    b"POST /cart/add": answer("303 See Other", b"", "text/html", "Location: /cart"),
    b"GET /cart": answer("200 OK", page("<h1>Cart</h1><p class=note>You added Claw hammer</p>")),
    b"GET /api/cart": answer("200 OK", json.dumps(CART).encode(), "application/json"),
    b"POST /api/shipping": answer(
        "200 OK", b'[{"code": "post", "available": true, "price": 4.9}]', "application/json"
    ),
}


class Shop(asyncio.Protocol):
    count = finished = 0

    def connection_made(self, transport):
        self.transport = transport
        self.rest = b""

    def data_received(self, data):
        head, end, body = (self.rest + data).partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0] or 0)
        if not end or len(body) < length:
            self.rest += data
            return
        self.rest = b""
        what = b" ".join(head.split(b" ", 2)[:2])
        if what == b"GET /_count":
            self.transport.write(answer("200 OK", f"{Shop.count} {Shop.finished}".encode()))
            return
        Shop.count += 1
        Shop.finished += what == b"POST /api/shipping"
        self.transport.write(ANSWERS.get(what) or answer("404 Not Found"))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Shop, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
