"""The one sentence on top of every report, in words and figures that a release manager understands."""

from __future__ import annotations

from collections.abc import Sequence

from techrun.load.figures import change_text
from techrun.load.judge.rules import decides
from techrun.load.records import Comparison, Ruling, Value

KEPT = 5
"""Accepted runs that a full baseline has."""


def summary(value: Value, rulings: Sequence[Ruling], comparison: Comparison | None) -> str:
    """The verdict in a sentence or two."""
    if value == "invalid":
        return f"This run proves nothing: {_told(rulings, holds=False)}."
    if value == "fail":
        return f"The release does not hold: {_told(rulings, holds=False)}."
    if value == "inconclusive":
        return f"It cannot be told: {_told(rulings, holds=None)}."
    return _passed(comparison)


def _told(rulings: Sequence[Ruling], *, holds: bool | None) -> str:
    """The first that decided, and how many more there are."""
    deciding = [ruling for ruling in rulings if decides(ruling) and ruling.holds is holds]
    first, more = deciding[0], len(deciding) - 1
    also = f" (and {more} more)" if more else ""
    named = "" if first.subject in first.text else f"{first.subject}: "
    return f"{named}{first.text}{also}"


def _passed(comparison: Comparison | None) -> str:
    """What held, and what could have been seen."""
    if comparison is None or comparison.method == "none":
        runs = comparison.baseline_runs if comparison else 0
        why = (
            f"nothing to compare with ({comparison.why_none}); " if comparison and comparison.why_none else ""
        )
        return f"All limits hold; {why}baseline recorded ({runs} of {KEPT})."
    worst = max(comparison.contrasts, key=lambda contrast: contrast.ratio)
    seen = max(contrast.detectable for contrast in comparison.contrasts)
    return (
        f"All limits hold. Against {comparison.against}, no step is slower than is tolerated: the largest change"
        f" is {change_text(worst.ratio)} ({worst.step}), and ≥ {change_text(seen)} would have been seen in any step."
    )
