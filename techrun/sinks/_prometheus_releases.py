"""Which release each shop runs, since when, and what was found of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric

from techrun.handling import Release


@dataclass(frozen=True, slots=True)
class Shipping:
    """How a shop was released in the last 30 days; None: not known."""

    shop: str
    releases: int
    lead: float | None
    failure_share: float | None
    restore: float | None


VERDICTS = ("pass", "fail", "inconclusive")


def release_families(releases: Iterable[Release]) -> Iterator[Metric]:
    """The families of the release that each shop runs, one release a shop."""
    info = GaugeMetricFamily(
        "techrun_release_info", "The release that the shop runs.", labels=["shop", "version", "commit"]
    )
    began = GaugeMetricFamily(
        "techrun_release_timestamp_seconds", "When the release of the shop began.", labels=["shop"]
    )
    verdict = GaugeMetricFamily(
        "techrun_release_verdict",
        "1 for the verdict of the release's last verification that could tell.",
        labels=["shop", "verdict"],
    )
    for release in releases:
        info.add_metric([release.shop, release.version, release.commit], 1)
        began.add_metric([release.shop], release.begun)
        for word in VERDICTS:
            verdict.add_metric([release.shop, word], release.verdict == word)
    yield from (info, began, verdict)


def dora_families(found: Iterable[Shipping]) -> Iterator[Metric]:
    """The families of the four keys of DORA; what is not known is left out."""
    count = GaugeMetricFamily(
        "techrun_dora_releases", "Releases of the shop that began in the last 30 days.", labels=["shop"]
    )
    lead = GaugeMetricFamily(
        "techrun_dora_lead_time_seconds",
        "Median time from commit to live of the releases of the last 30 days.",
        labels=["shop"],
    )
    failed = GaugeMetricFamily(
        "techrun_dora_change_failure_ratio", "Share of these releases that failed.", labels=["shop"]
    )
    restore = GaugeMetricFamily(
        "techrun_dora_time_to_restore_seconds",
        "Median duration of the incidents of the last 30 days that were a release's fault.",
        labels=["shop"],
    )
    for one in found:
        values = (
            (count, one.releases),
            (lead, one.lead),
            (failed, one.failure_share),
            (restore, one.restore),
        )
        for family, value in values:
            if value is not None:
                family.add_metric([one.shop], value)
    yield from (count, lead, failed, restore)
