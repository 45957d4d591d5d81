"""A load run as Prometheus metrics; `load.publishing` hands them over.

Steps have the names and the buckets that they have in the probes' metrics. The release is a label of
`techrun_load_info` alone: in every series it would make new ones with each release.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from techrun.load.histogram import Buckets, merged, middle
from techrun.load.keeping import figures_of, summary_of
from techrun.load.records import CONTROL, COUNTS, Cell, Health, Phase, Report, Run, Traffic
from techrun.load.schedule import arrivals_end, level, stage_at
from techrun.model import Reason
from techrun.sinks.prometheus import CHECK_BOUNDS, LATENESS_BOUNDS, STEP_BOUNDS, Bounds, load_families

OTHER = "other"

_REASONS = frozenset(reason.value for reason in Reason)
_RUN = ["shop", "scenario"]
_STEP = [*_RUN, "journey", "step", "arm"]
_VISIT = [*_RUN, "journey", "arm"]
_GENERATOR: tuple[tuple[str, str, str], ...] = (
    ("cpu_ratio", "CPU seconds per second; 1 is a whole core.", "cpu"),
    ("waited_ratio", "Share of the time that the process was ready and did not get a core.", "waited"),
    ("steal_ratio", "Share of the machine's time that went to others on the same host.", "steal"),
    ("lag_seconds", "The longest that the event loop overslept in the last window.", "lag"),
    ("memory_bytes", "Resident memory.", "memory"),
)

_Key = tuple[str, str, str]
"""Arm, journey, step."""


class Metrics(Collector):
    """Counts one run; every method may be called from any thread."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._over = False
        self._at = 0.0
        self._workers = 0
        self._newest = Traffic(-1, 0, 0, 0, 0, 0)
        self._durations: dict[_Key, Buckets] = {}
        self._errors: dict[_Key, Counter[str]] = {}
        self._arrivals = Counter({"on_time": 0, "late": 0, "dropped": 0})
        self._counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
        self._health: dict[str, Health] = {}
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def add(self, report: Report) -> None:
        """Count what the generator told."""
        with self._lock:
            self._at, self._workers = max(self._at, report.at), report.workers
            for cell in report.cells:
                self._add_cell(cell)
            for traffic in report.traffic:
                self._add_traffic(traffic)
            self._counts.update(report.counts)
            self._health |= {one.process: one for one in report.health}

    def _add_cell(self, cell: Cell) -> None:
        key = (cell.arm, cell.journey, cell.step)
        self._durations[key] = merged((self._durations.get(key, {}), cell.buckets))
        errors = self._errors.setdefault(key, Counter())
        for reason, count in cell.errors.items():
            errors[reason if reason in _REASONS else OTHER] += count

    def _add_traffic(self, traffic: Traffic) -> None:
        self._arrivals.update(
            on_time=traffic.started - traffic.late, late=traffic.late, dropped=traffic.dropped
        )
        if traffic.window >= self._newest.window:
            self._newest = traffic

    def settle(self, run: Run) -> None:
        """The run is over: what it was doing just now leaves, its verdict comes."""
        with self._lock:
            self._run, self._over = run, True

    @property
    def run(self) -> Run:
        """The run that is counted."""
        return self._run

    @property
    def settled(self) -> bool:
        """Whether the run is over and judged."""
        return self._over

    def collect(self) -> Iterator[Metric]:
        """All families; for the registry."""
        with self._lock:
            families = [*self._of_steps(), *self._of_visits(), *self._of_run()]
            families += load_families([(summary_of(self._run), figures_of(self._run))]) if self._over else []
        yield from families

    # --- what is counted

    def _of_steps(self) -> Iterator[Metric]:
        keys = [key for key in self._durations if key[2] and key[1] != CONTROL]
        yield self._histogram(
            "step", "How long the steps took, from their intended start.", _STEP, keys, STEP_BOUNDS
        )
        yield self._results("steps", "Steps by whether they held.", _STEP, keys)
        failures = CounterMetricFamily(
            "techrun_load_failures_total", "Failed steps by reason.", labels=[*_STEP, "reason"]
        )
        for key in keys:
            for reason, count in self._errors[key].items():
                failures.add_metric([*self._labels(key), reason], count)
        yield failures

    def _of_visits(self) -> Iterator[Metric]:
        keys = [key for key in self._durations if not key[2] and key[1] != CONTROL]
        yield self._histogram("visit", "How long the visits took.", _VISIT, keys, CHECK_BOUNDS)
        yield self._results("visits", "Visits by whether they reached their end.", _VISIT, keys)
        control = merged(buckets for key, buckets in self._durations.items() if key[1] == CONTROL)
        family = HistogramMetricFamily(
            "techrun_load_control_duration_seconds",
            "How long the request took that measures the runner itself.",
            labels=_RUN,
        )
        family.add_metric(self._own, *_cumulative(control, LATENESS_BOUNDS))
        yield family

    def _histogram(
        self, what: str, means: str, names: Sequence[str], keys: Iterable[_Key], bounds: Bounds
    ) -> Metric:
        family = HistogramMetricFamily(f"techrun_load_{what}_duration_seconds", means, labels=names)
        for key in keys:
            family.add_metric(self._labels(key), *_cumulative(self._durations[key], bounds))
        return family

    def _results(self, what: str, means: str, names: Sequence[str], keys: Iterable[_Key]) -> Metric:
        family = CounterMetricFamily(f"techrun_load_{what}_total", means, labels=[*names, "result"])
        for key in keys:
            family.add_metric([*self._labels(key), "good"], sum(self._durations[key].values()))
            family.add_metric([*self._labels(key), "failed"], self._errors[key].total())
        return family

    @property
    def _own(self) -> list[str]:
        return [self._run.shop, self._run.scenario]

    def _labels(self, key: _Key) -> list[str]:
        arm, journey, step = key
        return [*self._own, journey, *([step] if step else []), arm]

    def _of_run(self) -> Iterator[Metric]:
        yield self._counter("arrivals", "Planned visits by what became of them.", "state", self._arrivals)
        yield self._counter("events", "What happened besides steps.", "event", self._counts)
        phase = GaugeMetricFamily(
            "techrun_load_phase", "1 for the phase that the run is in.", labels=[*_RUN, "phase"]
        )
        for name in get_args(Phase):
            phase.add_metric([*self._own, name], name == self._phase())
        yield phase
        if not self._over:
            yield from self._live()

    def _counter(self, what: str, means: str, label: str, counts: Mapping[str, int]) -> Metric:
        family = CounterMetricFamily(f"techrun_load_{what}_total", means, labels=[*_RUN, label])
        for name, count in counts.items():
            family.add_metric([*self._own, name], count)
        return family

    def _phase(self) -> str:
        """None of them before the first report and after the end."""
        if self._over or not self._at:
            return ""
        stage = stage_at(self._run.schedule, self._at)
        if stage is not None:
            return stage.phase
        return "measure" if self._was_extended else "drain"

    @property
    def _was_extended(self) -> bool:
        """Visits are due after the last one that the schedule had at the beginning."""
        schedule, newest = self._run.schedule, self._newest
        return newest.due > 0 and newest.window * schedule.width >= arrivals_end(schedule)

    def _live(self) -> Iterator[Metric]:
        """What is so just now; after the end it would be told for ever by a file."""
        schedule = self._run.schedule
        asked = level(schedule, self._at) if schedule.model == "open" else 0.0
        asked = asked or (self._newest.due / schedule.width if self._was_extended else 0.0)
        for what, means, value in (
            ("asked_rate", "Visits per second that are planned just now; 0 in a closed model.", asked),
            ("visitors", "Visitors in the shop.", self._newest.active),
            ("workers", "Generating processes that are alive.", self._workers),
        ):
            family = GaugeMetricFamily(f"techrun_load_{what}", means, labels=_RUN)
            family.add_metric(self._own, value)
            yield family
        for what, means, name in _GENERATOR:
            family = GaugeMetricFamily(f"techrun_load_generator_{what}", means, labels=[*_RUN, "process"])
            for process, health in self._health.items():
                value = getattr(health, name)
                if value is not None:
                    family.add_metric([*self._own, process], value)
            yield family


def _cumulative(buckets: Buckets, bounds: Bounds) -> tuple[list[tuple[str, float]], float]:
    """The durations up to each bound, and their sum: each counts as the middle of its bucket, at most 1.1 % off."""
    counted = sorted((middle(bucket), count) for bucket, count in buckets.items())
    found = [
        (text, float(sum(count for seconds, count in counted if seconds <= bound)))
        for bound, text in zip((*bounds.values, float("inf")), bounds.texts, strict=True)
    ]
    return found, sum(seconds * count for seconds, count in counted)
