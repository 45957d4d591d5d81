"""Whether failures in a row of one check in the bake are an outage: by the state machine of the alerts. Pure.

A bake looks more often than the schedule does. So a failure counts only if it comes as late after the one before
as the check's own confirmation wants: else a hiccup of some seconds would be an outage.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf

from techrun.alerts.state import Decision, advance, fact_of
from techrun.model import Confirmation, Result, Status
from techrun.standing import CheckState

CONFIRMED: frozenset[str] = frozenset({"down.confirmed", "down.order_confirmed", "down.continues"})
"""The decisions of a check that is down for sure."""
REPEATED = "failure.repeated"
"""A failure too soon after the one before to count as another."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of one check."""

    state: CheckState = field(default_factory=CheckState)
    counts_from: float = -inf
    """A failure before that is the last one again."""
    confirm_at: float | None = None
    """When a run beside the regular ones is wanted; None: none is."""


def noted(watched: Watched, result: Result, confirmation: Confirmation) -> tuple[Watched, str]:
    """What is known after this run, and the rule that it met."""
    failed = result.outcome.status is Status.DOWN
    if failed and result.started < watched.counts_from:
        return watched, REPEATED
    # The state machine passes over what releases asked for; here they are what it is all about.
    fact = replace(fact_of(result), trigger="schedule")
    state, _, decision = advance(watched.state, fact, confirmation)
    if not failed:
        return Watched(state), decision
    return _waiting(state, decision, result.started, confirmation), decision


def _waiting(state: CheckState, decision: Decision, started: float, confirmation: Confirmation) -> Watched:
    """The next failure counts after the check's own delay, and a run is wanted then."""
    if decision in CONFIRMED or not confirmation.delays:
        return Watched(state)
    delays = confirmation.delays
    delay = delays[min(state.runs, len(delays)) - 1]
    return Watched(state, counts_from=started + delay, confirm_at=started + delay)
