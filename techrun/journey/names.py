"""Checks that everything a journey names is known by the time it is named."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from techrun.errors import Problem
from techrun.journey.expand import Use, problem_at
from techrun.language.expressions import Reference
from techrun.language.words import did_you_mean

_HINTS = {
    "env": "set this environment variable, or write a default: ${{env.{name}:-default}}",
    "secret": "set it in the environment or in the secrets file",
    "synthetic": "write `{name}:` under `synthetic:` of the shop",
}
_NO_ARTICLE = "name test articles under `synthetic:` of the shop: `articles: [PROBE-1]`"


@dataclass(frozen=True, slots=True)
class Names:
    """What one step needs and gives."""

    step: str
    before: tuple[Use, ...]
    """Names that are needed to send the request."""
    after: tuple[Use, ...]
    """Names that are needed to judge the answer: what the step itself saves is known there."""
    saves: tuple[str, ...]


@dataclass(slots=True)
class Checker:
    """Walks over the steps in their order; `known` grows with what they save."""

    known: dict[str, Any]
    """Name and value (a map where the names inside it are known too, None otherwise)."""
    saved_by: Mapping[str, str] = field(default_factory=dict)
    """Every variable of the journey and the first step that saves it."""

    def check(self, steps: Sequence[Names]) -> Iterator[Problem]:
        """Every name that cannot be known."""
        for step in steps:
            for use in step.before:
                yield from self._check_use(use, ())
            for use in step.after:
                yield from self._check_use(use, step.saves)
            self.known.update(dict.fromkeys(step.saves))

    def _check_use(self, use: Use, own: Collection[str]) -> Iterator[Problem]:
        reference = use.reference
        name, *inner = reference.path
        if reference.has_default or name in own or name in use.parameters:
            return
        if name in self.known:
            if inner and isinstance(self.known[name], Mapping):
                yield from self._check_inner(use, self.known[name])
        elif name in self.saved_by:
            if not use.condition:
                what = f"${{{reference}}} is saved only later, by step {self.saved_by[name]}"
                yield problem_at(use.spots, what, "move that step up")
        else:
            names = [*self.known, *use.parameters, *self.saved_by, *own]
            hint = did_you_mean(name, names) or f"known are {', '.join(sorted(set(names))[:12])}"
            yield problem_at(use.spots, f"${{{reference}}} is unknown: no step saves {name}", hint)

    def _check_inner(self, use: Use, values: Mapping[str, Any]) -> Iterator[Problem]:
        """A name inside a map, such as `env.SHOP` or `article.words`."""
        reference: Reference = use.reference
        outer, name = reference.path[:2]
        if name in values:
            return
        names = [str(each) for each in values]
        hint = did_you_mean(name, names) or _HINTS.get(outer, "").format(name=name)
        if (outer, name) == ("synthetic", "article"):
            hint = _NO_ARTICLE
        if not hint:
            hint = f"{outer} has {', '.join(sorted(names)[:12]) or 'nothing'}"
        what = {"env": "the environment variable {} is not set", "secret": "the secret {} is not known"}
        text = what[outer].format(name) if outer in what else f"${{{reference}}} is unknown"
        yield problem_at(use.spots, text, hint)
