"""What browsers make of the value that a page gives an input: each type takes only what it can show."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal

Attributes = Mapping[str, str | None]

_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_COLOUR = re.compile("#[0-9a-f]{6}")
_BLANKS = " \t\n\f\r"


def as_typed(kind: str, value: str, attributes: Attributes) -> str:
    """The value of an input of this type (lower case, empty for a plain one) before anybody touched it."""
    if kind == "hidden":
        return value
    value = value.replace("\r", "").replace("\n", "")
    special = _SPECIAL.get(kind)
    return special(value, attributes) if special is not None else value


def _trimmed(value: str, _attributes: Attributes) -> str:
    return value.strip(_BLANKS)


def _number(value: str, _attributes: Attributes) -> str:
    return value if _NUMBER.fullmatch(value) else ""


def _colour(value: str, _attributes: Attributes) -> str:
    return value.lower() if _COLOUR.fullmatch(value.lower()) else "#000000"


def _range(value: str, attributes: Attributes) -> str:
    """A slider always stands somewhere: where it was put, within its ends, else in the middle."""
    low = _decimal(attributes.get("min"), Decimal(0))
    high = max(low, _decimal(attributes.get("max"), Decimal(100)))
    place = min(high, max(low, _decimal(value, (low + high) / 2)))
    step = _decimal(attributes.get("step"), Decimal(1))
    if step > 0 and attributes.get("step") != "any":
        place = low + ((place - low) / step).to_integral_value("ROUND_HALF_UP") * step
        place = place if place <= high else place - step
    return f"{place.normalize():f}"


def _decimal(text: str | None, otherwise: Decimal) -> Decimal:
    return Decimal(text) if text and _NUMBER.fullmatch(text) else otherwise


def _moment(form: str, read: Callable[[str], object]) -> Callable[[str, Attributes], str]:
    """Empties what is not written in this form, or is no day or time of any calendar."""
    pattern = re.compile(form, re.ASCII)

    def check(value: str, _attributes: Attributes) -> str:
        if pattern.fullmatch(value):
            with suppress(ValueError):
                read(value)
                return value
        return ""

    return check


_DAY = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?"
_date_time = _moment(f"{_DAY}[T ]{_TIME}", dt.datetime.fromisoformat)

_SPECIAL: Mapping[str, Callable[[str, Attributes], str]] = {
    "email": _trimmed,
    "url": _trimmed,
    "number": _number,
    "color": _colour,
    "range": _range,
    "date": _moment(_DAY, dt.date.fromisoformat),
    "time": _moment(_TIME, dt.time.fromisoformat),
    "month": _moment(r"\d{4}-\d\d", lambda text: dt.date.fromisoformat(f"{text}-01")),
    "week": _moment(r"\d{4}-W\d\d", lambda text: dt.date.fromisoformat(f"{text}-1")),
    "datetime-local": lambda value, attributes: _date_time(value, attributes).replace(" ", "T"),
}
