"""Finds the files of a configuration and sorts their documents: main file, shops, packs, journeys."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from techrun.config.reading import read
from techrun.config.tree import Map, Node, Scalar, Source, Written, entries, text_at
from techrun.config.words import expected
from techrun.errors import Problem
from techrun.language.words import did_you_mean

MAIN_FILE = "techrun.yaml"
MOST_FILES = 10_000

Marked = tuple[str, Written]
"""The key that tells what a document is, and where it is written."""


def shipped_checks() -> Path:
    """The folder of definitions that ship: `techrun/_checks` of a wheel, `checks` of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_checks"
    return installed if installed.is_dir() else package.parent / "checks"


def shown(path: Path) -> str:
    """How messages call a file: from the current folder, if it lies below that."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would follow links away from what the user knows
    try:
        return str(absolute.relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(absolute)


@dataclass(slots=True)
class Files:
    """The documents of all files by what they are; `complete` is false where one could not be read."""

    markers: tuple[str, ...]
    """The keys that name a document: `journey`, `fragment`, …"""
    problems: list[Problem]
    shops: list[Written] = field(default_factory=list)
    packs: dict[str, Marked] = field(default_factory=dict)
    documents: dict[str, Marked] = field(default_factory=dict)
    complete: bool = True
    seen: dict[Path, Path] = field(default_factory=dict)

    def read(self, path: Path) -> list[Written]:
        """The documents of a file that was not read before."""
        real = path.resolve()
        if real in self.seen:
            return []
        self.seen[real] = path
        before = len(self.problems)
        found = read(path, shown(path), self.problems)
        written = [Written(source, node) for source, node in found if not _is_nothing(node)]
        if not written and len(self.problems) == before:
            source = Source(shown(path), path)
            self.problems.append(source.problem((1, 1), "the file is empty", "write something, or remove it"))
        self.complete = self.complete and len(self.problems) == before
        return [origin for origin in written if self._is_map(origin)]

    def read_main(self, path: Path) -> Written | None:
        """The main file; further documents of it are as if included."""
        documents = self.read(path)
        for origin in documents[1:]:
            self.include(origin)
        if not documents:
            return None
        if "shop" in entries(documents[0].node):
            self.shops.append(documents[0])
        return documents[0]

    def read_shops(self, path: Path) -> None:
        """A file that `shops:` names: a shop, and perhaps journeys after it."""
        for index, origin in enumerate(self.read(path)):
            if "shop" in entries(origin.node):
                self.shops.append(origin)
            elif index == 0:
                hint = did_you_mean_key("shop", origin) or "a file of `shops:` starts with `shop: <slug>`"
                self.problems.append(origin.problem((), "this is no shop", hint))
            else:
                self.include(origin)

    def include(self, origin: Written, *, shipped: bool = False) -> None:
        """A document of an included file; what ships gives way to what the user wrote."""
        marker = next((marker for marker in (*self.markers, "pack") if marker in entries(origin.node)), None)
        if marker is None:
            self._unmarked(origin)
            return
        name = text_at(origin.node, marker)
        if name is None:
            self.problems.append(
                origin.problem(
                    (marker,), f"expected the name of the {marker}", f"write `{marker}: some-name`"
                )
            )
            self.complete = False
            return
        table = self.packs if marker == "pack" else self.documents
        if name not in table:
            table[name] = (marker, origin)
        elif not shipped:
            self._twice(name, (marker, origin), table[name])

    def _twice(self, name: str, second: Marked, first: Marked) -> None:
        here, there = (origin.place((marker,)) for marker, origin in (second, first))
        what, hint = f'the name "{name}" is used twice', f"rename one of them; the first is at {there}"
        self.problems.append(Problem(what, hint, (), (here, there)))

    def _unmarked(self, origin: Written) -> None:
        if "shop" in entries(origin.node):
            what, hint = "a shop stands in an included file", "name its file under `shops:`"
            self.problems.append(origin.problem(("shop",), what, hint, on_key=True))
            return
        self.complete = False
        known = [f"{marker}:" for marker in (*self.markers, "pack")]
        near = next((near for near in (_near(key, known) for key in entries(origin.node)) if near), "")
        hint = expected("", known)
        self.problems.append(
            origin.problem((), "it cannot be told what this document is", f"{hint}; {near}" if near else hint)
        )

    def _is_map(self, origin: Written) -> bool:
        if isinstance(origin.node, Map):
            return True
        self.complete = False
        self.problems.append(origin.problem((), "expected keys and values", "write `key: value` lines"))
        return False


def matches(pattern: str, base: Path) -> Iterator[Path]:
    """The files that a glob names, relative to the folder of the file that says it."""
    try:
        found = sorted(glob.iglob(str(base / pattern), recursive=True))  # noqa: PTH207  pathlib refuses absolute patterns
    except (OSError, ValueError):
        return
    for name in found[:MOST_FILES]:
        path = Path(name)
        if path.is_file():
            yield path


def did_you_mean_key(wanted: str, origin: Written) -> str:
    """`did you mean …` where a key of the document looks like the wanted one."""
    near = did_you_mean(wanted, entries(origin.node))
    return f'write "{wanted}:" for {near.removeprefix("did you mean ").rstrip("?")}' if near else ""


def _near(key: str, known: list[str]) -> str:
    return did_you_mean(f"{key[:60]}:", known)


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None
