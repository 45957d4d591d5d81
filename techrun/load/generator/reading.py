"""What the leading process finds in a scenario's file: who arrives when, for which journeys, at which address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from techrun.errors import ConfigError, Problem
from techrun.load import guards, scenario
from techrun.load.bundle import Bundle
from techrun.load.guards import platforms
from techrun.load.job import Job, Ready, Wishes
from techrun.load.judge.criteria import criteria_for
from techrun.load.records import Arm, Persona
from techrun.load.schedule import scaled
from techrun.load.visitor.equipment import steps_taken


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario as it is about to be carried out."""

    ready: Ready
    hosts: Mapping[Arm, str]
    cleanup: float
    """Seconds that a visit may take to clean up, at most."""

    @property
    def weights(self) -> tuple[tuple[str, float], ...]:
        """The personas that take part."""
        return tuple((one.name, one.weight) for one in self.ready.personas if not one.left_out)

    @property
    def journeys(self) -> tuple[str, ...]:
        """What they walk, by the scenario's names."""
        return tuple(one.journey for one in self.ready.personas if not one.left_out)


def of_job(classes: Sequence[type], bundle: Bundle, job: Job) -> Case:
    """The case that the commanding process asked for; it has checked the addresses."""
    return _case(classes, bundle, job.hosts, job.wishes, job.seed)


def of_locust(classes: Sequence[type], bundle: Bundle, host: str | None, users: int | None) -> Case:
    """The case of a plain `locust -f`, with its --host and --users; GuardError where that may not be loaded.

    ConfigError where a criterion is about a step that none of its visitors takes.
    """
    target = guards.address_of(host or bundle.url, "--host" if host else f"the shop {bundle.shop}")
    limits = guards.Limits(
        bundle.shop, bundle.url, bundle.env, tuple(bundle.settings.hosts), bundle.settings.max_rate
    )
    guards.check_target(target, limits, "--host")
    platforms.check_platform(target)
    guards.check_owner(target, limits)
    case = _case(classes, bundle, {"new": target.url}, Wishes(users=users), 1)
    guards.check_rate(case.ready.schedule, {"new": target}, limits)
    criteria_for(bundle.settings, scenario_name(), case.ready.personas, {})
    return case


def scenario_name() -> str:
    """What the configuration calls the scenario: the name of its file."""
    return Path(scenario.current().place.file).stem


def _case(
    classes: Sequence[type], bundle: Bundle, hosts: Mapping[Arm, str], wishes: Wishes, seed: int
) -> Case:
    found = scenario.current()
    allow_orders = found.allow_orders if wishes.allow_orders is None else wishes.allow_orders
    schedule = scaled(found.schedule(bundle.earnings, tuple(hosts), seed), wishes)
    read = [_persona(kind, bundle, hosts["new"], allow_orders=allow_orders) for kind in classes]
    personas = tuple(one.persona for one in read)
    if all(one.left_out for one in personas):
        why = "; ".join(sorted({one.left_out for one in personas}))
        raise ConfigError(
            [Problem(f"nobody would come: {why}", "docs/load.md says which journeys a scenario needs")]
        )
    ready = Ready(
        schedule=schedule,
        personas=personas,
        allow_orders=allow_orders,
        breakpoint=found.breakpoint,
        notes=(*found.notes(bundle.earnings), *dict.fromkeys(one.note for one in read if one.note)),
    )
    return Case(ready, hosts, max(one.cleanup for one in read))


@dataclass(frozen=True, slots=True)
class _Read:
    persona: Persona
    note: str = ""
    cleanup: float = 0.0


def _persona(kind: Any, bundle: Bundle, host: str, *, allow_orders: bool) -> _Read:
    """One kind of visitor; one whose journey this shop lacks is left out if that is optional."""
    name, journey = kind.__name__, getattr(kind, "journey", "")
    if not journey:
        problem = Problem(f"{name} names no journey", 'write journey = "guest-checkout" in it')
        raise ConfigError([problem])
    if kind.optional and bundle.name_of(journey) is None:
        why = f"the shop {bundle.shop} has no journey {journey}"
        return _Read(Persona(name, journey, kind.weight, kind.until or "", (), why))
    plan = bundle.plan(journey, host)
    if plan.last(kind.until) is None:
        if kind.optional:
            why = f"the journey {plan.name} has no step {kind.until}"
            return _Read(Persona(name, journey, kind.weight, kind.until or "", (), why))
        there = ", ".join(plan.step_names)
        raise ConfigError([Problem(f"{name}: {journey} has no step {kind.until}", f"its steps are {there}")])
    steps, note = steps_taken(plan, kind.until, allow_orders=allow_orders)
    return _Read(Persona(name, journey, kind.weight, kind.until or "", steps), note, plan.cleanup_deadline)
