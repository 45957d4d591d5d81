"""From results to an exit code: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from techrun.errors import ExitCode
from techrun.model import Result, Status

FailOn = Literal["down", "degraded"]
OnInconclusive = Literal["fail", "pass"] | None


def exit_code(
    results: Sequence[Result], fail_on: FailOn = "down", on_inconclusive: OnInconclusive = None
) -> ExitCode:
    """0 when all hold, 1 when one does not, 4 when it cannot be told; nothing run is never 0."""
    statuses = {result.outcome.status for result in results}
    broken = {Status.DOWN, Status.DEGRADED} if fail_on == "degraded" else {Status.DOWN}
    if statuses & broken:
        return ExitCode.FAILED
    if statuses and statuses <= {Status.UP, Status.DEGRADED}:
        return ExitCode.OK
    if statuses and on_inconclusive == "pass":
        return ExitCode.OK
    return ExitCode.FAILED if on_inconclusive == "fail" else ExitCode.CANNOT_TELL
