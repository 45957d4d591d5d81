"""Which incident a failing check belongs to, and when that incident is over: one per cause. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from techrun.alerts.message import title_of
from techrun.alerts.state import Fact
from techrun.model import Check, CheckId, Order, Reason, Result, Severity, Shop
from techrun.standing import LOUDNESS, Change, CheckState, Incident, IncidentKind, Member, loudest, storable

YOUNG = 300.0
"""Seconds within which an incident that was told takes up what is worse: a louder check, one that explains it, one
that had recovered. Later that is an incident of its own, which is told."""
UNAVAILABLE = frozenset(
    {
        Reason.DNS,
        Reason.CONNECT,
        Reason.TLS,
        Reason.TIMEOUT,
        Reason.PROTOCOL,
        Reason.BUDGET,
        Reason.MAINTENANCE,
    }
)
SERVER_ERROR = 500
UPLINK = (
    "None of the witnesses can be reached, so nothing is known about the shops until one can be."
    " Checks that fail meanwhile count as unknown, not as down."
)

Checks = Mapping[CheckId, Check]


def severity_of(check: Check, shop: Shop) -> Severity:
    """How loud a check may be: outside production nothing wakes a person."""
    return _at_most("ticket", check.severity) if shop.env != "production" else check.severity


def _at_most(limit: Severity, severity: Severity) -> Severity:
    return min(limit, severity, key=LOUDNESS.__getitem__)


def cause_of(change: Change) -> str:
    """What checks of one shop have in common that fail for the same cause.

    A shop that cannot be reached, is too slow or answers 5xx is one cause, however each check sees it;
    anything else is told apart by reason and place.
    """
    if change.reason in UNAVAILABLE or (change.http_status or 0) >= SERVER_ERROR:
        return "unavailable"
    family = change.check.name.partition("/")[0]
    return f"{change.reason or 'down'}: {change.step or family}"


def ancestors(check: CheckId, checks: Checks) -> set[CheckId]:
    """The checks that explain a failure of this one, and those that explain theirs."""
    return _above([check], checks)


def _above(waiting: list[CheckId], checks: Checks) -> set[CheckId]:
    found: set[CheckId] = set()
    while waiting:
        known = checks.get(waiting.pop())
        parents = {CheckId(known.id.shop, name) for name in known.depends_on} if known else set()
        waiting.extend(parents - found)
        found |= parents
    return found


def unheard(
    check: CheckId, since: float, states: Mapping[CheckId, CheckState], checks: Checks
) -> Iterator[CheckId]:
    """The checks that would explain a failure of this one, and have not run since it began."""
    for parent in ancestors(check, checks) & checks.keys():
        state = states.get(parent)
        if state is None or (state.last_run or 0.0) < since:
            yield parent


def member_of(change: Change, severity: Severity, rule: str) -> Member:
    """The failing check as a member of an incident."""
    return Member(
        check=change.check,
        severity=severity,
        since=change.since,
        joined=change.at,
        joined_by=rule,
        reason=change.reason,
        step=change.step,
        message=change.message,
        excerpt=change.excerpt,
        last_good=change.last_good,
        runs=change.runs,
        trace_id=change.trace_id,
    )


def join_rule(incident: Incident, change: Change, severity: Severity, checks: Checks) -> str | None:
    """The rule by which a check that just went down belongs to this open incident; None: it does not."""
    if incident.kind != "outage" or incident.shop != change.check.shop:
        return None
    failing = {member.check for member in incident.failing}
    if failing & ancestors(change.check, checks):
        return "joined.depends_on"
    young, untold = change.at - incident.opened <= YOUNG, incident.told is None
    if (young or untold) and change.check in _above(list(failing), checks):
        return "joined.parent_of"
    louder = LOUDNESS[severity] > LOUDNESS[loudest(incident.failing, incident.severity)]
    again = not untold and incident.member(change.check) is not None  # they were told that it works
    belongs = young or not (louder or again)
    return "joined.same_cause" if belongs and incident.cause == cause_of(change) else None


def strike(
    open_incidents: Iterable[Incident], change: Change, check: Check, shop: Shop, checks: Checks
) -> Incident | None:
    """The open incident that a check which went down belongs to, with it as a member; None: to none."""
    severity = severity_of(check, shop)
    rules = [(one, join_rule(one, change, severity, checks)) for one in open_incidents]
    found = [(one, rule) for one, rule in rules if rule is not None]
    if not found:
        return None
    incident, rule = max(found, key=lambda pair: (pair[1] != "joined.same_cause", LOUDNESS[pair[0].severity]))
    return add(incident, member_of(change, severity, rule), check)


def add(incident: Incident, member: Member, check: Check) -> Incident:
    """The incident with one more member, which leads while nothing was told if it explains more or is louder."""
    louder = LOUDNESS[member.severity] > LOUDNESS[incident.severity]
    leads = incident.told is None and (louder or member.joined_by == "joined.parent_of")
    joined = incident.with_member(member)
    if leads:
        rest = tuple(one for one in joined.members if one.check != member.check)
        joined = replace(
            joined,
            members=(member, *rest),
            title=title_of(joined.kind, joined.shop, member, check),
        )
    return replace(
        joined,
        severity=max(incident.severity, member.severity, key=LOUDNESS.__getitem__),
        since=min(incident.since, member.since),
    )


def open_incident(
    number: int, kind: IncidentKind, cause: str, member: Member, check: Check, *, opened: float
) -> Incident:
    """A new incident with its first member."""
    return Incident(
        id=number,
        kind=kind,
        shop=member.check.shop,
        severity=member.severity,
        title=title_of(kind, member.check.shop, member, check),
        since=member.since,
        opened=opened,
        members=(member,),
        cause=cause,
    )


def outage(number: int, change: Change, check: Check, shop: Shop) -> Incident:
    """The incident that a check opens which went down and belongs to no other."""
    member = member_of(change, severity_of(check, shop), "joined.first")
    return open_incident(number, "outage", cause_of(change), member, check, opened=change.at)


def refreshed(incident: Incident, check: Check, fact: Fact, runs: int) -> Incident:
    """The incident with what the last run of a member found, while nothing was told of it yet.

    Of a member that does not lead only what a message tells counts: else each of its runs would be a new incident.
    """
    member, lead = incident.member(check.id), incident.lead
    if incident.told is not None or member is None or member.recovered is not None:
        return incident
    found = (fact.reason, fact.step, fact.message)
    if member is not lead and found == (member.reason, member.step, member.message):
        return incident
    newer = replace(
        member,
        reason=fact.reason,
        step=fact.step,
        message=fact.message,
        excerpt=fact.excerpt,
        runs=runs,
        trace_id=fact.trace_id,
    )
    changed = incident.with_member(newer)
    if member is not lead:
        return changed
    return replace(changed, title=title_of(changed.kind, changed.shop, newer, check))


def leave(incident: Incident, check: CheckId, at: float, rule: str) -> Incident:
    """The incident without this check; it is over when no member fails any more."""
    member = incident.member(check)
    if member is None or member.recovered is not None:
        return incident
    left = incident.with_member(replace(member, recovered=at))
    return left if left.failing else close(left, at, rule)


def led_anew(incident: Incident, checks: Checks) -> Incident:
    """While nothing was told: what recovered already neither leads nor makes it loud."""
    lead, failing = incident.lead, incident.failing
    if incident.told is not None or lead is None or lead.recovered is None or not failing:
        return incident
    severity = loudest(failing, incident.severity)
    first = next(member for member in failing if member.severity == severity)
    rest = tuple(member for member in incident.members if member.check != first.check)
    title = title_of(incident.kind, incident.shop, first, checks.get(first.check))
    return replace(incident, members=(first, *rest), severity=severity, title=title)


def leave_storm(storm: Incident, shop: str, at: float, rule: str) -> Incident:
    """The storm without this shop, whatever of it led when it came in."""
    for member in storm.failing:
        if member.check.shop == shop:
            storm = leave(storm, member.check, at, rule)
    return storm


def close(incident: Incident, at: float, rule: str) -> Incident:
    """The incident, over."""
    return replace(incident, closed=at, closed_by=rule)


def leak_incident(number: int, order: Order, result: Result) -> Incident:
    """A test order that was not taken back: told once, to be seen to in working hours."""
    reference = storable(order.reference) or f"without a reference, run {result.run_id}"
    ended = result.started + result.duration
    member = Member(
        check=result.check.id,
        severity="ticket",
        since=result.started,
        joined=ended,
        joined_by="joined.first",
        step=order.step,
        message=reference,
        trace_id=result.outcome.trace_id,
        recovered=ended,
    )
    incident = open_incident(number, "leak", "leak", member, result.check, opened=ended)
    return close(incident, ended, "told.once")


def uplink_incident(number: int, since: float, opened: float) -> Incident:
    """The network of techrun itself is gone: a ticket, since nobody can be told before it is back."""
    title = title_of("uplink", "", None, None)
    return Incident(number, "uplink", "", "ticket", title, since, opened, cause="uplink", text=UPLINK)


def storm_incident(number: int, cause: str, incidents: Sequence[Incident], at: float) -> Incident:
    """Many shops that broke at once, told as one."""
    shops = len({incident.shop for incident in incidents})
    title = title_of("storm", "", None, None, f"{shops} shops or more are down at once")
    since = min(incident.since for incident in incidents)
    return Incident(number, "storm", "", "page", title, since, at, cause=cause)
