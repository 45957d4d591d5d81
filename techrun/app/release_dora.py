"""The four keys of DORA from what the store of this machine knows; or, with a server named, over its API."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from techrun.app.loading import Loaded, load_without_secrets
from techrun.config.settings import ShopSettings
from techrun.errors import CannotTellError, UsageError
from techrun.load.bundle import shop_of
from techrun.releases.dora import (
    ANNOTATED,
    MOST_MONTHS,
    AskDora,
    Keys,
    Outage,
    Report,
    keys_of,
    lately,
    month_spans,
)
from techrun.standing import IncidentKind
from techrun.store.database import Store, read_store
from techrun.store.desk import faults
from techrun.store.releases import releases
from techrun.store.state import past_incidents
from techrun.zones import zone_of

LAST_MONTH = 30 * 86400.0
KINDS: Collection[IncidentKind] = ("outage", "reported")
"""Those about one shop; the others only tell of them, or of techrun itself."""


def dora_of(config: Path, server: str = "", token: str = "") -> AskDora:
    """How to ask: the server that was named, else the store of this machine."""
    if server:
        from techrun.app.client import Client, given  # noqa: PLC0415  nobody else needs it

        api = Client(server, token)
        return lambda shop, months: api.get(Report, "dora", given(shop=shop, months=months))
    loaded = load_without_secrets(config)
    return local_dora(lambda: loaded)


def local_dora(
    loaded: Callable[[], Loaded], store: Store | None = None, clock: Callable[[], float] = time.time
) -> AskDora:
    """Asks the store of this machine; the daemon hands in the one that it holds."""

    def ask(shop: str, months: int) -> Report:
        settings, now = loaded().settings, clock()
        if not 0 < months <= MOST_MONTHS:
            raise UsageError(f"a report is about 1 to {MOST_MONTHS} months, not {months}")
        shops = [shop_of(settings, shop)] if shop else settings.shops
        if store is None and not settings.store.exists():
            raise CannotTellError(
                f"nothing is known yet: {settings.store} does not exist; releases are kept from"
                " techrun release begin on"
            )
        with read_store(settings.store) if store is None else store.read() as connection:
            return _report(connection, shops, months, now)

    return ask


def _report(connection: sqlite3.Connection, shops: Iterable[ShopSettings], months: int, now: float) -> Report:
    zones = {shop.name: shop.timezone for shop in shops}
    since = min((next(month_spans(zone_of(zone), now, months))[1] for zone in zones.values()), default=now)
    outages = _outages(connection, zones, since)
    return keys_of(zones, releases(connection, since - ANNOTATED), outages, months=months, now=now)


def last_month(connection: sqlite3.Connection, shops: Collection[str], now: float) -> tuple[Keys, ...]:
    """The four keys of each of these shops in the last 30 days."""
    since = now - LAST_MONTH
    return lately(
        shops,
        releases(connection, since - ANNOTATED),
        _outages(connection, shops, since),
        seconds=LAST_MONTH,
        now=now,
    )


def _outages(connection: sqlite3.Connection, shops: Collection[str], since: float) -> list[Outage]:
    """What was opened since then about one of these shops."""
    named = faults(connection)
    return [
        Outage(one.id, shop, one.since, one.closed, one.severity == "page", named.get(one.id))
        for one in past_incidents(connection, since)
        if one.kind in KINDS
        for shop in sorted(one.shops.intersection(shops))
    ]
