"""A YAML document as nodes that know where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from techrun.errors import Place, Problem

Position = tuple[int, int]
"""Line and column, both counted from 1."""
LONGEST_QUOTE = 1_000
"""Columns of a line that a message can quote."""
NodePath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read; `name` is how messages call it, `lines` is what they quote."""

    name: str
    path: Path
    lines: tuple[str, ...] = ()

    def place(self, line: int, column: int) -> Place:
        """The place at this line and column, with the line's text unless it is too far in."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) and column <= LONGEST_QUOTE else ""
        return Place(self.name, line, column, text[: 2 * LONGEST_QUOTE])

    def problem(self, position: Position, what: str, hint: str = "") -> Problem:
        """A mistake at a position of this file."""
        return Problem(what, hint, (), (self.place(*position),))


@dataclass(slots=True)
class Scalar:
    """A single value: text, number, true, false or nothing."""

    position: Position
    value: Any = None
    size: int = 1


@dataclass(slots=True)
class List:
    """A list of nodes; `size` counts the nodes below it, aliases written out."""

    position: Position
    items: list[Node] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True)
class Map:
    """Keys and values; `keys` knows where each key stands."""

    position: Position
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Position] = field(default_factory=dict)
    size: int = 1


Node = Scalar | List | Map


def plain(node: Node) -> Any:
    """The node as plain Python values; its depth was bounded when it was read."""
    if isinstance(node, Map):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, List):
        return [plain(item) for item in node.items]
    return node.value


def entries(node: Node) -> Mapping[str, Node]:
    """What stands below each key; nothing where the node has no keys."""
    return node.entries if isinstance(node, Map) else {}


def child(node: Node, key: str | int) -> Node | None:
    """The node below `key`, or None where there is none."""
    if isinstance(node, Map) and isinstance(key, str):
        return node.entries.get(key)
    if isinstance(node, List) and isinstance(key, int) and 0 <= key < len(node.items):
        return node.items[key]
    return None


def text_at(node: Node, key: str) -> str | None:
    """The text below `key`, or None where there is none."""
    found = child(node, key)
    return found.value if isinstance(found, Scalar) and isinstance(found.value, str) else None


@dataclass(frozen=True, slots=True)
class Written:
    """A node and its file: the origin of a definition."""

    source: Source
    node: Node

    def place(self, path: NodePath = (), *, on_key: bool = False) -> Place:
        """The place of the value (or key) at `path`, or of the nearest thing above it."""
        node = self.node
        position = node.position
        for index, key in enumerate(path):
            below = child(node, key)
            if below is None:
                break
            position = below.position
            last = index == len(path) - 1
            if last and (on_key or not _visible(below)) and isinstance(node, Map) and isinstance(key, str):
                position = node.keys[key]
            node = below
        return self.source.place(*position)

    def at(self, path: NodePath) -> Written:
        """The origin of what is written at `path`, or of the nearest thing above it."""
        node = self.node
        for key in path:
            below = child(node, key)
            if below is None:
                break
            node = below
        return Written(self.source, node)

    def problem(self, path: NodePath, what: str, hint: str = "", *, on_key: bool = False) -> Problem:
        """A mistake at `path`."""
        return Problem(what, hint, path, (self.place(path, on_key=on_key),), on_key)


def _visible(node: Node) -> bool:
    """An empty value has no text of its own to point at: its key is shown instead."""
    return not (isinstance(node, Scalar) and node.value is None)
