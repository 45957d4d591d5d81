"""The metrics of techrun itself and of its other parts: few series, made by prometheus_client."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from techrun import __version__
from techrun.model import Shop
from techrun.sinks._prometheus_families import LATENESS_BOUNDS
from techrun.sinks._prometheus_text import Buckets, as_text

log = logging.getLogger(__name__)

Source = Callable[[], Iterable[Metric]]
"""Gives its families anew at each scrape, in the scrape's thread; it must be quick."""


class OwnMetrics:
    """What techrun says about itself, and the sources that its other parts have added."""

    def __init__(self, location: str) -> None:
        process = CollectorRegistry()
        ProcessCollector(registry=process)
        PlatformCollector(registry=process)
        GCCollector(registry=process)
        self._sources: dict[str, Source] = {"techrun": self._collect, "process": process.collect}
        self._location = location
        self._lateness = Buckets(LATENESS_BOUNDS)
        self._missed = 0
        self._shops: tuple[Shop, ...] = ()
        self._reload: tuple[bool, float | None] | None = None

    def add_source(self, name: str, source: Source) -> None:
        """Ask this source at each scrape too; ValueError where the name is taken."""
        if name in self._sources:
            raise ValueError(f"there is a source {name!r} already")
        self._sources[name] = source

    def configure(self, shops: Iterable[Shop]) -> None:
        """Take over what shops there are."""
        self._shops = tuple(shops)

    def ran(self, lateness: float, missed: int) -> None:
        """Count a planned run."""
        self._lateness.observe(lateness)
        self._missed += missed

    def set_reload(self, *, ok: bool, at: float) -> None:
        """Note how the last reload went; a failed one keeps the time of the last good one."""
        before = self._reload[1] if self._reload else None
        self._reload = (ok, at if ok else before)

    def render(self, *, checks_ok: bool) -> Iterator[bytes]:
        """Every source as text; one that fails is left out, and `techrun_collector_success` says so."""
        success = GaugeMetricFamily(
            "techrun_collector_success",
            "Whether this part of the metrics could be collected for this scrape.",
            labels=["collector"],
        )
        success.add_metric(["checks"], checks_ok)
        for name, source in self._sources.items():
            text = _rendered(name, source)
            success.add_metric([name], text is not None)
            yield text or b""
        yield as_text([success])

    def _collect(self) -> Iterator[Metric]:
        yield _build_info()
        yield from self._planning()
        yield _shop_info(self._shops)
        yield from self._reload_families()

    def _planning(self) -> Iterator[Metric]:
        lateness = HistogramMetricFamily(
            "techrun_check_lateness_seconds",
            "How much later than planned the runs started.",
            labels=["location"],
        )
        buckets = [(bound, float(count)) for bound, count in self._lateness.cumulative()]
        lateness.add_metric([self._location], buckets, self._lateness.sum)
        yield lateness
        missed = CounterMetricFamily(
            "techrun_check_missed_runs_total",
            "Planned runs that never started.",
            labels=["location"],
        )
        missed.add_metric([self._location], self._missed)
        yield missed

    def _reload_families(self) -> Iterator[Metric]:
        if self._reload is None:
            return
        ok, at = self._reload
        yield GaugeMetricFamily(
            "techrun_config_last_reload_successful",
            "Whether the configuration could be loaded at the last attempt.",
            value=ok,
        )
        if at is not None:
            yield GaugeMetricFamily(
                "techrun_config_last_reload_success_timestamp_seconds",
                "When the configuration was last loaded.",
                value=at,
            )


def _rendered(name: str, source: Source) -> bytes | None:
    try:
        return as_text(source())
    except Exception:
        log.exception("the metrics of %s could not be collected; the rest of the scrape goes on", name)
        return None


def _build_info() -> Metric:
    family = GaugeMetricFamily("techrun_build_info", "The version that runs.", labels=["version", "python"])
    family.add_metric([__version__, platform.python_version()], 1)
    return family


def _shop_info(shops: Iterable[Shop]) -> Metric:
    family = GaugeMetricFamily(
        "techrun_shop_info",
        "What is known of the shop, to be joined to its other series.",
        labels=["shop", "client", "env", "platform", "owner"],
    )
    for shop in shops:
        family.add_metric([shop.name, shop.client, shop.env, shop.platform, shop.owner], 1)
    return family


def incident_families(open_now: Mapping[tuple[str, str], int]) -> Iterator[Metric]:
    """The families of the incidents that are open now, counted by (shop, severity)."""
    family = GaugeMetricFamily(
        "techrun_incidents_open", "Incidents that are open now.", labels=["shop", "severity"]
    )
    for key, count in open_now.items():
        family.add_metric(key, count)
    yield family


def outbox_families(
    waiting: Mapping[str, tuple[int, float]], delivered: Mapping[tuple[str, str], int]
) -> Iterator[Metric]:
    """The families of the outbox.

    `waiting`: by channel how many messages wait, and for how many seconds the oldest has.
    `delivered`: by (channel, result) how many deliveries ended so since techrun was started.
    """
    messages = GaugeMetricFamily(
        "techrun_outbox_messages", "Messages that wait to be delivered.", labels=["channel"]
    )
    oldest = GaugeMetricFamily(
        "techrun_outbox_oldest_seconds", "How long the oldest message has waited.", labels=["channel"]
    )
    for channel, (count, age) in waiting.items():
        messages.add_metric([channel], count)
        oldest.add_metric([channel], age)
    yield from (messages, oldest)
    sent = CounterMetricFamily(
        "techrun_notifications_total", "Deliveries by what became of them.", labels=["channel", "result"]
    )
    for key, total in delivered.items():
        sent.add_metric(key, total)
    yield sent


def store_family(*, writable: bool) -> Metric:
    """Whether the last attempt to write the store went well."""
    return GaugeMetricFamily(
        "techrun_store_writable", "Whether the store could be written at the last attempt.", value=writable
    )


def leak_families(leaked: Mapping[tuple[str, str], int]) -> Iterator[Metric]:
    """The family of test orders that stand in a shop now, counted by (shop, check)."""
    family = GaugeMetricFamily(
        "techrun_orders_leaked", "Test orders that stand in the shop now.", labels=["shop", "check"]
    )
    for key, count in leaked.items():
        family.add_metric(key, count)
    yield family


@dataclass(frozen=True, slots=True)
class Revenue:
    """What an outage costs a shop, each as (low, high)."""

    shop: str
    currency: str
    per_hour: tuple[float, float]
    lost: tuple[float, float]


def revenue_families(money: Iterable[Revenue]) -> Iterator[Metric]:
    """The families of what open outages cost, for the shops of which it is known what they earn."""
    labels = ["shop", "currency", "bound"]
    risk = GaugeMetricFamily(
        "techrun_revenue_at_risk_per_hour", "What an hour of the open outages costs.", labels=labels
    )
    lost = GaugeMetricFamily("techrun_revenue_lost", "What the open outages have cost so far.", labels=labels)
    for one in money:
        for position, bound in enumerate(("low", "high")):
            risk.add_metric([one.shop, one.currency, bound], one.per_hour[position])
            lost.add_metric([one.shop, one.currency, bound], one.lost[position])
    yield from (risk, lost)
