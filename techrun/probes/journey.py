"""A customer's way through the shop: the steps of a journey, run as a probe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from techrun.errors import ConfigError
from techrun.journey.compile import compile_journey
from techrun.journey.model import Journey
from techrun.journey.plan import Plan, PlannedStep
from techrun.journey.rules import unknown_step
from techrun.language.definition import Definition
from techrun.language.words import did_you_mean
from techrun.model import Outcome
from techrun.probes import Run, Scope
from techrun.probes._journeys import run_plan, signing_key


class Spec(Definition):
    """`journey: guest-checkout` runs the journey of this name."""

    templated: ClassVar[bool] = True

    journey: str
    """The name of a journey."""
    until: str | None = None
    """The step to end after; all of them unless given."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and where a check ends it."""

    plan: Plan
    until: str | None = None

    @property
    def step_names(self) -> tuple[str, ...]:
        """The steps that the check runs."""
        return tuple(step.name for step in self._steps)

    @property
    def places_orders(self) -> bool:
        """Whether the check comes as far as an order."""
        return any(step.places_order for step in self._steps)

    @property
    def cleanup_deadline(self) -> float:
        """Seconds for the cleanup; 0 where there is none."""
        return self.plan.cleanup_deadline if self.plan.cleanup else 0.0

    @property
    def _steps(self) -> tuple[PlannedStep, ...]:
        last = self.plan.last(self.until)
        return self.plan.steps if last is None else self.plan.steps[: last + 1]


def prepare(spec: Spec, scope: Scope) -> Prepared:
    """Find the journey and compile it for this shop; ConfigError says everything that is wrong."""
    journey = scope.journeys.get(spec.journey)
    if not isinstance(journey, Journey):
        names = [name for name, found in scope.journeys.items() if isinstance(found, Journey)]
        hint = (
            did_you_mean(spec.journey, names) or f"there is {', '.join(sorted(names)) or 'no journey at all'}"
        )
        raise ConfigError([spec.problem(("journey",), f'no journey is named "{spec.journey}"', hint)])
    plan = compile_journey(
        journey,
        scope.constants,
        scope.journeys,
        scope.locale,
        base_url=scope.shop.url,
        user_agent=scope.user_agent,
        signing_key=signing_key(scope),
    )
    if plan.last(spec.until) is None:
        raise ConfigError([spec.problem(("until",), *unknown_step(plan.step_names, spec.until or ""))])
    return Prepared(plan, spec.until)


async def run(prepared: Prepared, run: Run) -> Outcome:
    """Run the journey once, with its cleanup."""
    return await run_plan(prepared.plan, run, run.until or prepared.until)
