"""Rates as people write them: `5/s`, `90/min`, `600/h`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

PATTERN = r"^\d+(\.\d+)?/(s|min|h)$"
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_WHOLE = re.compile(PATTERN)


def parse(text: str) -> float:
    """Per second, from a rate such as `90/min`; ValueError says how one is written."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"expected a rate such as 5/s, 90/min or 600/h, got {text!r}")
    number, _, unit = text.partition("/")
    return float(number) / _UNITS[unit]


def show(rate: float) -> str:
    """A rate for people: `40/s`, `2.5/s`, `90/min` where it is less than one a second."""
    if rate >= 1 or rate == 0:
        return f"{round(rate, 1):g}/s"
    return f"{round(rate * 60, 1):g}/min" if rate * 60 >= 1 else f"{round(rate * 3600, 2):g}/h"


def exact(rate: float) -> str:
    """A rate as it is written in YAML, nothing rounded."""
    for unit, seconds in _UNITS.items():
        text = f"{rate * seconds:g}/{unit}"
        if "e" not in text and parse(text) == rate:
            return text
    return f"{Decimal(repr(rate)):f}/s"


def _per_second(value: Any) -> float:
    """From YAML a rate is text; a bare number names no unit."""
    return parse(value if isinstance(value, str) else f"{value} (no unit)")


Rate = Annotated[
    float,
    BeforeValidator(_per_second),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["5/s", "90/min", "600/h"]}),
]
"""A rate in a definition: text with its unit in YAML, per second as a float in code."""
