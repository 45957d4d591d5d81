"""The gate before a release, on the store of this machine; or, with a server named, over its API."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from techrun.app.gate_facts import facts_of
from techrun.app.loading import Loaded, load_without_secrets
from techrun.app.typed import line, needed
from techrun.load.bundle import shop_of
from techrun.releases.gate import UNDER_WAY, Gate, GateWish, decide
from techrun.releases.keeping import Book
from techrun.releases.keeping.store_book import StoreBook
from techrun.releases.records import GateDecision
from techrun.store.database import Store, read_store

log = logging.getLogger(__name__)


def gate_of(config: Path, server: str = "", token: str = "") -> Gate:
    """The gate of the server that was named, else of this machine; only there the configuration is read."""
    if server:
        from techrun.app.remote_gate import RemoteGate  # noqa: PLC0415  nobody else needs it

        return RemoteGate(server, token)
    loaded = load_without_secrets(config)
    return LocalGate(lambda: loaded, StoreBook(loaded.settings.store))


class LocalGate(Gate):
    """Decides by the store of this machine; the daemon hands in the store that it holds, and its book."""

    def __init__(
        self,
        loaded: Callable[[], Loaded],
        book: Book,
        store: Store | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._loaded, self._book, self._store, self._clock = loaded, book, store, clock

    def look(self, wish: GateWish, by: str) -> GateDecision:
        """Decide, and note nothing."""
        loaded, now = self._loaded(), self._clock()
        shop = shop_of(loaded.settings, wish.shop)
        wish = replace(wish, shop=shop.name, version=line(wish.version), override=line(wish.override))
        needed(wish.version, "name the version that wants to begin, such as v812")
        with self._reading(loaded) as connection:
            releases = self._book.releases(shop.name, now - UNDER_WAY) if connection else []
            facts = facts_of(loaded, shop, wish, connection, releases=releases, now=now)
        return decide(wish, facts, now, line(by))

    def ask(self, wish: GateWish, by: str) -> GateDecision:
        """Decide, and note in the book what was decided and who goes through all the same."""
        decision = self._book.note_gate(self.look(wish, by))
        said = f"overridden: {decision.override}" if decision.overridden else decision.value
        log.info("the gate for %s of %s, asked by %s: %s", decision.version, decision.shop, decision.by, said)
        return decision

    @contextlib.contextmanager
    def _reading(self, loaded: Loaded) -> Iterator[sqlite3.Connection | None]:
        """A connection that reads; None where there is no store yet."""
        path = loaded.settings.store
        if self._store is None and not path.exists():
            yield None
            return
        with read_store(path) if self._store is None else self._store.read() as connection:
            yield connection
