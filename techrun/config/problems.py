"""Problems as plain text: place, what is wrong, the line with a caret, what to do."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from techrun.errors import Place, Problem

LONGEST_LINE = 110


def render(problems: Iterable[Problem]) -> str:
    """All problems as text, each with its line and a caret under the mistake."""
    return "\n".join(map(_render_one, problems))


def _render_one(problem: Problem) -> str:
    """One problem, ending with a line's end."""
    first = problem.places[0] if problem.places else None
    head = f"{first}  {problem.what}" if first else problem.what
    lines = [head, *(_quote(first) if first else ())]
    if problem.hint:
        lines.append(f"  {problem.hint}")
    lines += [f"  see also {place}" for place in problem.places[1:] if str(place) not in problem.hint]
    return "\n".join(lines) + "\n"


def _quote(place: Place) -> list[str]:
    """The offending line and a caret below it; a long line is cut around the caret."""
    text = place.text.replace("\t", " ")
    if not text.strip() or place.column < 1:
        return []
    start = max(0, place.column - LONGEST_LINE // 2) if len(text) > LONGEST_LINE else 0
    cut = text[start : start + LONGEST_LINE]
    before = "…" if start else ""
    after = "…" if len(text) > start + LONGEST_LINE else ""
    margin = " " * (4 + len(before) + _width(text[start : place.column - 1]))
    return [f"    {before}{_printable(cut)}{after}", f"{margin}^"]


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text)


def _width(text: str) -> int:
    """Columns of a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
