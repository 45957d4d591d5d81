"""Moments as people write them: `7d` (so long ago), `2026-12-01T22:00`, or Unix time."""

from __future__ import annotations

from datetime import datetime
from math import isfinite

from techrun.language.durations import parse


def moment(text: str, now: float) -> float:
    """Unix time of a moment; without an offset it is by this machine's clock. ValueError says how one is written."""
    try:
        at = float(text)
    except ValueError:
        pass
    else:
        if isfinite(at):
            return at
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        pass
    try:
        return now - parse(text)
    except ValueError:
        raise ValueError(
            f"expected a moment such as 2026-12-01T22:00, or a duration such as 7d, got {text!r}"
        ) from None
