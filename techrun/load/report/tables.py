"""The tables of a report: steps, failures, stages of the load, visitors, contrasts, generator. Pure.

The result on a terminal shows the same rows; `words` writes their figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, isfinite
from statistics import median

from techrun.load.records import CONTROL, Cell, Contrast, Health, Persona, Run, Stage
from techrun.load.report.series import (
    Figures,
    Key,
    Side,
    by_step,
    steps_in_order,
    together,
)
from techrun.load.schedule import placed, windows

TELLS = 100
"""A p99 is told from so many answers on: below, it is but the slowest one."""
MOST_EXAMPLES = 3
"""Of one failure."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of both releases; `step` "" is a whole visit, journey and step "" are all steps together."""

    journey: str
    step: str
    new: Figures
    old: Figures | None
    contrast: Contrast | None = None
    """Of the p95, where it was compared in the same run."""

    def ratio(self, share: float) -> float | None:
        """New against old of this quantile; None where one of them is not known."""
        new, old = self.new.quantile(share), self.old.quantile(share) if self.old else None
        return new / old if new and old else None


def p99(figures: Figures) -> float | None:
    """The 99th percentile, where there are enough answers to tell."""
    return figures.quantile(0.99) if figures.count - figures.failed >= TELLS else None


def step_rows(run: Run, new: Side, old: Side | None) -> list[StepRow]:
    """Every step in the visitors' order, with what was measured of it."""
    mine = by_step(new.cells, new.measured)
    theirs = by_step(old.cells, old.measured) if old else {}
    compared = _compared(run)
    keys = steps_in_order(run, [*new.cells, *(old.cells if old else ())])
    return [replace(_row(key, mine, theirs, old), contrast=compared.get(key)) for key in keys]


def _compared(run: Run) -> dict[Key, Contrast]:
    """The contrasts of the p95, where both releases were loaded in this run."""
    comparison = run.verdict.comparison if run.verdict else None
    if comparison is None or comparison.method != "interleaved":
        return {}
    return {(one.journey, one.step): one for one in comparison.contrasts if one.statistic == "p95"}


def visit_rows(run: Run, new: Side, old: Side | None) -> list[StepRow]:
    """Whole visits by journey."""
    mine = by_step(new.cells, new.measured)
    theirs = by_step(old.cells, old.measured) if old else {}
    journeys = dict.fromkeys(who.journey for who in run.personas)
    seen = [*journeys, *sorted({journey for journey, _ in mine} - journeys.keys() - {CONTROL})]
    return [_row((one, ""), mine, theirs, old) for one in seen if (one, "") in mine]


def _row(key: Key, mine: dict[Key, Figures], theirs: dict[Key, Figures], old: Side | None) -> StepRow:
    return StepRow(*key, mine.get(key, Figures()), theirs.get(key, Figures()) if old else None)


def total_row(new: Side, old: Side | None) -> StepRow:
    """All steps together."""
    return StepRow(
        "", "", together(new.cells, new.measured), together(old.cells, old.measured) if old else None
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which one step failed."""

    journey: str
    step: str
    reason: str
    new: int
    """While it was measured."""
    new_share: float
    """Among all of this step."""
    old: int | None
    old_share: float
    outside: int
    """Of the new release, before and after it was measured."""
    examples: tuple[str, ...]


def failures(run: Run, new: Side, old: Side | None) -> list[Failure]:
    """All failed steps by step and reason, the most frequent first."""
    measured, whole = by_step(new.cells, new.measured), by_step(new.cells)
    theirs = by_step(old.cells, old.measured) if old else {}
    keys = [key for key in dict.fromkeys([*whole, *theirs]) if key[1]]
    rows: list[Failure] = []
    for key in keys:
        mine, all_of_mine, other = (one.get(key, Figures()) for one in (measured, whole, theirs))
        rows += [
            Failure(
                *key,
                reason,
                new=mine.errors[reason],
                new_share=mine.errors[reason] / mine.count if mine.count else 0.0,
                old=other.errors[reason] if old else None,
                old_share=other.errors[reason] / other.count if other.count else 0.0,
                outside=all_of_mine.errors[reason] - mine.errors[reason],
                examples=_examples(run, *key, reason),
            )
            for reason in sorted(all_of_mine.errors.keys() | other.errors.keys())
        ]
    return sorted(rows, key=lambda row: (-row.new, -(row.old or 0), -row.outside))


def _examples(run: Run, journey: str, step: str, reason: str) -> tuple[str, ...]:
    wanted = (journey, step, reason)
    texts = [one.message for one in run.examples if (one.journey, one.step, one.reason) == wanted]
    return tuple(dict.fromkeys(text for text in texts if text))[:MOST_EXAMPLES]


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stretch of the schedule: what was asked for and what came of it."""

    stage: Stage
    begin: float
    asked: float
    """Visits per second, on the average."""
    begun: float
    figures: Figures
    """Of all steps of the new release."""


def stage_rows(run: Run, new: Side) -> list[StageRow]:
    """All stages of the schedule, in order, each by the windows that lie within it."""
    width = run.schedule.width
    rows: list[StageRow] = []
    for begin, end, stage in placed(run.schedule):
        within = range(ceil(begin / width - 1e-6), int(end / width + 1e-6))
        seconds = len(within) * width or width
        traffic = [one for one in run.traffic if one.window in within]
        rows.append(
            StageRow(
                stage,
                begin,
                asked=(stage.start + stage.end) / 2,
                begun=sum(one.started for one in traffic) / seconds,
                figures=together(new.cells, within),
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class Vitals:
    """How one process of the generator fared while it was measured; None where the system does not tell."""

    process: str
    cpu: float
    """Cores, the usual value."""
    cpu_most: float
    quota: float | None
    waited: float | None
    """The most, as `steal`."""
    steal: float | None
    lag: float
    jump: float
    memory: int


def vitals(run: Run) -> list[Vitals]:
    """One row for each process, in order; the whole run where nothing was measured."""
    within = windows(run.schedule, "measure")
    told = [one for one in run.health if one.window in within] or list(run.health)
    by_process: dict[str, list[Health]] = {}
    for one in told:
        by_process.setdefault(one.process, []).append(one)
    return [
        _vitals(name, by_process[name]) for name in sorted(by_process, key=lambda name: (len(name), name))
    ]


def _vitals(process: str, told: Sequence[Health]) -> Vitals:
    return Vitals(
        process,
        cpu=median(one.cpu for one in told),
        cpu_most=max(one.cpu for one in told),
        quota=_most(one.quota for one in told),
        waited=_most(one.waited for one in told),
        steal=_most(one.steal for one in told),
        lag=max(one.lag for one in told),
        jump=max((one.jump for one in told), key=abs),
        memory=max(one.memory for one in told),
    )


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def control(cells: Iterable[Cell], within: range) -> Figures:
    """The request that measures the runner itself."""
    whole = Figures()
    for cell in cells:
        if cell.journey == CONTROL and cell.step and cell.window in within:
            whole.add(cell)
    return whole


def arrived(run: Run) -> list[tuple[Persona, float]]:
    """Who came, with the share of the visits that was asked of it, the most frequent first; who was left out last."""
    whole = sum(one.weight for one in run.personas if not one.left_out)
    rows = [(one, 0.0 if one.left_out or not whole else one.weight / whole) for one in run.personas]
    return sorted(rows, key=lambda row: (bool(row[0].left_out), -row[1]))


@dataclass(frozen=True, slots=True)
class Loads:
    """The whole run in a few figures, while it was measured."""

    due: int
    begun: int
    late: int
    dropped: int
    seconds: float
    steps: int
    """Of both releases."""
    counts: dict[str, int] = field(default_factory=dict)


def loads(run: Run) -> Loads:
    """What was asked for and done while it was measured."""
    within = windows(run.schedule, "measure")
    traffic = [one for one in run.traffic if one.window in within]
    return Loads(
        due=sum(one.due for one in traffic),
        begun=sum(one.started for one in traffic),
        late=sum(one.late for one in traffic),
        dropped=sum(one.dropped for one in traffic),
        seconds=len(within) * run.schedule.width,
        steps=together(run.cells, within).count,
        counts={name: number for name, number in run.counts.items() if number},
    )


def in_order(run: Run, contrasts: Iterable[Contrast]) -> list[Contrast]:
    """Contrasts by journey and step, as the visitors take them."""
    keys = {key: place for place, key in enumerate(steps_in_order(run, run.cells))}
    return sorted(contrasts, key=lambda one: (keys.get((one.journey, one.step), len(keys)), one.statistic))


def in_sight(contrasts: Iterable[Contrast]) -> list[Contrast]:
    """Contrasts that could have found a change at all, the finest first."""
    return sorted((one for one in contrasts if isfinite(one.detectable)), key=lambda one: one.detectable)
