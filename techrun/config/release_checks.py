"""The checks that `releases:` of a shop names: each selector must mean one at least."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar

from techrun.config.releases import Releases
from techrun.config.select import Selectable, matches
from techrun.config.tree import NodePath, Written
from techrun.config.words import expected, quoted
from techrun.errors import Problem

S = TypeVar("S", bound=Selectable)


def meant(selector: str, checks: Iterable[S]) -> list[S]:
    """The checks of one shop that a selector of its `releases:` means; the shop's name may stand before it."""
    return [
        check for check in checks if matches(selector, check) or matches(f"{check.id.shop}/{selector}", check)
    ]


def selectors(releases: Releases) -> Iterator[tuple[NodePath, str]]:
    """Every selector of checks, with its path below `releases`."""
    for index, entry in enumerate(releases.smoke):
        if entry.check is not None:
            yield ("smoke", index, "check"), entry.check
    for index, selector in enumerate(releases.bake.checks):
        yield ("bake", "checks", index), selector
    if releases.judge.control is not None:
        yield ("judge", "control"), releases.judge.control


def unknown(
    releases: Releases, origin: Written, checks: Sequence[Selectable], names: Iterable[str]
) -> Iterator[Problem]:
    """A problem for each selector that means none; `names` are those of all checks, also of broken ones."""
    known = sorted(set(names))
    for path, selector in selectors(releases):
        _, _, name = selector.rpartition("/")
        broken = any(fnmatchcase(each, name) for each in known)
        if not broken and not meant(selector, checks):
            what = f"no check of this shop matches {quoted(selector)}"
            yield origin.problem(("releases", *path), what, expected(selector, known))
