"""How checks stand, what changed and what is wrong now: rows that outlive a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from techrun.model import CheckId, Reason, Status
from techrun.standing import Change, CheckState, Incident
from techrun.store.watched import NUMBER, number_checks

_STATE = (
    "status, since, streak, runs, streak_since, goods, goods_since, order_failures, failed_step, last_good"
)
_INCIDENT = (
    "id, shop, name, severity, title, since, opened, reason, step, message, last_good, runs, trace_id,"
    " closed, closed_by"
)


def save_states(connection: sqlite3.Connection, states: Mapping[CheckId, CheckState]) -> None:
    """Write how these checks stand, over what was known of them."""
    number_checks(connection, states)
    connection.executemany(
        f"INSERT OR REPLACE INTO states VALUES ({NUMBER}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  constants of the store
        [_state_row(check, state) for check, state in states.items()],
    )


def _state_row(check: CheckId, state: CheckState) -> tuple[Any, ...]:
    return (
        check.shop,
        check.name,
        state.status.value,
        state.since,
        state.streak.value,
        state.runs,
        state.streak_since,
        state.goods,
        state.goods_since,
        state.order_failures,
        state.failed_step,
        state.last_good,
    )


def load_states(connection: sqlite3.Connection) -> dict[CheckId, CheckState]:
    """How every check stood when it was last written."""
    query = f"SELECT shop, name, {_STATE} FROM states JOIN watched ON watched.id = states.watched"  # noqa: S608  constants of this file
    found = {}
    for shop, name, status, since, streak, *rest in connection.execute(query):
        found[CheckId(shop, name)] = CheckState(Status(status), since, Status(streak), *rest)
    return found


def forget_states(connection: sqlite3.Connection, checks: list[CheckId]) -> None:
    """These checks are no longer watched: should they come back, they begin anew."""
    connection.executemany(
        f"DELETE FROM states WHERE watched = {NUMBER}",  # noqa: S608  constants of the store
        [(check.shop, check.name) for check in checks],
    )


def save_change(connection: sqlite3.Connection, change: Change) -> None:
    """Note that a check's confirmed status turned; never deleted."""
    connection.execute(
        "INSERT INTO changes (shop, name, before, after, at, since, runs, last_good, reason, step, message,"
        " decision, trace_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            change.check.shop,
            change.check.name,
            change.before.value,
            change.after.value,
            change.at,
            change.since,
            change.runs,
            change.last_good,
            change.reason.value if change.reason else "",
            change.step,
            change.message,
            change.decision,
            change.trace_id,
        ),
    )


def save_incident(connection: sqlite3.Connection, incident: Incident) -> None:
    """Write an incident, over what was known of it."""
    connection.execute(
        "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            incident.id,
            incident.check.shop,
            incident.check.name,
            incident.severity,
            incident.title,
            incident.since,
            incident.opened,
            incident.reason.value if incident.reason else "",
            incident.step,
            incident.message,
            incident.last_good,
            incident.runs,
            incident.trace_id,
            incident.closed,
            incident.closed_by,
        ),
    )


def next_incident(connection: sqlite3.Connection) -> int:
    """The number after the last one that was given to an incident."""
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM incidents").fetchone()
    return int(last) + 1


def open_incidents(connection: sqlite3.Connection) -> Iterator[Incident]:
    """What is wrong now, oldest first."""
    yield from _incidents(connection, "WHERE closed IS NULL ORDER BY id")


def past_incidents(connection: sqlite3.Connection, since: float) -> Iterator[Incident]:
    """What was opened since then, open or closed, oldest first."""
    yield from _incidents(connection, "WHERE opened >= ? ORDER BY id", (since,))


def _incidents(
    connection: sqlite3.Connection, condition: str, values: tuple[Any, ...] = ()
) -> Iterator[Incident]:
    query = f"SELECT {_INCIDENT} FROM incidents {condition}"  # noqa: S608  constants of this file
    for number, shop, name, severity, title, since, opened, reason, *rest in connection.execute(
        query, values
    ):
        yield Incident(
            number,
            CheckId(shop, name),
            severity,
            title,
            since,
            opened,
            Reason(reason) if reason else None,
            *rest,
        )
