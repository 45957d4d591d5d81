"""What a change means for a shop: which incident opens, which one closes. Pure.

One incident is one check for now; `open_incident` is where checks will be joined by their cause.
"""

from __future__ import annotations

from dataclasses import replace

from techrun.alerts.message import leak_title_of, title_of
from techrun.model import Check, Order, Result, Severity, Shop, Status
from techrun.standing import Change, Incident, storable


def severity_of(check: Check, shop: Shop) -> Severity:
    """How loud a check may be: outside production nothing wakes a person."""
    if check.severity == "page" and shop.env != "production":
        return "ticket"
    return check.severity


def opens(change: Change) -> bool:
    """A confirmed outage opens an incident."""
    return change.after is Status.DOWN


def closes(change: Change) -> bool:
    """A confirmed recovery closes it."""
    return change.before is Status.DOWN


def open_incident(number: int, change: Change, check: Check, shop: Shop) -> Incident:
    """The incident that this change opens."""
    severity = severity_of(check, shop)
    return Incident(
        id=number,
        check=change.check,
        severity=severity,
        title=title_of(severity, change),
        since=change.since,
        opened=change.at,
        reason=change.reason,
        step=change.step,
        message=change.message,
        last_good=change.last_good,
        runs=change.runs,
        trace_id=change.trace_id,
    )


def leak_incident(number: int, order: Order, result: Result, shop: Shop) -> Incident:
    """A test order that was not taken back: told once, to be seen to in working hours."""
    reference = storable(order.reference) or f"without a reference, run {result.run_id}"
    ended = result.started + result.duration
    return Incident(
        id=number,
        check=result.check.id,
        severity="ticket",
        title=leak_title_of(shop, reference),
        since=result.started,
        opened=ended,
        step=order.step,
        message=reference,
        trace_id=result.outcome.trace_id,
        closed=ended,
        closed_by="told.once",
    )


def close_incident(incident: Incident, closed: float, closed_by: str) -> Incident:
    """The incident, over since the first good run."""
    return replace(incident, closed=closed, closed_by=closed_by)
