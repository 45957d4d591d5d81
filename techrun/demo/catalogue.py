"""What the demo shop sells: plain data, written into its database at the start. Prices are cents with VAT."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

BRAND = "Fettle"
VAT_PERCENT = 21
FREE_SHIPPING_FROM = 100_00


@dataclass(frozen=True, slots=True)
class Category:
    """A shelf of the shop."""

    slug: str
    name: str
    blurb: str
    picture: str


@dataclass(frozen=True, slots=True)
class Article:
    """One thing on sale; `price` is cents including VAT."""

    sku: str
    slug: str
    name: str
    category: str
    price: int
    stock: int
    picture: str
    blurb: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shipping:
    """A way to send a parcel; `price` is cents including VAT."""

    code: str
    name: str
    price: int
    free_from: int | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """A B2B customer or the shop's own staff, with the demo's public password."""

    email: str
    password: str
    company: str
    discount_percent: int = 0
    staff: bool = False


CATEGORIES = (
    Category("hand-tools", "Hand tools", "Forged, balanced and made to be handed down.", "hammer"),
    Category("power-tools", "Power tools", "Cordless and corded, with parts for ten years.", "drill"),
    Category("workwear", "Workwear", "Clothes that survive the site and the wash.", "jacket"),
    Category("safety", "Safety", "Certified protection, from head to hearing.", "helmet"),
)


def _articles() -> tuple[Article, ...]:
    entries = tomllib.loads(Path(__file__).with_name("articles.toml").read_text("utf-8"))["article"]
    return tuple(Article(**{**entry, "facts": tuple(entry["facts"])}) for entry in entries)


ARTICLES = _articles()

SHIPPING = (
    Shipping("standard", "Standard, 2 to 3 days", 4_90, FREE_SHIPPING_FROM),
    Shipping("express", "Express, next working day", 12_90),
)

COUPONS = {"WELCOME10": 10}
"""Code to percent; every other code is refused."""

CUSTOMERS = (
    Customer("buyer@atelier.example", "atelier-demo", "Atelier Nord", discount_percent=15),
    Customer("staff@fettle.example", "staff-demo", BRAND, staff=True),
)
ADMIN_TOKEN = "demo-admin-token"  # noqa: S105  the demo's public token, for the clean-up of test orders
