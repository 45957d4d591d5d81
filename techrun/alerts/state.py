"""When a failed run becomes an outage and a good one a recovery: pure, every decision has a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from techrun.alerts.answer import failed_answer
from techrun.model import CheckId, Confirmation, Reason, Result, Status, Trigger
from techrun.standing import Change, CheckState, storable

ORDER_FAILURES = 2
"""A failed order and the one more that confirms it are an outage: no third one is placed."""

Decision = Literal[
    "ignored.manual",
    "ignored.release",
    "ignored.interrupted",
    "held.blocked",
    "held.fixture",
    "held.uplink",
    "held.unknown",
    "held.not_reached",
    "failure.counted",
    "failure.forgotten",
    "down.confirmed",
    "down.order_confirmed",
    "down.continues",
    "first.good",
    "good.continues",
    "recovery.counted",
    "recovered.confirmed",
    "degraded.counted",
    "degraded.confirmed",
    "improvement.counted",
    "improved.confirmed",
]
"""Every rule by name; log and history show which one applied."""

TURNS: frozenset[Decision] = frozenset(
    {
        "down.confirmed",
        "down.order_confirmed",
        "first.good",
        "recovered.confirmed",
        "degraded.confirmed",
        "improved.confirmed",
    }
)
"""The decisions that turn the confirmed status."""

IGNORED: Mapping[Trigger, Decision] = {"manual": "ignored.manual", "release": "ignored.release"}
"""Runs that a person or a release asked for say nothing about the schedule's."""
BLIND: Mapping[Reason | None, Decision] = {
    Reason.FIXTURE: "held.fixture",
    Reason.UPLINK: "held.uplink",
}
"""A run that is unknown is passed over by the rule of its reason, else by `held.unknown`."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What the state machine needs to know of one result."""

    check: CheckId
    status: Status
    started: float
    ended: float
    trigger: Trigger = "schedule"
    reason: Reason | None = None
    step: str = ""
    message: str = ""
    order_failed: bool = False
    reached: frozenset[str] | None = None
    """The steps it ran, where it left some out on purpose; None for a scheduled run, which does all that
    its check is there for."""
    trace_id: str = ""
    http_status: int | None = None
    excerpt: str = ""


def fact_of(result: Result) -> Fact:
    """The facts of a result."""
    outcome = result.outcome
    cut_short = outcome.not_run != "" and result.trigger == "confirmation"
    http_status, excerpt = failed_answer(outcome) if outcome.status is Status.DOWN else (None, "")
    return Fact(
        check=result.check.id,
        status=outcome.status,
        started=result.started,
        ended=result.started + result.duration,
        trigger=result.trigger,
        reason=outcome.reason,
        step=outcome.step,
        message=storable(outcome.message),
        order_failed=outcome.order_failed,
        reached=frozenset(step.name for step in outcome.steps) if cut_short else None,
        trace_id=outcome.trace_id,
        http_status=http_status,
        excerpt=storable(excerpt),
    )


def advance(
    state: CheckState, fact: Fact, confirmation: Confirmation
) -> tuple[CheckState, Change | None, Decision]:
    """The state after this run, the change if the confirmed status turned, and the rule that decided."""
    passed_over = _passed_over(state, fact)
    if passed_over is not None:
        return _passed_by(state, fact, passed_over), None, passed_over
    noted = _failed(state, fact) if fact.status is Status.DOWN else _passed(state, fact)
    decision = _decide(state, noted, confirmation)
    if decision not in TURNS:
        return noted, None, decision
    turned = _turned(noted)
    return turned, _change(state, turned, fact, decision), decision


def _passed_over(state: CheckState, fact: Fact) -> Decision | None:
    """The rule by which this run says nothing about the check, if one applies."""
    if fact.trigger in IGNORED:
        return IGNORED[fact.trigger]
    if fact.reason is Reason.INTERRUPTED:
        return "ignored.interrupted"
    if fact.status is Status.BLOCKED:
        return "held.blocked"
    if fact.status is Status.UNKNOWN:
        return BLIND.get(fact.reason, "held.unknown")
    if fact.status is not Status.DOWN and _left_out(state.failed_step, fact):
        return "held.not_reached"
    return None


def _passed_by(state: CheckState, fact: Fact, rule: Decision) -> CheckState:
    """The state after a run that gave no verdict: only how long the check is blind is counted.

    While techrun's own network is gone no check counts as blind: that is an incident of its own.
    """
    if rule.startswith("ignored."):
        return state
    if rule in {"held.uplink", "held.not_reached"}:
        return replace(state, last_run=fact.started)
    return replace(
        state,
        blind_runs=state.blind_runs + 1,
        blind_since=state.blind_since if state.blind_runs else fact.started,
        blind_reason=Reason.BLOCKED if fact.status is Status.BLOCKED else fact.reason,
        last_run=fact.started,
    )


def _left_out(step: str, fact: Fact) -> bool:
    """The run stopped before the step that failed, so it is no evidence that the step works again."""
    return step != "" and fact.reached is not None and step not in fact.reached


def _failed(state: CheckState, fact: Fact) -> CheckState:
    first = state.streak is not Status.DOWN
    orders = 0 if first else state.order_failures
    return replace(
        state,
        blind_runs=0,
        last_run=fact.started,
        streak=Status.DOWN,
        runs=1 if first else state.runs + 1,
        streak_since=fact.started if first else state.streak_since,
        goods=0,
        order_failures=orders + fact.order_failed,
        # A failed order stays open although a later run failed before it came that far.
        failed_step=state.failed_step if orders and not fact.order_failed else fact.step,
    )


def _passed(state: CheckState, fact: Fact) -> CheckState:
    same = state.streak is fact.status
    return replace(
        state,
        blind_runs=0,
        last_run=fact.started,
        streak=fact.status,
        runs=state.runs + 1 if same else 1,
        streak_since=state.streak_since if same else fact.started,
        goods=state.goods + 1,
        goods_since=state.goods_since if state.goods else fact.started,
        order_failures=0,
        failed_step=state.failed_step if state.status is Status.DOWN else "",
        last_good=fact.started,
    )


def _decide(before: CheckState, noted: CheckState, confirmation: Confirmation) -> Decision:
    if noted.streak is Status.DOWN:
        return _decide_failure(noted, confirmation)
    if noted.status is Status.UNKNOWN:
        return "first.good"
    if noted.status is Status.DOWN:
        recovered = noted.goods >= confirmation.recover_after
        return "recovered.confirmed" if recovered else "recovery.counted"
    if noted.streak is not noted.status:
        return _decide_quality(noted, confirmation)
    return "failure.forgotten" if before.streak is Status.DOWN else "good.continues"


def _decide_failure(noted: CheckState, confirmation: Confirmation) -> Decision:
    if noted.status is Status.DOWN:
        return "down.continues"
    if noted.order_failures >= ORDER_FAILURES:
        return "down.order_confirmed"
    return "down.confirmed" if noted.runs >= confirmation.fail_after else "failure.counted"


def _decide_quality(noted: CheckState, confirmation: Confirmation) -> Decision:
    """Up to degraded takes as many runs as an outage, back as many as a recovery."""
    if noted.streak is Status.DEGRADED:
        return "degraded.confirmed" if noted.runs >= confirmation.fail_after else "degraded.counted"
    return "improved.confirmed" if noted.runs >= confirmation.recover_after else "improvement.counted"


def _turned(noted: CheckState) -> CheckState:
    recovered = noted.status is Status.DOWN and noted.streak is not Status.DOWN
    return replace(
        noted,
        status=noted.streak,
        since=noted.goods_since if recovered else noted.streak_since,
        failed_step=noted.failed_step if noted.streak is Status.DOWN else "",
    )


def _change(before: CheckState, turned: CheckState, fact: Fact, decision: Decision) -> Change:
    return Change(
        check=fact.check,
        before=before.status,
        after=turned.status,
        at=fact.ended,
        since=turned.since,
        runs=turned.goods if decision == "recovered.confirmed" else turned.runs,
        last_good=turned.last_good,
        reason=fact.reason,
        step=fact.step,
        message=fact.message,
        decision=decision,
        trace_id=fact.trace_id,
        http_status=fact.http_status,
        excerpt=fact.excerpt,
    )
