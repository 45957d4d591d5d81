"""What one run of a check says of the shop. Pure."""

from __future__ import annotations

from techrun.model import Check, Outcome, Status
from techrun.standing import storable

GOOD = frozenset({Status.UP, Status.DEGRADED})
"""It works, well or poorly."""
TELLING = GOOD | {Status.DOWN}
"""What says something of the shop; blocked and unknown runs do not."""


def told_by(check: Check, outcome: Outcome) -> tuple[Status, str]:
    """Status and message, as they are kept; a run in which no step was taken says nothing, however green it is."""
    if outcome.status is Status.UP and check.steps and all(step.skipped for step in outcome.steps):
        return Status.UNKNOWN, storable(f"it ran no step: {outcome.not_run or 'each has a `when`'}")
    return outcome.status, storable(outcome.message)


def at_step(step: str, message: str) -> str:
    """Where it failed and what was found: `payment: HTTP 500`."""
    return ": ".join(filter(None, (step, message)))
