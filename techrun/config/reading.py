"""Bytes to nodes: YAML 1.2's core types, read event by event under limits.

The nodes are built from the C parser's events by a loop, since composing nested input
by recursion (as the C loader does) crashes the interpreter at a nesting of 50,000.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from techrun.config.syntax import diagnose, undecodable
from techrun.config.tree import List, Map, Node, Position, Scalar, Source
from techrun.errors import Problem
from techrun.language.scalars import FloatText, IntText

LARGEST_FILE = 2_000_000
"""Bytes."""
DEEPEST = 40
MOST_NODES = 200_000
"""Nodes of one file, aliases written out: what bounds an alias bomb."""

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE_NUMBERS = (
    (re.compile(r"[-+]?[0-9]{1,300}\Z"), 10),
    (re.compile(r"0o[0-7]{1,300}\Z"), 8),
    (re.compile(r"0x[0-9a-fA-F]{1,300}\Z"), 16),
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")


class _Refused(Exception):  # noqa: N818  a signal inside this module: the rest of the file is not read
    def __init__(self, position: Position, what: str, hint: str) -> None:
        super().__init__(what)
        self.position = position
        self.what = what
        self.hint = hint


def read(
    path: Path, name: str, problems: list[Problem], *, quote_lines: bool = True
) -> list[tuple[Source, Node]]:
    """The documents of a file, none where it cannot be read; what is wrong goes to `problems`."""
    content = _content(path, name, problems)
    if content is None:
        return []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(undecodable(Source(name, path), content, error.start))
        return []
    source = Source(name, path, tuple(text.splitlines()) if quote_lines else ())
    return [(source, node) for node in parse(text, source, problems)]


def parse(text: str, source: Source, problems: list[Problem]) -> list[Node]:
    """The documents of a YAML text; after a mistake in its syntax there are none."""
    builder = _Builder(source, problems)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.YAMLError as error:
        problems.append(diagnose(error, source))
        return []
    except _Refused as refused:
        problems.append(source.problem(refused.position, refused.what, refused.hint))
        return []
    return builder.documents


def resolve(text: str) -> Any:
    """A plain scalar by the core types of YAML 1.2; what is infinite or no number stays a word."""
    if text in _NOTHING:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    for pattern, base in _WHOLE_NUMBERS:
        if pattern.match(text):
            return IntText(int(text, base), text)
    if _FLOAT.match(text) and math.isfinite(float(text)):
        return FloatText(float(text), text)
    return text


def _content(path: Path, name: str, problems: list[Problem]) -> bytes | None:
    """A file's bytes, or None and a problem."""
    start = Source(name, path)
    if not path.is_file():
        problems.append(start.problem((1, 1), "there is no such file", "check the name, or create it"))
        return None
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        problems.append(start.problem((1, 1), f"the file cannot be read: {why}", "check its permissions"))
        return None
    if len(content) > LARGEST_FILE:
        what = f"the file is larger than {LARGEST_FILE // 1_000_000} MB"
        problems.append(start.problem((1, 1), what, "split it into several files"))
        return None
    return content


@dataclass(slots=True)
class _Frame:
    """A list or mapping whose end has not come yet; `key` waits for its value."""

    node: List | Map
    anchor: str | None
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    """Takes the parser's events and builds the documents."""

    source: Source
    problems: list[Problem]
    documents: list[Node] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    nodes: int = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event)
            self._scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._refuse_tag(event)
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.DocumentStartEvent):
            self.anchors.clear()

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self._wants_key():
            self._key(event)
            return
        value = resolve(event.value) if event.implicit[0] else event.value
        node = Scalar(_position(event), value)
        self._attach(node)
        self._remember(event.anchor, node)

    def _key(self, event: yaml.ScalarEvent) -> None:
        """Keys are text, however they look: `200`, `on` and `NO` are just words here."""
        frame = self.frames[-1]
        key, position = event.value, _position(event)
        if key == "<<" and event.implicit[0]:
            hint = "repeat the keys, or use `defaults:`, a pack or a fragment"
            raise _Refused(position, "merge keys (`<<`) are not supported", hint)
        if not isinstance(frame.node, Map):  # pragma: no cover  _wants_key has looked
            return
        if key in frame.node.keys:
            first = self.source.place(*frame.node.keys[key])
            hint = f"keep one of them; the first is at {first}"
            self.problems.append(
                Problem(
                    f'"{key}" is written twice', hint, (), (self.source.place(*position), first), on_key=True
                ),
            )
            frame.node.entries.pop(key)
        frame.node.keys[key] = position
        frame.key = key

    def _alias(self, event: yaml.AliasEvent) -> None:
        position, name = _position(event), event.anchor or ""
        node = self.anchors.get(name)
        if self._wants_key():
            raise _Refused(position, "a key must be text, not an alias", f'quote it: "*{name}"')
        if node is None:
            inside = any(frame.anchor == name for frame in self.frames)
            what = (
                f"`*{name}` stands inside of `&{name}` itself" if inside else f"there is no anchor `&{name}`"
            )
            raise _Refused(position, what, f'a value that starts with * must be quoted: "*{name}"')
        self._attach(node)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        position = _position(event)
        if self._wants_key():
            raise _Refused(position, "a key must be text", 'quote a key that starts with [ or {: "{…}"')
        if len(self.frames) >= DEEPEST:
            raise _Refused(position, f"nested deeper than {DEEPEST} levels", "flatten this part of the file")
        node = Map(position) if isinstance(event, yaml.MappingStartEvent) else List(position)
        self.frames.append(_Frame(node, event.anchor))

    def _close(self) -> None:
        frame = self.frames.pop()
        self._attach(frame.node)
        self._remember(frame.anchor, frame.node)

    def _attach(self, node: Node) -> None:
        """Put a finished node where it belongs."""
        if not self.frames:
            self._count(node, node.size)
            self.documents.append(node)
            return
        frame = self.frames[-1]
        frame.node.size += node.size
        self._count(node, frame.node.size)
        if isinstance(frame.node, List):
            frame.node.items.append(node)
        elif frame.key is not None:
            frame.node.entries[frame.key] = node
            frame.key = None

    def _count(self, node: Node, size: int) -> None:
        if size > MOST_NODES:
            hint = "aliases (`*name`) that repeat aliases grow without bound; write it without them"
            raise _Refused(node.position, f"more than {MOST_NODES} values, aliases written out", hint)

    def _remember(self, anchor: str | None, node: Node) -> None:
        if anchor is not None:
            self.anchors[anchor] = node

    def _wants_key(self) -> bool:
        return bool(self.frames) and isinstance(self.frames[-1].node, Map) and self.frames[-1].key is None

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            hint = "a value that starts with ! must be quoted; quotes also keep a number as text"
            raise _Refused(_position(event), f"the tag {shown} is not supported", hint)


def _position(event: Any) -> Position:
    return event.start_mark.line + 1, event.start_mark.column + 1
