"""The rules by which a message is owed, one function each: case, policy and time → what that rule asks for.

Pure; `alerts.routing` puts them together. A message is told apart by event, channel and count (`nth`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from techrun.alerts.policy import Policy
from techrun.alerts.recipients import Recipients
from techrun.handling import Acknowledgement
from techrun.model import Severity
from techrun.standing import LOUDNESS, Event, Hold, Incident, Told, loudest

UPDATE_AFTER = 120.0
"""Seconds from the lead's recovery until it is told that other checks still fail."""

ENDS: frozenset[Event] = frozenset({"recovered", "withdrawn"})
_FIRST_NEWS: frozenset[Event] = frozenset({"opened", "escalated"})
"""By which a channel hears of an incident that it did not know."""
_GRAVITY: frozenset[Event] = frozenset({"opened", "raised"})
"""By which it is told how loud an incident is."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that the decision about one incident rests on, besides policy and time."""

    incident: Incident
    recipients: Recipients
    told: tuple[Told, ...] = ()
    """What was written about it so far."""
    holds: tuple[Hold, ...] = ()
    """What keeps new messages back; never the end of what was told."""
    acknowledged: Acknowledgement | None = None
    withdrawn: bool = False
    """Nothing of it is watched any more: it did not recover, it ends."""

    @property
    def over(self) -> bool:
        """It ended. A leak has no end that is told."""
        return self.incident.kind != "leak" and (self.incident.closed is not None or self.withdrawn)

    @property
    def urgency(self) -> Severity:
        """How loud it still is: what made it a page may have recovered."""
        most = self.incident.severity
        return min(most, loudest(self.incident.failing, most), key=LOUDNESS.__getitem__)

    @property
    def taken_on(self) -> bool:
        """A person acknowledged it, and not only something quieter that it was told as then."""
        given = self.acknowledged
        if given is None:
            return False
        heard = [LOUDNESS[told.severity] for told in self.told if told.created <= given.at]
        return not heard or max(heard) >= LOUDNESS[self.incident.severity]

    def told_on(self, channel: str) -> tuple[Told, ...]:
        """What was written for this channel."""
        return tuple(told for told in self.told if told.channel == channel)

    def knows(self, channel: str) -> bool:
        """Whether the channel was told that there is this incident."""
        return any(told.event in _FIRST_NEWS for told in self.told_on(channel))


@dataclass(frozen=True, slots=True)
class Owed:
    """One message to be written now."""

    event: Event
    channel: str
    nth: int
    rule: str
    """`owed.opened`, `owed.joined`, `owed.raised`, `owed.escalated`, `owed.update`, `owed.reminder`,
    `owed.recovered`, `owed.withdrawn`, `owed.fallback`."""
    stands_for: str = ""
    """The channel that fails and in whose place this one hears of it."""


def opened(case: Case, _policy: Policy, _now: float) -> Iterator[Owed]:
    """Every recipient hears of it; the rule says why one hears of it only now."""
    known = max((LOUDNESS[told.severity] for told in case.told), default=None)
    if known is None:
        rule = "owed.opened"
    else:
        rule = "owed.raised" if LOUDNESS[case.incident.severity] > known else "owed.joined"
    for channel in case.recipients.first:
        if not case.knows(channel):
            yield Owed("opened", channel, 1, rule)


def raised(case: Case, _policy: Policy, _now: float) -> Iterator[Owed]:
    """Recipients that were told of something less bad."""
    for channel in case.recipients.first:
        told = case.told_on(channel)
        if case.knows(channel) and LOUDNESS[case.incident.severity] > max(
            LOUDNESS[each.severity] for each in told
        ):
            yield Owed("raised", channel, _last("raised", told) + 1, "owed.raised")


def escalated(case: Case, policy: Policy, now: float) -> Iterator[Owed]:
    """A page that nobody acknowledged goes to one channel of the chain after the other."""
    since = paged(case)
    for channel, when in chain(case, policy, since) if since is not None else ():
        if now >= when:
            yield Owed("escalated", channel, 1, "owed.escalated")


def paged(case: Case) -> float | None:
    """When somebody was first told that it pages; None while nobody was, or where it does not."""
    if case.urgency != "page":
        return None
    pages = (told for told in case.told if told.event in _GRAVITY and told.severity == "page")
    return min((told.created for told in pages), default=None)


def chain(case: Case, policy: Policy, since: float) -> Iterator[tuple[str, float]]:
    """Who of the chain has still to hear of it, and when; one that knows already keeps its place."""
    for place, channel in enumerate(case.recipients.chain, 1):
        if not case.knows(channel):
            yield channel, since + place * policy.escalate_after


def update(case: Case, _policy: Policy, now: float) -> Iterator[Owed]:
    """What the title tells of is well again, but other checks still fail: told once."""
    lead = case.incident.lead
    if case.incident.kind != "outage" or lead is None or lead.recovered is None or not case.incident.failing:
        return
    due = lead.recovered + UPDATE_AFTER
    for channel in _hearing(case) if now >= due else ():
        if max(told.created for told in case.told_on(channel)) < due:
            yield Owed("update", channel, 1, "owed.update")


def reminders(case: Case, policy: Policy, now: float) -> Iterator[Owed]:
    """It goes on, and nobody acknowledged it."""
    every = policy.remind.get(case.urgency, 0.0)
    for channel in _hearing(case) if every > 0 else ():
        told = case.told_on(channel)
        if now - max(each.created for each in told) >= every:
            yield Owed("reminder", channel, max(_last("reminder", told), 1) + 1, "owed.reminder")


def ends(case: Case, _policy: Policy, _now: float) -> Iterator[Owed]:
    """Whoever may have heard of it hears that it is over, once."""
    event: Event = "withdrawn" if case.withdrawn else "recovered"
    for channel in dict.fromkeys(told.channel for told in case.told):
        told = [each for each in case.told_on(channel) if each.state != "given_up"]
        if told and not _has_end(case, channel):
            yield Owed(event, channel, 1, f"owed.{event}", _stood_for(told))


def fallbacks(case: Case, policy: Policy, now: float) -> Iterator[Owed]:
    """What a channel does not take, another one takes in its place, in the order it was written."""
    for told in sorted(case.told, key=attrgetter("created")):
        other = policy.fallback.get(told.channel)
        if other is None or not _fails(told, policy, now):
            continue
        if not (told.event in ENDS and _has_end(case, other)):
            yield Owed(told.event, other, told.nth, "owed.fallback", told.channel)


def _fails(told: Told, policy: Policy, now: float) -> bool:
    if told.state in {"waiting", "sending"}:
        return told.attempts > 0 and now - told.created >= policy.fallback_after
    return told.state == "given_up"


def _hearing(case: Case) -> list[str]:
    """The channels that the incident is told on; one that failed for good hears by its fallback."""
    given_up = {(told.event, told.nth, told.channel) for told in case.told if told.state == "given_up"}
    stood_for = {(told.event, told.nth, told.stands_for) for told in case.told if told.stands_for}
    channels = dict.fromkeys(
        told.channel
        for told in case.told
        if told.event in _FIRST_NEWS
        and (told.event, told.nth, told.channel) not in given_up & stood_for
        and (not told.stands_for or (told.event, told.nth, told.stands_for) in given_up)
    )
    return list(channels)


def _last(event: Event, told: tuple[Told, ...]) -> int:
    """The highest count of the messages of this event; 0 without any."""
    return max((each.nth for each in told if each.event == event), default=0)


def _has_end(case: Case, channel: str) -> bool:
    return any(told.event in ENDS for told in case.told_on(channel))


def _stood_for(told: list[Told]) -> str:
    """The channel in whose place another heard everything."""
    names = {each.stands_for for each in told}
    return names.pop() if len(names) == 1 else ""
