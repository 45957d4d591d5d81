"""The one sentence on top of every report, in words that a release manager understands."""

from __future__ import annotations

from collections.abc import Sequence

from techrun.releases.records import Ruling, Value


def summary(value: Value, rulings: Sequence[Ruling], could_see: str, baseline: str) -> str:
    """The verdict in a sentence or two."""
    if value == "fail":
        return f"The release does not hold: {_told(rulings, holds=False)}."
    if value == "inconclusive":
        return f"It cannot be told: {_told(rulings, holds=None)}."
    warned = [each for each in rulings if each.warns and each.holds is False]
    but = f", but {_named(warned[0])}{_more(len(warned) - 1)}" if warned else ""
    seen = f" Could have seen {could_see}." if could_see else ""
    against = baseline if baseline.startswith("baseline") else f"held against {baseline}"
    return f"All limits hold{but}; {against}.{seen}"


def _told(rulings: Sequence[Ruling], *, holds: bool | None) -> str:
    """The first that decided, and how many more there are."""
    deciding = [each for each in rulings if not each.warns and each.holds is holds]
    return _named(deciding[0]) + _more(len(deciding) - 1)


def _named(ruling: Ruling) -> str:
    return ruling.text if ruling.subject in ruling.text else f"{ruling.subject}: {ruling.text}"


def _more(count: int) -> str:
    return f" (and {count} more)" if count else ""
