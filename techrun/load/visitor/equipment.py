"""What all visitors of one process share, and one visit made with it. Knows nothing of Locust."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Protocol
from uuid import uuid4

from techrun.journey import engine
from techrun.journey.plan import Plan
from techrun.load.bundle import Bundle
from techrun.load.generator.recorder import Recorder
from techrun.load.records import Arm, Slot
from techrun.load.visitor.connect import Network, only, trust
from techrun.load.visitor.exchange import Connections
from techrun.load.visitor.telling import Teller
from techrun.load.visitor.visit import Driver

MARK = "load"
"""Stands at the end of the user agent: logs and firewalls tell a load test from a probe by it."""

_CHANCE = Random()  # noqa: S311  trace ids are no secrets; a new one for each visit costs 20 µs
_RUN = uuid4().hex[:8]
"""Tells the visits of this process from those of any other run: slots are numbered from 0 in each."""


@dataclass(frozen=True, slots=True)
class Way:
    """A journey, compiled for the shop of one arm, and the way there."""

    plan: Plan
    network: Network


Ways = Mapping[tuple[str, Arm], Way]
"""By the name that the scenario uses and the arm."""


class Clock(Protocol):
    """The pacer, as far as a visit needs it."""

    def now(self) -> float:
        """Seconds since the run's beginning."""


class Means(Protocol):
    """What the hooks put on Locust's environment, as far as a visit needs it."""

    pacer: Clock
    recorder: Recorder
    bundle: Bundle
    ways: Ways
    allow_orders: bool


def prepared(bundle: Bundle, journeys: Iterable[str], hosts: Mapping[Arm, str]) -> Ways:
    """All that takes time, done before the first arrival: compiling a journey would hold up all other visitors.

    UsageError where the shop has no such journey; ConfigError names a secret that is missing.
    """
    networks = {arm: _network(bundle, host) for arm, host in hosts.items()}
    return {
        (journey, arm): Way(_marked(bundle.plan(journey, host)), networks[arm])
        for journey in sorted(set(journeys))
        for arm, host in hosts.items()
    }


def _network(bundle: Bundle, host: str) -> Network:
    if host.startswith("https:"):
        trust(bundle.authorities, verify=True)
    return Network(only(host, tuple(bundle.settings.hosts)), bundle.authorities, bundle.largest_body)


def _marked(plan: Plan) -> Plan:
    return replace(plan, user_agent=f"{plan.user_agent} {MARK}".strip())


def make_visit(
    means: Means,
    slot: Slot,
    kind: tuple[str, str | None],
    think: Callable[[], float] | None,
    fire: Callable[..., None],
) -> bool:
    """Make one visit, cleanup included, and tell what became of it; whether the end of the run cut it off.

    `kind` is the journey and the step after which it ends; `fire` is Locust's request event.
    """
    journey, until = kind
    way = means.ways[journey, slot.arm]
    plan, connections = way.plan, Connections(way.network)
    driver = Driver(connections.exchange, (plan.deadline, plan.cleanup_deadline), think, means.pacer.now)
    teller = Teller(means.recorder, slot, journey, driver, fire)
    options = engine.Options(until, means.allow_orders, row=slot.number, own_hosts_only=True, brief=True)
    context = engine.Context(
        f"{_RUN}-{slot.number}", time.time, _CHANCE, means.bundle.redactor, on_step=teller.step_done
    )
    try:
        teller.visit_done(driver.drive(engine.run(plan, options, context)))
    except Exception as error:  # noqa: BLE001  a fault of our own is told as that: it must not be a visit less
        teller.broke([step.name for step in plan.steps], means.bundle.redactor(_where(error)))
    finally:
        connections.close()
    return driver.cut


def _where(error: Exception) -> str:
    """Our own fault, and the line of ours that it came from."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"


def steps_taken(plan: Plan, until: str | None, *, allow_orders: bool) -> tuple[tuple[str, ...], str]:
    """The steps that a visitor takes, and in words what is left out since no orders are allowed."""
    last = plan.last(until or None)
    steps = plan.steps if last is None else plan.steps[: last + 1]
    for number, step in enumerate(steps):
        if step.places_order and not allow_orders:
            taken = tuple(each.name for each in steps[:number])
            return taken, f"{plan.name} stops before {step.name}: the scenario does not say allow_orders=True"
    return tuple(step.name for step in steps), ""
