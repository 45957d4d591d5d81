"""The verdict on stairs of load: judged by the steps that held, since the last one is meant to break. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from techrun.config.load import Criterion
from techrun.load.judge import outcome, stairs
from techrun.load.judge.verdict import judge
from techrun.load.records import Run, Verdict


def judged(run: Run, criteria: Sequence[Criterion]) -> Verdict:
    """How much the shop holds, and its knee; that finding it ended the run is no fault of the run."""
    steps = stairs.steps(run, criteria)
    held = [step.number for step in steps if step.holds]
    whole = replace(stairs.only(run, held or [step.number for step in steps]), stopped="")
    return outcome.climbed(judge(whole, tuple(criteria), []), run, steps)
