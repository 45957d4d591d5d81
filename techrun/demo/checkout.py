"""The checkout, for guests and business customers: address, shipping, payment, review, order, thanks."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from techrun.demo.render import page
from techrun.demo.session import (
    DetourError,
    basket_of,
    bill_of,
    customer_of,
    flash,
    posted,
    redirect,
    shop_of,
    text,
)

ADDRESS = ("email", "name", "street", "postcode", "city", "country")
COUNTRIES = {"IE": "Ireland", "FR": "France", "DE": "Germany", "ES": "Spain", "NL": "Netherlands"}
STEPS = ("address", "shipping", "payment")
"""What a checkout must know, in this order."""


def require(request: Request, upto: str) -> None:
    """A detour to the first thing that is missing before this step."""
    if not basket_of(request):
        flash(request, "Your cart is empty.", "bad")
        raise DetourError("/cart")
    for step in STEPS:
        if step == upto:
            return
        if not request.session.get(step):
            raise DetourError(f"/checkout/{step}")


def step(request: Request, name: str, **values: Any) -> Response:
    """One page of the checkout beside the bill."""
    return page(request, f"checkout/{name}.html", step=name, bill=bill_of(request), **values)


async def address(request: Request) -> Response:
    """Where the parcel goes."""
    require(request, "address")
    known = {"email": request.session.get("customer", ""), **request.session.get("address", {})}
    return step(request, "address", known=known, countries=COUNTRIES)


async def send_address(request: Request) -> Response:
    """The address form."""
    require(request, "address")
    fields = await posted(request, "address")
    given = {name: text(fields, name) for name in ADDRESS}
    empty = [name for name, value in given.items() if not value]
    request.session["address"] = given
    if empty or "@" not in given["email"]:
        request.session["address"] = {}
        flash(request, f"Please fill in: {', '.join(empty) or 'a valid email'}.", "bad")
        return redirect("/checkout/address")
    if shop_of(request).faults.on("session-lost"):
        request.session.clear()
    return redirect("/checkout/shipping")


async def shipping(request: Request) -> Response:
    """How the parcel goes."""
    require(request, "shipping")
    return step(
        request, "shipping", ways=shop_of(request).shippings(), chosen=request.session.get("shipping")
    )


async def send_shipping(request: Request) -> Response:
    """The shipping form."""
    require(request, "shipping")
    code = text(await posted(request, "shipping"), "shipping")
    if code not in {way.code for way in shop_of(request).shippings()}:
        flash(request, "Please choose how we should deliver.", "bad")
        return redirect("/checkout/shipping")
    request.session["shipping"] = code
    return redirect("/checkout/payment")


async def payment(request: Request) -> Response:
    """How it is paid."""
    require(request, "payment")
    return step(request, "payment")


async def send_payment(request: Request) -> Response:
    """The payment form."""
    require(request, "payment")
    fields = await posted(request, "payment")
    method = text(fields, "method")
    if method == "card":
        return _pay_by_card(request, fields)
    if method == "transfer" or (method == "invoice" and customer_of(request)):
        request.session["payment"] = {"method": method, "label": method.capitalize()}
        return redirect("/checkout/review")
    flash(request, "Please choose how you want to pay.", "bad")
    return redirect("/checkout/payment")


def _pay_by_card(request: Request, fields: FormData) -> Response:
    """With a token that the page's script fetched, or with the card itself where no script ran."""
    shop = shop_of(request)
    total = bill_of(request).total
    token = text(fields, "payment_token")
    if not shop.is_authorised(token, total):
        token, verdict = shop.authorise(text(fields, "card_number"), total)
        if not token:
            flash(request, f"Your card was {verdict}. Please try another card.", "bad")
            return redirect("/checkout/payment")
    request.session["payment"] = {"method": "card", "label": "Card (authorised)", "token": token}
    return redirect("/checkout/review")


async def review(request: Request) -> Response:
    """Everything once more, with the button that orders."""
    require(request, "review")
    session = request.session
    return step(
        request,
        "review",
        address=session["address"],
        payment=session["payment"],
        way=session["shipping"],
        country=COUNTRIES.get(session["address"]["country"], ""),
    )


async def place(request: Request) -> Response:
    """The order itself."""
    require(request, "review")
    await posted(request, "place-order")
    shop, session, bill = shop_of(request), request.session, bill_of(request)
    sold_out = [line.article.name for line in bill.lines if not shop.available(line.article)]
    if sold_out:
        flash(request, f"Out of stock: {', '.join(sold_out)}.", "bad")
        return redirect("/cart")
    number = shop.place(session, bill, request.headers.get("x-synthetic", "")[:200])
    session["order"] = number
    for done in ("cart", "coupon", "shipping", "payment"):
        session.pop(done, None)
    return redirect("/checkout/thank-you")


async def thanks(request: Request) -> Response:
    """The confirmation of the order just placed."""
    order = shop_of(request).database.order(request.session.get("order", 0))
    if order is None:
        raise DetourError("/cart")
    return page(request, "checkout/thanks.html", order=order)


ROUTES = [
    Route("/checkout", lambda _: redirect("/checkout/address")),
    Route("/checkout/address", address),
    Route("/checkout/address", send_address, methods=["POST"]),
    Route("/checkout/shipping", shipping),
    Route("/checkout/shipping", send_shipping, methods=["POST"]),
    Route("/checkout/payment", payment),
    Route("/checkout/payment", send_payment, methods=["POST"]),
    Route("/checkout/review", review),
    Route("/checkout/place", place, methods=["POST"]),
    Route("/checkout/thank-you", thanks),
]
