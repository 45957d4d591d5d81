"""What a person sees while a load test runs: figures of the last seconds, ready to be drawn. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from techrun.load.histogram import merged, quantile
from techrun.load.records import Arm, Cell, Health, Phase, Ruling, Run, Schedule
from techrun.load.schedule import arrivals_end, level, span, stage_at
from techrun.load.tally import Tally

RECENT = 10.0
"""Seconds that the figures are about."""


@dataclass(frozen=True, slots=True)
class Now:
    """One step of one release in the last seconds; how many and what failed count from the beginning."""

    rate: float
    """Per second."""
    p50: float | None
    p95: float | None
    count: int
    """Failed ones too."""
    failed: int
    reason: str
    """The commonest of the failures."""


@dataclass(frozen=True, slots=True)
class Row:
    """One step; `old` only where two releases are held against each other."""

    step: str
    """Empty: whole visits."""
    new: Now
    old: Now | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """The run at one moment."""

    at: float
    phase: Phase
    stage: str
    left: float
    """Seconds until the phase ends."""
    done: float
    """Share of the whole schedule, drain left out."""
    asked: float
    """Visits per second that the schedule asks for now; visitors at a time in a closed model."""
    started: float
    """Visits per second that began lately."""
    late: int
    dropped: int
    visitors: int
    rows: tuple[Row, ...]
    health: tuple[Health, ...]
    workers: int
    orders: int
    criteria: tuple[Ruling, ...] = ()
    """How the written criteria stand, once something was measured."""
    closed_model: bool = False


def picture(tally: Tally, run: Run, at: float, criteria: Sequence[Ruling] = ()) -> Picture:
    """The run at this moment; `at` counts from its beginning and may be ahead of the last report."""
    schedule = run.schedule
    end = arrivals_end(schedule)
    stage = stage_at(schedule, at)
    phase: Phase = stage.phase if stage else "drain"
    return Picture(
        at=at,
        phase=phase,
        stage=stage.name if stage else "",
        left=max(0.0, span(schedule, phase)[1] - at),
        done=min(1.0, at / end) if end else 1.0,
        asked=level(schedule, at),
        started=_started(tally, schedule),
        late=sum(one.late for one in tally.traffic.values()),
        dropped=sum(one.dropped for one in tally.traffic.values()),
        visitors=tally.active,
        rows=tuple(_rows(tally, run)),
        health=tuple(tally.health.values()),
        workers=tally.workers,
        orders=tally.counts.get("orders", 0),
        criteria=tuple(criteria),
        closed_model=schedule.model == "closed",
    )


def _started(tally: Tally, schedule: Schedule) -> float:
    """Visits per second in the last windows that are over."""
    over = sorted(window for window, one in tally.traffic.items() if one.closed)[-_windows(schedule) :]
    if not over:
        return 0.0
    return sum(tally.traffic[window].started for window in over) / (len(over) * schedule.width)


def _windows(schedule: Schedule) -> int:
    return max(1, round(RECENT / schedule.width))


def _rows(tally: Tally, run: Run) -> Iterable[Row]:
    """Whole visits, then the steps in the visitors' order; those of several journeys under one name together."""
    names = dict.fromkeys(step for persona in run.personas if not persona.left_out for step in persona.steps)
    recent = tally.recent(_windows(run.schedule))
    seconds = min(RECENT, max(tally.at, run.schedule.width))
    for step in ("", *names):
        totals = {arm: tally.total(arm, step) for arm in run.schedule.arms}
        if not any(total.count for total in totals.values()):
            continue
        sides: dict[Arm, Now] = {
            arm: _now(total, [cell for cell in recent if cell.arm == arm and cell.step == step], seconds)
            for arm, total in totals.items()
        }
        yield Row(step, sides["new"], sides.get("old"))


def _now(total: Cell, recent: Sequence[Cell], seconds: float) -> Now:
    buckets = merged(cell.buckets for cell in recent)
    return Now(
        rate=sum(cell.count for cell in recent) / seconds,
        p50=quantile(buckets, 0.5),
        p95=quantile(buckets, 0.95),
        count=total.count,
        failed=sum(total.errors.values()),
        reason=max(total.errors, key=lambda reason: total.errors[reason], default=""),
    )
