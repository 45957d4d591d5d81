"""Which kind a check is: told by its keys, before pydantic sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from techrun.config.explain import fields_of
from techrun.config.tree import Written, entries
from techrun.config.words import expected, listed, quoted
from techrun.errors import Problem
from techrun.language.definition import Definition
from techrun.language.words import did_you_mean


def kind_of(
    origin: Written, kinds: Mapping[str, type[Definition]], settings: Iterable[str], problems: list[Problem]
) -> str | None:
    """The kind of a check, or None and a problem; `settings` are the keys that any check may have."""
    found = [key for key in entries(origin.node) if key in kinds]
    own = [kind for kind in found if set(found) - {kind} <= set(fields_of(kinds[kind]))]
    if len(own) == 1:
        return own[0]
    if found:
        what = f"a check has one kind, this one has {listed(found).replace(' or ', ' and ')}"
        problems.append(origin.problem((found[1],), what, "write one check for each", on_key=True))
        return None
    strange = [key for key in entries(origin.node) if key not in set(settings)]
    mistyped: str | None = next((key for key in strange if did_you_mean(key[:60], kinds)), None)
    if mistyped is not None:
        what = f"unknown key {quoted(mistyped)}"
        problems.append(origin.problem((mistyped,), what, expected(mistyped, kinds), on_key=True))
    else:
        problems.append(origin.problem((), "this check has no kind", expected("", kinds)))
    return None
