"""From what is written to a definition: templates filled in, values checked, what is broken left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from techrun.config.explain import validate
from techrun.config.templates import Names, fill
from techrun.config.tree import Written
from techrun.errors import Problem
from techrun.language.definition import Definition

D = TypeVar("D", bound=Definition)


def understand(
    model: type[D],
    value: Any,
    origin: Written,
    problems: list[Problem],
    *,
    names: Names | None = None,
    also: Iterable[str] = (),
) -> D | None:
    """The definition that is written, or None and its problems; without `names` templates stay as they are."""
    faults: list[Problem] = []
    filled = value if names is None else fill(value, names, origin, (), faults)
    found: list[Problem] = []
    made = validate(model, filled, origin, found, also)
    broken = [fault.path for fault in faults]
    problems += faults
    problems += [each for each in found if not any(each.path[: len(path)] == path for path in broken)]
    return None if faults else made


def salvage(
    model: type[D],
    value: Mapping[str, Any],
    origin: Written,
    problems: list[Problem],
    *,
    names: Names | None = None,
    stand_ins: Mapping[str, Any] | None = None,
    also: Iterable[str] = (),
) -> tuple[D | None, bool]:
    """As much of the definition as can be read, and whether that is all of it.

    Keys with a mistake in them are left out, or have a value of `stand_ins` in their place, so
    that what depends on them can still be looked at.
    """
    found: list[Problem] = []
    made = understand(model, value, origin, found, names=names, also=also)
    problems += found
    if made is not None:
        return made, True
    broken = {problem.path[0] for problem in found if problem.path}
    rest = {key: part for key, part in value.items() if key not in broken}
    missing = {key: part for key, part in (stand_ins or {}).items() if key not in rest}
    return understand(model, {**rest, **missing}, origin, [], names=names), False
