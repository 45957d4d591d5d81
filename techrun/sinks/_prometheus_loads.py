"""What the last load run of each scenario found, by the step names that the probes have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from techrun.views import LoadSummary, StepFigures

VERDICTS = ("pass", "fail", "inconclusive", "invalid")


def load_families(runs: Iterable[tuple[LoadSummary, Sequence[StepFigures]]]) -> Iterator[Metric]:
    """The families of the last run of each scenario; of its steps what the measured phase found."""
    of_run, of_step = ["shop", "scenario"], ["shop", "scenario", "journey", "step", "arm"]
    info = GaugeMetricFamily(
        "techrun_load_info", "The release that the last load run was about.", labels=[*of_run, "release"]
    )
    verdict = GaugeMetricFamily(
        "techrun_load_verdict", "1 for the verdict of the last load run.", labels=[*of_run, "verdict"]
    )
    ended = GaugeMetricFamily(
        "techrun_load_last_run_timestamp_seconds", "When the last load run ended.", labels=of_run
    )
    took = GaugeMetricFamily(
        "techrun_load_step_measured_seconds",
        "How long the step took in the last load run.",
        labels=[*of_step, "statistic"],
    )
    failed = GaugeMetricFamily(
        "techrun_load_step_failed_ratio", "Share of the step's failures in the last load run.", labels=of_step
    )
    for run, steps in runs:
        own = [run.shop, run.scenario]
        info.add_metric([*own, run.release], 1)
        for word in VERDICTS:
            verdict.add_metric([*own, word], run.verdict == word)
        ended.add_metric(own, run.ended)
        for step in steps:
            if not step.step or not step.count:
                continue
            labels = [*own, step.journey, step.step, step.arm]
            failed.add_metric(labels, step.failed / step.count)
            for statistic in ("p50", "p95", "p99"):
                seconds = getattr(step, statistic)
                if seconds is not None:
                    took.add_metric([*labels, statistic], seconds)
    yield from (info, verdict, ended, took, failed)


def load_tests_family(running: Mapping[str, int]) -> Metric:
    """How many load tests each shop is under now."""
    family = GaugeMetricFamily(
        "techrun_load_tests_running", "Load tests that the shop is under now.", labels=["shop"]
    )
    for shop, count in running.items():
        family.add_metric([shop], count)
    return family
