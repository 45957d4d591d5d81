"""When each visit begins, which release it goes to and who makes it: known before the run. Pure.

Arrival `n` is due when `n` visits have been asked for: the integral of the rate over time, inverted. So visits
come evenly spaced at a steady rate, closer and closer in a ramp, and every worker reckons the same moments.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, cycle, pairwise
from math import ceil, sqrt
from random import Random

from techrun.language.rates import show
from techrun.load.job import Wishes
from techrun.load.records import Arm, Phase, Schedule, Stage

_SLACK = 1e-6
"""Of a visit: what sums of floating-point numbers may be wrong by."""
PHASES: tuple[Phase, ...] = ("ramp", "warm-up", "measure", "drain")
"""In the order in which they come."""
BLOCK = 64
"""Arrivals in which the personas have their shares, and both arms come first equally often."""
_MOST_KEPT = 16
_GOLDEN = (sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class _Sums:
    """Where each stage begins, in seconds and in visits; one entry more for the end of the last."""

    seconds: tuple[float, ...]
    visits: tuple[float, ...]


_KEPT: dict[int, tuple[tuple[Stage, ...], _Sums]] = {}
"""By identity, and with the stages themselves so that it stays theirs: a week of stages takes 25 µs to hash."""


def _sums(stages: tuple[Stage, ...]) -> _Sums:
    """Kept, since every arrival asks for them."""
    kept = _KEPT.get(id(stages))
    if kept is None:
        asked = (stage.seconds * (stage.start + stage.end) / 2 for stage in stages)
        seconds = accumulate((stage.seconds for stage in stages), initial=0.0)
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        kept = _KEPT[id(stages)] = (stages, _Sums(tuple(seconds), tuple(accumulate(asked, initial=0.0))))
    return kept[1]


def arrivals_end(schedule: Schedule) -> float:
    """When no more visits begin, in seconds; the drain follows."""
    return _sums(schedule.stages).seconds[-1]


def ends(schedule: Schedule) -> float:
    """When the drain ends at the latest."""
    return arrivals_end(schedule) + schedule.drain


def placed(schedule: Schedule) -> list[tuple[float, float, Stage]]:
    """Each stage with its beginning and end, in seconds."""
    return [
        (begin, end, stage)
        for (begin, end), stage in zip(pairwise(_sums(schedule.stages).seconds), schedule.stages, strict=True)
    ]


def stage_at(schedule: Schedule, t: float) -> Stage | None:
    """The stage of this moment; None before the run and after the last arrival."""
    if not 0 <= t < arrivals_end(schedule):
        return None
    return schedule.stages[bisect_right(_sums(schedule.stages).seconds, t) - 1]


def level(schedule: Schedule, t: float) -> float:
    """The rate of this moment, in visits per second (`closed`: visitors at a time); 0 after the last arrival."""
    stage = stage_at(schedule, t)
    if stage is None:
        return 0.0
    begun = _sums(schedule.stages).seconds[bisect_right(_sums(schedule.stages).seconds, t) - 1]
    return stage.start + (stage.end - stage.start) * (t - begun) / stage.seconds


def asked(schedule: Schedule, t: float) -> float:
    """How many visits have been asked for until then, fractions included; 0 in a closed model."""
    if schedule.model == "closed":
        return 0.0
    sums = _sums(schedule.stages)
    if t >= sums.seconds[-1]:
        return sums.visits[-1]
    at = bisect_right(sums.seconds, max(t, 0.0)) - 1
    stage, within = schedule.stages[at], max(t, 0.0) - sums.seconds[at]
    return sums.visits[at] + within * (stage.start + (stage.end - stage.start) * within / stage.seconds / 2)


def total(schedule: Schedule) -> int:
    """The visits of the whole run; 0 in a closed model, where nobody knows."""
    return max(0, ceil(asked(schedule, arrivals_end(schedule)) - _SLACK))


def due(schedule: Schedule, n: int) -> float:
    """When arrival `n` (from 0) is to begin, in seconds; IndexError after the last."""
    if not 0 <= n < total(schedule):
        raise IndexError(f"arrival {n} of {total(schedule)}")
    sums = _sums(schedule.stages)
    at = bisect_right(sums.visits, n) - 1
    stage, rest = schedule.stages[at], n - sums.visits[at]
    if rest <= 0:
        return sums.seconds[at]
    growth = (stage.end - stage.start) / stage.seconds
    root = sqrt(max(0.0, stage.start * stage.start + 2 * growth * rest))
    return min(sums.seconds[at] + 2 * rest / (stage.start + root), sums.seconds[at + 1])


def window_of(schedule: Schedule, t: float) -> int:
    """The number of the window that this moment lies in."""
    return int(t / schedule.width)


def planned(schedule: Schedule, window: int) -> int:
    """The arrivals that are due in this window; those of all windows add up to the total."""
    return _before(schedule, window + 1) - _before(schedule, window)


def _before(schedule: Schedule, window: int) -> int:
    """The arrivals that are due before this window: reckoned, then held against `due` at its border."""
    whole = total(schedule)
    n = min(whole, ceil(asked(schedule, window * schedule.width)))
    while n > 0 and window_of(schedule, due(schedule, n - 1)) >= window:
        n -= 1
    while n < whole and window_of(schedule, due(schedule, n)) < window:
        n += 1
    return n


def span(schedule: Schedule, phase: Phase) -> tuple[float, float]:
    """From when to when this phase lasts; both are the same where there is none."""
    end = arrivals_end(schedule)
    if phase == "drain":
        return end, end + schedule.drain
    starts = _sums(schedule.stages).seconds
    of_it = [at for at, stage in enumerate(schedule.stages) if stage.phase == phase]
    return (starts[of_it[0]], starts[of_it[-1] + 1]) if of_it else (end, end)


def measured(schedule: Schedule) -> tuple[float, float]:
    """From when to when the measured phase lasts."""
    return span(schedule, "measure")


def windows(schedule: Schedule, phase: Phase) -> range:
    """The windows that lie wholly in this phase: what is partly warm-up is not measured."""
    begin, end = span(schedule, phase)
    return range(ceil(begin / schedule.width - _SLACK), int(end / schedule.width + _SLACK))


def arm_of(schedule: Schedule, n: int) -> Arm:
    """The release that arrival `n` goes to: each pair of arrivals goes to both, in random order."""
    arms = schedule.arms
    pair, second = divmod(n, len(arms))
    place = _shuffled(f"{schedule.seed} arms {pair // BLOCK}")[pair % BLOCK]
    return arms[(second + (place >= BLOCK // 2)) % len(arms)]


def persona_of(weights: Sequence[float], n: int, seed: int) -> int:
    """Who makes visit `n`: an index into `weights`.

    In every 64 visits each persona has its share, to within one or two; within them the order is random, and no rhythm
    of the schedule meets a rhythm of the personas.
    """
    block, at = divmod(n, BLOCK)
    place = _shuffled(f"{seed} personas {block}")[at]
    share = (place + block * _GOLDEN % 1) / BLOCK
    sums = _weight_sums(tuple(weights))
    return min(bisect_right(sums, share * sums[-1]), len(sums) - 1)


@lru_cache(maxsize=64)
def _weight_sums(weights: tuple[float, ...]) -> tuple[float, ...]:
    """Kept, since every arrival asks for them."""
    return tuple(accumulate(weights))


@lru_cache(maxsize=256)
def _shuffled(seed: str) -> tuple[int, ...]:
    """0 to 63 in an order that this seed decides, the same in every version of Python."""
    draw = Random(seed).random  # noqa: S311  to repeat a run, not to keep a secret
    return tuple(sorted(range(BLOCK), key=lambda _: draw()))


def visit_of(schedule: Schedule, n: int) -> int:
    """The visit that arrival `n` is: both arrivals of a pair are the same visit, made by the same persona."""
    return n // len(schedule.arms)


def extended(schedule: Schedule, seconds: float) -> Schedule:
    """Measure for so much longer: a steady rate goes on, a shape begins anew; what was due stays as it was."""
    stages = [stage for stage in schedule.stages if stage.phase == "measure"]
    last = schedule.stages[-1]
    if all(stage.start == stage.end == last.end for stage in stages):
        return replace(
            schedule, stages=(*schedule.stages[:-1], replace(last, seconds=last.seconds + seconds))
        )
    added: list[Stage] = []
    for stage in cycle(stages):
        if seconds <= _SLACK:
            break
        added.append(cut(stage, min(seconds, stage.seconds)))
        seconds -= added[-1].seconds
    return replace(schedule, stages=(*schedule.stages, *added))


def cut(stage: Stage, seconds: float) -> Stage:
    """The first seconds of a stage."""
    reached = stage.start + (stage.end - stage.start) * seconds / stage.seconds
    return replace(stage, seconds=seconds, end=reached)


def scaled(schedule: Schedule, wishes: Wishes) -> Schedule:
    """The schedule with other rates and durations: a shape keeps its form, `rate` and `users` are its peak."""
    stages, model = schedule.stages, schedule.model
    lasting: dict[Phase, float | None] = {
        "measure": wishes.measure,
        "warm-up": wishes.warm_up,
        "ramp": wishes.ramp,
    }
    for phase, seconds in lasting.items():
        if seconds is not None:
            stages = _lasting(stages, phase, seconds)
    if wishes.rate is not None:
        stages, model = _reaching(stages, wishes.rate), "open"
    if wishes.users is not None:
        stages, model = _reaching(stages, wishes.users), "closed"
    drain = schedule.drain if wishes.drain is None else wishes.drain
    return replace(schedule, stages=stages, model=model, drain=drain)


def peak(stages: Sequence[Stage]) -> float:
    """The highest level of the measured phase."""
    return max(max(stage.start, stage.end) for stage in stages if stage.phase == "measure")


def _reaching(stages: tuple[Stage, ...], highest: float) -> tuple[Stage, ...]:
    """All levels in proportion, so that the measured phase peaks at this one."""
    factor = highest / peak(stages)
    return tuple(_times(stage, factor) for stage in stages)


def _times(stage: Stage, factor: float) -> Stage:
    """Other levels; a name that is the rate follows."""
    start, end = stage.start * factor, stage.end * factor
    name = show(end) if stage.name == show(stage.end) else stage.name
    return replace(stage, start=start, end=end, name=name)


def _lasting(stages: tuple[Stage, ...], phase: Phase, seconds: float) -> tuple[Stage, ...]:
    """A phase stretched to this duration; one of no duration is left out, one that was not there is put in."""
    others = [stage for stage in stages if stage.phase != phase]
    if not seconds:
        return tuple(others)
    own = [stage for stage in stages if stage.phase == phase]
    if own:
        factor = seconds / sum(stage.seconds for stage in own)
        own = [replace(stage, seconds=stage.seconds * factor) for stage in own]
    else:
        begin = next(stage.start for stage in stages if stage.phase == "measure")
        own = [Stage(phase, seconds, 0.0 if phase == "ramp" else begin, begin)]
    return tuple(sorted((*others, *own), key=lambda stage: PHASES.index(stage.phase)))
