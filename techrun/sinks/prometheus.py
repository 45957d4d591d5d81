"""Results as Prometheus metrics: what has not changed since the last scrape stays rendered.

`accept` only counts. The text is made at a scrape, in the scrape's thread, and only for checks that
ran since the last one: 10,000 checks are half a million series, which prometheus_client would render
anew for seconds each time (benchmarks/README.md). Each check keeps one fragment a family, since a
family must be contiguous below its one HELP and TYPE.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from techrun.model import Check, CheckId, Result, Shop
from techrun.sinks import _prometheus_families as families
from techrun.sinks._prometheus_check import CheckSeries
from techrun.sinks._prometheus_families import CHECK_BOUNDS, LATENESS_BOUNDS, STEP_BOUNDS
from techrun.sinks._prometheus_loads import load_families, load_tests_family
from techrun.sinks._prometheus_own import (
    OwnMetrics,
    Revenue,
    Source,
    incident_families,
    leak_families,
    outbox_families,
    revenue_families,
    store_family,
)
from techrun.sinks._prometheus_releases import Shipping, dora_families, release_families
from techrun.sinks._prometheus_text import CONTENT_TYPE, Bounds, Family

__all__ = [
    "CHECK_BOUNDS",
    "CONTENT_TYPE",
    "LATENESS_BOUNDS",
    "STEP_BOUNDS",
    "Bounds",
    "PrometheusSink",
    "Revenue",
    "Shipping",
    "Source",
    "dora_families",
    "incident_families",
    "leak_families",
    "load_families",
    "load_tests_family",
    "outbox_families",
    "release_families",
    "revenue_families",
    "store_family",
]

log = logging.getLogger(__name__)

_CHUNK = 500
"""Checks joined at once: the interpreter is held for about a millisecond."""
_BATCH = 100
"""Checks rendered between two breaths."""
_BREATH = 0.00005
"""Seconds that a scrape sleeps, so that the probe loop gets the interpreter without waiting for it."""
_PIECE = 1_000_000
"""Characters that are handed out at once."""


class PrometheusSink:
    """Keeps the metrics of all checks; `metrics` gives them in the classic text format.

    `location` is the label of the place that this techrun probes from; `now` gives Unix time.
    """

    def __init__(self, *, location: str = "local", now: Callable[[], float] = time.time) -> None:
        self._location = location
        self._now = now
        self._series: dict[CheckId, CheckSeries] = {}
        self._dirty: deque[CheckSeries] = deque()
        self._present: set[str] = set()  # names of metrics that some check has or had
        self._own = OwnMetrics(location)
        self._rendering = threading.Lock()

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:
        """Take over what there is: counts of checks that stay are kept, the others leave."""
        series: dict[CheckId, CheckSeries] = {}
        for check in checks:
            before = self._series.get(check.id)
            after = series[check.id] = self._following(before, check)
            if after is not before:
                self._dirty.append(after)
        self._series = series
        self._own.configure(shops)

    def _following(self, series: CheckSeries | None, check: Check) -> CheckSeries:
        return CheckSeries(check, self._location) if series is None else series.following(check)

    def accept(self, result: Result) -> None:
        """Count one result; that of a check that has left the configuration is dropped."""
        series = self._series.get(result.check.id)
        if series is None:
            return
        series.counts.take(result)
        if not series.dirty:
            series.dirty = True
            self._dirty.append(series)
        if result.trigger in ("schedule", "confirmation"):
            self._own.ran(result.lateness, result.missed)

    def close(self) -> None:
        """Nothing is left to be done: metrics live in memory only."""

    def add_source(self, name: str, source: Source) -> None:
        """Let another part of techrun add metrics; `name` is the label `collector`."""
        self._own.add_source(name, source)

    def set_reload(self, *, ok: bool) -> None:
        """Note that the configuration was loaded just now, or that it could not be."""
        self._own.set_reload(ok=ok, at=self._now())

    def metrics(self) -> Iterator[bytes]:
        """All metrics as text, piece by piece; several scrapes may run at once, each in its thread."""
        checks_ok = self._refresh()
        yield from self._own.render(checks_ok=checks_ok)
        series = list(self._series.values())
        yield from _pieces(text for family in self._families() for text in _joined(family, series))

    def _refresh(self) -> bool:
        """Render the checks that ran since the last scrape; False where one could not be."""
        ok = True
        with self._rendering:
            for number in range(len(self._dirty)):
                series = self._dirty.popleft()
                series.dirty = False  # first: a result that comes in now makes it dirty again
                ok = _rendered(series) and ok
                self._present.update(series.fragments)
                if number % _BATCH == 0:
                    time.sleep(_BREATH)
        return ok

    def _families(self) -> list[Family]:
        """The families that some check has, always in the same order."""
        fixed = {family.name: family for family in families.CHECK_FAMILIES}
        kinds = {one.check.kind for one in self._series.values()}
        phases = {families.phase_metric(kind): families.phase_family(kind) for kind in sorted(kinds)}
        others = sorted(self._present - fixed.keys() - phases.keys())
        return [*fixed.values(), *phases.values(), *map(families.measure_family, others)]


def _rendered(series: CheckSeries) -> bool:
    try:
        series.render()
    except Exception:
        log.exception("the metrics of %s could not be rendered; the others can", series.check.id)
        return False
    return True


def _joined(family: Family, series: Sequence[CheckSeries]) -> Iterator[str]:
    """The text of one family, some checks at a time; nothing where no check has it."""
    header = family.header
    for start in range(0, len(series), _CHUNK):
        text = "".join([one.fragments.get(family.name, "") for one in series[start : start + _CHUNK]])
        if text:
            yield header + text
            header = ""


def _pieces(texts: Iterable[str]) -> Iterator[bytes]:
    """The texts as UTF-8, gathered into fewer, larger pieces."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= _PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()
