"""`depends_on`: every name is a check of the same shop, and nothing goes in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from techrun.config.settings import CheckSettings
from techrun.config.words import expected, quoted
from techrun.errors import Problem

LONGEST_SHOWN = 12
"""Checks of a circle that a message names."""


def resolve(
    checks: Sequence[CheckSettings], known: Iterable[str], problems: list[Problem]
) -> list[CheckSettings]:
    """The checks of a shop with the family of a `for_each` written out; `known` are names of broken checks too."""
    families: dict[str, list[str]] = {}
    for check in checks:
        families.setdefault(check.name, []).append(check.name)
        base, slash, _ = check.name.partition("/")
        if slash:
            families.setdefault(base, []).append(check.name)
    names = {*families, *known}
    resolved = []
    for check in checks:
        wrong = [name for name in check.depends_on if name not in names]
        problems.extend(_unknown(check, name, names) for name in wrong)
        members = [each for name in check.depends_on for each in families.get(name, ())]
        if not wrong:
            resolved.append(replace(check, depends_on=tuple(dict.fromkeys(members))))
    problems.extend(_circles(resolved))
    return resolved


def _unknown(check: CheckSettings, name: str, names: Iterable[str]) -> Problem:
    what = f"there is no check {quoted(name)} in this shop"
    return _at(check, name, what, expected(name, sorted(names)))


def _at(check: CheckSettings, name: str, what: str, hint: str) -> Problem:
    path: tuple[str | int, ...] = ("depends_on",)
    if name in check.depends_on:
        path = ("depends_on", check.depends_on.index(name))
    return check.origin.problem(path, what, hint) if check.origin else Problem(what, hint, path)


def _circles(checks: Sequence[CheckSettings]) -> Iterator[Problem]:
    """One problem for each circle, at the check that is written first."""
    graph = {check.name: check.depends_on for check in checks}
    told: set[str] = set()
    for check in checks:
        circle = [] if check.name in told else _way_back(check.name, graph)
        if circle:
            told.update(circle)
            what = f"depends_on goes in a circle: {_shown([*circle, check.name])}"
            yield _at(check, circle[1 % len(circle)], what, "cut it at one place")
        told.add(check.name)


def _shown(circle: list[str]) -> str:
    return " → ".join(
        circle if len(circle) < LONGEST_SHOWN else [*circle[: LONGEST_SHOWN - 2], "…", circle[-1]]
    )


def _way_back(start: str, graph: Mapping[str, Sequence[str]]) -> list[str]:
    """The shortest way from a check over what it depends on back to itself; empty where there is none."""
    came_from = {start: ""}
    waiting = [start]
    for name in waiting:
        for further in graph.get(name, ()):
            if further == start:
                return _way_to(name, came_from)
            if further not in came_from:
                came_from[further] = name
                waiting.append(further)
    return []


def _way_to(name: str, came_from: Mapping[str, str]) -> list[str]:
    way = []
    while name:
        way.append(name)
        name = came_from[name]
    return way[::-1]
