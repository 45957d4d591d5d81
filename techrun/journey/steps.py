"""Runs one step: tries it, judges it, and tells what became of it. Never raises."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

from techrun.exchange import Failure, Interrupted, Request, Response, Wait
from techrun.journey import tracing
from techrun.journey.addresses import BadAddressError
from techrun.journey.assets import check_assets
from techrun.journey.controls import FormError
from techrun.journey.judge import first_hard, judge, over_budget, page_of, status_of
from techrun.journey.plan import PlannedStep, Retrying
from techrun.journey.record import Log
from techrun.journey.sending import prepare
from techrun.journey.session import Visit
from techrun.journey.state import State
from techrun.language.errors import RunError
from techrun.model import Finding, Phases, Reason, Step

Exchanges = Generator[Request | Wait, Response | Failure | None, None]

_NETWORK = frozenset({Reason.DNS, Reason.CONNECT, Reason.TLS, Reason.TIMEOUT, Reason.PROTOCOL})
_STATUS = frozenset({Reason.STATUS, Reason.MAINTENANCE})
_EXPECT = frozenset({Reason.STATUS, Reason.GRAPHQL, Reason.EXTRACTION, Reason.EXPECTATION})


@dataclass(slots=True)
class Report:
    """One step while it runs."""

    step: PlannedStep
    span: str
    log: Log = field(default_factory=Log)
    findings: list[Finding] = field(default_factory=list)
    http_status: int | None = None
    attempts: int = 1
    skipped: bool = False
    interrupted: bool = False
    cleanup: bool = False

    @property
    def failure(self) -> Finding | None:
        """What makes the step fail; None where it passes."""
        return first_hard(self.findings)

    def result(self, *, explain: bool) -> Step:
        """What is told of the step."""
        decisive = self.failure or (self.findings[0] if self.findings else None)
        failed = self.failure is not None
        return Step(
            name=self.step.name,
            status=status_of(decisive),
            reason=decisive.reason if decisive else None,
            message=decisive.message if decisive else "",
            duration=self.log.elapsed,
            phases=self.log.phases or _NO_PHASES,
            findings=tuple(self.findings),
            http_status=self.http_status,
            attempts=self.attempts,
            title=self.step.title,
            span_id=self.span,
            exchanges=self.log.records() if failed or explain else (),
            skipped=self.skipped,
        )


_NO_PHASES = Phases()


def run_step(state: State, step: PlannedStep) -> Generator[Request | Wait, Response | Failure | None, Report]:
    """Yield what the step asks for; an `Interrupted` thrown in ends it and is in its report."""
    report = Report(step, tracing.span_id(state.context.random), cleanup=state.cleaning)
    state.fresh = {}
    try:
        yield from _tries(state, report)
    except Interrupted as interruption:
        report.interrupted = True
        report.findings.insert(0, Finding(interruption.reason, interruption.message))
    except Exception as error:  # noqa: BLE001  our own error is a finding too: a journey always has an outcome
        report.findings.insert(0, Finding(Reason.INTERNAL, f"our own error: {type(error).__name__}: {error}"))
    if state.context.on_step is not None:
        state.context.on_step(report)
    return report


def _tries(state: State, report: Report) -> Exchanges:
    """Try the step, again where its `retry` says so; then judge the time that it took."""
    retry = report.step.retry
    session = state.session(report.step)
    page = session.page
    while True:
        report.findings = []
        session.page = page  # a form is sent again from its own page, not from that of an error
        try:
            yield from _try(state, report)
        except (RunError, FormError, BadAddressError, UnicodeError) as error:
            report.findings.append(Finding(Reason.EXTRACTION, str(error)))
        failure = report.failure
        if failure is None or retry is None or report.attempts > retry.times or not _again(retry, report):
            break
        yield Wait(retry.wait, state.cleaning)
        report.attempts += 1
    if report.step.budget is not None and not report.skipped:
        report.findings.extend(over_budget(report.step.budget, report.log.elapsed))


def _try(state: State, report: Report) -> Exchanges:
    """One try: the request, its redirects, the judgement, the assets."""
    step = report.step
    scope = enter(step, state.scope)
    if scope is None:
        report.skipped = True
        return
    if step.verb == "wait":
        yield Wait(step.wait, state.cleaning)
        return
    session = state.session(step)
    call = prepare(state, step, session, scope, report.span)
    now = state.context.now()
    visit = Visit(session, state.identity, report.log)
    arrival = yield from visit.go(call, now)
    if isinstance(arrival, Failure):
        state.certificate = arrival.certificate or state.certificate
        report.http_status = None
        if not state.cleaning:
            state.last = None
        report.findings.append(Finding(arrival.reason, arrival.message))
        return
    state.arrive(arrival)
    report.http_status = arrival.response.status
    page = page_of(session, arrival, now)
    report.findings = judge(state, step, arrival, page, scope)
    if step.expect is not None and report.failure is None:
        soft = step.expect.soft is not None and step.expect.soft.wants_assets
        if step.expect.wants_assets or soft:
            leave_out = state.options.own_hosts_only
            found = yield from check_assets(visit, call, page, now, leave_out_forbidden=leave_out)
            report.findings.extend(replace(finding, soft=not step.expect.wants_assets) for finding in found)


def enter(step: PlannedStep, scope: dict[str, Any]) -> dict[str, Any] | None:
    """The scope inside the step's fragments; None where a `when` on the way in is false."""
    if not step.conditions and not step.frames:
        return scope
    for depth in range(len(step.frames) + 1):
        for at, condition in step.conditions:
            if at == depth and not condition.holds(scope):
                return None
        if depth < len(step.frames):
            scope = {**scope, **step.frames[depth].render(scope)}
    return scope


def _again(retry: Retrying, report: Report) -> bool:
    """Whether this failure is of a kind that is tried again; a captcha or our own fault never is."""
    failure = report.failure
    if failure is None:
        return False
    if failure.reason in _NETWORK:
        return "network" in retry.on
    if failure.reason in _STATUS and (report.http_status or 0) >= 500:
        return "5xx" in retry.on
    return failure.reason in _EXPECT and "expect" in retry.on
