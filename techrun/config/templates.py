"""Fills `${…}` into what is written, and finds the secrets and variables that are not set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from techrun.config.secrets import Secrets
from techrun.config.tree import List, Map, Node, NodePath, Written
from techrun.errors import Problem
from techrun.language.expressions import ExpressionError, Reference, TemplateError, compile_template
from techrun.language.words import did_you_mean


@dataclass(frozen=True, slots=True)
class Names:
    """What templates may name."""

    environ: Mapping[str, str]
    secrets: Secrets
    constants: Mapping[str, Any] = field(default_factory=dict)
    later: Mapping[NodePath, Mapping[str, Any]] = field(default_factory=dict)
    """What may also be named below a path, and stands for itself until later."""

    def scope(self) -> dict[str, Any]:
        """All names, as the templates' scope."""
        return {**self.constants, "env": self.environ, "secret": self.secrets}

    def having(self, **more: Any) -> Names:
        """The same names and some more."""
        return Names(self.environ, self.secrets, {**self.constants, **more}, self.later)

    def at(self, path: NodePath) -> Names:
        """The names that are known at a path."""
        more = [names for below, names in self.later.items() if path[: len(below)] == below]
        return self.having(**more[0]) if more else self


def fill(value: Any, names: Names, origin: Written, path: NodePath, problems: list[Problem]) -> Any:
    """The value with every template in it filled in; what cannot be filled stays as it is written."""
    if isinstance(value, str):
        return _fill_text(value, names.at(path), origin, path, problems) if "${" in value else value
    if isinstance(value, dict):
        return {key: fill(item, names, origin, (*path, key), problems) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, names, origin, (*path, index), problems) for index, item in enumerate(value)]
    return value


def _fill_text(text: str, names: Names, origin: Written, path: NodePath, problems: list[Problem]) -> Any:
    try:
        template = compile_template(text)
        unknown = [
            problem
            for reference in template.references
            for problem in _unknown(reference, names, origin, path)
        ]
        if not unknown:
            return template.render(names.scope())
        problems.extend(unknown)
    except TemplateError as error:
        problems.append(origin.problem(path, error.what, error.hint))
    except ExpressionError as error:
        problems.append(origin.problem(path, str(error), "check what the template works out"))
    return text


def _unknown(reference: Reference, names: Names, origin: Written, path: NodePath) -> Iterator[Problem]:
    """The problem of a name that is not known, or of a secret that cannot be used."""
    if reference.has_default:
        return
    root, *rest = reference.path
    name = rest[0] if rest else ""
    if root == "secret" and name:
        fault = names.secrets.fault(name)
        if fault:
            yield origin.problem(path, *fault)
    elif root == "env" and name:
        if name not in names.environ:
            hint = f"set it, or give a default: ${{env.{name}:-…}}"
            yield origin.problem(path, f"the environment variable {name} is not set", hint)
    else:
        yield from _unknown_constant(reference, names, origin, path)


def _unknown_constant(
    reference: Reference, names: Names, origin: Written, path: NodePath
) -> Iterator[Problem]:
    value: Any = names.scope()
    for index, name in enumerate(reference.path):
        if not hasattr(value, "keys"):
            return
        if name not in value:
            known = list(value)
            hint = did_you_mean(name, known) or f"known here: {', '.join(known) or 'nothing'}"
            yield origin.problem(path, f"${{{'.'.join(reference.path[: index + 1])}}} is not known", hint)
            return
        value = value[name]


def outside(origins: Iterable[Written], names: Names, problems: list[Problem]) -> dict[str, dict[str, str]]:
    """The environment variables and secrets that are named anywhere, for templates that run later.

    What is not set is left out: whoever compiles the template says so. A secret that is set and
    cannot be used is a problem here.
    """
    found: dict[str, dict[str, str]] = {"env": {}, "secret": {}}
    for origin in origins:
        for path, reference in _references(origin.node, ()):
            root, name = reference.path[:2]
            if root == "env" and name in names.environ:
                found[root][name] = names.environ[name]
            elif root == "secret" and names.secrets.is_set(name):
                found[root][name] = names.secrets.get(name, "")
                problems += _unknown(reference, names, origin, path)
    return found


def _references(node: Node, path: NodePath) -> Iterator[tuple[NodePath, Reference]]:
    """Every `env.…` and `secret.…` that a template below the node names."""
    if isinstance(node, Map):
        for key, value in node.entries.items():
            yield from _named(key, (*path, key))
            yield from _references(value, (*path, key))
    elif isinstance(node, List):
        for index, item in enumerate(node.items):
            yield from _references(item, (*path, index))
    else:
        yield from _named(node.value, path)


def _named(text: Any, path: NodePath) -> Iterator[tuple[NodePath, Reference]]:
    """The same in one text, which may also be a key: selectors are templates too."""
    if isinstance(text, str) and "${" in text:
        with contextlib.suppress(TemplateError):
            for reference in compile_template(text).references:
                if len(reference.path) > 1 and reference.path[0] in {"env", "secret"}:
                    yield path, reference
