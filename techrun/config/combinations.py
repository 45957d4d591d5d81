"""`for_each`: one check per combination of values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from techrun.config.templates import Names, fill
from techrun.config.tree import Written, entries
from techrun.config.values import label_fault, slug_of
from techrun.config.words import described
from techrun.errors import Problem
from techrun.language.scalars import text_of

MOST_COMBINATIONS = 1_000


@dataclass(frozen=True, slots=True)
class Combination:
    """One choice of values; `suffix` comes after the check's name."""

    suffix: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


def combinations(for_each: Any, origin: Written, names: Names, problems: list[Problem]) -> list[Combination]:
    """All combinations; a check without `for_each` has one, a broken `for_each` has none."""
    if for_each is None and "for_each" not in entries(origin.node):
        return [Combination()]
    faults: list[Problem] = []
    filled = fill(for_each, names, origin, ("for_each",), faults)
    faults = faults or list(_faults(filled, origin))
    if faults:
        problems += faults
        return []
    return list(_combined(filled))


def _faults(filled: Any, origin: Written) -> Iterator[Problem]:
    path = ("for_each",)
    if not isinstance(filled, dict) or not filled:
        what = f"expected variables and their values, found {described(filled)}"
        yield origin.problem(path, what, "write it as {lang: [es, ca]}")
        return
    faulty = [fault for name, values in filled.items() for fault in _faults_of_variable(name, values, origin)]
    yield from faulty
    count = 1 if faulty else math.prod(len(values) for values in filled.values())
    if count > MOST_COMBINATIONS:
        what = f"{count} combinations are more than {MOST_COMBINATIONS}"
        yield origin.problem(path, what, "split the check, or leave values out", on_key=True)


def _faults_of_variable(name: str, values: Any, origin: Written) -> Iterator[Problem]:
    path = ("for_each", name)
    fault = label_fault(name)
    if fault:
        yield origin.problem(path, *fault, on_key=True)
    if not isinstance(values, list) or not values:
        found = "an empty list" if values == [] else described(values)
        yield origin.problem(
            path, f"expected a list of values, found {found}", f"write it as {name}: [one, two]"
        )
        return
    for index, value in enumerate(values):
        if not isinstance(value, str | int | float) or not slug_of(text_of(value)):
            what = f"expected a text or number, found {described(value)}"
            yield origin.problem((*path, index), what, "the check is named by it: it needs a letter or digit")


def _combined(filled: Mapping[str, list[Any]]) -> Iterator[Combination]:
    for chosen in itertools.product(*filled.values()):
        suffix = "-".join(slug_of(text_of(value)) for value in chosen)
        yield Combination(suffix, dict(zip(filled, chosen, strict=True)))
