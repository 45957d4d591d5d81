"""The cart: add, change, coupon."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from techrun.demo.catalogue import COUPONS
from techrun.demo.render import page
from techrun.demo.session import basket_of, bill_of, flash, posted, redirect, shop_of, text

MOST = 99
"""Pieces of one article in a cart."""


def quantity_of(value: str) -> int:
    """A quantity from a form: 1 where it is no number, at most 99."""
    return max(0, min(MOST, int(value))) if value.isdecimal() else 1


def put(request: Request, sku: str, quantity: int) -> str:
    """Put pieces of an article into the cart; why that cannot be done, or nothing."""
    shop = shop_of(request)
    article = shop.database.article(sku)
    if article is None:
        return "There is no such article."
    if not shop.available(article):
        return f"{article.name} is out of stock."
    if not shop.faults.on("add-to-cart-ignored"):
        basket = basket_of(request)
        pieces = min(MOST, basket.get(article.sku, 0) + max(1, quantity))
        request.session["cart"] = {**basket, article.sku: pieces}
    return ""


async def show(request: Request) -> Response:
    """What is in the cart."""
    return page(request, "cart.html", bill=bill_of(request), coupon=request.session.get("coupon", ""))


async def add(request: Request) -> Response:
    """The form of a product page."""
    fields = await posted(request, "add-to-cart")
    refusal = put(request, text(fields, "sku"), quantity_of(text(fields, "quantity")))
    if refusal:
        flash(request, refusal, "bad")
        article = shop_of(request).database.article(text(fields, "sku"))
        return redirect(f"/product/{article.slug}" if article else "/")
    flash(request, "Added to your cart.")
    return redirect("/cart")


async def change(request: Request) -> Response:
    """Another quantity of one article; 0 takes it out."""
    fields = await posted(request, "change-cart")
    basket = dict(basket_of(request))
    sku = text(fields, "sku")
    if sku in basket:
        basket[sku] = quantity_of(text(fields, "quantity"))
    request.session["cart"] = {sku: pieces for sku, pieces in basket.items() if pieces}
    return redirect("/cart")


async def coupon(request: Request) -> Response:
    """A coupon code; an empty one takes the coupon away."""
    fields = await posted(request, "coupon")
    code = text(fields, "code").upper()
    if code and code not in COUPONS:
        flash(request, f"The coupon {code} is not valid.", "bad")
    else:
        request.session["coupon"] = code
        flash(request, f"Coupon {code} applied." if code else "Coupon removed.")
    return redirect("/cart")


ROUTES = [
    Route("/cart", show),
    Route("/cart/add", add, methods=["POST"]),
    Route("/cart/change", change, methods=["POST"]),
    Route("/cart/coupon", coupon, methods=["POST"]),
]
