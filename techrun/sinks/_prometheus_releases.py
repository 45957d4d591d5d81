"""Which release each shop runs, since when, and what was found of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from techrun.handling import Release

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
        "1 for the verdict of the release's last verification.",
        labels=["shop", "verdict"],
    )
    for release in releases:
        info.add_metric([release.shop, release.version, release.commit], 1)
        began.add_metric([release.shop], release.begun)
        for word in VERDICTS:
            verdict.add_metric([release.shop, word], release.verdict == word)
    yield from (info, began, verdict)
