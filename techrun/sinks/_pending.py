"""What alerting has decided and the disk does not have yet."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from techrun.model import CheckId
from techrun.standing import CheckState, Incident, Message
from techrun.store.outbox import add_message
from techrun.store.state import save_incident, save_states

log = logging.getLogger(__name__)

RULES = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""What a row is refused with by itself."""

Note = Callable[[sqlite3.Connection], object]


@dataclass(slots=True)
class Pending:
    """What must be written in one transaction: checks and incidents as they stand, notes and messages in order."""

    states: dict[CheckId, CheckState] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    """By number: one that hundreds of checks join within a moment is written once."""
    notes: list[Note] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    """For the outbox: while the disk refuses them they are delivered from memory."""

    def __bool__(self) -> bool:
        return bool(self.states or self.incidents or self.notes or self.messages)

    @property
    def urgent(self) -> bool:
        """Somebody is to be told."""
        return bool(self.messages)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write it all."""
        for incident in self.incidents.values():
            _attempt(partial(save_incident, incident=incident), connection)
        for note in self.notes:
            _attempt(note, connection)
        for message in self.messages:
            _attempt(partial(add_message, message=message), connection)
        save_states(connection, self.states)

    def followed_by(self, later: Pending) -> Pending:
        """Both in one."""
        return Pending(
            states={**self.states, **later.states},
            incidents={**self.incidents, **later.incidents},
            notes=[*self.notes, *later.notes],
            messages=[*self.messages, *later.messages],
        )

    def without_states(self) -> Pending:
        """All but how checks stand."""
        return Pending(incidents=self.incidents, notes=self.notes, messages=self.messages)


def _attempt(note: Note, connection: sqlite3.Connection) -> None:
    try:
        note(connection)
    except Exception as error:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, RULES):
            raise  # the disk or the file is at fault: nothing was written
        # One row that breaks a rule must not hold back all the messages after it, for ever.
        log.exception("a change could not be noted")
