"""Mistakes in YAML's syntax, said in the words of the person who made them."""

from __future__ import annotations

import re
from typing import Any

from techrun.config.tree import Position, Source
from techrun.errors import Problem

_FLOW_TEMPLATE = re.compile(r"""[{\[,:]\s*[^"'{}\[\],]*(\$\{)""")
_NO_SPACE = re.compile(r"\s*(?:- )?([A-Za-z_][\w-]*):(?=[^\s/:])")
_KEY = re.compile(r"""\s*(?:- )*(?:"[^"]*"|'[^']*'|[^\s"'#][^:#]*):\s""")

Finding = tuple[Position, str, str]


def undecodable(source: Source, content: bytes, offset: int) -> Problem:
    """The problem of a file that is not UTF-8."""
    before = content[:offset]
    line = before.count(b"\n") + 1
    column = offset - (before.rfind(b"\n") + 1) + 1
    return source.problem((line, column), "the file is not UTF-8 text", "save it as UTF-8")


def diagnose(error: Any, source: Source) -> Problem:
    """The problem behind an error of the YAML parser."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return _unprintable(error, source)
    where = (min(mark.line + 1, max(len(source.lines), 1)), mark.column + 1)
    context = getattr(error, "context_mark", None)
    opened = (context.line + 1, context.column + 1) if context else where
    said, doing = error.problem or "", error.context or ""
    for rule in (
        _tab,
        _template,
        _start_character,
        _open_quote,
        _escape,
        _colon,
        _no_colon,
        _open_flow,
        _indent,
    ):
        found = rule(source, where, opened, f"{doing}: {said}")
        if found:
            return source.problem(*found)
    return source.problem(
        where, f"this is not valid YAML: {said or error}", "check this line and the one above"
    )


def _line(source: Source, number: int) -> str:
    return source.lines[number - 1] if 0 < number <= len(source.lines) else ""


def _unprintable(error: Any, source: Source) -> Problem:
    """A control character: the parser knows no line, so it is searched."""
    for number, line in enumerate(source.lines, start=1):
        for column, character in enumerate(line, start=1):
            if not character.isprintable() and character != "\t":
                what = f"a control character (U+{ord(character):04X}) stands here"
                return Source(source.name, source.path).problem((number, column), what, "remove it")
    return source.problem(
        (1, 1), f"this is not valid YAML: {getattr(error, 'reason', error)}", "save it as UTF-8 text"
    )


def _tab(source: Source, where: Position, opened: Position, said: str) -> Finding | None:  # noqa: ARG001  one signature for all rules
    line = _line(source, where[0])
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" not in indent:
        return None
    return (where[0], indent.index("\t") + 1), "a tab indents this line", "indent with spaces only"


def _template(source: Source, where: Position, opened: Position, said: str) -> Finding | None:
    """`{words: ${x}}`: the braces of a template are YAML's own inside of a flow."""
    if "flow" not in said:
        return None
    for number in range(opened[0], where[0] + 1):
        line = _line(source, number)
        start = opened[1] - 1 if number == opened[0] else 0
        found = _FLOW_TEMPLATE.search(line, start)
        if found:
            template = _template_at(line, found.start(1))
            hint = f'write "{template}" with quotes around the whole value'
            return (number, found.start(1) + 1), "a template inside of { } or [ ] must be quoted", hint
    return None


def _template_at(line: str, start: int) -> str:
    end = line.find("}", start)
    return line[start : end + 1] if end > 0 else "${…}"


def _start_character(source: Source, where: Position, opened: Position, said: str) -> Finding | None:  # noqa: ARG001  one signature for all rules
    if "cannot start any token" not in said:
        return None
    character = _line(source, where[0])[where[1] - 1 : where[1]]
    return where, f"a value cannot start with {character}", "put quotes around the whole value"


def _open_quote(source: Source, where: Position, opened: Position, said: str) -> Finding | None:  # noqa: ARG001  one signature for all rules
    if "quoted scalar" not in said or "unexpected end" not in said:
        return None
    return (
        opened,
        "this quote is never closed",
        'close it; inside of \'…\' a quote is written twice, inside of "…" as \\"',
    )


def _escape(source: Source, where: Position, opened: Position, said: str) -> Finding | None:  # noqa: ARG001  one signature for all rules
    if "escape" not in said:
        return None
    hint = "write a backslash twice inside of \"…\", or use '…', where it means nothing"
    return where, "an unknown escape inside of double quotes", hint


def _colon(source: Source, where: Position, opened: Position, said: str) -> Finding | None:  # noqa: ARG001  one signature for all rules
    """`title: Buy: now`, or a line that is deeper than a value above allows."""
    if "mapping values are not allowed" not in said:
        return None
    missing = _missing_space(source, where[0])
    if missing:
        return missing
    line = _line(source, where[0])
    key = _KEY.match(line)
    if key and key.end() < where[1]:
        return (
            where,
            "a value without quotes cannot contain a colon and a space",
            "put quotes around the whole value",
        )
    above = _line(source, where[0] - 1)
    if _indent_of(line) > _indent_of(above):
        hint = "indent it like its neighbours, or move the value above to lines of its own"
        return (
            (where[0], _indent_of(line) + 1),
            "this line is indented below a key that already has a value",
            hint,
        )
    return None


def _no_colon(source: Source, where: Position, opened: Position, said: str) -> Finding | None:  # noqa: ARG001  one signature for all rules
    if "could not find expected ':'" not in said:
        return None
    missing = _missing_space(source, opened[0])
    return missing or (opened, "expected `key: value`", "write a colon and a space after the key")


def _open_flow(source: Source, where: Position, opened: Position, said: str) -> Finding | None:
    if "parsing a flow" not in said:
        return None
    bracket = _line(source, opened[0])[opened[1] - 1 : opened[1]]
    closing = {"{": "}", "[": "]"}.get(bracket, "]")
    separate = "separate its parts by commas, quote texts with : , [ ] { } in them"
    if where[0] > opened[0]:
        return opened, f"this `{bracket}` is not closed in its line", f"close it with `{closing}`; {separate}"
    return where, f"expected a comma or `{closing}`", separate


def _indent(source: Source, where: Position, opened: Position, said: str) -> Finding | None:
    """What stands here belongs to no list and no mapping."""
    if "did not find expected" not in said:
        return None
    missing = _missing_space(source, where[0] - 1) or _missing_space(source, where[0])
    if missing:
        return missing
    line = _line(source, where[0])
    if line[: where[1] - 1].strip():
        return where, "the value ended before this", "put quotes around the whole value"
    if "document start" in said:
        return where, "expected `---` before another document", "separate documents by a line with ---"
    hint = f"line up the keys of one mapping and the dashes of one list (it starts in line {opened[0]})"
    return where, "this line does not fit the indentation above it", hint


def _missing_space(source: Source, number: int) -> Finding | None:
    """`every:30s` in this line, or in the one above it."""
    for candidate in (number, number - 1):
        line = _line(source, candidate)
        found = _NO_SPACE.match(line)
        if found:
            key = found.group(1)
            return (
                (candidate, found.end() + 1),
                f'a space is missing after "{key}:"',
                "write a colon and a space",
            )
    return None


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
