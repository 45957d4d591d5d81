"""Criteria about steps that no journey has: found before any run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from techrun.config.load import Criterion
from techrun.config.settings import ShopSettings
from techrun.errors import Problem
from techrun.journey.expand import Expander
from techrun.journey.model import Journey
from techrun.journey.rules import unknown_step
from techrun.language.definition import Definition


def strange_steps(shop: ShopSettings, documents: Mapping[str, Definition]) -> Iterator[Problem]:
    """The criteria of a shop whose step is in none of the journeys that they are about."""
    steps: dict[str, tuple[str, ...]] = {}
    for _, criterion in shop.load.written():
        if criterion.step is None:
            continue
        journeys = [document for document in documents.values() if isinstance(document, Journey)]
        if criterion.journey is not None:
            wanted = shop.load.journeys.get(criterion.journey, criterion.journey)
            journeys = [journey for journey in journeys if journey.journey == wanted]
        for journey in journeys:
            if journey.journey not in steps:
                steps[journey.journey] = _steps_of(journey, documents)
        yield from _strange(criterion, [name for journey in journeys for name in steps[journey.journey]])


def _strange(criterion: Criterion, known: list[str]) -> Iterator[Problem]:
    step = criterion.step or ""
    if known and step not in known:
        yield criterion.problem(("step",), *unknown_step(list(dict.fromkeys(known)), step))


def _steps_of(journey: Journey, documents: Mapping[str, Definition]) -> tuple[str, ...]:
    """The names of all its steps, fragments expanded; what is wrong with it is told elsewhere."""
    ignored: list[Problem] = []
    return tuple(step.name for step in Expander(documents, ignored).expand(journey.steps, journey, "steps"))
