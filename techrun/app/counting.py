"""What a running techrun counts of itself, for /metrics: incidents, what they cost, outbox, test orders."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import Metric

from techrun.alerts.impact import at_risk, loses_orders, lost
from techrun.app.release_dora import last_month
from techrun.handling import Release
from techrun.model import Check, Shop
from techrun.sinks.incidents import IncidentSink
from techrun.sinks.prometheus import (
    Revenue,
    Shipping,
    dora_families,
    incident_families,
    leak_families,
    load_families,
    load_tests_family,
    outbox_families,
    release_families,
    revenue_families,
)
from techrun.standing import Incident
from techrun.store.database import Store
from techrun.store.loads import last_loads, load_tests
from techrun.store.orders import Orders
from techrun.store.releases import latest_releases

RECOUNTED = 60.0
"""Seconds for which what was counted of a month of releases is good."""
LOADS_SHOWN = 90 * 86400.0
"""Seconds for which the last load run of a scenario stays in the metrics."""


class Counting:
    """The sources of metrics that need more than results."""

    def __init__(
        self,
        incidents: IncidentSink,
        orders: Orders,
        checks: Callable[[], Sequence[Check]],
        shops: Callable[[], Sequence[Shop]],
        store: Store,
    ) -> None:
        self._incidents, self._orders, self._checks, self._shops = incidents, orders, checks, shops
        self._store = store
        self._counted, self._shipping = 0.0, list[Shipping]()

    def incidents(self) -> Iterator[Metric]:
        """Open incidents, what they cost, and messages on their way."""
        snapshot = self._incidents.snapshot()
        yield from incident_families(
            {(shop, severity): count for (shop, severity), count in snapshot.incidents.items()}
        )
        yield from revenue_families(revenue_of(self._shops(), snapshot.open, time.time()))
        sent = {(channel, str(became)): count for (channel, became), count in snapshot.notifications.items()}
        yield from outbox_families(snapshot.waiting, sent)

    def orders(self) -> Iterator[Metric]:
        """Test orders that stand in the shops."""
        leaked = {(check.id.shop, check.id.name): 0 for check in self._checks() if check.places_orders}
        leaked |= {(one.check.shop, one.check.name): one.leaked for one in self._orders.snapshot()}
        yield from leak_families(leaked)

    def loads(self) -> Iterator[Metric]:
        """The last load run of each scenario, and which shops are under load now."""
        now, shops = time.time(), {shop.name: 0 for shop in self._shops()}
        with self._store.read() as connection:
            runs, tests = list(last_loads(connection, now - LOADS_SHOWN)), load_tests(connection, now)
        for test in tests:
            if test.shop in shops and test.runs(now):
                shops[test.shop] += 1
        yield from load_families((run, steps) for run, steps in runs if run.shop in shops)
        yield load_tests_family(shops)

    def releases(self) -> Iterator[Metric]:
        """The release that each shop runs, and what was found of it."""
        with self._store.read() as connection:
            found = latest_releases(connection)
        shops = [shop.name for shop in self._shops()]
        yield from release_families(_running(found[shop]) for shop in shops if shop in found)

    def dora(self) -> Iterator[Metric]:
        """How each shop was released in the last 30 days; worked out once a minute at most."""
        now = time.time()
        if now - self._counted >= RECOUNTED:
            with self._store.read() as connection:
                keys = last_month(connection, [shop.name for shop in self._shops()], now)
            self._counted = now
            self._shipping = [
                Shipping(one.shop, one.releases, one.lead_median, one.failure_share, one.restore_median)
                for one in keys
            ]
        yield from dora_families(self._shipping)


def _running(newest: Sequence[Release]) -> Release:
    """The release that a shop runs: one that was rolled back is gone."""
    return next((one for one in newest if not one.rolled_back), newest[0])


def revenue_of(shops: Iterable[Shop], open_now: Iterable[Incident], now: float) -> list[Revenue]:
    """What each shop with a known `impact` risks an hour, and has lost in its open outages; 0 while all is well."""
    since: dict[str, float] = {}
    for incident in open_now:
        if loses_orders(incident):
            since[incident.shop] = min(incident.since, since.get(incident.shop, incident.since))
    found = []
    for shop in shops:
        if shop.impact is None:
            continue
        hour = total = (0.0, 0.0)
        if shop.name in since:
            risk = at_risk(shop.impact, now, shop.timezone)
            so_far = lost(shop.impact, since[shop.name], now, shop.timezone)
            hour, total = (risk.low, risk.high), (so_far.low, so_far.high)
        found.append(Revenue(shop.name, shop.impact.currency, hour, total))
    return found
