"""A criterion as a person wrote it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_written(criterion: Mapping[str, Any]) -> str:
    """In one line of YAML: `step: product, p95: 800ms`."""
    return ", ".join(f"{name}: {_value(value)}" for name, value in criterion.items())


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
