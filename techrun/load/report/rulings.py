"""The rulings of a verdict in the order in which a reader wants them: what decided, then the rest. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from techrun.load.figures import STATISTICS
from techrun.load.judge.rules import decides
from techrun.load.records import Contrast, Ruling, Run
from techrun.load.report import words
from techrun.load.report.tables import in_sight

INVALID = "invalid."
"""How the names of the rules begin that ask whether the run itself can be believed."""


TOO_FEW = "latency.too_few"
"""A rare step: it comes once for each statistic that could not be compared, the median only with the p95."""


def broken(run: Run) -> list[Ruling]:
    """Rules that do not hold, or of which nobody can tell whether they do; rare steps are told in one breath."""
    found = list(run.verdict.rulings) if run.verdict else []
    unclear = [one for one in found if one.holds is None]
    rare = [one for one in unclear if one.rule == TOO_FEW]
    rest = [one for one in unclear if one.rule != TOO_FEW]
    return [one for one in found if one.holds is False] + rest + (_gathered(rare) if len(rare) > 1 else rare)


def _gathered(rare: Sequence[Ruling]) -> list[Ruling]:
    """Two rulings at most: which steps could not be compared at all, and which only by their median."""
    times = Counter(one.subject for one in rare)
    kinds = {"compare at all": [name for name in times if times[name] > 1]}
    kinds["compare the p95"] = [name for name in times if times[name] == 1]
    return [
        Ruling(
            TOO_FEW,
            words.number_of(len(names), "step"),
            None,
            f"too few answers to {what}: {', '.join(names)}",
        )
        for what, names in kinds.items()
        if names
    ]


def holding(run: Run) -> list[Ruling]:
    """Rules that hold."""
    return [one for one in run.verdict.rulings if one.holds] if run.verdict else []


def deciding(run: Run) -> list[Ruling]:
    """What the verdict rests on: the broken and unclear rules; where all hold, none is singled out."""
    found = [one for one in broken(run) if decides(one)]
    if run.verdict and run.verdict.value == "invalid":
        void = [one for one in found if one.rule.startswith(INVALID) and one.holds is False]
        return void or found
    return found


def others(run: Run) -> list[Ruling]:
    """All rulings but the deciding ones."""
    decided = deciding(run)
    return [one for one in [*broken(run), *holding(run)] if one not in decided]


def against(run: Run) -> str:
    """What the release was held against, in a sentence."""
    comparison = run.verdict.comparison if run.verdict else None
    if comparison is None:
        return "It was held against no other release."
    if comparison.method == "none":
        why = f": {comparison.why_none}" if comparison.why_none else ""
        kept = f" {words.number_of(comparison.baseline_runs, 'accepted run')} like this one so far."
        return f"It was held against no other release{why}.{kept if comparison.baseline_runs else ''}"
    way = {
        "interleaved": "Each pair of visits went to both releases, in random order.",
        "stored": f"The old figures are those of {words.number_of(comparison.baseline_runs, 'accepted run')} kept"
        " before, measured at another time.",
    }[comparison.method]
    looks = (
        f" The data was looked at {comparison.looks} times while the run went on."
        if comparison.looks > 1
        else ""
    )
    return f"Held against {comparison.against}. {way}{looks}"


def detectable(contrasts: tuple[Contrast, ...]) -> str:
    """What this run could have seen, in a sentence."""
    able = in_sight(contrasts)
    if not able:
        return "This run was too short or too noisy to find any slowdown reliably." if contrasts else ""
    finest, coarsest = (
        f"{words.change(one.detectable)} in the {STATISTICS[one.statistic]} of {one.step or 'whole visits'}"
        for one in (able[0], able[-1])
    )
    said = f"Four of five runs like this one find a slowdown of {finest}"
    return f"{said}; the least visible is {coarsest}." if finest != coarsest else f"{said}."
