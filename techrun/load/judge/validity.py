"""Whether a run can be believed at all: judged before anything that it says of the shop.

What counts is how the generator fared in the measured windows. That the shop was slow, hung or refused is no
reason to doubt a run; that visitors found no room while the generator was well is the shop's failure (`drowned`).

The limits of the generator's health are argued in docs/load-statistics.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean

from techrun.load import schedule as plan
from techrun.load.figures import seconds_text, share_text
from techrun.load.generator.health import busy
from techrun.load.histogram import merged, quantile
from techrun.load.records import CONTROL, LATE, Health, Ruling, Run, Traffic
from techrun.model import Reason

FAILING = 0.05
"""Share of failed steps that a busy generator hardly explains."""
MISSED = 0.05
"""Share of the visits asked for that were never sent."""
LOCAL = "local"
"""What the generating process is called where there is only one."""
LATE_SHARE = 0.01
"""Share of the visits that began over 50 ms late."""
BUSY = 0.80
"""Of the time, on average: a process that works, or waits for a processor, for more than that is starved."""
STEAL = 0.10
"""Share of the machine's time that went to others on the same host, on average."""
LAG = 0.010
"""Seconds by which an event loop may come late at worst, on average over the windows."""
LAG_SHARE = 0.1
"""Of the median answer time, if that is more: what slow pages do not notice."""
JUMP = 0.5
"""Seconds that the clock moved in one window."""
ENOUGH = 0.8
"""Share of the measured windows that a run must have when it was stopped early."""
MISSING = 0.01
"""Share of the measured windows that may be missing otherwise."""


def rulings(run: Run, *, finished: bool = True) -> tuple[Ruling, ...]:
    """Why this run cannot be believed; none: it can. A run that is not finished may lack its end."""
    windows = plan.windows(run.schedule, "measure")
    known = {
        traffic.window: traffic for traffic in run.traffic if traffic.closed and traffic.window in windows
    }
    traffic = [known[window] for window in sorted(known)]
    found = (
        _worker(run),
        _internal(run),
        *_extent(run, windows, traffic, finished=finished),
        _requests(run, frozenset(known)),
        _rate(run, traffic),
        *_generator(run, frozenset(known)),
    )
    health = [ruling for ruling in found if ruling is not None]
    late = _late(traffic)
    return (*health, *([late] if late else []))


def _invalid(rule: str, subject: str, text: str) -> Ruling:
    return Ruling(f"invalid.{rule}", subject, holds=False, text=text)


def _worker(run: Run) -> Ruling | None:
    if not run.workers_lost:
        return None
    return _invalid("worker", "generator", f"{run.workers_lost} of {run.workers} generating processes died")


def _internal(run: Run) -> Ruling | None:
    """Whether techrun itself failed, in any phase: nobody knows what the shop would have answered."""
    reason = Reason.INTERNAL.value
    failed = sum(cell.errors.get(reason, 0) for cell in run.cells if cell.step and cell.journey != CONTROL)
    if not failed:
        return None
    example = next((f": {one.message}" for one in run.examples if one.reason == reason), "")
    return _invalid("internal", "generator", f"{failed} steps failed by a fault of techrun's own{example}")


def _extent(
    run: Run, windows: range, traffic: Sequence[Traffic], *, finished: bool
) -> Iterable[Ruling | None]:
    """Whether the measured phase was gone through, without holes."""
    reached = len(windows) if finished and not run.stopped else _reached(windows, traffic)
    if run.stopped and reached < ENOUGH * len(windows):
        seconds, asked = (count * run.schedule.width for count in (reached, len(windows)))
        text = f"stopped after {seconds:g} of {asked:g} measured seconds: {run.stopped}"
        yield _invalid("stopped", "run", text)
    holes = reached - len(traffic)
    if holes > MISSING * reached:
        yield _invalid("missing", "run", f"{holes} of {reached} measured windows are not in the result")


def _reached(windows: range, traffic: Sequence[Traffic]) -> int:
    """How many windows there are up to the last one that is known."""
    return traffic[-1].window - windows.start + 1 if traffic else 0


def _requests(run: Run, windows: frozenset[int]) -> Ruling | None:
    if any(cell.count for cell in run.cells if cell.window in windows and cell.journey != CONTROL):
        return None
    return _invalid("no_requests", "run", "not one request was sent in the measured time")


def _asked(run: Run, traffic: Traffic) -> int:
    """The visits of a window by the schedule itself: a process that died does not tell what it owed.

    Those after the run was stopped were not asked for; the generator knows where that was.
    """
    told = run.schedule.model == "closed" or run.stopped
    return traffic.due if told else plan.planned(run.schedule, traffic.window)


def _rate(run: Run, traffic: Sequence[Traffic]) -> Ruling | None:
    """Visits that found no room are the shop's affair, all others that were not begun the generator's."""
    asked = sum(_asked(run, each) for each in traffic)
    missed = asked - sum(each.started + each.dropped for each in traffic)
    if missed <= MISSED * asked:
        return None
    share = share_text(missed, asked)
    return _invalid("rate", "generator", f"{missed} of {asked} visits asked for were not begun ({share})")


def drowned(run: Run) -> Ruling | None:
    """Visitors who found no room in a run that can be believed: the shop did not keep up."""
    windows = plan.windows(run.schedule, "measure")
    traffic = [each for each in run.traffic if each.closed and each.window in windows]
    asked, dropped = sum(each.due for each in traffic), sum(each.dropped for each in traffic)
    if dropped <= LATE_SHARE * asked:
        return None
    most = max(each.active for each in traffic)
    text = (
        f"{dropped} of {asked} visits ({share_text(dropped, asked)}) found no room: the shop kept {most} visitors"
        " at a time waiting, the most that this run may have. Their answers are missing from all times"
    )
    return Ruling("errors.drowned", "all steps", holds=False, text=text)


def besides(run: Run) -> Ruling | None:
    """What the shop did in a run that cannot be believed: nobody runs it again and again over a broken shop."""
    windows = frozenset(plan.windows(run.schedule, "measure"))
    cells = [
        cell
        for cell in run.cells
        if cell.window in windows and cell.step and cell.journey != CONTROL and cell.arm == "new"
    ]
    reasons = Counter[str]()
    for cell in cells:
        reasons.update({reason: count for reason, count in cell.errors.items() if reason != Reason.INTERNAL})
    failed, total = reasons.total(), sum(cell.count for cell in cells)
    if not failed or failed / total <= FAILING:
        return None
    ((reason, _),) = reasons.most_common(1)
    text = f"{share_text(failed, total)} of {total} steps failed all the same, most of them by {reason}"
    return Ruling("errors.besides", "all steps", None, text)


def _late(traffic: Sequence[Traffic]) -> Ruling | None:
    started, late = sum(each.started for each in traffic), sum(each.late for each in traffic)
    if late <= LATE_SHARE * started:
        return None
    share = share_text(late, started)
    text = f"{late} of {started} visits ({share}) began more than {seconds_text(LATE)} late"
    return _invalid("late", "generator", text)


def _generator(run: Run, windows: frozenset[int]) -> Iterable[Ruling]:
    """How each generating process fared on average over the measured windows."""
    limit = _lag_limit(run, windows)
    for name, of_it in _by_process(run, windows):
        process = "the generator" if name == LOCAL else name
        yield from _starved(process, of_it)
        steal = _mean(each.steal for each in of_it)
        if steal > STEAL:
            yield _invalid(
                "steal", process, f"others on its host took {share_text(steal, 1)} of its machine's time"
            )
        lag = _mean(each.lag for each in of_it)
        if lag > limit:
            text = f"{process} was {seconds_text(lag)} late at the worst of each second, on average"
            yield _invalid("lag", process, f"{text}; the limit is {seconds_text(limit)}")
        jump = max(abs(each.jump) for each in of_it)
        if jump > JUMP:
            yield _invalid("clock", process, f"the clock of {process} jumped by {seconds_text(jump)}")


def _starved(process: str, health: Sequence[Health]) -> Iterable[Ruling]:
    """Whether it had too little processor time: what it waited counts like what it used."""
    used, waited = _mean(busy(each.cpu, each.quota) for each in health), _mean(each.waited for each in health)
    if used + waited > BUSY:
        text = f"{process} worked {share_text(used, 1)} of the time"
        text += f" and waited {share_text(waited, 1)} for a processor: over {share_text(BUSY, 1)} together"
        yield _invalid("cpu" if used > waited else "waited", process, text)


def _mean(values: Iterable[float | None]) -> float:
    """Of what is known; nothing known is nothing wrong."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else 0.0


def _lag_limit(run: Run, windows: frozenset[int]) -> float:
    """By how much an event loop may be late before answer times mean something else; a shop that hangs has none."""
    cells = (cell for cell in run.cells if cell.step and cell.journey != CONTROL and cell.window in windows)
    median = quantile(merged(cell.buckets for cell in cells), 0.5)
    return min(max(LAG, LAG_SHARE * median), LATE) if median is not None else LATE


def _by_process(run: Run, windows: frozenset[int]) -> Iterable[tuple[str, list[Health]]]:
    """What is known of each generating process in the measured windows."""
    found: dict[str, list[Health]] = {}
    for health in run.health:
        if health.window in windows:
            found.setdefault(health.process, []).append(health)
    return sorted(found.items())
