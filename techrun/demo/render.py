"""Pages from templates."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from techrun.demo.catalogue import BRAND, CATEGORIES
from techrun.demo.session import basket_of, customer_of, form_token, shop_of

TEMPLATES = Environment(
    loader=PackageLoader("techrun.demo"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """One page of the shop, with everything that the frame around it needs."""
    shop = shop_of(request)

    def token(form: str) -> Markup:
        return Markup('<input type="hidden" name="csrf_token" value="{}">').format(form_token(request, form))

    html = TEMPLATES.get_template(template).render(
        brand=BRAND,
        categories=CATEGORIES,
        path=request.url.path,
        static="/_static" if request.url.path.startswith("/_") else "/static",
        words=request.query_params.get("q", ""),
        customer=customer_of(request),
        pieces=sum(basket_of(request).values()),
        messages=request.session.pop("flash", []),
        money=shop.money,
        price=shop.price,
        available=shop.available,
        csrf=token,
        version=shop.on_node(request.state.node).version,
        **values,
    )
    return HTMLResponse(html, status)
