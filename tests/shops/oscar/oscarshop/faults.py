"""Faults as real Oscar shops have them. One file a fault, so that every worker sees it at once."""

import time
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse

FOLDER = Path(settings.DATA) / "faults"


def active(name):
    """Whether the shop has this fault now."""
    return (FOLDER / name).exists()


def _stock(units):
    from oscar.core.loading import get_model

    get_model("partner", "StockRecord").objects.filter(partner_sku="ORANGE1").update(num_in_stock=units)


def _public(is_public):
    from oscar.core.loading import get_model

    product = get_model("catalogue", "Product").objects.get(upc="ORANGE1")
    product.is_public = is_public
    product.save()


CHANGES = {
    "stock-zero": (lambda: _stock(0), lambda: _stock(100_000)),
    "article-hidden": (lambda: _public(False), lambda: _public(True)),
}
"""Faults that change data: what breaks, what mends."""


def switch(_request, name, state):
    """Switch one fault on or off."""
    FOLDER.mkdir(exist_ok=True)
    on = state == "on"
    if on:
        (FOLDER / name).touch()
    else:
        (FOLDER / name).unlink(missing_ok=True)
    if name in CHANGES:
        CHANGES[name][0 if on else 1]()
    return HttpResponse(f"{name} {state}")


class FaultMiddleware:
    """Breaks whole pages."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        path = request.path
        if active("sold-out-in-basket") and path.startswith("/checkout/shipping-address"):
            _stock(0)
        if active("product-template-broken") and path.startswith("/catalogue/hi-vis"):
            raise RuntimeError("template broken")
        if active("basket-blank") and path == "/basket/":
            return HttpResponse("")
        if active("slow-product") and path.startswith("/catalogue/hi-vis"):
            time.sleep(3)
        if active("add-ignored") and path.startswith("/basket/add/"):
            from django.http import HttpResponseRedirect

            return HttpResponseRedirect(request.headers.get("Referer", "/"))
        if path.startswith("/catalogue/hi-vis"):
            return self._product(request)
        return self.get_response(request)

    def _product(self, request):
        began = time.perf_counter()
        if active("stock-system"):  # no fault: many shops ask another system for the stock
            time.sleep(0.35)
        response = self.get_response(request)
        if active("product-half-slower"):
            time.sleep(0.5 * (time.perf_counter() - began))
        return response
