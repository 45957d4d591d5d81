"""`breakpoint`: which stage of a schedule that steps up still held. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from techrun.config.load import Criterion
from techrun.load.judge import criteria as criteria_rules
from techrun.load.judge.rules import decides
from techrun.load.records import Phase, Ruling, Run, Stage
from techrun.load.schedule import placed

DROPPED = 0.01
"""Share of the arrivals of a stage that may find no room."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage that was loaded, and what broke in it."""

    stage: Stage
    number: int
    """Of the stage in the schedule."""
    broken: tuple[Ruling, ...]

    @property
    def holds(self) -> bool:
        """Whether every criterion held."""
        return not self.broken


def only(run: Run, numbers: Sequence[int]) -> Run:
    """The run as if only these stages, which follow each other, were its measured phase."""
    stages = tuple(
        replace(stage, phase=_phase(stage, number, numbers))
        for number, stage in enumerate(run.schedule.stages)
    )
    return replace(run, schedule=replace(run.schedule, stages=stages))


def _phase(stage: Stage, number: int, wanted: Sequence[int]) -> Phase:
    if stage.phase != "measure" or number in wanted:
        return stage.phase
    return "warm-up" if number < min(wanted, default=0) else "drain"


def steps(run: Run, criteria: Sequence[Criterion]) -> tuple[Step, ...]:
    """Each measured stage whose arrivals are all over, in order; the first that does not hold is the last.

    A stage that was broken off because it was hopeless counts too.
    """
    found = []
    over = _over(run)
    for number in over:
        step = Step(run.schedule.stages[number], number, _broken(only(run, [number]), number, criteria))
        found.append(step)
        if not step.holds:
            return tuple(found)
    lost = criteria_rules.hopeless(run, criteria) if run.stopped else None
    under_way = _after(run, over)
    if lost is not None and under_way is not None:
        found.append(Step(run.schedule.stages[under_way], under_way, (lost,)))
    return tuple(found)


def _after(run: Run, over: Sequence[int]) -> int | None:
    """The measured stage after these."""
    measured = [number for number, stage in enumerate(run.schedule.stages) if stage.phase == "measure"]
    return next((number for number in measured if number not in over), None)


def _over(run: Run) -> list[int]:
    """The numbers of the measured stages that are over."""
    closed = run.closed
    return [
        number
        for number, (_, end, stage) in enumerate(placed(run.schedule))
        if stage.phase == "measure" and int(end / run.schedule.width + 1e-6) - 1 in closed
    ]


def _broken(run: Run, number: int, criteria: Sequence[Criterion]) -> tuple[Ruling, ...]:
    ruled = criteria_rules.rulings(run, criteria)
    broken = tuple(one for one in ruled if one.holds is False and decides(one))
    begin, end, _ = placed(run.schedule)[number]
    mine = [one for one in run.traffic if begin <= one.window * run.schedule.width < end]
    due, dropped = sum(one.due for one in mine), sum(one.dropped for one in mine)
    if dropped > DROPPED * due:
        text = f"{dropped} of {due} visits found no room: the shop kept the earlier ones too long"
        broken = (*broken, Ruling("errors.drowned", "visits", holds=False, text=text))
    return broken


def found(run: Run, reached: Sequence[Step]) -> str:
    """What the shop holds, in one sentence."""
    unit = "visitors at a time" if run.schedule.model == "closed" else "visits/s"
    held = [step for step in reached if step.holds]
    broke = next((step for step in reached if not step.holds), None)
    most = f"holds {held[-1].stage.end:g} {unit}" if held else "does not even hold the first step"
    if broke is not None:
        return f"{most}; at {broke.stage.end:g} {unit} it breaks: {broke.broken[0].text}"
    return f"{most}, the most that it was given" if held else "nothing was measured"
