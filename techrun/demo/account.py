"""For business customers and staff: login, orders, invoice, reorder, quotes, and cancelling an order."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from techrun.demo.cart import put, quantity_of
from techrun.demo.database import Order
from techrun.demo.pages import missing
from techrun.demo.pdf import invoice_pdf
from techrun.demo.render import page
from techrun.demo.session import (
    DetourError,
    business,
    customer_of,
    flash,
    posted,
    redirect,
    shop_of,
    text,
)


async def login(request: Request) -> Response:
    """The login page; whoever is logged in already goes on to the account."""
    if customer_of(request):
        return redirect("/account")
    return page(request, "account/login.html")


async def send_login(request: Request) -> Response:
    """The login form."""
    fields = await posted(request, "login")
    customer = shop_of(request).login(text(fields, "email"), text(fields, "password"))
    if customer is None:
        flash(request, "Email or password is wrong.", "bad")
        return redirect("/account/login")
    request.session["customer"] = customer.email
    flash(request, f"Welcome back, {customer.company}.")
    return redirect("/admin/orders" if customer.staff else "/account")


async def logout(request: Request) -> Response:
    """The logout button."""
    await posted(request, "logout")
    request.session.clear()
    return redirect("/")


async def orders(request: Request) -> Response:
    """The account: the order history."""
    customer = business(request)
    return page(request, "account/orders.html", orders=shop_of(request).history(customer.email))


def own_order(request: Request) -> Order | None:
    """The order of the address, if it is this customer's (or anyone's, for staff)."""
    shop, customer = shop_of(request), business(request)
    order = shop.database.order(request.path_params["number"])
    if order is None or not shop.visible(order):
        return None
    return order if customer.staff or order.customer == customer.email else None


async def order(request: Request) -> Response:
    """One order of the history."""
    found = own_order(request)
    return page(request, "account/order.html", order=found) if found else missing(request)


async def invoice(request: Request) -> Response:
    """The invoice of an order."""
    found = own_order(request)
    if found is None:
        return missing(request)
    shop = shop_of(request)
    content = (
        b"<b>Warning</b>: cannot open template"
        if shop.faults.on("invoice-broken")
        else invoice_pdf(shop, found)
    )
    name = f'inline; filename="invoice-{found.number}.pdf"'
    return Response(content, media_type="application/pdf", headers={"content-disposition": name})


async def reorder(request: Request) -> Response:
    """Everything of an old order into the cart again."""
    await posted(request, "reorder")
    found = own_order(request)
    if found is None:
        return missing(request)
    for line in () if shop_of(request).faults.on("reorder-empty") else found.lines:
        put(request, line.sku, line.quantity)
    flash(request, f"The articles of order {found.number} are in your cart.")
    return redirect("/cart")


async def quotes(request: Request) -> Response:
    """The requests for quotes, and the form for a new one."""
    customer, database = business(request), shop_of(request).database
    return page(
        request, "account/quotes.html", quotes=database.quotes(customer.email), articles=database.articles()
    )


async def send_quote(request: Request) -> Response:
    """The form for a quote."""
    customer = business(request)
    fields = await posted(request, "quote")
    shop = shop_of(request)
    article = shop.database.article(text(fields, "sku"))
    if article is None:
        flash(request, "There is no such article.", "bad")
    else:
        if not shop.faults.on("quote-lost"):
            pieces = quantity_of(text(fields, "quantity"))
            shop.database.ask_for_quote(customer.email, article.sku, pieces, text(fields, "note")[:500])
        flash(request, "Thank you. We answer within one working day.")
    return redirect("/account/quotes")


async def withdraw(request: Request) -> Response:
    """Take a request for a quote back."""
    customer = business(request)
    fields = await posted(request, "withdraw-quote")
    shop_of(request).database.withdraw_quote(customer.email, number_of(text(fields, "quote")))
    flash(request, "Your request was withdrawn.")
    return redirect("/account/quotes")


def number_of(value: str) -> int:
    """A number from a form, 0 where it is none."""
    return int(value) if value.isdecimal() else 0


def staff(request: Request) -> None:
    """A detour for whoever is not staff."""
    if not business(request).staff:
        raise DetourError("/account")


async def all_orders(request: Request) -> Response:
    """Every customer's orders, for staff."""
    staff(request)
    return page(request, "account/admin.html", orders=shop_of(request).database.orders())


async def cancel(request: Request) -> Response:
    """Staff cancels an order; its articles go back into stock."""
    staff(request)
    await posted(request, "cancel-order")
    number, shop = request.path_params["number"], shop_of(request)
    if not shop.faults.on("cancel-refused") and shop.database.cancel(number):
        flash(request, f"Order {number} is cancelled.")
    else:
        flash(request, f"Order {number} cannot be cancelled.", "bad")
    return redirect("/admin/orders")


ROUTES = [
    Route("/account/login", login),
    Route("/account/login", send_login, methods=["POST"]),
    Route("/account/logout", logout, methods=["POST"]),
    Route("/account", orders),
    Route("/account/orders/{number:int}", order),
    Route("/account/orders/{number:int}/invoice.pdf", invoice),
    Route("/account/orders/{number:int}/reorder", reorder, methods=["POST"]),
    Route("/account/quotes", quotes),
    Route("/account/quotes", send_quote, methods=["POST"]),
    Route("/account/quotes/withdraw", withdraw, methods=["POST"]),
    Route("/admin/orders", all_orders),
    Route("/admin/orders/{number:int}/cancel", cancel, methods=["POST"]),
]
