"""The demo shop's SQLite database, in memory: articles, stock, orders, quotes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from techrun.demo.catalogue import ARTICLES, Article

SCHEMA = """
CREATE TABLE article (
    sku TEXT PRIMARY KEY, slug TEXT UNIQUE, name TEXT, category TEXT,
    price INTEGER, stock INTEGER, picture TEXT, blurb TEXT, facts TEXT
);
CREATE TABLE purchase (
    number INTEGER PRIMARY KEY AUTOINCREMENT, customer TEXT, state TEXT, total INTEGER,
    shipping TEXT, payment TEXT, synthetic TEXT, place TEXT, at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE line (number INTEGER, sku TEXT, name TEXT, quantity INTEGER, each INTEGER);
CREATE TABLE quote (
    id INTEGER PRIMARY KEY AUTOINCREMENT, customer TEXT, sku TEXT, quantity INTEGER,
    note TEXT, state TEXT DEFAULT 'requested', at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX line_number ON line (number);
CREATE INDEX purchase_customer ON purchase (customer);
"""
KEPT = 2000
"""Orders and quotes that are kept; the oldest go, so that a demo can run for weeks."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """What was bought, at what price each (cents)."""

    sku: str
    name: str
    quantity: int
    each: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands; `state` is placed, paid or cancelled."""

    number: int
    customer: str
    state: str
    total: int
    shipping: str
    payment: str
    synthetic: str
    """Whose test order it is; empty for a customer's."""
    place: str
    at: str
    lines: tuple[OrderLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """A B2B customer's request for a price."""

    id: int
    customer: str
    sku: str
    quantity: int
    note: str
    state: str
    at: str


class Database:
    """All of the shop's memory."""

    def __init__(self) -> None:
        self._sql = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._sql.row_factory = sqlite3.Row
        self._sql.executescript(SCHEMA)
        self._sql.execute("INSERT INTO sqlite_sequence VALUES ('purchase', 10000)")
        self._sql.executemany(
            "INSERT INTO article VALUES (?,?,?,?,?,?,?,?,?)",
            [
                (a.sku, a.slug, a.name, a.category, a.price, a.stock, a.picture, a.blurb, "\n".join(a.facts))
                for a in ARTICLES
            ],
        )

    def close(self) -> None:
        """Forget everything."""
        self._sql.close()

    def articles(self, where: str = "1", *values: Any) -> list[Article]:
        """The articles for which a condition holds."""
        rows = self._sql.execute(f"SELECT * FROM article WHERE {where} ORDER BY sku", values)  # noqa: S608  the conditions are literals of this package
        return [Article(**{**dict(row), "facts": tuple(row["facts"].split("\n"))}) for row in rows]

    def article(self, key: str) -> Article | None:
        """One article by its sku or slug."""
        found = self.articles("sku = ? OR slug = ?", key, key)
        return found[0] if found else None

    def search(self, words: str) -> list[Article]:
        """The articles that mention every one of these words."""
        parts = words.lower().split()
        if not parts:
            return []
        condition = " AND ".join(
            "lower(name || ' ' || blurb || ' ' || sku || ' ' || category) LIKE ?" for _ in parts
        )
        return self.articles(condition, *(f"%{part}%" for part in parts))

    def place(self, order: Mapping[str, Any], lines: list[OrderLine]) -> int:
        """Store an order, take its articles from stock, and return its number."""
        cursor = self._sql.execute(
            "INSERT INTO purchase (customer, state, total, shipping, payment, synthetic, place)"
            " VALUES (:customer, :state, :total, :shipping, :payment, :synthetic, :place)",
            order,
        )
        number = int(cursor.lastrowid or 0)
        self._sql.executemany(
            "INSERT INTO line VALUES (?,?,?,?,?)",
            [(number, line.sku, line.name, line.quantity, line.each) for line in lines],
        )
        self._move_stock(lines, -1)
        self._forget(number - KEPT)
        return number

    def cancel(self, number: int) -> bool:
        """Cancel an order and put its articles back; False if it is cancelled already or unknown."""
        order = self.order(number)
        if order is None or order.state == "cancelled":
            return False
        self._sql.execute("UPDATE purchase SET state = 'cancelled' WHERE number = ?", (number,))
        self._move_stock(list(order.lines), 1)
        return True

    def order(self, number: int) -> Order | None:
        """One order with its lines."""
        row = self._sql.execute("SELECT * FROM purchase WHERE number = ?", (number,)).fetchone()
        return None if row is None else Order(**dict(row), lines=self._lines(number))

    def orders(self, customer: str | None = None, limit: int = 50) -> list[Order]:
        """The newest orders, of one customer or of all."""
        rows = self._sql.execute(
            "SELECT * FROM purchase WHERE ?1 IS NULL OR customer = ?1 ORDER BY number DESC LIMIT ?2",
            (customer, limit),
        ).fetchall()
        return [Order(**dict(row), lines=self._lines(row["number"])) for row in rows]

    def ask_for_quote(self, customer: str, sku: str, quantity: int, note: str) -> int:
        """Store a request for a quote and return its number."""
        cursor = self._sql.execute(
            "INSERT INTO quote (customer, sku, quantity, note) VALUES (?,?,?,?)",
            (customer, sku, quantity, note),
        )
        number = int(cursor.lastrowid or 0)
        self._sql.execute("DELETE FROM quote WHERE id <= ?", (number - KEPT,))
        return number

    def withdraw_quote(self, customer: str, number: int) -> None:
        """Take a request for a quote back."""
        self._sql.execute("DELETE FROM quote WHERE customer = ? AND id = ?", (customer, number))

    def quotes(self, customer: str) -> list[Quote]:
        """A customer's newest requests for quotes."""
        rows = self._sql.execute(
            "SELECT * FROM quote WHERE customer = ? ORDER BY id DESC LIMIT 50", (customer,)
        )
        return [Quote(**dict(row)) for row in rows]

    def _lines(self, number: int) -> tuple[OrderLine, ...]:
        rows = self._sql.execute("SELECT sku, name, quantity, each FROM line WHERE number = ?", (number,))
        return tuple(OrderLine(**dict(row)) for row in rows)

    def _move_stock(self, lines: list[OrderLine], sign: int) -> None:
        self._sql.executemany(
            "UPDATE article SET stock = stock + ? WHERE sku = ?",
            [(sign * line.quantity, line.sku) for line in lines],
        )

    def _forget(self, up_to: int) -> None:
        """The shop's own first order has no place and stays: it is what the history begins with."""
        self._sql.execute("DELETE FROM purchase WHERE number <= ? AND place <> ''", (up_to,))
        self._sql.execute("DELETE FROM line WHERE number NOT IN (SELECT number FROM purchase)")
