"""The named filters of expressions: short, bounded, and the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any
from urllib.parse import quote

from techrun.language.errors import ExpressionError
from techrun.language.scalars import exact, text_of
from techrun.language.words import shorten

LONGEST_TEXT = 65_536
"""Characters of a text that a filter takes or makes."""
MOST_DIGITS = 60
"""Digits before the point that a number in an expression may have."""

MONEY = Context(prec=2 * MOST_DIGITS)
"""Exact for sums of prices; a division is rounded after 120 digits."""

PLAIN_NUMBER = re.compile(r"\s*[+-]?\d{1,60}(\.\d{1,60})?\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Filter:
    """A function that an expression may call by name."""

    apply: Callable[..., Any]
    least: int
    most: int
    summary: str


def as_number(value: Any) -> int | Decimal:
    """A value that must be a number, exact and not too large."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ExpressionError(f"{show(value)} is {kind_of(value)}, not a number{_number_hint(value)}")
    number = exact(value)
    if isinstance(number, Decimal):
        if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
            raise ExpressionError(f"the number {shorten(str(number), 40)} is out of bounds")
    elif abs(number) >= 10**MOST_DIGITS:
        raise ExpressionError(f"a number has more than {MOST_DIGITS} digits")
    return number


def _number_hint(value: Any) -> str:
    return "; save it with `number: true`" if isinstance(value, str) else ""


def as_text(value: Any) -> str:
    """A value as a text of bounded length."""
    text = text_of(value)
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"a text of {len(text)} characters is too long for an expression")
    return text


def kind_of(value: Any) -> str:
    """What a value is, in a user's words."""
    names: tuple[tuple[Any, str], ...] = (
        (type(None), "nothing"),
        (bool, "true or false"),
        (str, "text"),
        (int | float | Decimal, "a number"),
        (list | tuple, "a list"),
        (Mapping, "a map"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "no plain value")


def show(value: Any) -> str:
    """A value as messages show it: texts in quotes, cut to one short line."""
    return f'"{shorten(value)}"' if isinstance(value, str) else shorten(text_of(value) or "nothing")


def _length(value: Any) -> int:
    if isinstance(value, list | tuple | Mapping):
        return len(value)
    return len(text_of(value))


def _number(value: Any) -> int | Decimal:
    if not isinstance(value, str):
        return as_number(value)
    if not PLAIN_NUMBER.fullmatch(value):
        raise ExpressionError(f"{show(value)} is no plain number; save it with `number: true`")
    return Decimal(value.strip())


def _round(value: Any, places: Any = 0) -> Decimal:
    digits = as_number(places)
    if not isinstance(digits, int) or not 0 <= digits <= 20:
        raise ExpressionError("round() takes 0 to 20 places")
    with localcontext(MONEY):
        return Decimal(as_number(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _list(value: Any) -> list[Any] | tuple[Any, ...]:
    if isinstance(value, list | tuple):
        return value
    raise ExpressionError(f"{show(value)} is {kind_of(value)}, not a list")


def _end(index: int) -> Callable[[Any], Any]:
    def pick(value: Any) -> Any:
        items = value if isinstance(value, str) else _list(value)
        if not items:
            raise ExpressionError("an empty list has no first or last item")
        return items[index]

    return pick


def _split(value: Any, separator: Any = None) -> list[str]:
    mark = None if separator is None else as_text(separator)
    if mark == "":
        raise ExpressionError("split() needs a separator that is not empty")
    return as_text(value).split(mark)


def _replace(value: Any, old: Any, new: Any) -> str:
    text, before, after = as_text(value), as_text(old), as_text(new)
    if not before:
        raise ExpressionError("replace() needs a text to replace")
    if len(text) + text.count(before) * (len(after) - len(before)) > LONGEST_TEXT:
        raise ExpressionError("replace() would make too long a text")
    return text.replace(before, after)


def _join(value: Any, separator: Any = "") -> str:
    items, mark, total = [], as_text(separator), 0
    for item in _list(value):
        text = as_text(item)
        total += len(text) + len(mark)
        if total > LONGEST_TEXT:
            raise ExpressionError("join() would make too long a text")
        items.append(text)
    return mark.join(items)


def _urlencode(value: Any) -> str:
    return quote(as_text(value), safe="", errors="replace")


def _extreme(pick: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*values: Any) -> Any:
        numbers = [as_number(value) for value in (_list(values[0]) if len(values) == 1 else values)]
        if not numbers:
            raise ExpressionError("an empty list has no smallest or largest number")
        return pick(numbers)

    return apply


FILTERS: Mapping[str, Filter] = {
    "abs": Filter(lambda value: abs(as_number(value)), 1, 1, "a number without its sign"),
    "first": Filter(_end(0), 1, 1, "the first item of a list, the first character of a text"),
    "join": Filter(_join, 1, 2, "the items of a list as one text, with a separator between them"),
    "last": Filter(_end(-1), 1, 1, "the last item of a list, the last character of a text"),
    "length": Filter(_length, 1, 1, "how many characters, items or keys"),
    "lower": Filter(lambda value: as_text(value).lower(), 1, 1, "a text in lower case"),
    "max": Filter(_extreme(max), 1, 20, "the largest of some numbers or of a list"),
    "min": Filter(_extreme(min), 1, 20, "the smallest of some numbers or of a list"),
    "number": Filter(_number, 1, 1, "a plain text such as 12.50 as a number"),
    "replace": Filter(_replace, 3, 3, "a text with every occurrence of one text replaced by another"),
    "round": Filter(_round, 1, 2, "a number rounded half up, to whole or to so many places"),
    "split": Filter(_split, 1, 2, "a text cut at a separator, or at white space, into a list"),
    "text": Filter(as_text, 1, 1, "any value as text"),
    "trim": Filter(lambda value: as_text(value).strip(), 1, 1, "a text without white space at its ends"),
    "upper": Filter(lambda value: as_text(value).upper(), 1, 1, "a text in upper case"),
    "urlencode": Filter(_urlencode, 1, 1, "a text made safe for a URL's path or query"),
}
"""Every filter by name; `make docs` writes them into docs/journeys.md."""
