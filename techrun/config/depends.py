"""`depends_on`: every name is a check of the same shop, and nothing goes in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from techrun.config.settings import CheckSettings
from techrun.config.words import expected, quoted
from techrun.errors import Problem


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


def _circles(checks: Sequence[CheckSettings]) -> list[Problem]:
    """One problem for each circle, at the check that is written first."""
    graph = {check.name: check.depends_on for check in checks}
    order = {check.name: index for index, check in enumerate(checks)}
    found = []
    for check in checks:
        circle = _way_back(check.name, graph)
        if circle and min(circle, key=order.__getitem__) == check.name:
            way = " → ".join([*circle, check.name])
            found.append(
                _at(
                    check,
                    circle[1 % len(circle)],
                    f"depends_on goes in a circle: {way}",
                    "cut it at one place",
                )
            )
    return found


def _way_back(start: str, graph: Mapping[str, Sequence[str]]) -> list[str]:
    """The shortest way from a check over what it depends on back to itself; empty where there is none."""
    ways = [[start]]
    seen = set()
    for way in ways:
        for name in graph.get(way[-1], ()):
            if name == start:
                return way
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
