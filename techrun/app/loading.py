"""From the configuration's files to checks that are ready to run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from techrun import config
from techrun.app.judgeable import unjudgeable
from techrun.app.smoke_journeys import smoke_journeys
from techrun.config.loader import redacted
from techrun.config.secrets import SecretsIfSet, SecretsUnneeded
from techrun.config.select import select as select_checks
from techrun.config.settings import CheckSettings, Settings, ShopSettings
from techrun.errors import ConfigError, Problem
from techrun.journey.model import DOCUMENTS, Fragment, Journey
from techrun.language.definition import Definition
from techrun.load.judge.steps import strange_steps
from techrun.model import Check, Shop
from techrun.probes import Scope, Stepped, kinds
from techrun.probes.journey import Spec as JourneySpec
from techrun.releases.identity.reading import reading_problems


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration without a mistake, and its checks."""

    path: Path
    environ: Mapping[str, str]
    """The environment that it was read with, for the next reading."""
    settings: Settings
    checks: tuple[Check, ...]

    @property
    def shops(self) -> tuple[Shop, ...]:
        """The shops, as sinks and messages know them."""
        return tuple(shop.shop for shop in self.settings.shops)


def load(path: Path, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read and compile everything; ConfigError carries every problem of every file."""
    environment = os.environ if environ is None else environ
    settings, problems = config.load_all(path, spec_types(), DOCUMENTS, environ=environment)
    checks = _prepare_all(settings, problems) if settings else ()
    if settings:
        problems += [
            redacted(problem, settings.redactor)
            for shop in settings.shops
            for problem in (
                *strange_steps(shop, settings.documents),
                *reading_problems(shop.releases),
            )
        ]
    if settings and not problems:
        problems += _smoke_problems(settings)
        problems += [
            redacted(problem, settings.redactor)
            for shop in settings.shops
            for problem in unjudgeable(
                shop.releases, [check for check in checks if check.id.shop == shop.name]
            )
        ]
    if problems or settings is None:
        raise ConfigError(_distinct(problems))
    return Loaded(path, environment, settings, checks)


def load_without_secrets(path: Path) -> Loaded:
    """The same for those who only want to know what is configured: secrets that are not set are made up."""
    return load(path, SecretsUnneeded(os.environ))


def load_for_journeys(path: Path) -> Loaded:
    """The same for a load test: a secret that is not set is told once a journey needs it."""
    return load(path, SecretsIfSet(os.environ))


@cache
def spec_types() -> Mapping[str, type[Definition]]:
    """The type of each kind's settings, by kind."""
    return {name: kind.spec for name, kind in kinds().items()}


def _prepare_all(settings: Settings, problems: list[Problem]) -> tuple[Check, ...]:
    """The checks of all shops, ready to run; one with a mistake is left out, and its problems are told."""
    checks = []
    for shop in settings.shops:
        for check in shop.checks:
            try:
                checks.append(prepared(settings, shop, check))
            except ConfigError as error:
                problems += [redacted(problem, settings.redactor) for problem in error.problems]
    return tuple(checks)


def _smoke_problems(settings: Settings) -> list[Problem]:
    """What is wrong with the journeys that releases must pass, also those that no check runs."""
    problems: list[Problem] = []
    for shop in settings.shops:
        for index, entry in enumerate(shop.releases.smoke):
            origin = shop.origin.at(("releases", "smoke", index)) if shop.origin else entry.origin
            for journey in smoke_journeys(settings, shop, entry, origin):
                try:
                    check = prepared(settings, shop, journey.settings)
                except ConfigError as error:
                    problems += [redacted(problem, settings.redactor) for problem in error.problems]
                    continue
                if entry.orders and not check.places_orders:
                    what = (
                        f"the journey {entry.journey} places no order{' until there' if entry.until else ''}"
                    )
                    place = origin.place(("orders",))
                    problems.append(Problem(what, "leave out `orders`", ("orders",), (place,)))
    return problems


def prepared(settings: Settings, shop: ShopSettings, check: CheckSettings) -> Check:
    """The check with everything compiled that can be compiled before it runs."""
    kind = kinds()[check.kind]
    scope = Scope(
        shop=shop.shop,
        constants=check.constants,
        journeys=settings.documents,
        locale=shop.locale,
        redactor=settings.redactor,
        user_agent=settings.user_agent,
    )
    prepared = kind.prepare(check.spec, scope) if kind.prepare else check.spec
    stepped = prepared if isinstance(prepared, Stepped) else None
    return Check(
        id=check.id,
        kind=check.kind,
        every=check.every,
        deadline=check.deadline,
        cleanup_deadline=stepped.cleanup_deadline if stepped else 0.0,
        severity=check.severity,
        confirmation=check.confirmation,
        prepared=prepared,
        labels=check.labels,
        tags=check.tags,
        depends_on=check.depends_on,
        notify=check.notify,
        steps=stepped.step_names if stepped else (),
        places_orders=stepped is not None and stepped.places_orders,
        client=shop.shop.client,
        env=shop.shop.env,
        symptom=check.symptom,
        runbook=check.runbook,
        digest=_digest(settings, check),
    )


def _digest(settings: Settings, check: CheckSettings) -> str:
    """Changes when anything changes that the check's runs depend on."""
    documents = used(settings.documents, check.spec.journey) if isinstance(check.spec, JourneySpec) else {}
    facts = [
        check.spec.model_dump(mode="json", by_alias=True),
        check.constants,
        {name: document.model_dump(mode="json", by_alias=True) for name, document in documents.items()},
        (check.every, check.deadline, check.severity, check.confirmation, check.notify, check.labels),
    ]
    return hashlib.sha256(json.dumps(facts, default=_plain, sort_keys=True).encode()).hexdigest()


def used(documents: Mapping[str, Definition], journey: str) -> dict[str, Definition]:
    """The journey and the fragments that it uses: a check does not depend on any other."""
    found: dict[str, Definition] = {}
    waiting = [journey]
    while waiting:
        name = waiting.pop()
        document = documents.get(name)
        if name in found or not isinstance(document, Journey | Fragment):
            continue
        found[name] = document
        steps = document.steps + (document.cleanup if isinstance(document, Journey) else ())
        waiting.extend(step.use for step in steps if step.use is not None)
    return found


def _plain(value: Any) -> Any:
    """Secrets are a mapping that JSON does not know; their values count, not which object they are."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def _distinct(problems: Sequence[Problem]) -> list[Problem]:
    """Each problem once, in the order of the files: checks that share a journey share its mistakes."""
    seen = {(problem.what, problem.places): problem for problem in problems}
    return sorted(seen.values(), key=_position)


def _position(problem: Problem) -> tuple[Any, ...]:
    place = problem.places[0] if problem.places else None
    return (place.file, place.line, place.column) if place else ("", 0, 0)


def select(
    loaded: Loaded, selectors: Sequence[str], *, client: str | None, tags: Sequence[str]
) -> tuple[Check, ...]:
    """The checks that are meant; UsageError where a selector matches nothing."""
    return tuple(select_checks(loaded.checks, selectors, client=client, tags=tags))
