"""The shop's JSON API: articles, stock, cart, orders, and the payment sandbox."""

from __future__ import annotations

from json import JSONDecodeError
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from techrun.demo.cart import put
from techrun.demo.catalogue import Article
from techrun.demo.database import Order
from techrun.demo.render import page
from techrun.demo.session import bill_of, shop_of
from techrun.demo.shop import Shop


def refuse(status: int, error: str) -> Response:
    """An error as the API tells it."""
    return JSONResponse({"error": error}, status)


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; an empty one for anything else."""
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, dict) else {}


def _article(shop: Shop, article: Article) -> dict[str, Any]:
    return {
        "sku": article.sku,
        "slug": article.slug,
        "name": article.name,
        "category": article.category,
        "price": shop.price(article) / 100,
        "currency": "USD" if shop.faults.on("wrong-currency") else "EUR",
        "in_stock": _stock(shop, article) > 0,
    }


def _stock(shop: Shop, article: Article) -> int:
    return 0 if shop.faults.on("api-stock-lost") else article.stock


async def products(request: Request) -> Response:
    """Articles by `q`, by `category`, or all."""
    shop, asked = shop_of(request), request.query_params
    if "q" in asked:
        articles = shop.found(asked["q"])
    elif "category" in asked:
        articles = shop.shelf(asked["category"])
    else:
        articles = shop.database.articles()
    return JSONResponse({"total": len(articles), "items": [_article(shop, one) for one in articles]})


async def product(request: Request) -> Response:
    """One article by sku or slug."""
    shop = shop_of(request)
    article = shop.database.article(request.path_params["sku"])
    return JSONResponse(_article(shop, article)) if article else refuse(404, "no such article")


async def stock(request: Request) -> Response:
    """How many pieces of an article there are."""
    shop = shop_of(request)
    article = shop.database.article(request.path_params["sku"])
    if article is None:
        return refuse(404, "no such article")
    return JSONResponse({"sku": article.sku, "stock": _stock(shop, article)})


async def cart(request: Request) -> Response:
    """The cart of this session; POST `{"sku", "quantity"}` adds to it, DELETE empties it."""
    if request.method == "POST":
        body = await body_of(request)
        quantity = body.get("quantity", 1)
        if not isinstance(quantity, int):
            return refuse(422, "quantity must be a whole number")
        refusal = put(request, str(body.get("sku", "")), quantity)
        if refusal:
            return refuse(409, refusal)
    if request.method == "DELETE":
        request.session.pop("cart", None)
    bill = bill_of(request)
    lines = [
        {
            "sku": line.article.sku,
            "quantity": line.quantity,
            "each": line.each / 100,
            "total": line.total / 100,
        }
        for line in bill.lines
    ]
    return JSONResponse(
        {
            "pieces": bill.count,
            "lines": lines,
            "subtotal": bill.subtotal / 100,
            "discount": bill.discount / 100,
            "shipping": bill.shipping / 100,
            "total": bill.total / 100,
        }
    )


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "state": order.state,
        "total": order.total / 100,
        "synthetic": bool(order.synthetic),
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in order.lines],
    }


async def order(request: Request) -> Response:
    """One order, for whoever knows its number and email, or bears the admin token."""
    shop = shop_of(request)
    found = shop.database.order(request.path_params["number"])
    admin = shop.is_admin(request.headers.get("authorization", ""))
    if found is None or not (admin or request.query_params.get("email") == found.customer):
        return refuse(404, "no such order")
    if not admin and not shop.visible(found):
        return refuse(404, "no such order")
    return JSONResponse(_order(found))


async def orders(request: Request) -> Response:
    """The newest orders, for the admin; `synthetic=1` shows test orders only."""
    shop = shop_of(request)
    if not shop.is_admin(request.headers.get("authorization", "")):
        return refuse(401, "admin token needed")
    only = request.query_params.get("synthetic") == "1"
    found = [one for one in shop.database.orders() if one.synthetic or not only]
    return JSONResponse({"items": [_order(one) for one in found]})


async def cancel(request: Request) -> Response:
    """Cancel an order, for the admin; its articles go back into stock."""
    shop = shop_of(request)
    if not shop.is_admin(request.headers.get("authorization", "")):
        return refuse(401, "admin token needed")
    number = request.path_params["number"]
    if shop.faults.on("cancel-refused") or not shop.database.cancel(number):
        return refuse(409, "the order cannot be cancelled")
    found = shop.database.order(number)
    return JSONResponse(_order(found)) if found else refuse(404, "no such order")


async def sandbox(request: Request) -> Response:
    """The page of the payment sandbox: its test cards, and a form to try them."""
    return page(request, "sandbox.html")


async def authorise(request: Request) -> Response:
    """The payment sandbox: `{"card", "amount"}` (cents) to a token, or 402."""
    body = await body_of(request)
    amount = body.get("amount")
    if not isinstance(amount, int) or amount < 0:
        return refuse(422, "amount must be a whole number of cents")
    token, verdict = shop_of(request).authorise(str(body.get("card", "")), amount)
    if not token:
        return JSONResponse({"status": "declined", "message": verdict}, 402)
    return JSONResponse({"status": "authorised", "token": token})


ROUTES = [
    Route("/api/products", products),
    Route("/api/products/{sku}", product),
    Route("/api/stock/{sku}", stock),
    Route("/api/cart", cart, methods=["GET", "POST", "DELETE"]),
    Route("/api/orders", orders),
    Route("/api/orders/{number:int}", order),
    Route("/api/orders/{number:int}/cancel", cancel, methods=["POST"]),
    Route("/payments/sandbox", sandbox),
    Route("/payments/authorise", authorise, methods=["POST"]),
]
