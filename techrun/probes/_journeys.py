"""What `http` and `journey` share: a compiled plan, and running it once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from techrun.journey import engine
from techrun.journey.plan import Plan
from techrun.model import Outcome, Status
from techrun.probes import Run, Scope
from techrun.probes._driver import Driver

_CHANCE = Random()  # noqa: S311  trace ids are no secrets; a new one for each run costs 20 µs


async def run_plan(plan: Plan, run: Run, until: str | None = None) -> Outcome:
    """Run the plan once, up to a step, on connections of its own."""
    options = engine.Options(until=until, allow_orders=run.allow_orders, explain=run.explain)
    context = engine.Context(run.run_id, time.time, _CHANCE, run.redactor)
    async with run.fetcher.session(connect_to=run.node) as session:
        outcome = await Driver(engine.run(plan, options, context), session, run).drive()
    if outcome.status is Status.DOWN and plan.places_orders and outcome.step in _from_the_order_on(plan):
        return replace(outcome, order_failed=True)
    return outcome


def _from_the_order_on(plan: Plan) -> tuple[str, ...]:
    """The order step and those behind it: no run without an order gets there to confirm a failure."""
    first = next(index for index, step in enumerate(plan.steps) if step.places_order)
    return plan.step_names[first:]


def signing_key(scope: Scope) -> str:
    """The secret that signs every request, or nothing."""
    synthetic: Mapping[str, Any] = scope.constants.get("synthetic") or {}
    return str(synthetic.get("signing_key") or "")
