"""The demo shop's own rules: what things cost, what is in stock, what an order becomes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from techrun.demo.catalogue import (
    ADMIN_TOKEN,
    COUPONS,
    CUSTOMERS,
    SHIPPING,
    VAT_PERCENT,
    Article,
    Customer,
    Shipping,
)
from techrun.demo.database import Database, Order, OrderLine
from techrun.demo.faults import Switchboard

OUTDATED_NODE = 2
CARD_ACCEPTED = "4242424242424242"
CARDS = {
    CARD_ACCEPTED: "authorised",
    "4000000000000002": "declined",
    "4000000000009995": "declined: insufficient funds",
}
"""The sandbox's test cards; every other number is declined."""


@dataclass(frozen=True, slots=True)
class Line:
    """An article in the cart, at what this customer pays for one (cents)."""

    article: Article
    quantity: int
    each: int

    @property
    def total(self) -> int:
        """What the line costs (cents)."""
        return self.quantity * self.each


@dataclass(frozen=True, slots=True)
class Bill:
    """What a cart costs, in cents; VAT is included in the total."""

    lines: tuple[Line, ...]
    subtotal: int
    discount: int
    shipping: int
    total: int
    vat: int

    @property
    def count(self) -> int:
        """How many pieces are in the cart."""
        return sum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class Running:
    """What a shop runs, as its `/release.json` tells it."""

    version: str
    commit: str


class Shop:
    """One demo shop: its memory, its switchboard, its rules, and the release that it runs."""

    def __init__(self) -> None:
        self.before = Running("2026.6.4", "41b7d92")
        self.running = Running("2026.7.1", "9f31c0e")
        self.database = Database()
        self.faults = Switchboard()
        self.key = secrets.token_bytes(32)
        self._authorised: dict[str, int] = {}
        self._seed()

    def _seed(self) -> None:
        """A past order of the B2B customer, so that history and reorder have something to show."""
        buyer = CUSTOMERS[0]
        self._store(self.bill({"FT-3004": 10, "FT-4002": 5}, buyer), customer=buyer.email)

    def deploy(self, release: Running) -> None:
        """Run another release from now on."""
        self.before, self.running = self.running, release

    def on_node(self, node: int) -> Running:
        """What this node runs."""
        outdated = node == OUTDATED_NODE and self.faults.on("node-outdated")
        return self.before if outdated else self.running

    def money(self, cents: int) -> str:
        """An amount as customers read it."""
        sign = "$" if self.faults.on("wrong-currency") else "€"
        return f"{sign}{cents / 100:,.2f}"

    def price(self, article: Article, customer: Customer | None = None) -> int:
        """What one piece costs this customer (cents)."""
        if self.faults.on("price-zero"):
            return 0
        discount = customer.discount_percent if customer else 0
        if self.faults.on("contract-price-lost"):
            discount = 0
        return round(article.price * (100 - discount) / 100)

    def available(self, article: Article) -> bool:
        """Whether the article can be bought now."""
        return article.stock > 0 or self.faults.on("sold-out-sold")

    def found(self, words: str) -> list[Article]:
        """What a search finds."""
        return [] if self.faults.on("search-empty") else self.database.search(words)

    def shelf(self, category: str) -> list[Article]:
        """What a category shows."""
        return [] if self.faults.on("category-empty") else self.database.articles("category = ?", category)

    def shippings(self) -> tuple[Shipping, ...]:
        """The ways to send a parcel."""
        return () if self.faults.on("shipping-empty") else SHIPPING

    def bill(
        self,
        basket: Mapping[str, int],
        customer: Customer | None = None,
        coupon: str = "",
        shipping: str = "",
    ) -> Bill:
        """What a cart costs this customer."""
        articles = {sku: self.database.article(sku) for sku in basket}
        lines = tuple(
            Line(article, basket[sku], self.price(article, customer))
            for sku, article in articles.items()
            if article
        )
        subtotal = sum(line.total for line in lines)
        percent = 0 if self.faults.on("coupon-ignored") else COUPONS.get(coupon, 0)
        discount = round(subtotal * percent / 100)
        way = next((way for way in SHIPPING if way.code == shipping), None)
        freight = 0 if way is None or (way.free_from and subtotal >= way.free_from) else way.price
        total = subtotal - discount + freight
        vat = round(total * VAT_PERCENT / (100 + VAT_PERCENT))
        if self.faults.on("total-wrong"):
            total += vat
        return Bill(lines, subtotal, discount, freight, total, vat)

    def customer(self, email: str) -> Customer | None:
        """A known customer."""
        return next((one for one in CUSTOMERS if one.email == email), None)

    def login(self, email: str, password: str) -> Customer | None:
        """The customer with this address and password, if that is right."""
        if self.faults.on("login-refused"):
            return None
        customer = self.customer(email.strip().lower())
        return customer if customer and compare_digest(customer.password, password) else None

    def is_admin(self, authorization: str) -> bool:
        """Whether a request bears the shop's admin token."""
        return compare_digest(authorization.encode(), f"Bearer {ADMIN_TOKEN}".encode())

    def authorise(self, card: str, amount: int) -> tuple[str, str]:
        """Ask the payment sandbox for an amount (cents): a token, or the refusal."""
        verdict = CARDS.get("".join(card.split()), "declined: unknown test card")
        if self.faults.on("payment-declined"):
            verdict = "declined"
        if verdict != "authorised":
            return "", verdict
        token = f"pay_{secrets.token_hex(8)}"
        self._authorised[token] = amount
        while len(self._authorised) > 1000:
            del self._authorised[next(iter(self._authorised))]
        return token, verdict

    def is_authorised(self, token: str, amount: int) -> bool:
        """Whether the sandbox authorised at least this amount (cents) under this token."""
        return self._authorised.get(token, -1) >= amount

    def place(self, checkout: Mapping[str, Any], bill: Bill, synthetic: str) -> int:
        """Turn a checkout into an order and return its number."""
        address = checkout["address"]
        return self._store(
            bill,
            customer=address["email"],
            shipping=checkout["shipping"],
            payment=checkout["payment"]["method"],
            synthetic=synthetic,
            place=f"{address['name']}, {address['street']}, {address['postcode']} {address['city']}",
        )

    def _store(self, bill: Bill, **order: str) -> int:
        known = {"shipping": "standard", "payment": "invoice", "synthetic": "", "place": "", **order}
        state = "paid" if known["payment"] == "card" else "placed"
        lines = [OrderLine(x.article.sku, x.article.name, x.quantity, x.each) for x in bill.lines]
        return self.database.place({**known, "state": state, "total": bill.total}, lines)

    def history(self, email: str) -> list[Order]:
        """What a customer sees of the own orders."""
        if self.faults.on("history-empty"):
            return []
        orders = self.database.orders(email)
        return [order for order in orders if self.visible(order)]

    def visible(self, order: Order) -> bool:
        """Whether an order that was accepted can be found again."""
        return not (self.faults.on("order-missing") and order.place)
