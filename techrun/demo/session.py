"""Who is asking: the signed session, the token of each form, and messages for the next page."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from techrun.demo.catalogue import Customer
from techrun.demo.shop import Bill, Shop


class StaleFormError(Exception):
    """A form came with a wrong or an old token."""


class DetourError(Exception):
    """A page cannot be shown yet; the customer is sent elsewhere."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def shop_of(request: Request) -> Shop:
    """The shop that this request is for."""
    shop: Shop = request.app.state.shop
    return shop


def form_token(request: Request, form: str) -> str:
    """The token of one form in one session; the session begins with its first form."""
    shop = shop_of(request)
    seed = request.session.setdefault("seed", secrets.token_hex(8))
    if shop.faults.on("csrf-stale"):
        seed = "of a cached page"
    return hmac.new(shop.key, f"{seed}:{form}".encode(), hashlib.sha256).hexdigest()[:32]


async def posted(request: Request, form: str) -> FormData:
    """The fields of a form that was sent, once its token is found right."""
    fields = await request.form()
    shop = shop_of(request)
    seed = request.session.get("seed", "")
    right = hmac.new(shop.key, f"{seed}:{form}".encode(), hashlib.sha256).hexdigest()[:32]
    if not seed or not hmac.compare_digest(right, str(fields.get("csrf_token", ""))):
        raise StaleFormError
    return fields


def text(fields: FormData, name: str) -> str:
    """One field of a form, without the spaces around it."""
    return str(fields.get(name, "")).strip()


def flash(request: Request, message: str, kind: str = "good") -> None:
    """A message for the next page that is shown."""
    request.session["flash"] = [*request.session.get("flash", ()), [kind, message]]


def redirect(path: str) -> Response:
    """On to another page after a form."""
    return RedirectResponse(path, status_code=303)


def customer_of(request: Request) -> Customer | None:
    """The customer who is logged in."""
    return shop_of(request).customer(request.session.get("customer", ""))


def business(request: Request) -> Customer:
    """The customer who is logged in; anyone else is sent to the login."""
    customer = customer_of(request)
    if customer is None:
        raise DetourError("/account/login")
    return customer


def basket_of(request: Request) -> dict[str, int]:
    """The cart of this session: pieces by sku."""
    basket: dict[str, int] = request.session.get("cart", {})
    return basket


def bill_of(request: Request) -> Bill:
    """What the cart of this session costs, with what is known of the checkout."""
    session: dict[str, Any] = request.session
    return shop_of(request).bill(
        basket_of(request), customer_of(request), session.get("coupon", ""), session.get("shipping", "")
    )
