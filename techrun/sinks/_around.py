"""What the keeper of incidents is told from outside, once a second: persons, clock, deliveries, network."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from techrun.handling import Annotation
from techrun.standing import OwnNetwork, Told
from techrun.store.desk import Desk, annotations_of, load_desk
from techrun.store.orders import LeakedOrder, leaked_orders
from techrun.store.outbox import told
from techrun.store.state import held_seconds

NOTHING = Desk((), {}, {}, ())


@dataclass(frozen=True, slots=True)
class Around:
    """How things stand around the incidents at one moment."""

    now: float
    desk: Desk = NOTHING
    told: Mapping[int, Sequence[Told]] = field(default_factory=dict)
    """What became of the messages of each incident, as far as the disk knows."""
    leaked: Sequence[LeakedOrder] = ()
    own_network: OwnNetwork = "unknown"
    network_since: float = 0.0
    annotations: Mapping[int, Sequence[Annotation]] = field(default_factory=dict)
    held_for: Mapping[int, float] = field(default_factory=dict)
    """Seconds for which each incident was held so far, the wait for its group left out."""

    def with_told(self, later: Sequence[Told]) -> Around:
        """With what is known of messages that the disk does not know."""
        found = {incident: list(told) for incident, told in self.told.items()}
        for one in later:
            found.setdefault(one.incident, []).append(one)
        return replace(self, told=found)


def look_around(
    connection: sqlite3.Connection, before: Around, live: Sequence[int], *, shadow: bool
) -> Around:
    """What the store knows now that the live incidents depend on."""
    return replace(
        before,
        desk=load_desk(connection, before.now),
        told=told(connection, live, shadow=shadow) if live else {},
        annotations={number: annotations_of(connection, number) for number in live},
        held_for=held_seconds(connection, live, before.now) if live else {},
        leaked=tuple(leaked_orders(connection)) if live else (),
    )
