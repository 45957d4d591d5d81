"""A demo shop in a process of its own, and a customer who walks through it by plain HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from techrun.demo.server import DemoShop, mend


class Customer:
    """A browser without scripts: follows links, keeps cookies, sends forms with all their fields."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, follow_redirects=True, timeout=5, verify=False)
        self.page = httpx.Response(200)

    def get(self, path: str, **options) -> httpx.Response:
        self.page = self._http.get(path, **options)
        return self.page

    def post(self, path: str, **options) -> httpx.Response:
        return self._http.post(path, **options)

    def submit(self, selector: str, **fill: str) -> httpx.Response:
        form = LexborHTMLParser(self.page.text).css_first(selector)
        assert form is not None, f"no {selector} on {self.page.url}"
        fields = {field.attributes["name"]: value_of(field) for field in form.css("[name]") if counts(field)}
        action = self.page.url.join(form.attributes.get("action") or "")
        referer = {"referer": str(self.page.url)}
        self.page = self._http.post(action, data={**fields, **fill}, headers=referer)
        return self.page

    def see(self, selector: str) -> str:
        """The text of the first such element, or nothing."""
        node = LexborHTMLParser(self.page.text).css_first(selector)
        return node.text(strip=True) if node else ""

    def count(self, selector: str) -> int:
        return len(LexborHTMLParser(self.page.text).css(selector))

    @property
    def path(self) -> str:
        return self.page.url.path

    def fill_cart(self) -> None:
        self.get("/product/claw-hammer")
        self.submit("#add-to-cart", quantity="2")

    def to_shipping(self) -> None:
        self.fill_cart()
        self.get("/checkout/address")
        self.submit("#address", email="ann@x.example", name="Ann", street="Quay 1", postcode="1", city="Cork")

    def to_review(self, **payment: str) -> None:
        self.to_shipping()
        self.submit("#shipping-method")
        self.submit("#card-form", **{"card_number": "4242 4242 4242 4242", **payment})

    def buy(self) -> str:
        """Buy two hammers and return the number of the order."""
        self.to_review()
        self.submit("#place-order")
        return self.see("#order-number")

    def login(self, email: str = "buyer@atelier.example", password: str = "atelier-demo") -> None:
        self.get("/account/login")
        self.submit("#login", email=email, password=password)

    def close(self) -> None:
        self._http.close()


def counts(field: LexborNode) -> bool:
    """Whether a browser would send this field."""
    return field.attributes.get("type") not in {"radio", "checkbox"} or "checked" in field.attributes


def value_of(field: LexborNode) -> str:
    if field.tag == "select":
        chosen = field.css_first("option[selected]") or field.css_first("option")
        return chosen.attributes["value"] or ""
    return field.attributes.get("value") or ""


@pytest.fixture(scope="session")
def running_shop() -> Iterator[DemoShop]:
    with DemoShop() as shop:
        yield shop


@pytest.fixture
def shop(running_shop: DemoShop) -> Iterator[DemoShop]:
    """The shop, whole before and after each test."""
    yield running_shop
    mend(running_shop.url)


@pytest.fixture
def make_customer(shop: DemoShop) -> Iterator[Callable[[], Customer]]:
    """Makes customers with empty carts."""
    walkers = []

    def make() -> Customer:
        walkers.append(Customer(shop.url))
        return walkers[-1]

    yield make
    for walker in walkers:
        walker.close()


@pytest.fixture
def customer(make_customer: Callable[[], Customer]) -> Customer:
    return make_customer()
