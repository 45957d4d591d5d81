"""One check as it is written becomes checks: kind found, `for_each` expanded, settings looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from techrun.config.combinations import Combination, combinations
from techrun.config.explain import fields_of
from techrun.config.kind import kind_of
from techrun.config.layers import Layer, labels, lookup, tags
from techrun.config.models import CheckKeys, ConfirmationSettings
from techrun.config.settings import DEFAULT, CheckSettings
from techrun.config.shops import Header
from techrun.config.templates import Names
from techrun.config.tree import Map, Written, entries, plain, text_at
from techrun.config.understand import understand
from techrun.config.words import expected, quoted
from techrun.errors import Place, Problem
from techrun.language.definition import Definition
from techrun.language.scalars import text_of
from techrun.model import CheckId, Confirmation, Severity

SETTINGS = tuple(dict.fromkeys(["name", *fields_of(CheckKeys)]))
LONGEST_DEADLINE = 30.0
"""Seconds that a journey may take where nothing else is said."""
LONGEST_ANSWER = 10.0
"""Seconds that one answer may take: with 30, a shop that hangs would page after two minutes."""
EVERY = 60.0


@dataclass(frozen=True, slots=True)
class References:
    """What a check may refer to."""

    kinds: Mapping[str, type[Definition]]
    channels: frozenset[str]
    names: Mapping[str, frozenset[str]]
    """The names of journeys, of fragments, … by what they are; broken ones too."""
    documents: Mapping[str, Definition]
    outside: Mapping[str, Mapping[str, str]]
    """The environment variables and secrets that are named anywhere, for templates that run later."""
    complete: bool
    """Every file could be read: a name that is not here is not anywhere."""


@dataclass(frozen=True, slots=True)
class WrittenCheck:
    """A check in a shop's file or in a pack, with the defaults that apply, the nearest first."""

    header: Header
    origin: Written
    defaults: Sequence[Layer] = ()

    @property
    def name(self) -> str:
        """Its name as far as it can be read."""
        return text_at(self.origin.node, "name") or ""


def read_check(check: WrittenCheck, references: References, problems: list[Problem]) -> list[CheckSettings]:
    """The checks that a written one stands for; none where it is broken."""
    origin = check.origin
    if not isinstance(origin.node, Map):
        problems.append(
            origin.problem((), "a check is written as keys and values", "write it as {name: home, http: /}")
        )
        return []
    kind = kind_of(origin, references.kinds, SETTINGS, problems)
    if kind is None:
        return []
    known = _refuse_unknown_keys(origin, references.kinds[kind], problems)
    made = []
    for combination in combinations(plain(origin.node).get("for_each"), origin, check.header.names, problems):
        settings = _Reader(check, references, kind, combination, problems).read()
        if settings is not None and known:
            made.append(settings)
    return made


def _refuse_unknown_keys(origin: Written, spec: type[Definition], problems: list[Problem]) -> bool:
    known = dict.fromkeys([*SETTINGS, *fields_of(spec)])
    strange = [key for key in entries(origin.node) if key not in known]
    problems += [
        origin.problem((key,), f"unknown key {quoted(key)}", expected(key, known), on_key=True)
        for key in strange
    ]
    return not strange


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one combination of one written check."""

    check: WrittenCheck
    references: References
    kind: str
    combination: Combination
    problems: list[Problem]

    def read(self) -> CheckSettings | None:
        """The check, or None and its problems."""
        origin, names = self.check.origin, self.check.header.names.having(**self.combination.variables)
        written: dict[str, Any] = plain(origin.node)
        named = {key: written[key] for key in SETTINGS if key in written and key != "for_each"}
        keys = understand(CheckKeys, named, origin, self.problems, names=names)
        spec = self._spec(written, names)
        right = self._channels_exist(keys)
        if keys is None or spec is None or not right:
            return None
        return self._settings(keys, spec, names)

    def _spec(self, written: Mapping[str, Any], names: Names) -> Definition | None:
        model, origin = self.references.kinds[self.kind], self.check.origin
        own = {
            key: value for key, value in written.items() if key in fields_of(model) and key not in SETTINGS
        }
        templated = getattr(model, "templated", False)
        spec = understand(model, own, origin, self.problems, names=None if templated else names)
        return spec if self._document_exists(spec) else None

    def _document_exists(self, spec: Definition | None) -> bool:
        """A check of the kind `journey` names a document `journey: …`."""
        known = self.references.names.get(self.kind)
        if spec is None or known is None:
            return True
        name = getattr(spec, self.kind)
        if name in known:
            return name in self.references.documents
        if self.references.complete:
            what = f"there is no {self.kind} {quoted(str(name))}"
            self.problems.append(
                self.check.origin.problem((self.kind,), what, expected(str(name), sorted(known)))
            )
        return False

    def _channels_exist(self, keys: CheckKeys | None) -> bool:
        if keys is None:
            return True
        return no_strange_channels(
            keys.notify or (), self.check.origin, ("notify",), self.references.channels, self.problems
        )

    def _settings(self, keys: CheckKeys, spec: Definition, names: Names) -> CheckSettings:
        """The check with everything that applies to it."""
        header, suffix = self.check.header, self.combination.suffix
        layers = [Layer(keys, self.check.origin), *self.check.defaults]
        effective = self._effective(layers, spec)
        return CheckSettings(
            id=CheckId(header.file.shop, f"{keys.name}/{suffix}" if suffix else keys.name),
            kind=self.kind,
            spec=spec,
            every=effective["every"][0],
            deadline=effective["deadline"][0],
            severity=effective["severity"][0],
            confirmation=_confirmation(effective["confirmation"][0]),
            client=header.file.client or "",
            labels=self._labels(layers),
            tags=tags(layers),
            depends_on=keys.depends_on,
            notify=effective["notify"][0],
            slo=keys.slo,
            symptom=keys.symptom,
            runbook=keys.runbook or "",
            constants={**names.constants, **self.references.outside},
            origin=self.check.origin,
            sources={**{key: place for key, (_, place) in effective.items()}, **self._sources(layers)},
        )

    def _effective(self, layers: Sequence[Layer], spec: Definition) -> dict[str, tuple[Any, Place]]:
        """The settings that have a default, each with its place."""
        every = lookup(layers, "every", EVERY)
        severity = self._severity(layers)
        return {
            "every": every,
            "deadline": self._deadline(layers, every[0], spec),
            "severity": severity,
            "confirmation": lookup(layers, "confirmation", ConfirmationSettings()),
            "notify": self._notify(layers, severity[0]),
        }

    def _labels(self, layers: Sequence[Layer]) -> dict[str, str]:
        variables = {name: text_of(value) for name, value in self.combination.variables.items()}
        return {**{name: value for name, value, _ in labels(layers)}, **variables}

    def _sources(self, layers: Sequence[Layer]) -> dict[str, Place]:
        """The places of what has no default, or comes from several layers."""
        origin = self.check.origin
        return {
            **{key: lookup(layers[:1], key, None)[1] for key in ("slo", "depends_on", "symptom", "runbook")},
            "tags": next((layer.origin.place(("tags",)) for layer in layers if layer.values.tags), DEFAULT),
            **{f"labels.{name}": place for name, _, place in labels(layers)},
            **{f"labels.{name}": origin.place(("for_each", name)) for name in self.combination.variables},
        }

    def _deadline(self, layers: Sequence[Layer], every: float, spec: Definition) -> tuple[float, Place]:
        """As the check says, else as its journey says, else as the defaults say."""
        said = lookup(layers[:1], "deadline", None)
        if said[0] is not None:
            return said
        document = (
            self.references.documents.get(str(getattr(spec, self.kind)))
            if self.kind in self.references.names
            else None
        )
        if document is not None and "deadline" in document.model_fields_set:
            own: float = document.deadline  # type: ignore[attr-defined]  # what documents there are is handed in
            return own, document.origin.place(("deadline",))
        longest = LONGEST_DEADLINE if document or _is_patient(spec) else LONGEST_ANSWER
        return lookup(layers[1:], "deadline", min(every, longest))

    def _severity(self, layers: Sequence[Layer]) -> tuple[Severity, Place]:
        """Only production pages: the home page and journeys, unless something else is said."""
        usual: Severity = (
            "page" if self.check.name == "home" or self.kind in self.references.names else "ticket"
        )
        severity, place = lookup(layers, "severity", usual)
        header = self.check.header
        if severity == "page" and header.file.env != "production":
            return "ticket", header.origin.place(("env",))
        return severity, place

    def _notify(self, layers: Sequence[Layer], severity: Severity) -> tuple[tuple[str, ...], Place]:
        """The check's channels, else the shop's for this severity."""
        header = self.check.header
        own = lookup(layers, "notify", None)
        if own[0] is not None:
            return own
        by_severity = getattr(header.file.notify, severity)
        return by_severity, header.origin.place(("notify", severity)) if by_severity else DEFAULT


def _confirmation(settings: ConfirmationSettings) -> Confirmation:
    return Confirmation(settings.fail_after, settings.recover_after, settings.delays)


def no_strange_channels(
    used: Iterable[str],
    origin: Written,
    path: tuple[str | int, ...],
    channels: Iterable[str],
    problems: list[Problem],
) -> bool:
    """Whether every channel exists; what does not is a problem."""
    known = sorted(channels)
    strange = [(index, name) for index, name in enumerate(used) if name not in known]
    for index, name in strange:
        what = f"there is no channel {quoted(name)}"
        hint = expected(name, known) if known else "write it under `channels:` of techrun.yaml"
        problems.append(origin.problem((*path, index), what, hint))
    return not strange


def _is_patient(spec: Definition) -> bool:
    """Whether the check itself allows an answer more time than is usual."""
    budget = getattr(spec, "budget", None)
    allowed = (getattr(budget, "fail", None), getattr(spec, "timeout", None))
    return any(seconds is not None and seconds >= LONGEST_ANSWER for seconds in allowed)
