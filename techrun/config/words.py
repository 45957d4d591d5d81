"""Phrases of error messages: lists of choices, what a value is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from techrun.language.scalars import text_of
from techrun.language.words import did_you_mean, shorten

LONGEST_LIST = 40
FEW = 12
LONGEST_QUOTE = 60


def quoted(text: str) -> str:
    """A user's text in quotes, on one line, cut where it is long."""
    return f'"{shorten(text, LONGEST_QUOTE)}"'


def listed(choices: Iterable[str]) -> str:
    """`a, b or c`, cut where it is long."""
    names = list(choices)
    if len(names) > LONGEST_LIST:
        return f"{', '.join(names[:LONGEST_LIST])} or {len(names) - LONGEST_LIST} more"
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def expected(word: str, choices: Iterable[str]) -> str:
    """What was expected in place of this word, and the nearest of it; that comes first in a long list."""
    names = list(choices)
    if len(names) < 2:
        return f"expected {names[0]}" if names else "none is defined"
    wanted = f"expected one of {listed(names)}"
    suggestion = did_you_mean(word[:200], names)
    if len(names) > FEW:
        return f"{suggestion} {wanted}".strip()
    return f"{wanted}; {suggestion}" if suggestion else wanted


def described(value: Any) -> str:
    """What a value is, for "expected …, found …"."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {shorten(text_of(value), LONGEST_QUOTE)}"
    if isinstance(value, str):
        return quoted(value) if value else "an empty text"
    return "a list" if isinstance(value, list | tuple) else "keys and values"
