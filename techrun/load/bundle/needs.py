"""What the templates of a journey name, so that it is given no more than it needs. Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from techrun.language.expressions import Reference, TemplateError, compile_template

_ALWAYS = frozenset({"email", "articles", "signing_key"})
"""What the engine itself uses of `synthetic`."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The names in the templates of some documents."""

    references: frozenset[Reference]

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets without which a template cannot be filled in."""
        return frozenset(_second("secret", (each for each in self.references if not each.has_default)))

    @property
    def optional_secrets(self) -> frozenset[str]:
        """The secrets that have a default."""
        return frozenset(_second("secret", (each for each in self.references if each.has_default)))

    def only(self, constants: Mapping[str, Any]) -> dict[str, Any]:
        """The constants that are named, and those that every journey has."""
        roots = {each.path[0] for each in self.references}
        kept = {name: value for name, value in constants.items() if name in roots | {"shop"}}
        kept["env"] = self._part("env", constants)
        kept["synthetic"] = self._part("synthetic", constants, _ALWAYS)
        return kept

    def _part(self, root: str, constants: Mapping[str, Any], always: frozenset[str] = frozenset()) -> Any:
        whole = any(each.path == (root,) for each in self.references)
        named = {*_second(root, self.references), *always}
        return {name: value for name, value in constants.get(root, {}).items() if whole or name in named}


def needs_of(documents: Iterable[Any]) -> Needs:
    """What packed documents name in their templates."""
    found = (reference for document in documents for text in _texts(document) for reference in _named(text))
    return Needs(frozenset(found))


def _second(root: str, references: Iterable[Reference]) -> Iterator[str]:
    return (each.path[1] for each in references if each.path[0] == root and len(each.path) > 1)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a document, keys too: selectors are templates."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _named(text: str) -> Iterator[Reference]:
    if "${" in text:
        with contextlib.suppress(TemplateError):
            yield from compile_template(text).references
