"""Every metric that is made for each check: name, type, help; docs/metrics.md explains them to users."""

from __future__ import annotations

import re
from functools import cache

from techrun.model import Check, Reason
from techrun.sinks._prometheus_text import Bounds, Family

CHECK_BOUNDS = Bounds((0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0))
STEP_BOUNDS = Bounds((0.1, 0.3, 1.0, 3.0, 10.0))
LATENESS_BOUNDS = Bounds((0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0))

SUCCESS = Family("probe_success", "gauge", "Whether the probe was a success.")
DURATION = Family("probe_duration_seconds", "gauge", "How long the probe took.")
LOOKUP = Family("probe_dns_lookup_time_seconds", "gauge", "How long the name took to resolve.")
"""blackbox_exporter has the phase `resolve` a second time under this name."""

STATUS = Family("techrun_check_status", "gauge", "1 for the status of the last run, 0 for the others.")
RUNS = Family("techrun_check_runs_total", "counter", "Runs by the status they found.")
FAILURES = Family("techrun_check_failures_total", "counter", "Runs that were not up, by reason.")
DURATIONS = Family("techrun_check_duration_seconds", "histogram", "How long the runs took.")
LAST_RUN = Family("techrun_check_last_run_timestamp_seconds", "gauge", "When the last run ended.")
LAST_SUCCESS = Family(
    "techrun_check_last_success_timestamp_seconds",
    "gauge",
    "When the last run ended that was up or degraded.",
)
STEP_SUCCESS = Family(
    "techrun_step_success", "gauge", "Whether the step held in the last run that reached it."
)
STEP_DURATIONS = Family("techrun_step_duration_seconds", "histogram", "How long the step's exchanges took.")
ORDERS_CREATED = Family("techrun_orders_created_total", "counter", "Test orders that were sent to the shop.")

CHECK_FAMILIES = (
    SUCCESS,
    DURATION,
    LOOKUP,
    STATUS,
    RUNS,
    FAILURES,
    DURATIONS,
    LAST_RUN,
    LAST_SUCCESS,
    STEP_SUCCESS,
    STEP_DURATIONS,
    ORDERS_CREATED,
)

_MEASURE_HELP = {
    "ip_protocol": "IP version that was used, 4 or 6.",
    "http_status_code": "Status of the last response, 0 where there was none.",
    "http_version": "HTTP version of the last response.",
    "http_ssl": "Whether the last hop was encrypted.",
    "http_redirects": "How many redirects were followed.",
    "http_content_length": "Length of the last response as its header says, -1 when unknown.",
    "http_uncompressed_body_length": "Length of the last response, decoded.",
    "http_last_modified_timestamp_seconds": "Last-Modified of the last response.",
    "failed_due_to_regex": "Whether an expected text was missing.",
    "ssl_earliest_cert_expiry": "When the first certificate of the presented chain expires.",
    "ssl_last_chain_expiry_timestamp_seconds": "When the best verified chain expires.",
    "dns_answer_rrs": "Records in the answer section.",
    "dns_authority_rrs": "Records in the authority section.",
    "dns_additional_rrs": "Records in the additional section.",
    "dns_query_succeeded": "Whether the name server answered the query.",
}
"""The measures that blackbox_exporter has too, without the prefix `probe_`."""

PHASE_WORDS = {"dns": {"processing": "request"}}
"""Phases that blackbox_exporter calls by another word, by kind."""


@cache
def measure_metric(measure: str) -> str:
    """The metric of an outcome's measure; ValueError where it is no name of its own."""
    name = f"probe_{measure}"
    if not re.fullmatch("[a-z][a-z0-9_]*", measure) or name in {family.name for family in CHECK_FAMILIES}:
        raise ValueError(f"the measure {measure!r} cannot become a metric: rename it in its probe")
    return name


def measure_family(name: str) -> Family:
    """The family of a metric that a measure became; a new kind's own measures need no entry here."""
    meaning = _MEASURE_HELP.get(name.removeprefix("probe_"), "Measured by the probe of this kind of check.")
    return Family(name, "gauge", meaning)


def phase_metric(kind: str) -> str:
    """The metric of a kind's phases: `probe_http_duration_seconds`, also for journeys, or its like."""
    return f"probe_{'http' if kind == 'journey' else kind}_duration_seconds"


def phase_family(kind: str) -> Family:
    """The family of a kind's phases."""
    return Family(phase_metric(kind), "gauge", "How long each phase took, summed over all exchanges.")


_NEEDS_A_JOURNEY = frozenset({Reason.GRAPHQL, Reason.FIXTURE, Reason.ORDER_CAP})
_NEEDS_HTTP = _NEEDS_A_JOURNEY | {
    Reason.SIZE,
    Reason.DECODE,
    Reason.REDIRECT,
    Reason.BLOCKED,
    Reason.MAINTENANCE,
    Reason.STATUS,
    Reason.EXTRACTION,
    Reason.ASSET,
}
_NEVER = {
    "http": _NEEDS_A_JOURNEY | {Reason.CERTIFICATE},
    "tcp": _NEEDS_HTTP,
    "tls": _NEEDS_HTTP,
    "dns": _NEEDS_HTTP | {Reason.TLS, Reason.CERTIFICATE},
}
"""What a kind cannot say. A kind that is not listed may say anything."""


def expected_reasons(check: Check) -> tuple[Reason, ...]:
    """The reasons whose counters start at 0; any other still appears when it comes up."""
    never = _NEVER.get(check.kind, frozenset())
    if not check.places_orders:
        never |= {Reason.ORDER_CAP}
    return tuple(reason for reason in Reason if reason not in never)
