"""How checks stand, what changed and what is wrong now: rows that outlive a restart."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from techrun.model import CheckId, Reason, Status
from techrun.standing import Change, CheckState, Decided, Hold, Incident, Member
from techrun.store.watched import NUMBER, number_checks

_STATE = (
    "status, since, streak, runs, streak_since, goods, goods_since, order_failures, failed_step, last_good,"
    " blind_runs, blind_since, blind_reason, last_run"
)
_VALUES = ", ".join("?" * len(_STATE.split(",")))
_INCIDENT = "id, kind, shop, severity, title, since, opened, cause, text, storm, told, closed, closed_by"


def save_states(connection: sqlite3.Connection, states: Mapping[CheckId, CheckState]) -> None:
    """Write how these checks stand, over what was known of them."""
    number_checks(connection, states)
    connection.executemany(
        f"INSERT OR REPLACE INTO states VALUES ({NUMBER}, {_VALUES})",  # noqa: S608  constants of the store
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
        state.blind_runs,
        state.blind_since,
        state.blind_reason.value if state.blind_reason else "",
        state.last_run,
    )


def load_states(connection: sqlite3.Connection) -> dict[CheckId, CheckState]:
    """How every check stood when it was last written."""
    query = f"SELECT shop, name, {_STATE} FROM states JOIN watched ON watched.id = states.watched"  # noqa: S608  constants of this file
    found = {}
    for shop, name, *row in connection.execute(query):
        state = CheckState(*row)
        found[CheckId(shop, name)] = replace(
            state,
            status=Status(state.status),
            streak=Status(state.streak),
            blind_reason=Reason(state.blind_reason) if state.blind_reason else None,
        )
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
    """Write an incident and its members, over what was known of it."""
    connection.execute(
        "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            incident.id,
            incident.kind,
            incident.shop,
            incident.severity,
            incident.title,
            incident.since,
            incident.opened,
            incident.cause,
            incident.text,
            incident.storm,
            incident.told,
            incident.closed,
            incident.closed_by,
        ),
    )
    connection.execute("DELETE FROM members WHERE incident = ?", (incident.id,))
    connection.executemany(
        "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_member_row(incident.id, position, member) for position, member in enumerate(incident.members)],
    )


def _member_row(incident: int, position: int, member: Member) -> tuple[Any, ...]:
    return (
        incident,
        position,
        member.check.shop,
        member.check.name,
        member.severity,
        member.since,
        member.joined,
        member.joined_by,
        member.reason.value if member.reason else "",
        member.step,
        member.message,
        member.excerpt,
        member.last_good,
        member.runs,
        member.trace_id,
        member.recovered,
    )


def next_incident(connection: sqlite3.Connection) -> int:
    """The number after the last one that was given to an incident, or that a message was sent about."""
    (incidents, messages) = connection.execute(
        # A kill while the disk took nothing may leave a message whose incident was never written.
        "SELECT (SELECT max(id) FROM incidents), (SELECT max(incident) FROM outbox)"
    ).fetchone()
    return max(incidents or 0, messages or 0) + 1


def open_incidents(connection: sqlite3.Connection) -> Iterator[Incident]:
    """What is wrong now, oldest first."""
    yield from _incidents(connection, "closed IS NULL")


def past_incidents(connection: sqlite3.Connection, since: float) -> Iterator[Incident]:
    """What was opened since then, open or closed, oldest first."""
    yield from _incidents(connection, "opened >= ?", (since,))


def incidents_by_number(connection: sqlite3.Connection, numbers: Sequence[int]) -> Iterator[Incident]:
    """These incidents, as far as there are such, oldest first."""
    yield from _incidents(connection, f"id IN ({', '.join('?' * len(numbers))})", tuple(numbers))


def _incidents(
    connection: sqlite3.Connection, condition: str, values: tuple[Any, ...] = ()
) -> Iterator[Incident]:
    chosen = f"SELECT id FROM incidents WHERE {condition}"  # noqa: S608  constants of this file
    members: dict[int, list[Member]] = {}
    for row in connection.execute(
        f"SELECT * FROM members WHERE incident IN ({chosen}) ORDER BY incident, position",  # noqa: S608  constants of this file
        values,
    ):
        members.setdefault(row[0], []).append(_member(row))
    query = f"SELECT {_INCIDENT} FROM incidents WHERE {condition} ORDER BY id"  # noqa: S608  constants of this file
    for number, *row in connection.execute(query, values).fetchall():
        known = Incident(number, *row[:6])
        cause, text, storm, told, closed, closed_by = row[6:]
        yield replace(
            known,
            members=tuple(members.get(number, ())),
            cause=cause,
            text=text,
            storm=storm,
            told=told,
            closed=closed,
            closed_by=closed_by,
        )


def _member(row: tuple[Any, ...]) -> Member:
    _, _, shop, name, severity, since, joined, rule, reason, *rest = row
    return Member(
        CheckId(shop, name), severity, since, joined, rule, Reason(reason) if reason else None, *rest
    )


def save_decision(connection: sqlite3.Connection, decided: Decided) -> None:
    """Note a decision for the story of its check or incident, once."""
    check = decided.check or CheckId("", "")
    connection.execute(
        "INSERT INTO decisions (at, shop, name, incident, decision, detail) SELECT ?1, ?2, ?3, ?4, ?5, ?6"
        " WHERE NOT EXISTS (SELECT 1 FROM decisions WHERE (at, shop, name) = (?1, ?2, ?3)"
        " AND incident IS ?4 AND (decision, detail) = (?5, ?6))",
        (decided.at, check.shop, check.name, decided.incident, decided.decision, decided.detail),
    )


def decisions_of(connection: sqlite3.Connection, incident: int) -> list[Decided]:
    """The story of an incident, in its order."""
    rows = connection.execute(
        "SELECT at, decision, shop, name, incident, detail FROM decisions WHERE incident = ? ORDER BY id",
        (incident,),
    )
    return [
        Decided(at, decision, CheckId(shop, name) if name else None, number, detail)
        for at, decision, shop, name, number, detail in rows
    ]


def begin_hold(connection: sqlite3.Connection, incident: int, hold: Hold, since: float) -> None:
    """Note that an incident is held from now on."""
    connection.execute(
        "INSERT INTO holds (incident, rule, detail, since) VALUES (?, ?, ?, ?)",
        (incident, hold.rule, hold.detail, since),
    )


def end_hold(connection: sqlite3.Connection, incident: int, rule: str, until: float) -> None:
    """Note that it is held no longer."""
    connection.execute(
        "UPDATE holds SET until = ? WHERE incident = ? AND rule = ? AND until IS NULL",
        (until, incident, rule),
    )


def holds_of(connection: sqlite3.Connection, incident: int) -> list[Hold]:
    """What held an incident, oldest first; without `until` where it still does."""
    rows = connection.execute(
        "SELECT rule, until, detail, since FROM holds WHERE incident = ? ORDER BY id", (incident,)
    )
    return [Hold(*row) for row in rows]


def open_holds(connection: sqlite3.Connection) -> dict[int, dict[str, Hold]]:
    """What holds incidents now, by incident and rule."""
    found: dict[int, dict[str, Hold]] = {}
    for incident, *row in connection.execute(
        "SELECT incident, rule, until, detail, since FROM holds WHERE until IS NULL"
    ):
        hold = Hold(*row)
        found.setdefault(incident, {})[hold.rule] = hold
    return found


def held_seconds(connection: sqlite3.Connection, incidents: Sequence[int], now: float) -> dict[int, float]:
    """For how long these incidents were held, until now; the wait for a group is none.

    What held at the same time counts once, and the time between two holds not at all.
    """
    rows = connection.execute(
        "SELECT incident, since, coalesce(until, ?) FROM holds WHERE rule != 'held.group_wait'"
        " AND incident IN (SELECT value FROM json_each(?)) ORDER BY incident, since",
        (now, json.dumps(list(incidents))),
    )
    seconds: dict[int, float] = {}
    ends: dict[int, float] = {}
    for incident, since, until in rows:
        begins = max(since, ends.get(incident, since))
        seconds[incident] = seconds.get(incident, 0.0) + max(0.0, until - begins)
        ends[incident] = max(until, begins)
    return seconds


_UNFINISHED = """
closed > ? AND kind != 'leak' AND id IN (
    SELECT heard.incident FROM outbox AS heard
    WHERE heard.settled IS NULL OR (
        heard.state != 'given_up' AND NOT EXISTS (
            SELECT 1 FROM outbox AS ended
            WHERE ended.incident = heard.incident AND ended.channel = heard.channel
              AND ended.event IN ('recovered', 'withdrawn')
        )
    )
)
"""
LATELY = 2 * 86400.0
"""Seconds after its end in which what is still owed of an incident is of use."""


def unfinished_incidents(connection: sqlite3.Connection, now: float) -> list[Incident]:
    """Incidents that are over while a message is on its way, or somebody who heard of it did not hear of its end."""
    return list(_incidents(connection, _UNFINISHED, (now - LATELY,)))
