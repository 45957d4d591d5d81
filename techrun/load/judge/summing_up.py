"""The one sentence on top of every report, in words and figures that a release manager understands."""

from __future__ import annotations

from collections.abc import Sequence

from techrun.load.figures import change_text
from techrun.load.judge.rules import COMPARED, decides
from techrun.load.judge.stored import KEPT
from techrun.load.records import Comparison, Ruling, Value, Verdict


def summary(value: Value, rulings: Sequence[Ruling], comparison: Comparison | None) -> str:
    """The verdict in a sentence or two."""
    if value == "invalid":
        return f"This run proves nothing: {_told(rulings, holds=False)}.{_besides(rulings)}{_advice(rulings)}"
    if value == "fail":
        return f"The release does not hold: {_told(rulings, holds=False)}."
    if value == "inconclusive":
        return f"It cannot be told: {_told(rulings, holds=None)}."
    return _passed(rulings, comparison)


BUSY = frozenset(f"invalid.{name}" for name in ("rate", "late", "cpu", "waited", "lag", "steal"))
"""Why a run is invalid where the machine had too much to do."""


def _besides(rulings: Sequence[Ruling]) -> str:
    """What the shop did meanwhile, where that needs a look too."""
    found = next((ruling for ruling in rulings if ruling.rule == "errors.besides"), None)
    return f" But {found.text}: look at the shop, too." if found else ""


def _advice(rulings: Sequence[Ruling]) -> str:
    """What to do before the next try, where the machine that made the load was too busy."""
    if not any(ruling.rule in BUSY and ruling.holds is False for ruling in rulings):
        return ""
    return (
        " The machine that makes the load is too busy: let nothing else run on it, take more processes (--workers)"
        " or ask for less (--rate), and run it again."
    )


def open_question(verdict: Verdict) -> str:
    """What a longer run is to tell, in a sentence; empty where nothing is open."""
    found = [ruling for ruling in verdict.rulings if ruling.rule in COMPARED and ruling.holds is None]
    return f"Not yet clear: {_told(found, holds=None)}." if found else ""


def _told(rulings: Sequence[Ruling], *, holds: bool | None) -> str:
    """The first that decided, and how many more there are."""
    deciding = [ruling for ruling in rulings if decides(ruling) and ruling.holds is holds]
    first, more = deciding[0], len(deciding) - 1
    also = f" (and {more} more)" if more else ""
    named = "" if first.subject in first.text else f"{first.subject}: "
    return f"{named}{first.text}{also}"


def _passed(rulings: Sequence[Ruling], comparison: Comparison | None) -> str:
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
        f"All limits hold. Against {comparison.against}, {_slower(rulings, comparison)}: the largest change"
        f" is {change_text(worst.ratio)} ({worst.step}), and ≥ {change_text(seen)} would have been seen in each of them."
    )


def _slower(rulings: Sequence[Ruling], comparison: Comparison) -> str:
    """That no step is slower; those that could not be compared are not among them."""
    compared = {(contrast.journey, contrast.step) for contrast in comparison.contrasts}
    few = {(each.journey, each.step) for each in rulings if each.rule == "latency.too_few"} - compared
    if not few:
        return "none of its steps is slower than is tolerated"
    of = len(compared) + len(few)
    return f"none of the steps with enough answers to compare ({len(compared)} of {of}) is slower than is tolerated"
