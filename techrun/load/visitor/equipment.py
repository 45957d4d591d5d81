"""What all visitors of one process share, and one visit made with it. Knows nothing of Locust."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Protocol
from uuid import uuid4

from techrun.journey import engine
from techrun.journey.plan import Plan
from techrun.load.bundle import Bundle
from techrun.load.generator.recorder import Recorder
from techrun.load.records import Arm, Slot
from techrun.load.visitor.connect import Network, only
from techrun.load.visitor.exchange import Connections
from techrun.load.visitor.telling import Teller
from techrun.load.visitor.visit import Driver

MARK = "load"
"""Stands at the end of the user agent: logs and firewalls tell a load test from a probe by it."""

_CHANCE = Random()  # noqa: S311  trace ids are no secrets; a new one for each visit costs 20 µs
_RUN = uuid4().hex[:8]
"""Tells the visits of this process from those of any other run: slots are numbered from 0 in each."""


class Clock(Protocol):
    """The pacer, as far as a visit needs it."""

    def now(self) -> float:
        """Seconds since the run's beginning."""


class Means(Protocol):
    """What the hooks put on Locust's environment, as far as a visit needs it."""

    pacer: Clock
    recorder: Recorder
    bundle: Bundle
    hosts: Mapping[Arm, str]
    allow_orders: bool


@dataclass(slots=True)
class Equipment:
    """Made once for a process; journeys are compiled when the first visitor needs them."""

    means: Means
    _ready: dict[tuple[str, Arm], tuple[Plan, Network]] = field(default_factory=dict)
    _networks: dict[Arm, Network] = field(default_factory=dict)

    def visit(
        self,
        slot: Slot,
        kind: tuple[str, str | None],
        think: Callable[[], float] | None,
        fire: Callable[..., None],
    ) -> bool:
        """Make one visit, cleanup included, and tell what became of it; whether the end of the run cut it off.

        `kind` is the journey and the step after which it ends; `fire` is Locust's request event.
        """
        journey, until = kind
        means = self.means
        plan, network = self._ready.get((journey, slot.arm)) or self._prepare(journey, slot.arm)
        connections = Connections(network)
        driver = Driver(connections.exchange, (plan.deadline, plan.cleanup_deadline), think, means.pacer.now)
        teller = Teller(means.recorder, slot, journey, driver, fire)
        options = engine.Options(until, means.allow_orders, row=slot.number, own_hosts_only=True, brief=True)
        context = engine.Context(
            f"{_RUN}-{slot.number}", time.time, _CHANCE, means.bundle.redactor, on_step=teller.step_done
        )
        try:
            teller.visit_done(driver.drive(engine.run(plan, options, context)))
        finally:
            connections.close()
        return driver.cut

    def _prepare(self, journey: str, arm: Arm) -> tuple[Plan, Network]:
        """The journey for an arm, and the way there."""
        means = self.means
        plan = means.bundle.plan(journey, means.hosts[arm])
        marked = replace(plan, user_agent=f"{plan.user_agent} {MARK}".strip())
        network = self._networks.get(arm)
        if network is None:
            allowed = only(means.hosts[arm], tuple(means.bundle.settings.hosts))
            network = Network(allowed, means.bundle.authorities, means.bundle.largest_body)
            self._networks[arm] = network
        found = self._ready[journey, arm] = (marked, network)
        return found


def steps_taken(plan: Plan, until: str | None, *, allow_orders: bool) -> tuple[tuple[str, ...], str]:
    """The steps that a visitor takes, and in words what is left out since no orders are allowed."""
    last = plan.last(until or None)
    steps = plan.steps if last is None else plan.steps[: last + 1]
    for number, step in enumerate(steps):
        if step.places_order and not allow_orders:
            taken = tuple(each.name for each in steps[:number])
            return taken, f"{plan.name} stops before {step.name}: the scenario does not say allow_orders=True"
    return tuple(step.name for step in steps), ""
