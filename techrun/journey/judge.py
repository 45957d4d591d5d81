"""Judges the answer of one step in a fixed order: blocked, maintenance, status, GraphQL, save, carry, expect.

The first hard finding is the step's reason; all of them are reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from techrun.journey.blocked import in_place_of_page, refused
from techrun.journey.maintenance import maintenance_page
from techrun.journey.plan import Limits, PlannedStep
from techrun.journey.sending import header_line
from techrun.journey.session import Arrival, Session
from techrun.journey.state import State
from techrun.language.durations import show
from techrun.language.errors import PageError, RunError
from techrun.language.page import Page
from techrun.language.scalars import text_of
from techrun.language.words import shorten
from techrun.model import Finding, Reason, Status

_STATUS_OF: Mapping[Reason, Status] = {
    Reason.BLOCKED: Status.BLOCKED,
    Reason.FIXTURE: Status.UNKNOWN,
    Reason.UPLINK: Status.UNKNOWN,
    Reason.FORBIDDEN: Status.UNKNOWN,
    Reason.ORDER_CAP: Status.UNKNOWN,
    Reason.INTERRUPTED: Status.UNKNOWN,
    Reason.INTERNAL: Status.UNKNOWN,
}
"""What a failure for this reason makes of the check; every other reason means `down`."""
_EXPLAINED = frozenset({Reason.STATUS, Reason.EXTRACTION, Reason.EXPECTATION})
"""Reasons for which the page itself may say why."""
_OF_TEST_DATA = frozenset({Reason.STATUS, Reason.GRAPHQL, Reason.EXTRACTION, Reason.EXPECTATION})
"""How wrong test data show; a shop that does not answer, or answers 5xx, is no fault of theirs."""
_OF_BODY = frozenset({"css", "xpath", "json", "regex", "text"})
_ALERTS = (
    "[role=alert],.alert,.alert-danger,.alert-error,.error,.errors,.errorlist,.messages,.message,"
    ".woocommerce-error,.notice-error"
)
"""Where shops tell a customer what went wrong."""


def page_of(session: Session, arrival: Arrival, now: float) -> Page:
    """The answer as extractors see it; an HTML page is where the session now is."""
    response = arrival.response
    cookies = session.cookies_at(arrival.url, now)
    page = Page(response.status, response.headers, response.body, arrival.url, cookies)
    if page.is_html:
        session.page = page
    return page


def judge(
    state: State, step: PlannedStep, arrival: Arrival, page: Page, scope: dict[str, Any]
) -> list[Finding]:
    """Everything that is wrong with this answer, what decides first; what is saved goes into the scope."""
    response = arrival.response
    stopped_by = refused(response)
    if stopped_by:
        return [_blocked(stopped_by, arrival)]
    is_error = not 200 <= response.status < 300 and (step.expect is None or not step.expect.expects_status)
    shown = maintenance_page(response) if is_error else ""
    if shown:
        return [Finding(Reason.MAINTENANCE, f"{shown} (status {response.status}) at {arrival.url}")]
    findings = _save(state, step, page, scope, is_refusal=is_error and 400 <= response.status < 500)
    findings.extend(_carry(step, state.session(step), page, scope))
    if step.verb == "graphql":
        findings = _graphql(page) + findings
    if step.expect is not None:
        expected = step.expect.judge(page, scope)
        statuses = [finding for finding in expected if finding.reason is Reason.STATUS]
        findings = statuses + findings + [finding for finding in expected if finding not in statuses]
    if is_error:
        findings.insert(0, Finding(Reason.STATUS, f"expected a 2xx status, got {response.status}"))
    if first_hard(findings) is not None or not step.reads_body:
        stopped_by = in_place_of_page(response)
        if stopped_by:
            return [_blocked(stopped_by, arrival)]
    if arrival.left_https:
        findings.append(Finding(Reason.REDIRECT, f"https redirects to {arrival.left_https}", soft=True))
    if findings:
        findings = _explained(findings, page)
    return _as_fixture(findings, response.status) if step.fixture else findings


def _blocked(by: str, arrival: Arrival) -> Finding:
    return Finding(Reason.BLOCKED, f"{by} at {arrival.url}")


def over_budget(budget: Limits | None, seconds: float) -> list[Finding]:
    """What a duration makes of its budget."""
    if budget is None:
        return []
    if budget.fail is not None and seconds > budget.fail:
        return [Finding(Reason.BUDGET, f"took {show(seconds)}, more than {show(budget.fail)}")]
    if budget.warn is not None and seconds > budget.warn:
        return [Finding(Reason.BUDGET, f"took {show(seconds)}, more than {show(budget.warn)}", soft=True)]
    return []


def status_of(decisive: Finding | None) -> Status:
    """What the finding that decides makes of a step or a journey."""
    if decisive is None:
        return Status.UP
    return Status.DEGRADED if decisive.soft else _STATUS_OF.get(decisive.reason, Status.DOWN)


def first_hard(findings: Sequence[Finding]) -> Finding | None:
    """The finding that fails a step; None where it passes."""
    for finding in findings:
        if not finding.soft:
            return finding
    return None


def _graphql(page: Page) -> list[Finding]:
    """The errors of a GraphQL answer, which comes with status 200; an answer without data is none."""
    try:
        answer = page.json()
    except PageError as error:
        return [Finding(Reason.GRAPHQL, f"the GraphQL answer cannot be read: {error}")]
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if errors:
        first = errors[0] if isinstance(errors, list) else errors
        message = first.get("message", first) if isinstance(first, dict) else first
        more = f" (and {len(errors) - 1} more)" if isinstance(errors, list) and len(errors) > 1 else ""
        return [Finding(Reason.GRAPHQL, f"GraphQL: {shorten(text_of(message), 300)}{more}")]
    if not isinstance(answer, dict) or answer.get("data") is None:
        return [Finding(Reason.GRAPHQL, "the GraphQL answer has no data")]
    return []


def _save(
    state: State, step: PlannedStep, page: Page, scope: dict[str, Any], *, is_refusal: bool
) -> list[Finding]:
    """Save what can be saved, also where the step fails: cleanup may need it.

    Of a refusal (4xx) nothing of its body: what it says there is no order number.
    """
    findings = []
    for saving in step.saves:
        if is_refusal and saving.extractor.kind in _OF_BODY:
            continue
        try:
            value = saving.extractor.get(page, scope)
        except RunError as error:
            findings.append(Finding(Reason.EXTRACTION, f"cannot save {saving.name}: {error}"))
            continue
        state.save(saving.name, value, secret=saving.secret)
        scope[saving.name] = value
    return findings


def _carry(step: PlannedStep, session: Session, page: Page, scope: dict[str, Any]) -> list[Finding]:
    """Take over the headers that the session sends from now on."""
    findings = []
    for carrying in step.carries:
        try:
            if carrying.extractor is not None:
                value = text_of(carrying.extractor.get(page, scope))
                session.redactor.add(value)
            else:
                value = carrying.template.text(scope) if carrying.template else ""
            header_line(carrying.header, value)
        except RunError as error:
            findings.append(Finding(Reason.EXTRACTION, f"cannot carry {carrying.header}: {error}"))
        else:
            session.carry(carrying.header, value, page.url, carrying.renewed_by)
    return findings


def _explained(findings: list[Finding], page: Page) -> list[Finding]:
    """The first hard finding with what the page itself says: a person on call reads that first."""
    decisive = first_hard(findings)
    if decisive is None or decisive.reason not in _EXPLAINED or not page.is_html:
        return findings
    says = _says(page)
    if not says or says in decisive.message:
        return findings
    told = replace(decisive, message=f"{decisive.message}; {says}")
    return [told if finding is decisive else finding for finding in findings]


def _says(page: Page) -> str:
    """The alert on a page, or else its title."""
    try:
        for node in page.html.css(_ALERTS)[:5]:
            text = node.text(deep=True, separator=" ")
            if text and not text.isspace():
                return f'the page says "{shorten(text, 120)}"'
    except PageError:
        return ""
    return f'the page\'s title is "{shorten(page.title, 120)}"' if page.title else ""


def _as_fixture(findings: list[Finding], status: int) -> list[Finding]:
    """Failures that wrong test data explain are put down to them."""
    if status >= 500:
        return findings
    return [
        replace(finding, reason=Reason.FIXTURE)
        if finding.reason in _OF_TEST_DATA and not finding.soft
        else finding
        for finding in findings
    ]
