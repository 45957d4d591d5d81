"""Runs a journey without any I/O: a generator that yields what it wants and is sent what came back.

A driver answers each `Request` with a `Response` or a `Failure` and each `Wait` with None. It may throw
`Interrupted` in at any time: the steps end there, `cleanup` runs (its requests and waits say so), and the
outcome is returned as ever. The generator never raises, and it can be closed at any time.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from techrun.exchange import Failure, Request, Response, Wait
from techrun.journey.judge import over_budget, status_of
from techrun.journey.measures import measures
from techrun.journey.orders import Placed, went_out
from techrun.journey.plan import Plan, PlannedStep
from techrun.journey.record import redacted_outcome
from techrun.journey.state import Context, Options, State, new_state
from techrun.journey.steps import Report, run_step
from techrun.model import Finding, Outcome, Phases, Reason, Status

__all__ = ["Context", "Options", "run"]

Exchanges = Generator[Request | Wait, Response | Failure | None, None]

MOST_ROWS = 5
"""Rows of test data that one run tries where a `fixture` step fails."""


def run(
    plan: Plan, options: Options, context: Context
) -> Generator[Request | Wait, Response | Failure | None, Outcome]:
    """Run the journey; the outcome is what the generator returns."""
    state = new_state(plan, options, context)
    story = _Story(state)
    last = plan.last(options.until)
    if last is None:
        return story.refuse(f"the journey {plan.name} has no step {options.until!r}")
    yield from story.walk(plan.steps[: last + 1])
    yield from story.clean_up()
    return redacted_outcome(story.outcome(), state.redactor)


class _Story:
    """One run from its first step to its outcome."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.reports: list[Report] = []
        self.cleanup: list[Report] = []
        self.not_run = ""

    def refuse(self, why: str) -> Outcome:
        """An outcome without any step: our own fault."""
        return Outcome(Status.UNKNOWN, Reason.INTERNAL, why, trace_id=self.state.trace_id)

    def walk(self, steps: tuple[PlannedStep, ...]) -> Exchanges:
        """Run the steps; again with the next row of the test data where they are at fault."""
        for tried in range(_rows(self.state.plan)):
            if tried:
                self.state.begin(self.state.options.row + tried)
            self.reports = []
            yield from self._walk_once(steps)
            if not self._data_at_fault():
                return

    def _walk_once(self, steps: tuple[PlannedStep, ...]) -> Exchanges:
        for step in steps:
            if step.places_order and not self.state.options.allow_orders:
                self.not_run = f"stopped before {step.name}: this run places no orders"
                return
            report = yield from run_step(self.state, step)
            self.reports.append(report)
            if step.places_order and went_out(report.log):
                self.state.orders.append(Placed(step, report.failure is None, dict(self.state.fresh)))
            if report.failure is not None:
                if report.failure.reason is Reason.ORDER_CAP:
                    self.not_run = f"stopped at {step.name}: {report.failure.message}"
                return

    def _data_at_fault(self) -> bool:
        """Whether another row of the test data may do better; never once an order went out."""
        failure = self.reports[-1].failure if self.reports else None
        return failure is not None and failure.reason is Reason.FIXTURE and not self.state.orders

    def clean_up(self) -> Exchanges:
        """Run every step of the cleanup, also after one that fails; an interruption ends it."""
        self.state.cleaning = True
        for step in self.state.plan.cleanup:
            report = yield from run_step(self.state, step)
            self.cleanup.append(report)
            if report.interrupted:
                return

    def outcome(self) -> Outcome:
        """What this run found."""
        state, explain = self.state, self.state.options.explain
        if state.options.brief:
            return self._brief()
        steps = tuple(report.result(explain=explain) for report in self.reports)
        return replace(
            self._brief(),
            phases=steps[0].phases if len(steps) == 1 else sum((step.phases for step in steps), Phases()),
            measures=measures(state.last, state.certificate),
            steps=steps,
            cleanup=tuple(report.result(explain=explain) for report in self.cleanup),
        )

    def _brief(self) -> Outcome:
        """What this run found, without steps and measures."""
        decided_in, decisive = self._verdict()
        name = decided_in.step.name if decided_in else ""
        orders = self.state.orders
        return Outcome(
            status=status_of(decisive),
            reason=decisive.reason if decisive else None,
            message=decisive.message if decisive else "",
            step=name,
            cleanup_failed=any(report.failure is not None for report in self.cleanup),
            orders=tuple(order.settle(self.cleanup) for order in orders),
            order_failed=any(order.step.name == name for order in orders),
            trace_id=self.state.trace_id,
            not_run=self.not_run,
        )

    def _verdict(self) -> tuple[Report | None, Finding | None]:
        """What decides, and in which step: the failure, else what the journey's time makes of its budget,
        else the first thing that degrades.
        """  # noqa: D205  one sentence
        last = self.reports[-1] if self.reports else None
        if last is not None and last.failure is not None:
            return last, last.failure
        slow = over_budget(self.state.plan.budget, sum(report.log.elapsed for report in self.reports))
        if slow and not slow[0].soft:
            return None, slow[0]
        for report in self.reports:
            if report.findings:
                return report, report.findings[0]
        return None, slow[0] if slow else None


def _rows(plan: Plan) -> int:
    """How many rows of test data one run may try."""
    most = max((len(rows) for rows in plan.tables.values()), default=1)
    return min(MOST_ROWS, max(most, len(plan.articles), 1))
