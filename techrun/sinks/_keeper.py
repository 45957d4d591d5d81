"""How every check stands and which incidents are open. Belongs to the thread of the incidents."""

from __future__ import annotations

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from techrun.alerts.incidents import (
    add,
    leak_incident,
    leave,
    leave_storm,
    led_anew,
    open_incident,
    outage,
    refreshed,
    severity_of,
    strike,
    unheard,
)
from techrun.alerts.policy import Policy
from techrun.alerts.quiet import Quiet, QuietFinding, blocked_shops, quiet_member, quiet_rule
from techrun.alerts.state import Fact, advance, fact_of
from techrun.handling import Release
from techrun.model import Check, CheckId, Result, Severity, Shop, Status
from techrun.sinks._pending import Pending
from techrun.standing import LOUDNESS, Change, CheckState, Decided, Incident, IncidentKind, Member
from techrun.store.state import (
    forget_states,
    load_states,
    next_incident,
    open_incidents,
    save_change,
    save_decision,
)

log = logging.getLogger(__name__)

UNREMARKABLE = frozenset({"good.continues", "down.continues", "ignored.manual", "ignored.release"})
"""Decisions that are no part of a check's story."""


class Keeper:
    """Advances states, opens and closes incidents. What must be written goes into `pending`."""

    def __init__(self, connection: sqlite3.Connection, policy: Policy) -> None:
        self.policy = policy
        self.checks: dict[CheckId, Check] = {}
        self.checks_of: dict[str, list[CheckId]] = {}
        self.shops: dict[str, Shop] = {}
        self.states = load_states(connection)
        self.open = {incident.id: incident for incident in open_incidents(connection)}
        self.ended: dict[int, Incident] = {}
        """Closed ones of which there is still something to tell."""
        self.free: set[int] = set()
        """Incidents that nothing from outside holds: no window, no lost network, no doubt."""
        self.asked: set[CheckId] = set()
        """Checks that should run now, since others that depend on them fail."""
        self.changed = False
        """An incident changed since somebody looked."""
        self._where: dict[CheckId, set[int]] = defaultdict(set)
        """The open incidents in which a check fails."""
        self._shops_open: dict[str, set[int]] = defaultdict(set)
        for incident in self.open.values():
            self._index(incident)
        self._next_incident = next_incident(connection)
        self._decisions: dict[CheckId, str] = {}
        self._found: dict[CheckId, str] = {}
        """What the last run of a check said that is blind or degraded."""
        self._quiet = {check for check, state in self.states.items() if _may_be_quiet(state)}

    # --- what is watched

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop], at: float, pending: Pending) -> None:
        """What is watched from now on; what is gone leaves its incidents and is forgotten."""
        self.checks, self.checks_of = {check.id: check for check in checks}, {}
        for identity in self.checks:
            self.checks_of.setdefault(identity.shop, []).append(identity)
        # A shop that is gone is still needed for the last message about it.
        self.shops = {**self.shops, **{shop.name: shop for shop in shops}}
        for incident in list(self.open.values()):
            # A shop leaves a storm when it is over there, not with the check that led when it came in.
            for member in incident.failing if incident.kind != "storm" else ():
                if member.check not in self.checks:
                    self._leave(incident.id, member.check, at, "closed.check_gone", pending)
        gone = [check for check in self.states if check not in self.checks]
        for check in gone:
            del self.states[check]
            self._quiet.discard(check)
            self._found.pop(check, None)
            pending.states.pop(check, None)
        if gone:
            pending.notes.append(partial(forget_states, checks=gone))

    def shop(self, name: str) -> Shop:
        """The shop of this name, as far as it is known."""
        return self.shops.get(name) or Shop(name, "")

    def count_open(self) -> dict[tuple[str, Severity], int]:
        """Open incidents by shop and severity, for all that there could be; asked from any thread."""
        counts = {
            (check.id.shop, severity_of(check, self.shop(check.id.shop))): 0
            for check in list(self.checks.values())
        }
        for incident in self.open.copy().values():
            key = (incident.shop, incident.severity)
            counts[key] = counts.get(key, 0) + 1
        return counts

    # --- what is found

    def ends_untold(self, result: Result) -> bool:
        """Whether this result may end an incident before it is known whom to tell of it."""
        return result.outcome.status is not Status.DOWN and any(
            one.told is None for one in self._incidents_with(result.check.id)
        )

    def take(self, result: Result, pending: Pending) -> None:
        """Advance the state of the result's check."""
        check = self.checks.get(result.check.id)
        if check is None:
            return
        for order in result.outcome.orders:
            if order.state == "leaked":
                self.put(leak_incident(self.number(), order, result), pending, "leak.told")
        fact, before = fact_of(result), self.states.get(check.id) or CheckState()
        state, change, decision = advance(before, fact, check.confirmation)
        self._note(check.id, decision, fact, pending)
        if state is before:
            return
        self.states[check.id] = pending.states[check.id] = state
        if _may_be_quiet(state):
            self._quiet.add(check.id)
            self._found[check.id] = fact.message
        else:
            self._quiet.discard(check.id)
            self._found.pop(check.id, None)
        self._follow(check, before, fact, change, pending)
        if state.streak is Status.DOWN and state.status is not Status.DOWN:
            self.asked |= set(unheard(check.id, state.streak_since, self.states, self.checks))
            self.changed = self.changed or bool(self.asked)

    def _note(self, check: CheckId, decision: str, fact: Fact, pending: Pending) -> None:
        """A decision that differs from the last one is part of the check's story."""
        log.debug("%s: %s", check, decision)
        if decision in UNREMARKABLE or self._decisions.get(check) == decision != "failure.counted":
            return
        self._decisions[check] = decision
        detail = " ".join(filter(None, (fact.reason, fact.step, fact.message)))[:300]
        number = next((one.id for one in self._incidents_with(check)), None)
        decided = Decided(fact.ended, decision, check, number, detail)
        pending.notes.append(partial(save_decision, decided=decided))

    def _follow(
        self, check: Check, before: CheckState, fact: Fact, change: Change | None, pending: Pending
    ) -> None:
        """What this run means for incidents."""
        if before.blind_runs and not self.states[check.id].blind_runs:
            self._leave_all(check.id, ("blind", "fixture"), fact.started, "recovered.verdict", pending)
        if change is None:
            if fact.status is Status.DOWN:
                self._refresh(check, fact, pending)
            return
        pending.notes.append(partial(save_change, change=change))
        if change.after is Status.DOWN:
            self._strike(change, check, pending)
        elif change.before is Status.DOWN:
            self._leave_all(check.id, ("outage",), change.since, change.decision, pending)
        if change.after is Status.UP:
            self._leave_all(check.id, ("degraded",), change.since, change.decision, pending)

    def _strike(self, change: Change, check: Check, pending: Pending) -> None:
        """A check went down: it joins an incident, or opens one."""
        shop = self.shop(check.id.shop)
        joined = strike(self._of_shop(shop.name), change, check, shop, self.checks)
        incident = joined or outage(self.number(), change, check, shop)
        member = incident.member(check.id)
        self.put(incident, pending, member.joined_by if member else "", check.id)

    def _refresh(self, check: Check, fact: Fact, pending: Pending) -> None:
        """While nobody was told, an incident tells what the last run found."""
        for incident in self._incidents_with(check.id, ("outage",)):
            newer = refreshed(incident, check, fact, self.states[check.id].runs)
            if newer is not incident:
                self.put(newer, pending)

    # --- what is not down and still wrong

    def look_at_quiet(self, now: float, releases: Mapping[str, Sequence[Release]], pending: Pending) -> None:
        """Open incidents of checks that give no verdict, or work poorly, for too long."""
        blocked = blocked_shops(self._quiet, self.states)
        for identity in sorted(self._quiet & self.checks.keys(), key=str):
            check, state, shop = self.checks[identity], self.states[identity], self.shop(identity.shop)
            release = next(iter(releases.get(identity.shop, ())), None)
            around = Quiet(now, self._found.get(identity, ""), release, identity.shop in blocked)
            found = quiet_rule(state, check, shop, self.policy, around)
            if found is not None:
                self._open_quiet(check, quiet_member(state, check, now, found), found, pending)

    def _open_quiet(self, check: Check, member: Member, found: QuietFinding, pending: Pending) -> None:
        mine = next(self._incidents_with(check.id, (found.kind,)), None)
        shop = check.id.shop
        same = mine or next((one for one in self._of_shop(shop) if found.fits(one, shop)), None)
        if same is None:
            fresh = open_incident(self.number(), found.kind, found.cause, member, check, opened=member.joined)
            self.put(fresh, pending, found.rule, check.id)
        elif mine is None:
            joined = add(same, replace(member, joined_by="joined.same_cause"), check)
            self.put(joined, pending, "joined.same_cause", check.id)
        elif any(
            one.check == check.id and LOUDNESS[found.severity] > LOUDNESS[one.severity]
            for one in mine.failing
        ):
            self.put(add(mine, replace(member, joined_by=found.rule), check), pending, found.rule, check.id)

    # --- the book of incidents

    def number(self) -> int:
        """The number of the next incident."""
        number, self._next_incident = self._next_incident, self._next_incident + 1
        return number

    def put(
        self, incident: Incident, pending: Pending, rule: str = "", check: CheckId | None = None
    ) -> Incident:
        """Keep an incident as it is now; a rule makes it part of its story."""
        self.changed = True
        self._index(incident)
        if incident.closed is None:
            if incident.id not in self.open:
                log.info("#%d [%s] %s", incident.id, incident.severity.upper(), incident.title)
            self.open[incident.id] = incident
        else:
            if self.open.pop(incident.id, None) is not None:
                log.info("#%d over (%s): %s", incident.id, incident.closed_by, incident.title)
            self.ended[incident.id] = incident
            self.free.discard(incident.id)
        pending.incidents[incident.id] = incident
        if rule:
            at = incident.closed if incident.closed is not None else self._moment(incident, check)
            pending.notes.append(
                partial(save_decision, decided=Decided(at, rule, check, incident.id, incident.title))
            )
        return incident

    @staticmethod
    def _moment(incident: Incident, check: CheckId | None) -> float:
        member = incident.member(check) if check else None
        return member.joined if member else incident.opened

    def _incidents_with(
        self, check: CheckId, kinds: Iterable[IncidentKind] = ("outage", "degraded", "blind", "fixture")
    ) -> Iterator[Incident]:
        """The open incidents that this check belongs to and has not recovered from."""
        for number in sorted(self._where.get(check, ())):
            # What closed since this was asked is none of them any more.
            incident = self.open.get(number)
            if incident is not None and incident.kind in kinds:
                yield incident

    def _of_shop(self, shop: str) -> list[Incident]:
        """The open incidents of a shop, oldest first."""
        return [self.open[number] for number in sorted(self._shops_open.get(shop, ()))]

    def _index(self, incident: Incident) -> None:
        """Remember in which incidents a check fails: a storm must not make this a search through all."""
        of_shop = self._shops_open[incident.shop]
        (of_shop.add if incident.closed is None else of_shop.discard)(incident.id)
        for member in incident.members:
            fails = incident.closed is None and member.recovered is None
            (self._where[member.check].add if fails else self._where[member.check].discard)(incident.id)

    def _leave_all(
        self, check: CheckId, kinds: Iterable[IncidentKind], at: float, rule: str, pending: Pending
    ) -> None:
        for incident in self._incidents_with(check, kinds):
            self._leave(incident.id, check, at, rule, pending)

    def _leave(self, number: int, check: CheckId, at: float, rule: str, pending: Pending) -> None:
        noted = self._decisions.get(check) == rule  # the check's own decision is in the story already
        left = led_anew(leave(self.open[number], check, at, rule), self.checks)
        self.put(left, pending, "" if noted else rule, check)
        if left.closed is None and left.kind == "outage":
            # What fails for the same cause has probably recovered, too, and may not run for an hour.
            self.asked |= {member.check for member in left.failing}
        storm = self.open.get(left.storm or 0)
        more = any(one.storm == left.storm for one in self._of_shop(left.shop))
        if left.closed is not None and storm is not None and not more:
            self.put(leave_storm(storm, left.shop, at, rule), pending, rule)


def _may_be_quiet(state: CheckState) -> bool:
    return state.blind_runs > 0 or state.status is Status.DEGRADED
