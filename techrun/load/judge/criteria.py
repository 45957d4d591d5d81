"""What must hold in a load test: criteria as they are written, and what a run says of each. Pure.

Only windows that are over on every worker are looked at, and of two releases in one run only the new one. A
criterion about a step that no visitor of the scenario takes says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from techrun.config.load import PERCENTILES, Criteria, Criterion, LoadSettings
from techrun.errors import ConfigError, Problem
from techrun.journey.plan import Plan
from techrun.language import durations
from techrun.language.words import did_you_mean
from techrun.load import schedule as plan
from techrun.load.judge.counting import Count, badness, by_window, keeps
from techrun.load.judge.prospects import Prospects
from techrun.load.judge.wording import sentence, subject
from techrun.load.records import CONTROL, Cell, Persona, Ruling, Run

FEWEST = 10
"""Steps or visits without which a stretch (`over`) says nothing: one failure would be all of it."""
ERRORS = Criterion.model_validate({"errors": "0.5%"})
"""The share of failed steps that holds where no criterion is written."""
BROKEN = Criterion.model_validate({"errors": "50%", "over": "10s", "from": "ramp", "abort": True})
"""Stops a run whose shop broke, in any phase; `stop_if_broken: false` leaves it out."""
Stated = Criterion | Mapping[str, Any]
"""A criterion, or what it was written as."""


def criteria_for(
    load: LoadSettings, scenario: str, personas: Sequence[Persona], plans: Mapping[str, Plan]
) -> Criteria:
    """What must hold in this scenario: as it is written, else the journeys' budgets.

    `plans` has the journeys by the scenario's names for them, budgets included. ConfigError where a criterion of
    this scenario is about a step that none of its visitors takes.
    """
    problems = [
        problem
        for criterion in load.of(scenario).criteria
        for problem in _not_taken(criterion, load, personas)
    ]
    if problems:
        raise ConfigError(problems)
    written = tuple(_renamed(criterion, load, plans) for criterion in load.criteria_of(scenario))
    return (*(written or default_criteria(plans)), *((BROKEN,) if load.stop_if_broken else ()))


def default_criteria(plans: Mapping[str, Plan]) -> Criteria:
    """What must hold where nothing is written: few failures, and p95 of each step within its budget."""
    return (ERRORS, *(criterion for name, each in plans.items() for criterion in _of_budgets(name, each)))


def _of_budgets(journey: str, plan_with_budgets: Plan) -> Iterator[Criterion]:
    """`fail` must hold, `warn` is only told."""
    for step in plan_with_budgets.steps:
        budget = step.budget
        if budget is None or step.verb == "wait":
            continue
        about = {"journey": journey, "step": step.name}
        if budget.fail:
            yield Criterion.model_validate({**about, "p95": f"{budget.fail:f}s"})
        if budget.warn:
            yield Criterion.model_validate({**about, "p95": f"{budget.warn:f}s", "soft": True})


def _renamed(criterion: Criterion, load: LoadSettings, plans: Mapping[str, Plan]) -> Criterion:
    """With the scenario's name for a journey that the shop calls otherwise: so it is recorded."""
    if criterion.journey is None or criterion.journey in plans:
        return criterion
    names = [name for name, called in load.journeys.items() if called == criterion.journey and name in plans]
    return criterion.model_copy(update={"journey": names[0]}) if names else criterion


def _not_taken(criterion: Criterion, load: LoadSettings, personas: Sequence[Persona]) -> Iterator[Problem]:
    journey = criterion.journey
    mine = [each for each in personas if journey in {None, each.journey, load.journeys.get(each.journey)}]
    steps = list(dict.fromkeys(step for persona in mine for step in persona.steps))
    if criterion.step is not None and steps and criterion.step not in steps:
        hint = did_you_mean(criterion.step, steps) or f"its steps are {', '.join(steps)}"
        yield criterion.problem(
            ("step",), f'no visitor of this scenario takes the step "{criterion.step}"', hint
        )


def rulings(run: Run, criteria: Sequence[Stated]) -> tuple[Ruling, ...]:
    """What the run says of each criterion, in their order; `holds` is None where nothing was measured.

    That a shop did not break is told of none: in a quiet run it could not even be seen.
    """
    cells = _Cells(run)
    found = ((criterion, _Case(run, criterion, cells).ruling()) for criterion in _about(run, criteria))
    return tuple(
        ruling for criterion, ruling in found if ruling.holds is False or criterion.about != BROKEN.about
    )


def hopeless(run: Run, criteria: Sequence[Stated]) -> Ruling | None:
    """The first criterion with `abort` that cannot hold any more, even if all that is still to come is good."""
    cells = _Cells(run)
    for criterion in _about(run, criteria):
        if criterion.abort:
            case = _Case(run, criterion, cells)
            if case.is_hopeless():
                return replace(case.ruling(), holds=False)
    return None


def _about(run: Run, criteria: Sequence[Stated]) -> Iterator[Criterion]:
    """The criteria that are about something which this run's visitors do."""
    for stated in criteria:
        criterion = stated if isinstance(stated, Criterion) else Criterion.model_validate(stated)
        if not run.personas or _takes(run.personas, criterion):
            yield criterion


def _takes(personas: Iterable[Persona], criterion: Criterion) -> bool:
    mine = [each for each in personas if not each.left_out and criterion.journey in {None, each.journey}]
    return any(criterion.step is None or not each.steps or criterion.step in each.steps for each in mine)


class _Cells:
    """The cells of a run's new release by what they are about."""

    def __init__(self, run: Run) -> None:
        self.closed = run.closed
        self._by_step: dict[str, list[Cell]] = {}
        for cell in run.cells:
            if cell.arm == "new" and cell.journey != CONTROL and cell.window in self.closed:
                self._by_step.setdefault(cell.step, []).append(cell)

    def of(self, criterion: Criterion) -> list[Cell]:
        """The cells that a criterion is about."""
        if criterion.visit:
            found = self._by_step.get("", [])
        elif criterion.step is not None:
            found = self._by_step.get(criterion.step, [])
        else:
            found = [cell for step, cells in self._by_step.items() if step for cell in cells]
        return [cell for cell in found if criterion.journey in {None, cell.journey}]


@dataclass(frozen=True, slots=True)
class _Case:
    """One criterion and one run."""

    run: Run
    criterion: Criterion
    cells: _Cells

    def ruling(self) -> Ruling:
        """What the run says: the worst stretch decides."""
        cells = self.cells.of(self.criterion)
        judged = list(self._judged(cells))
        told = [each for each in judged if each[2] is not None]
        holds, text = None, self._nothing()
        if told:
            stretch, _, holds = min(
                told,
                key=lambda each: (each[2] is not False, -badness(self.criterion, each[1]), each[0].start),
            )
            broken = sum(each[2] is False for each in told)
            inside = [cell for cell in cells if cell.window in stretch]
            text = sentence(self.criterion, inside, self._moments(stretch), (broken, len(told)), keeps=holds)
        return Ruling(
            _rule(self.criterion), subject(self.criterion), holds, text,
            self.criterion.journey or "", self.criterion.step or "",
        )  # fmt: skip

    def _nothing(self) -> str:
        """Why nothing is said."""
        if self.criterion.over is None:
            return f"nothing was measured of {subject(self.criterion)}"
        least = "" if self.criterion.measure == "throughput" else f" with {FEWEST} answers"
        return (
            f"no stretch of {durations.show(self.criterion.over)}{least} of {subject(self.criterion)} is over"
        )

    def is_hopeless(self) -> bool:
        """Whether a stretch that is over (without `over`, the whole) fails even if all that still comes is good."""
        prospects = Prospects(self.run, self.criterion, self.cells.closed)
        for stretch, count in self._counted(self.cells.of(self.criterion)):
            last = stretch.start if self.criterion.over is None else stretch.stop - 1
            if last not in self.cells.closed or not self._is_enough(count):
                continue
            more = prospects.of(stretch)
            if (
                more is not None
                and keeps(self.criterion, count.at_best(more), self._seconds(stretch)) is False
            ):
                return True
        return False

    def _judged(self, cells: Iterable[Cell]) -> Iterator[tuple[range, Count, bool | None]]:
        """Each stretch that is over and what it says; without `over`, all that is over is one stretch."""
        for stretch, count in self._counted(cells):
            over = range(stretch.start, min(stretch.stop, max(self.cells.closed, default=-1) + 1))
            whole = len(over) == len(stretch)
            if over and (whole or self.criterion.over is None):
                enough = self._is_enough(count)
                yield over, count, keeps(self.criterion, count, self._seconds(over)) if enough else None

    def _counted(self, cells: Iterable[Cell]) -> Iterator[tuple[range, Count]]:
        """Each stretch of the judged windows with what is in it so far, the earliest first."""
        counts, nothing = by_window(self.criterion, cells), Count()
        windows, length = self._windows(), self._length()
        if not windows:
            return
        stretch = range(windows.start, windows.start + length)
        count = sum((counts[window] for window in stretch if window in counts), nothing)
        yield stretch, count
        for end in range(stretch.stop, windows.stop):
            count = count + counts.get(end, nothing) - counts.get(end - length, nothing)
            yield range(end - length + 1, end + 1), count

    def _windows(self) -> range:
        """The windows that are judged, by the schedule."""
        measured = plan.windows(self.run.schedule, "measure")
        if self.criterion.from_ == "measure" or not measured:
            return measured
        if self.criterion.from_ == "ramp":
            return range(measured.stop)
        warm_up = plan.windows(self.run.schedule, "warm-up")
        return range(warm_up.start, measured.stop) if warm_up else measured

    def _length(self) -> int:
        """Windows of a stretch; all of them where there are not so many."""
        windows, over = self._windows(), self.criterion.over
        return len(windows) if over is None else min(len(windows), round(over / self.run.schedule.width))

    def _is_enough(self, count: Count) -> bool:
        """Whether a stretch has enough in it to say something."""
        if self.criterion.over is None or self.criterion.measure == "throughput":
            return True
        if self.criterion.measure in PERCENTILES and count.done:
            return count.done >= FEWEST
        return count.total >= FEWEST

    def _seconds(self, stretch: range) -> float:
        return len(stretch) * self.run.schedule.width

    def _moments(self, stretch: range) -> tuple[float, float]:
        width = self.run.schedule.width
        return stretch.start * width, stretch.stop * width


def _rule(criterion: Criterion) -> str:
    if criterion.soft:
        return "latency.budget"
    return f"{'latency' if criterion.measure in PERCENTILES else criterion.measure}.criterion"
