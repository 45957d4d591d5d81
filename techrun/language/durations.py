"""Durations as people write them: `800ms`, `30s`, `5m`, `1h30m`, `2d`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

PATTERN = r"^(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?(\d+ms)?$"
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
_WHOLE = re.compile(PATTERN)


def parse(text: str) -> float:
    """Seconds in a duration such as `1h30m`; ValueError says how one is written."""
    if not text or not _WHOLE.fullmatch(text):
        raise ValueError(f"expected a duration such as 800ms, 30s, 5m or 1h30m, got {text!r}")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def show(seconds: float) -> str:
    """A duration for people, in at most two units: `850ms`, `2.5s`, `1h30m`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    if seconds < 60:
        return f"{round(seconds, 1):g}s"
    whole = round(seconds)
    for (big, size), (small, part) in (
        (("d", 86400), ("h", 3600)),
        (("h", 3600), ("m", 60)),
        (("m", 60), ("s", 1)),
    ):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size}{big}" + (f"{rest}{small}" if rest else "")
    return f"{whole}s"


def exact(seconds: float) -> str:
    """A duration as it is written in YAML, nothing rounded."""
    shown = show(seconds)
    return shown if parse(shown) == seconds else f"{Decimal(repr(seconds)):f}s"


def _seconds(value: Any) -> float:
    """From YAML a duration is text; a bare number names no unit, so only 0 is one."""
    if isinstance(value, str):
        return parse(value)
    if value == 0 and not isinstance(value, bool):
        return 0.0
    raise ValueError(f"expected a duration such as 800ms, 30s, 5m or 1h30m, got {value!r} (no unit)")


Seconds = Annotated[
    float,
    BeforeValidator(_seconds),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["800ms", "30s", "5m", "1h30m"]}),
]
"""A duration in a definition: text with units in YAML, seconds as a float in code."""
