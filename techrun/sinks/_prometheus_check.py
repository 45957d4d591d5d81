"""The series of one check as text, one fragment a family."""

from __future__ import annotations

from collections.abc import Mapping

from techrun.model import Check, Phases, Reason, Status
from techrun.sinks import _prometheus_families as families
from techrun.sinks._prometheus_counts import GOOD, Counts, LastRun
from techrun.sinks._prometheus_text import labels

# Ready up to the value, since a StrEnum takes longer to format than all the rest of its line.
_STATUS_LABEL = {status: f',status="{status}"}} ' for status in Status}
_REASON_LABEL = {reason: f',reason="{reason}"}} ' for reason in Reason}


class CheckSeries:
    """All series of one check.

    `counts.take` runs on the probe loop, `render` in the thread of a scrape. They share no lock:
    `take` adds to counts and swaps the last run in one assignment, so that a scrape in between sees
    one run or the other, and the next scrape sees all.
    """

    __slots__ = (
        "_drawn",
        "_drawn_failed",
        "_labels",
        "_location",
        "_short",
        "check",
        "counts",
        "dirty",
        "fragments",
    )

    def __init__(self, check: Check, location: str, counts: Counts | None = None) -> None:
        self.check = check
        self.counts = counts or Counts(check)
        self.fragments: dict[str, str] = {}
        self.dirty = True
        self._location = location
        self._short = labels(shop=check.id.shop, check=check.id.name)
        self._labels = f"{self._short},{labels(kind=check.kind, location=location)}"
        self._drawn: LastRun | None = None
        self._drawn_failed = -1

    def following(self, check: Check) -> CheckSeries:
        """The series of this check after a reload; another kind starts anew, as its labels do."""
        if check.kind != self.check.kind:
            return CheckSeries(check, self._location)
        if (check.steps, check.places_orders) == (self.check.steps, self.check.places_orders):
            return self
        return CheckSeries(check, self._location, self.counts.following(check))

    def render(self) -> None:
        """Bring the fragments up to date; what has not changed keeps its text."""
        last, drawn = self.counts.last, self._drawn
        self._render_counts()
        if last is not None:
            self._render_last(last)
            self._render_phases(last.phases)
            if drawn is None or drawn.status is not last.status:
                self._render_status(last.status)
        if self.counts.steps:
            self._render_steps(last.steps if last else ())
        if self.check.places_orders:
            self._render_orders()
        if last is not None:  # at the end, since a bad name raises
            self._render_measures(last.measures, drawn.measures if drawn else {})
        self._drawn = last

    def _render_counts(self) -> None:
        own, runs, failures = self._labels, families.RUNS.name, families.FAILURES.name
        head = f"{runs}{{{own}"
        self.fragments[runs] = "".join(
            [f"{head}{_STATUS_LABEL[status]}{count}\n" for status, count in self.counts.runs.items()]
        )
        self.fragments[families.DURATIONS.name] = self.counts.durations.lines(families.DURATIONS.name, own)
        failed = self.counts.failed
        if failed != self._drawn_failed:
            copied = list(self.counts.failures.items())  # the loop may add a reason meanwhile
            head = f"{failures}{{{own}"
            self.fragments[failures] = "".join(
                [f"{head}{_REASON_LABEL[reason]}{count}\n" for reason, count in copied]
            )
            self._drawn_failed = failed

    def _render_last(self, last: LastRun) -> None:
        duration, ran, good = families.DURATION.name, families.LAST_RUN.name, families.LAST_SUCCESS.name
        self.fragments[duration] = f"{duration}{{{self._labels}}} {last.duration:.6f}\n"
        self.fragments[ran] = f"{ran}{{{self._short}}} {last.ended:.3f}\n"
        if self.counts.last_good is not None:
            self.fragments[good] = f"{good}{{{self._short}}} {self.counts.last_good:.3f}\n"

    def _render_status(self, found: Status) -> None:
        name, success, own = families.STATUS.name, families.SUCCESS.name, self._labels
        self.fragments[name] = "".join(
            [f"{name}{{{own}{label}{int(status is found)}\n" for status, label in _STATUS_LABEL.items()]
        )
        self.fragments[success] = f"{success}{{{own}}} {int(found in GOOD)}\n"

    def _render_phases(self, phases: Phases) -> None:
        name, lookup, own = families.phase_metric(self.check.kind), families.LOOKUP.name, self._labels
        words = families.PHASE_WORDS.get(self.check.kind, {})
        self.fragments[name] = "".join(
            [
                f'{name}{{{own},phase="{words.get(phase, phase)}"}} {value:.6f}\n'
                for phase, value in phases.items()
            ]
        )
        if phases.resolve is None:
            self.fragments.pop(lookup, None)
        else:
            self.fragments[lookup] = f"{lookup}{{{own}}} {phases.resolve:.6f}\n"

    def _render_measures(self, measures: Mapping[str, float], drawn: Mapping[str, float]) -> None:
        for measure, value in measures.items():
            if drawn.get(measure) != value:
                name = families.measure_metric(measure)
                self.fragments[name] = f"{name}{{{self._labels}}} {float(value)!r}\n"
        for measure in drawn.keys() - measures.keys():
            self.fragments.pop(families.measure_metric(measure), None)

    def _render_steps(self, ran: tuple[tuple[str, bool], ...]) -> None:
        success, durations = families.STEP_SUCCESS.name, families.STEP_DURATIONS.name
        copied = list(self.counts.steps.items())  # the loop may add a step meanwhile
        own = {step: f"{self._short},{labels(step=step, location=self._location)}" for step, _ in copied}
        self.fragments[durations] = "".join([buckets.lines(durations, own[step]) for step, buckets in copied])
        self.fragments[success] = "".join(
            [f"{success}{{{own[step]}}} {int(held)}\n" for step, held in ran if step in own]
        )

    def _render_orders(self) -> None:
        created = families.ORDERS_CREATED.name
        self.fragments[created] = f"{created}{{{self._short}}} {self.counts.created}\n"
