"""Compiles a journey into a plan, and says everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from techrun.errors import ConfigError, Problem
from techrun.journey import rules, tracing
from techrun.journey.expand import Expander
from techrun.journey.model import Journey
from techrun.journey.names import Checker
from techrun.journey.plan import Plan, PlannedStep
from techrun.journey.translate import Translated, Translator, limits
from techrun.language.definition import Definition
from techrun.language.scalars import text_of


def compile_journey(
    journey: Journey,
    constants: Mapping[str, Any],
    journeys: Mapping[str, Definition],
    locale: str,
    *,
    base_url: str = "",
    user_agent: str = "techrun",
    signing_key: str = "",
    verify_tls: bool = True,
) -> Plan:
    """The plan of a journey; raises one `ConfigError` with every problem.

    `constants` are the maps that templates may name (`shop`, `env`, `secret`, `synthetic`, …), `journeys`
    holds the fragments by name, `locale` says how numbers read, `base_url` is what addresses are joined to.
    """
    steps, cleanup = _checked(journey, constants, journeys, locale, base_url)
    return Plan(
        name=journey.journey,
        title=journey.title,
        steps=steps,
        cleanup=cleanup,
        deadline=journey.deadline,
        cleanup_deadline=journey.cleanup_deadline,
        budget=limits(journey.budget),
        constants=dict(constants),
        tables={name: tuple(source.rows) for name, source in journey.data.items()},
        articles=_articles(constants),
        base_url=base_url,
        user_agent=user_agent,
        accept_language=tracing.accept_language(locale),
        signing_key=signing_key.encode(),
        verify_tls=verify_tls,
    )


def _checked(
    journey: Journey,
    constants: Mapping[str, Any],
    journeys: Mapping[str, Definition],
    locale: str,
    base_url: str,
) -> tuple[tuple[PlannedStep, ...], tuple[PlannedStep, ...]]:
    """The steps and the cleanup, planned; raises one `ConfigError` with every problem."""
    problems: list[Problem] = []
    expander = Expander(journeys, problems)
    written = expander.expand(journey.steps, journey, "steps")
    written_cleanup = expander.expand(journey.cleanup, journey, "cleanup")
    every = [*written, *written_cleanup]
    problems.extend(rules.check_unique(every))
    problems.extend(rules.check_submits(every))
    problems.extend(rules.check_budget(journey, journey.budget))
    problems.extend(_check_shadows(journey))
    translator = partial(Translator, locale=locale, base_url=base_url, problems=problems)
    steps = [translator(step).translate(in_cleanup=False) for step in written]
    cleanup = [translator(step).translate(in_cleanup=True) for step in written_cleanup]
    problems.extend(_check_names(_known(journey, constants), [*steps, *cleanup]))
    if problems:
        raise ConfigError(_each_once(problems))
    return tuple(step.planned for step in steps), tuple(step.planned for step in cleanup)


def _known(journey: Journey, constants: Mapping[str, Any]) -> dict[str, Any]:
    """What templates may name before the first step, and what is in it where that is known."""
    known: dict[str, Any] = dict(constants)
    known["run"] = {"id": ""}
    for name, source in journey.data.items():
        known[name] = source.rows[0] if source.rows else None
    if _articles(constants):
        known["synthetic"] = {**constants["synthetic"], "article": ""}
    return known


def _articles(constants: Mapping[str, Any]) -> tuple[str, ...]:
    synthetic = constants.get("synthetic")
    articles = synthetic.get("articles") if isinstance(synthetic, Mapping) else None
    return tuple(map(text_of, articles or ()))


def _check_names(known: dict[str, Any], steps: Sequence[Translated]) -> Iterator[Problem]:
    saved_by: dict[str, str] = {}
    for step in steps:
        for name in step.names.saves:
            saved_by.setdefault(name, step.names.step)
    return Checker(known, saved_by).check([step.names for step in steps])


def _check_shadows(journey: Journey) -> Iterator[Problem]:
    """Data that is named like something that is always there would hide it.

    It may hide a parameter of a pack: what stands in the journey itself is nearer.
    """
    for name in journey.data:
        if name in rules.RESERVED:
            yield journey.problem(
                ("data", name), f"the name {name} is taken", "call the data otherwise", on_key=True
            )


def _each_once(problems: Sequence[Problem]) -> list[Problem]:
    """A fragment that is used twice has each of its mistakes twice; two places tell enough."""
    return list({(problem.what, problem.places): problem for problem in problems}.values())
