"""When a check that is not down is an incident all the same: it gives no verdict, or works poorly. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from techrun.alerts.policy import Policy
from techrun.handling import Release
from techrun.model import Check, CheckId, Reason, Severity, Shop, Status
from techrun.standing import LOUDNESS, CheckState, Incident, IncidentKind, Member

BLIND_RUNS = 2
"""One run without a verdict is no blindness, however long the next one takes to come."""
LATEST_RUNS = 2
"""A check worked right before a release if one of so many runs before it was good."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """What is known around the check."""

    now: float
    found: str = ""
    """What its last run said."""
    release: Release | None = None
    """The shop's last one."""
    blocked_everywhere: bool = False
    """Every check of the shop is."""


@dataclass(frozen=True, slots=True)
class QuietFinding:
    """What is wrong with a check that is not down."""

    kind: IncidentKind
    rule: str
    cause: str
    severity: Severity
    message: str

    def fits(self, incident: Incident, shop: str) -> bool:
        """Whether an open incident of this shop is about the same."""
        return (incident.kind, incident.cause, incident.shop) == (self.kind, self.cause, shop)


def quiet_member(state: CheckState, check: Check, at: float, found: QuietFinding) -> Member:
    """The check as a member of the incident that tells of it."""
    blind = state.blind_runs > 0
    return Member(
        check=check.id,
        severity=found.severity,
        since=state.blind_since if blind else state.since,
        joined=at,
        joined_by="joined.first",
        reason=state.blind_reason if blind else None,
        message=found.message,
        last_good=state.last_good,
        runs=state.blind_runs if blind else state.runs,
    )


def quiet_rule(
    state: CheckState, check: Check, shop: Shop, policy: Policy, quiet: Quiet
) -> QuietFinding | None:
    """What is wrong with a check that is blind or degraded, once that has lasted long enough."""
    if state.blind_runs:
        return _blind(state, check, shop, policy, quiet)
    if state.status is Status.DEGRADED and quiet.now - state.since >= policy.degraded_after:
        return QuietFinding(
            "degraded", "degraded.lasts", "degraded", _loudest(check, shop, "ticket"), quiet.found
        )
    return None


def _blind(state: CheckState, check: Check, shop: Shop, policy: Policy, quiet: Quiet) -> QuietFinding | None:
    confirmed = state.blind_runs >= check.confirmation.fail_after
    if state.blind_reason is Reason.FIXTURE:
        severity = _loudest(check, shop, "ticket")
        return (
            QuietFinding("fixture", "fixture.confirmed", "fixture", severity, quiet.found)
            if confirmed
            else None
        )
    cause = f"blind: {state.blind_reason or Reason.INTERNAL}"
    if state.blind_reason is Reason.BLOCKED and confirmed:
        rule = _loud_rule(state, check, policy, quiet)
        if rule is not None:
            return QuietFinding("blind", rule, cause, _loudest(check, shop, "page"), quiet.found)
    if state.blind_runs >= BLIND_RUNS and quiet.now - state.blind_since >= policy.blind_after:
        return QuietFinding("blind", "blind.confirmed", cause, "ticket", quiet.found)
    return None


def _loud_rule(state: CheckState, check: Check, policy: Policy, quiet: Quiet) -> str | None:
    """Why a blocked check wakes a person: then customers are probably blocked as well."""
    release = quiet.release
    if release is not None and _began_with(release, state, check, policy):
        return "blind.blocked_after_release"
    return "blind.blocked_everywhere" if quiet.blocked_everywhere else None


def _began_with(release: Release, state: CheckState, check: Check, policy: Policy) -> bool:
    """Whether a check is blocked since this release, and not only again: it worked right before."""
    worked = state.last_good is None or release.begun - state.last_good <= LATEST_RUNS * check.every
    return worked and 0 <= state.blind_since - release.begun <= policy.blocked_after_release


def _loudest(check: Check, shop: Shop, limit: Severity) -> Severity:
    """The check's severity, no louder than this, and outside production no louder than a ticket."""
    limits: tuple[Severity, ...] = ("ticket",) if shop.env != "production" else ()
    return min(limit, check.severity, *limits, key=LOUDNESS.__getitem__)


def blocked_shops(quiet: Iterable[CheckId], states: Mapping[CheckId, CheckState]) -> set[str]:
    """The shops of which several checks are blocked, and each one that has run since that began.

    A check that runs once an hour is not waited for.
    """
    blocked: dict[str, list[float]] = defaultdict(list)
    for check in quiet:
        if states[check].blind_reason is Reason.BLOCKED:
            blocked[check.shop].append(states[check].blind_since)
    began = {shop: min(moments) for shop, moments in blocked.items() if len(moments) > 1}
    heard = Counter(
        check.shop
        for check, state in (states.items() if began else ())
        if check.shop in began and (state.last_run or 0.0) >= began[check.shop]
    )
    return {shop for shop in began if heard[shop] == len(blocked[shop])}
