"""Everything of one shop that its journeys need under load, as JSON: the scenario's file carries it along.

The values of secrets are never in it. Where a constant holds one, a reference stands in its place, and it is
filled in again from the environment of the process that runs the journeys.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from techrun import __version__
from techrun.config.load import LoadSettings
from techrun.config.secrets import Secrets, is_made_up
from techrun.config.settings import Settings
from techrun.config.shops import address
from techrun.errors import ConfigError, Place, Problem, UsageError
from techrun.impact import Impact
from techrun.journey.compile import compile_journey
from techrun.journey.model import DOCUMENTS, Journey
from techrun.journey.plan import Plan
from techrun.language.definition import Definition, Path
from techrun.language.words import did_you_mean
from techrun.load.bundle.needs import Needs, needs_of
from techrun.load.bundle.packing import pretty, secrets_in, unpack
from techrun.redact import Redactor

VERSION = 1
"""Of the bundle's format."""
Fill = Callable[[str], str]
"""The value of a secret by its name."""


@dataclass(frozen=True)
class Bundle:
    """One shop's journeys, and what they name; all of it plain JSON but for `given`."""

    shop: str
    url: str
    env: str
    locale: str
    timezone: str
    user_agent: str
    documents: Mapping[str, Any]
    """Journeys and fragments by name, as they were written, packed."""
    data: Mapping[str, Any]
    """The content of the `data` files by journey and name, packed."""
    constants: Mapping[str, Any]
    """What templates may name, packed; `secret` is not among it."""
    load: Mapping[str, Any] = field(default_factory=dict)
    """`load:` of the shop, as it was written."""
    impact: Mapping[str, Any] | None = None
    authorities: str = ""
    """Certificates to trust in PEM form; empty: the usual ones."""
    largest_body: int = 2 * 1024 * 1024
    """Bytes."""
    version: int = VERSION
    given: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Values of secrets that this process knows from its configuration; never written anywhere."""

    def to_json(self) -> str:
        """The bundle without any secret's value, to be read again by `from_json`."""
        facts = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "given"}
        return pretty(facts)

    @classmethod
    def from_json(cls, text: str) -> Bundle:
        """The bundle in a text that `to_json` wrote; UsageError where another version of techrun did."""
        facts = json.loads(text)
        if facts["version"] != VERSION:
            told = f"the journeys were embedded by another version of techrun (format {facts['version']})"
            raise UsageError(f"{told}: export the scenario again with techrun {__version__}")
        return cls(**facts)

    @cached_property
    def settings(self) -> LoadSettings:
        """How the shop may be loaded, and what must hold."""
        return LoadSettings.model_validate(self.load)

    @cached_property
    def earnings(self) -> Impact | None:
        """Orders by the hour and their worth; None where the shop does not say."""
        if self.impact is None:
            return None
        return Impact(**{**self.impact, "orders_per_hour": tuple(self.impact["orders_per_hour"])})

    @cached_property
    def redactor(self) -> Redactor:
        """Knows every secret that was filled in so far."""
        return Redactor()

    @property
    def journeys(self) -> tuple[str, ...]:
        """The names of the journeys that are there."""
        return tuple(name for name, document in self.documents.items() if "journey" in document)

    def name_of(self, journey: str) -> str | None:
        """What a scenario's journey is called in this shop; None where the shop has none."""
        name = self.settings.journeys.get(journey, journey)
        return name if name in self.journeys else None

    def plan(self, journey: str, host: str) -> Plan:
        """The journey compiled for this base URL, without budgets: under load they are criteria, no failures."""
        whole = self.plan_with_budgets(journey, host)
        return replace(
            whole,
            budget=None,
            steps=tuple(replace(step, budget=None) for step in whole.steps),
            cleanup=tuple(replace(step, budget=None) for step in whole.cleanup),
        )

    def plan_with_budgets(self, journey: str, host: str) -> Plan:
        """The journey as a probe would run it, from which the default criteria are made.

        UsageError where the shop has no such journey; ConfigError names a secret that is missing.
        """
        name = self._known(journey)
        used = self._used(name)
        needs = needs_of(self.documents[each] for each in used)
        fill = self._filler(name)
        documents = {each: self._document(each, fill) for each in used}
        constants = self._constants(host, needs, fill)
        return compile_journey(
            documents[name],  # type: ignore[arg-type]  # `name_of` knows only journeys
            constants,
            documents,
            self.locale,
            base_url=host,
            user_agent=self.user_agent,
            signing_key=str(constants["synthetic"].get("signing_key") or ""),
        )

    def secrets(self, settings: Settings) -> Mapping[str, str]:
        """What the process that runs the journeys must be given by its environment; what is not set is left out."""
        shop = next(shop for shop in settings.shops if shop.name == self.shop)
        known: Mapping[str, str] = shop.constants["secret"]
        return {
            name: known[name] for name in self.secret_names if name in known and not is_made_up(known[name])
        }

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The secrets that any of the journeys needs."""
        needs = needs_of(self.documents.values())
        held = secrets_in([self.documents, self.data, self.constants])
        return tuple(sorted({*needs.secrets, *needs.optional_secrets, *held}))

    def narrowed(self, journeys: Iterable[str]) -> Bundle:
        """Only these journeys, with what they use."""
        used = {each for journey in journeys for each in self._used(self._known(journey))}
        needs = needs_of(self.documents[name] for name in used)
        return replace(
            self,
            documents={name: document for name, document in self.documents.items() if name in used},
            data={name: data for name, data in self.data.items() if name in used},
            constants=needs.only(self.constants),
        )

    def journeys_hash(self, journeys: Iterable[str]) -> str:
        """Changes when one of these journeys changes, a fragment that it uses, or its test data."""
        used = sorted({each for journey in journeys for each in self._used(self._known(journey))})
        facts = [[name, self.documents[name], self.data.get(name)] for name in used]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def _known(self, journey: str) -> str:
        name = self.name_of(journey)
        if name is None:
            there = ", ".join(sorted(self.journeys)) or "no journey at all"
            hint = did_you_mean(journey, self.journeys) or f"there is {there}"
            raise UsageError(f"the shop {self.shop} has no journey {journey}; {hint}")
        return name

    def _used(self, name: str) -> tuple[str, ...]:
        """The journey and the fragments that it uses; what is not there is told when it is compiled."""
        found: dict[str, None] = {}
        waiting = [name]
        while waiting:
            each = waiting.pop()
            if each in self.documents and each not in found:
                found[each] = None
                document = self.documents[each]
                steps = [*document.get("steps", ()), *document.get("cleanup", ())]
                waiting += [step["use"] for step in steps if isinstance(step.get("use"), str)]
        return tuple(found)

    def _filler(self, journey: str) -> Fill:
        """Gives the value of a secret; ConfigError where it is not set here."""
        secrets = Secrets(os.environ, self.given, self.redactor)

        def fill(name: str) -> str:
            fault = secrets.fault(name)
            if fault is not None:
                what, hint = fault
                raise ConfigError([Problem(f"{what}; the journey {journey} needs it", hint)])
            return secrets[name]

        return fill

    def _document(self, name: str, fill: Fill) -> Definition:
        packed = self.documents[name]
        marker = next(marker for marker in DOCUMENTS if marker in packed)
        document = DOCUMENTS[marker].model_validate(unpack(packed, fill))
        document.written_at(_InBundle(f"{marker} {name}"))
        if isinstance(document, Journey):
            for source, content in self.data.get(name, {}).items():
                document.data[source].load(unpack(content, fill))
        return document

    def _constants(self, host: str, needs: Needs, fill: Fill) -> dict[str, Any]:
        """What the templates of a journey may name, for this base URL."""
        constants: dict[str, Any] = _moved(unpack(needs.only(self.constants), fill), self.url, host)
        constants["shop"] |= address(host)
        optional = {name for name in needs.optional_secrets if not self._is_missing(name)}
        constants["secret"] = {name: fill(name) for name in sorted(needs.secrets | optional)}
        return constants

    def _is_missing(self, name: str) -> bool:
        return Secrets(os.environ, self.given, self.redactor).fault(name) is not None


@dataclass(frozen=True, slots=True)
class _InBundle:
    """The origin of a definition that came with a scenario: its file and lines are not known here."""

    name: str

    def place(self, path: Path = (), *, on_key: bool = False) -> Place:  # noqa: ARG002  the protocol has it
        """A place that names the document and the path in it."""
        return Place(": ".join((self.name, ".".join(map(str, path)))), 0, 0)


def _moved(value: Any, old: str, new: str) -> Any:
    """What begins with the shop's own address begins with the one under load: staging is meant, not production."""
    if isinstance(value, str):
        follows = value.removeprefix(old)[:1]
        return (
            new + value.removeprefix(old)
            if value.startswith(old) and follows in {"", "/", "?", "#"}
            else value
        )
    if isinstance(value, Mapping):
        return {key: _moved(item, old, new) for key, item in value.items()}
    return [_moved(item, old, new) for item in value] if isinstance(value, list) else value
