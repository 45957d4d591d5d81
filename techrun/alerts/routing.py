"""What is owed of an incident now: which message to which channel, and what holds the rest. Pure.

Asked again and again with what was told so far, so nothing is scheduled that a crash could lose: a message is
owed until it was written. `alerts.owing` has the rules, `alerts.recipients` says who is to hear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from techrun.alerts import owing
from techrun.alerts.owing import Case, Owed
from techrun.alerts.policy import Policy
from techrun.alerts.recipients import Recipients, recipients
from techrun.standing import Event, Hold

__all__ = ["Case", "Owed", "Recipients", "Verdict", "owed", "recipients"]

Rule = Callable[[Case, Policy, float], Iterator[Owed]]

WHILE_IT_LASTS: tuple[Rule, ...] = (
    owing.opened,
    owing.raised,
    owing.escalated,
    owing.update,
    owing.reminders,
    owing.fallbacks,
)
OF_A_LEAK: tuple[Rule, ...] = (owing.opened, owing.fallbacks)
WHEN_OVER: tuple[Rule, ...] = (owing.ends, owing.fallbacks)

_URGING: frozenset[Event] = frozenset({"reminder", "escalated"})
"""Which an acknowledgement stops."""
_OF_USE_WHEN_OVER: frozenset[Event] = frozenset({"opened", *owing.ENDS})
"""Which a fallback hears of also afterwards: how it began and how it ended."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is owed of an incident, and why nothing more is."""

    owed: tuple[Owed, ...] = ()
    """At most one for a channel; what else it is owed comes with the next asking."""
    holds: tuple[Hold, ...] = ()
    next_escalation: tuple[str, float] | None = None
    """Who hears of it next, and when, unless somebody acknowledges it."""


def owed(case: Case, policy: Policy, now: float) -> Verdict:
    """What is owed of this incident now and was not written yet."""
    holds = (*case.holds, *_held_by_itself(case, policy, now))
    due: dict[str, Owed] = {}
    for each in _asked_for(case, policy, now):
        if _may_be_told(each.event, case, holds):
            due.setdefault(each.channel, each)
    return Verdict(tuple(due.values()), holds, _next_escalation(case, policy, now, holds, due))


def _asked_for(case: Case, policy: Policy, now: float) -> Iterator[Owed]:
    """All that the rules ask for and was not written yet."""
    known = {(told.event, told.nth, told.channel) for told in case.told}
    rules = WHEN_OVER if case.over else OF_A_LEAK if case.incident.kind == "leak" else WHILE_IT_LASTS
    for rule in rules:
        yield from (
            each for each in rule(case, policy, now) if (each.event, each.nth, each.channel) not in known
        )


def _held_by_itself(case: Case, policy: Policy, now: float) -> Iterator[Hold]:
    """A storm tells of it, or what belongs to it may still come; a clock that was set back makes nobody wait."""
    incident = case.incident
    if case.over or incident.kind == "leak":
        return
    if incident.storm is not None:
        yield Hold("held.storm", detail=f"incident #{incident.storm} tells of it")
    wait = policy.group_wait.get(incident.severity, 0.0)
    if not case.told and 0 <= now - incident.opened < wait:
        yield Hold("held.group_wait", incident.opened + wait)


def _may_be_told(event: Event, case: Case, holds: tuple[Hold, ...]) -> bool:
    """Ends are told whatever holds; all else only while it is of use."""
    if event in owing.ENDS:
        return True
    if holds or (case.over and event not in _OF_USE_WHEN_OVER):
        return False
    return not case.taken_on or event not in _URGING


def _next_escalation(
    case: Case, policy: Policy, now: float, holds: tuple[Hold, ...], due: dict[str, Owed]
) -> tuple[str, float] | None:
    """Reckoned from now where the first message is only just owed."""
    since = owing.paged(case)
    if since is None and case.urgency == "page" and due:
        since = now
    if since is None or holds or case.over or case.taken_on or case.incident.kind == "leak":
        return None
    still = owing.chain(case, policy, since)
    return next(((channel, when) for channel, when in still if channel not in due), None)
