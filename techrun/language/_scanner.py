"""Finds the `${…}` of a text: braces inside quotes do not end it, `$${` is a literal `${`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from techrun.language.errors import TemplateError

OPENING = re.compile(r"\$\$\{|\$\{")
ENVIRONMENT = re.compile(
    r"\s*(?P<where>env|secret)\.(?P<name>\w+)\s*(?P<default>:-(?P<value>[^}]*))?\}", re.ASCII
)
QUOTED_OR_BRACE = re.compile(r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\"|[{}'\"]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a template: literal text, an expression, or `env.X` with its default."""

    text: str
    offset: int
    is_expression: bool = False
    default: str | None = None


def scan(source: str) -> Iterator[Piece]:
    """The pieces of a template in their order; raises `TemplateError` for braces that do not close."""
    position, literal = 0, ""
    while opening := OPENING.search(source, position):
        literal += source[position : opening.start()]
        if opening[0] == "$${":
            literal, position = literal + "${", opening.end()
            continue
        if literal:
            yield Piece(literal, position)
        literal = ""
        piece, position = _expression(source, opening.end())
        yield piece
    literal += source[position:]
    if literal:
        yield Piece(literal, position)


def _expression(source: str, start: int) -> tuple[Piece, int]:
    """The expression that starts after `${`, and where the text goes on."""
    if found := ENVIRONMENT.match(source, start):
        if found["default"] and found["where"] == "secret":
            raise TemplateError("a secret has no default", "write ${secret." + found["name"] + "}", start)
        path = f"{found['where']}.{found['name']}"
        return Piece(path, start, is_expression=True, default=found["value"]), found.end()
    depth = 1
    for token in QUOTED_OR_BRACE.finditer(source, start):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return Piece(source[start : token.start()], start, is_expression=True), token.end()
        if token[0] in "'\"":
            break
    raise TemplateError(
        "${ is never closed", "close it with }, or write $${ where the text itself is meant", start - 2
    )
