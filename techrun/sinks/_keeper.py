"""How every check stands now, and what of it is not yet written. Belongs to the thread of the incidents."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from techrun.alerts.incidents import close_incident, closes, leak_incident, open_incident, opens, severity_of
from techrun.alerts.message import compose
from techrun.alerts.state import advance, fact_of
from techrun.model import Check, CheckId, Result, Severity, Shop
from techrun.standing import Change, CheckState, Event, Incident, Message
from techrun.store.outbox import add_message, told_channels
from techrun.store.state import (
    forget_states,
    load_states,
    next_incident,
    open_incidents,
    save_change,
    save_incident,
    save_states,
)

log = logging.getLogger(__name__)

Note = Callable[[sqlite3.Connection], object]


@dataclass(slots=True)
class Pending:
    """What must be written in one transaction: the newest state of each check, and notes in their order."""

    states: dict[CheckId, CheckState] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    urgent: bool = False
    """Somebody may have to be told."""

    def __bool__(self) -> bool:
        return bool(self.states or self.notes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write it all."""
        for note in self.notes:
            try:
                note(connection)
            except sqlite3.OperationalError:
                raise
            except Exception:
                # One row that breaks a rule must not hold back all the messages after it, for ever.
                log.exception("a change could not be noted")
        save_states(connection, self.states)

    def followed_by(self, later: Pending) -> Pending:
        """Both in one."""
        return Pending(
            states={**self.states, **later.states},
            notes=[*self.notes, *later.notes],
            urgent=self.urgent or later.urgent,
        )

    def without_states(self) -> Pending:
        """The notes alone."""
        return Pending(notes=self.notes, urgent=self.urgent)


@dataclass(frozen=True, slots=True)
class _Ending:
    """How an incident ends."""

    event: Event
    at: float
    rule: str


class Keeper:
    """Advances states and decides what is to be written and told."""

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], float]) -> None:
        self.channels: frozenset[str] = frozenset()
        """Names of the channels that messages can be written for."""
        self._clock = clock
        self._states = load_states(connection)
        self._open = {incident.check: incident for incident in open_incidents(connection)}
        self._next_incident = next_incident(connection)
        self._checks: dict[CheckId, Check] = {}
        self._shops: dict[str, Shop] = {}

    def states_now(self) -> dict[CheckId, CheckState]:
        """How the checks stand; asked from any thread."""
        return self._states.copy()

    def count_open(self) -> dict[tuple[str, Severity], int]:
        """Open incidents by shop and severity, for all that there could be; asked from any thread."""
        counts = {
            (check.id.shop, severity_of(check, self._shop(check.id))): 0 for check in self._checks.values()
        }
        for incident in self._open.copy().values():
            key = (incident.check.shop, incident.severity)
            counts[key] = counts.get(key, 0) + 1
        return counts

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop], pending: Pending) -> None:
        """What is watched from now on; what is gone is closed and forgotten."""
        self._checks = {check.id: check for check in checks}
        # A shop that is gone is still needed for the last message about it.
        self._shops = {**self._shops, **{shop.name: shop for shop in shops}}
        for check in [check for check in self._open if check not in self._checks]:
            self._close(
                check, self._shop(check), _Ending("withdrawn", self._clock(), "closed.check_gone"), pending
            )
        gone = [check for check in self._states if check not in self._checks]
        for check in gone:
            del self._states[check]
            pending.states.pop(check, None)
        if gone:
            pending.notes.append(partial(forget_states, checks=gone))

    def take(self, result: Result, pending: Pending) -> None:
        """Advance the state of the result's check."""
        check = self._checks.get(result.check.id)
        if check is None:
            return
        for order in result.outcome.orders:
            if order.state == "leaked":
                incident = leak_incident(self._next_incident, order, result, self._shop(check.id))
                self._begin(incident, check, "leaked", pending)
        before = self._states.get(check.id) or CheckState()
        state, change, _ = advance(before, fact_of(result), check.confirmation)
        if state is before:
            return
        self._states[check.id] = pending.states[check.id] = state
        if change is not None:
            pending.notes.append(partial(save_change, change=change))
            self._act_on(change, check, pending)

    def _shop(self, check: CheckId) -> Shop:
        return self._shops.get(check.shop) or Shop(check.shop, "")

    def _act_on(self, change: Change, check: Check, pending: Pending) -> None:
        shop = self._shop(check.id)
        if opens(change) and check.id not in self._open:
            incident = open_incident(self._next_incident, change, check, shop)
            self._open[check.id] = incident
            log.info("%s", incident.title)
            self._begin(incident, check, "opened", pending)
        elif closes(change) and check.id in self._open:
            self._close(check.id, shop, _Ending("recovered", change.since, change.decision), pending)

    def _begin(self, incident: Incident, check: Check, event: Event, pending: Pending) -> None:
        """Note an incident that is new, and tell the channels of its check."""
        self._next_incident += 1
        pending.urgent = True
        pending.notes.append(partial(save_incident, incident=incident))
        for channel in check.notify:
            if channel in self.channels:
                message = compose(event, incident, self._shop(check.id), channel, self._clock())
                pending.notes.append(partial(add_message, message=message))

    def _close(self, check: CheckId, shop: Shop, ending: _Ending, pending: Pending) -> None:
        incident = close_incident(self._open.pop(check), ending.at, ending.rule)
        pending.urgent = True
        pending.notes.append(partial(save_incident, incident=incident))
        message = compose(ending.event, incident, shop, "", self._clock())
        log.info("%s", message.title)
        pending.notes.append(partial(_tell_who_heard, message=message))


def _tell_who_heard(connection: sqlite3.Connection, message: Message) -> None:
    """The end of an incident is owed to the channels that heard of its beginning."""
    for channel in told_channels(connection, message.incident):
        add_message(connection, replace(message, channel=channel))
