"""What is owed of each incident to each channel, written into the outbox. Belongs to the incidents' thread."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

from techrun.alerts.context import Context
from techrun.alerts.impact import at_risk, lost
from techrun.alerts.links import ack_link
from techrun.alerts.message import compose
from techrun.alerts.policy import Voice
from techrun.alerts.routing import Case, Owed, Verdict, owed, recipients
from techrun.alerts.windows import grace_of, occurrences
from techrun.handling import Window, suspects
from techrun.model import Status
from techrun.sinks._around import Around
from techrun.sinks._holding import PUT_OFF, Holding
from techrun.sinks._keeper import Keeper
from techrun.sinks._pending import Pending
from techrun.standing import Decided, Hold, Incident, Message, Told
from techrun.store.desk import add_window
from techrun.store.state import begin_hold, end_hold, save_decision

log = logging.getLogger(__name__)

OCCURRENCES_AHEAD = 3600.0
NAMES = 6
"""Names of checks that a message lists."""


class Teller:
    """Writes messages, and what holds them back."""

    def __init__(self, keeper: Keeper, holds: dict[int, dict[str, Hold]], voice: Voice) -> None:
        self.channels: frozenset[str] = frozenset()
        """Names of the channels that messages can be written for."""
        self.voice = voice
        self._keeper = keeper
        self._told: dict[int, dict[tuple[str, int, str], Told]] = {}
        self._holds = holds
        self._holding = Holding(keeper, holds)
        self._acknowledged: set[int] = set()
        self._written_windows: set[tuple[str, float]] = set()

    def look(self, around: Around, pending: Pending) -> None:
        """Write all that is owed now."""
        self._note_acknowledgements(around, pending)
        windows = self._windows(around, pending)
        for incident in [*self._keeper.open.values(), *self._keeper.ended.values()]:
            try:
                self._tell(incident, windows, around, pending)
            except Exception:
                # A fault of ours with one incident must not keep the others from being told.
                log.exception("incident %d could not be told", incident.id)

    def _tell(self, incident: Incident, windows: list[Window], around: Around, pending: Pending) -> None:
        keeper, known = self._keeper, self._told_of(incident, around)
        verdict = owed(
            Case(
                incident=incident,
                recipients=recipients(
                    incident, keeper.checks, keeper.shop(incident.shop), keeper.policy, around.now
                ),
                told=known,
                holds=tuple(self._holding.holds(incident, windows, around)),
                acknowledged=around.desk.acknowledged.get(incident.id),
                withdrawn=incident.closed_by == "closed.check_gone",
            ),
            keeper.policy,
            around.now,
        )
        due_now = [due for due in verdict.owed if due.channel in self.channels]
        for due in due_now:
            self._write(incident, due, verdict, around, pending)
        self._note_holds(incident, verdict.holds, around.now, pending)
        is_certain = incident.closed is None and {hold.rule for hold in verdict.holds} <= PUT_OFF
        (keeper.free.add if is_certain else keeper.free.discard)(incident.id)
        waits = any(one.state in {"waiting", "sending"} for one in known)
        if incident.closed is not None and incident.id in around.told and not due_now and not waits:
            keeper.ended.pop(incident.id, None)
            self._told.pop(incident.id, None)
            self._holding.forget(incident.id)

    def _told_of(self, incident: Incident, around: Around) -> tuple[Told, ...]:
        """What was told; the disk knows best what became of it, and memory what it does not have yet."""
        known = self._told.setdefault(incident.id, {})
        for one in around.told.get(incident.id, ()):
            known[one.event, one.nth, one.channel] = one
        return tuple(known.values())

    def _write(
        self, incident: Incident, due: Owed, verdict: Verdict, around: Around, pending: Pending
    ) -> None:
        try:
            message = self._composed(incident, due, self._context(incident, verdict, around), around.now)
        except Exception:
            # A fault of ours in one fact, such as the money, must not keep the rest from being told.
            log.exception("a message about incident %d goes out without its facts", incident.id)
            message = self._composed(incident, due, Context(), around.now)
        self._put(replace(message, shadow=self.voice.shadow), due, pending)
        if incident.told is None:
            self._keeper.put(replace(incident, told=around.now), pending)

    def _composed(self, incident: Incident, due: Owed, context: Context, now: float) -> Message:
        return compose(
            due.event,
            incident,
            due.channel,
            context,
            now,
            nth=due.nth,
            stands_for=due.stands_for,
            templates=self.voice.templates,
        )

    def _put(self, message: Message, due: Owed, pending: Pending) -> None:
        pending.messages.append(message)
        told = Told(
            message.incident,
            message.event,
            message.nth,
            message.channel,
            message.severity,
            message.created,
            state="sent" if message.shadow else "waiting",
            stands_for=message.stands_for,
        )
        self._told.setdefault(message.incident, {})[told.event, told.nth, told.channel] = told
        log.info("%s for %s: %s", message.event, message.channel, message.title)
        detail = f"{message.channel}{f' in place of {due.stands_for}' if due.stands_for else ''}"
        decided = Decided(message.created, due.rule, None, message.incident, detail)
        pending.notes.append(partial(save_decision, decided=decided))

    def _windows(self, around: Around, pending: Pending) -> list[Window]:
        """All windows that matter now; those of the calendar and of releases are written as they begin."""
        now, policy = around.now, self._keeper.policy
        made = [
            replace(
                grace_of(release, policy.deploy_grace), source=f"release {release.shop} {release.version}"
            )
            for release, *_ in around.desk.releases.values()
            if release.begun <= now < release.begun + policy.deploy_grace
        ]
        for planned in policy.calendar:
            made += occurrences(planned, now - OCCURRENCES_AHEAD, now)
        made = [window for window in made if window.covers(now)]
        # One that was ended by a person stays ended.
        there = {(window.source, window.starts) for window in around.desk.windows}
        made = [window for window in made if (window.source, window.starts) not in there]
        for window in made:
            if (window.source, window.starts) not in self._written_windows:
                self._written_windows.add((window.source, window.starts))
                noted = replace(window, created=now)
                pending.notes.append(partial(add_window, window=noted))
        return [*around.desk.windows, *made]

    def _note_holds(self, incident: Incident, holds: tuple[Hold, ...], now: float, pending: Pending) -> None:
        """What begins or ends to hold an incident is part of its story."""
        before = self._holds.setdefault(incident.id, {})
        for hold in holds:
            if hold.rule not in before:
                before[hold.rule] = replace(hold, since=now)
                pending.notes.append(partial(begin_hold, incident=incident.id, hold=hold, since=now))
        for rule in before.keys() - {hold.rule for hold in holds}:
            del before[rule]
            pending.notes.append(partial(end_hold, incident=incident.id, rule=rule, until=now))
        if not before:
            del self._holds[incident.id]

    def _note_acknowledgements(self, around: Around, pending: Pending) -> None:
        for number, given in around.desk.acknowledged.items():
            if number in self._keeper.open and number not in self._acknowledged:
                self._acknowledged.add(number)
                detail = f"by {given.author}{f': {given.note}' if given.note else ''}"
                decided = Decided(given.at, "acknowledged", None, number, detail)
                pending.notes.append(partial(save_decision, decided=decided))

    # --- what a message says

    def _context(self, incident: Incident, verdict: Verdict, around: Around) -> Context:
        keeper, shop = self._keeper, self._keeper.shops.get(incident.shop)
        costs = incident.severity == "page" and incident.kind in {"outage", "reported"}
        earns = shop.impact if shop and costs else None
        zone = shop.timezone if shop else "UTC"
        until = incident.closed if incident.closed is not None else around.now
        changed = suspects(around.desk.releases.get(incident.shop, ()), incident.since)
        return Context(
            shop=shop,
            check=keeper.checks.get(incident.lead.check) if incident.lead else None,
            up=self._up(incident.shop),
            own_network=around.own_network,
            release=changed[0] if changed else None,
            overlapping=changed[1:],
            load_tests=tuple(
                test
                for test in around.desk.load_tests
                if test.concerns(incident.shops, incident.since, until)
            ),
            per_hour=at_risk(earns, around.now, zone) if earns else None,
            lost=lost(earns, incident.since, until, zone) if earns else None,
            test_orders=tuple(one.reference for one in around.leaked if one.check.shop == incident.shop),
            next_escalation=verdict.next_escalation,
            ack_link=ack_link(self.voice.url, self.voice.secret, incident.id) if self.voice.url else "",
            holds=tuple(self._holds.get(incident.id, {}).values()),
            held_for=around.held_for.get(incident.id, 0.0),
            told_to=self._heard(incident),
            acknowledged=around.desk.acknowledged.get(incident.id),
            annotations=tuple(around.annotations.get(incident.id, ())),
            storm=tuple(one for one in keeper.open.values() if one.storm == incident.id),
        )

    def _heard(self, incident: Incident) -> tuple[str, ...]:
        """The channels that heard of it, or will."""
        known = self._told.get(incident.id, {}).values()
        return tuple(dict.fromkeys(one.channel for one in known if one.state != "given_up"))

    def _up(self, shop: str) -> tuple[str, ...]:
        """What works: confirmed up, and neither failing nor blind just now."""
        states = self._keeper.states
        up = (
            check.name
            for check in self._keeper.checks_of.get(shop, ())
            if check in states
            and states[check].status is Status.UP
            and states[check].streak is not Status.DOWN
            and not states[check].blind_runs
        )
        return tuple(name for name, _ in zip(up, range(NAMES), strict=False))
