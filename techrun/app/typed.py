"""What a person typed, as it is kept."""

from __future__ import annotations

from techrun.errors import UsageError
from techrun.standing import storable


def line(text: str) -> str:
    """On one line: it stands in logs, titles and lists."""
    return " ".join(storable(text).split())


def needed(text: str, what: str) -> None:
    """UsageError with these words where nothing was typed."""
    if not text.strip():
        raise UsageError(what)
