"""What all visitors of one process share: the compiled journeys, and the way to each arm of the shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from techrun.journey.plan import Plan
from techrun.load._connect import Network, only
from techrun.load.bundle import Bundle
from techrun.load.records import Arm

MARK = "load"
"""Stands at the end of the user agent: logs and firewalls tell a load test from a probe by it."""


class Means(Protocol):
    """What the hooks put on Locust's environment, as far as journeys need it."""

    bundle: Bundle
    hosts: Mapping[Arm, str]


@dataclass(slots=True)
class Equipment:
    """Made once for a process; journeys are compiled when the first visitor needs them."""

    bundle: Bundle
    hosts: Mapping[Arm, str]
    _ready: dict[tuple[str, Arm], tuple[Plan, Network]] = field(default_factory=dict)
    _networks: dict[Arm, Network] = field(default_factory=dict)

    def of(self, journey: str, arm: Arm) -> tuple[Plan, Network]:
        """The journey for an arm, and the way there."""
        found = self._ready.get((journey, arm))
        if found is None:
            found = self._ready[journey, arm] = (self._plan(journey, arm), self._network(arm))
        return found

    def _plan(self, journey: str, arm: Arm) -> Plan:
        plan = self.bundle.plan(journey, self.hosts[arm])
        return replace(plan, user_agent=f"{plan.user_agent} {MARK}".strip())

    def _network(self, arm: Arm) -> Network:
        network = self._networks.get(arm)
        if network is None:
            allowed = only(self.hosts[arm], tuple(self.bundle.settings.hosts))
            network = Network(allowed, self.bundle.authorities, self.bundle.largest_body)
            self._networks[arm] = network
        return network


_OF: WeakKeyDictionary[Any, Equipment] = WeakKeyDictionary()


def equipment(environment: Any) -> Equipment:
    """That of this environment of Locust's."""
    found = _OF.get(environment)
    if found is None:
        means: Means = environment.techrun
        found = _OF[environment] = Equipment(means.bundle, means.hosts)
    return found


def stops_before(plan: Plan, until: str | None, *, allow_orders: bool) -> tuple[tuple[str, ...], str]:
    """The steps that a visitor takes, and in words what is left out since no orders are allowed."""
    last = plan.last(until)
    steps = plan.steps if last is None else plan.steps[: last + 1]
    for number, step in enumerate(steps):
        if step.places_order and not allow_orders:
            taken = tuple(each.name for each in steps[:number])
            return taken, f"{plan.name} stops before {step.name}: the scenario does not say allow_orders=True"
    return tuple(step.name for step in steps), ""
