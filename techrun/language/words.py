"""Small helpers for texts that people read."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_SHOWN = 120


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "price"?` where a known word is close to this one, else an empty text."""
    folded = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    return f'did you mean "{folded[close[0]]}"?' if close else ""


def shorten(text: str, longest: int = LONGEST_SHOWN) -> str:
    """The text on one line, cut to at most `longest` characters."""
    line = one_line(text[: 4 * longest])
    return line if len(line) <= longest and len(text) <= 4 * longest else line[: longest - 1] + "…"


def one_line(text: str) -> str:
    """The text with every run of white space made a single space, as a browser shows it."""
    return " ".join(text.split())
