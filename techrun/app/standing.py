"""What is in the store, as a person on call asks for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from techrun.alerts.impact import loses_orders, lost
from techrun.app.loading import Loaded
from techrun.handling import AFTERMATH, Release, suspects
from techrun.impact import Cost
from techrun.model import Check, Shop
from techrun.oncall import Chosen, UnknownError
from techrun.standing import CheckState, Decided, Hold, Incident, Member, OwnNetwork
from techrun.store.desk import acknowledgements_of, annotations_of, windows
from techrun.store.history import PastRun, last_runs, runs_of, uptime
from techrun.store.loads import load_tests
from techrun.store.orders import leaked_orders
from techrun.store.outbox import backlog
from techrun.store.releases import releases_before
from techrun.store.state import decisions_of, holds_of, incidents_by_number, load_states, open_incidents
from techrun.store.story import last_attempt, messages_of, taken_on
from techrun.views import (
    ChannelStanding,
    CheckStanding,
    IncidentStanding,
    LastRun,
    LeakedOrder,
    MemberStanding,
    NamedDecision,
    Standing,
    Story,
)

DAY = 86400.0
WEEK = 7 * DAY


def standing(
    connection: sqlite3.Connection, loaded: Loaded, checks: Sequence[Check], chosen: Chosen, now: float
) -> Standing:
    """How these checks stand, and everything that is wrong with them or with techrun itself."""
    found = tuple(open_incidents(connection))
    wanted = {check.id for check in checks}
    mine = found if chosen == Chosen() else [one for one in found if _concerns(one, checks)]
    return Standing(
        checks=tuple(_checks(connection, checks, now)),
        incidents=incident_standings(connection, mine),
        windows=tuple(one for one in windows(connection, now) if one.covers(now)),
        undelivered=tuple(
            ChannelStanding(one.channel, one.messages, one.oldest, last_attempt(connection, one.channel))
            for one in backlog(connection)
        ),
        leaked_orders=tuple(
            LeakedOrder(str(one.check), one.reference or one.run_id, one.begun)
            for one in leaked_orders(connection)
            if one.check in wanted
        ),
        own_network=_own_network(found, loaded),
        runs=tuple(map(_run, runs_of(connection, checks[0].id))) if len(checks) == 1 else (),
        load_tests=tuple(
            test
            for test in load_tests(connection, now)
            if test.runs(now) and any(check.id.shop == test.shop for check in checks)
        ),
    )


def _concerns(incident: Incident, checks: Sequence[Check]) -> bool:
    """Whether an incident is about one of these checks; what is about all shops is about each of them."""
    if incident.members:
        return any(incident.member(check.id) for check in checks)
    return not incident.shop or any(check.id.shop == incident.shop for check in checks)


def _own_network(incidents: Iterable[Incident], loaded: Loaded) -> OwnNetwork:
    if any(incident.kind == "uplink" for incident in incidents):
        return "lost"
    return "ok" if loaded.settings.witness else "unknown"


def _checks(connection: sqlite3.Connection, checks: Sequence[Check], now: float) -> Iterable[CheckStanding]:
    states = load_states(connection)
    last = {run.check: run for run in last_runs(connection)}
    for check in checks:
        state, run = states.get(check.id, CheckState()), last.get(check.id)
        yield CheckStanding(
            shop=check.id.shop,
            check=check.id.name,
            status=state.status,
            since=state.since or None,
            last_good=state.last_good,
            uptime_7d=uptime(connection, check.id, now - WEEK, now).share,
            last_run=_run(run) if run else None,
        )


def _run(run: PastRun) -> LastRun:
    return LastRun(run.started, run.status, run.reason, run.step, run.message, run.duration)


def incident_standings(
    connection: sqlite3.Connection, incidents: Iterable[Incident]
) -> tuple[IncidentStanding, ...]:
    """Incidents with who has taken them on, and what holds them."""
    incidents = tuple(incidents)
    taken = taken_on(connection, [one.id for one in incidents])
    return tuple(
        IncidentStanding(
            id=one.id,
            kind=one.kind,
            shop=one.shop,
            severity=one.severity,
            title=one.title,
            since=one.since,
            opened=one.opened,
            closed=one.closed,
            closed_by=one.closed_by,
            text=one.text,
            members=tuple(map(_member, one.members)),
            acknowledged=taken.get(one.id),
            held=_held(connection, one),
        )
        for one in incidents
    )


def _held(connection: sqlite3.Connection, incident: Incident) -> tuple[Hold, ...]:
    if incident.closed is not None:
        return ()
    return tuple(hold for hold in holds_of(connection, incident.id) if hold.until is None)


def _member(member: Member) -> MemberStanding:
    return MemberStanding(
        check=str(member.check),
        severity=member.severity,
        since=member.since,
        recovered=member.recovered,
        reason=member.reason,
        step=member.step,
        message=member.message,
        joined=member.joined,
        joined_by=member.joined_by,
        last_good=member.last_good,
        runs=member.runs,
        trace_id=member.trace_id,
        excerpt=member.excerpt,
    )


def incident_of(connection: sqlite3.Connection, number: int) -> Incident:
    """The incident of this number; UnknownError where there is none."""
    found = next(incidents_by_number(connection, [number]), None)
    if found is None:
        raise UnknownError(f"there is no incident #{number}; techrun incidents list --all tells them")
    return found


def story(connection: sqlite3.Connection, number: int, shops: Sequence[Shop], now: float) -> Story:
    """Everything that is known of one incident."""
    incident = incident_of(connection, number)
    (told,) = incident_standings(connection, [incident])
    shop = next((shop for shop in shops if shop.name == incident.shop), None)
    return Story(
        incident=told,
        decisions=tuple(map(_decision, decisions_of(connection, number))),
        holds=tuple(holds_of(connection, number)),
        messages=tuple(messages_of(connection, number)),
        acknowledgements=tuple(acknowledgements_of(connection, number)),
        annotations=tuple(annotations_of(connection, number)),
        lost=_lost(incident, shop, now),
        load_tests=tuple(
            test
            for test in load_tests(connection, incident.since - AFTERMATH)
            if test.concerns(
                incident.shops, incident.since, now if incident.closed is None else incident.closed
            )
        ),
        releases=_suspects(connection, incident),
    )


def _suspects(connection: sqlite3.Connection, incident: Incident) -> tuple[Release, ...]:
    """The releases that may have caused it; one that is a day older is no news."""
    found = suspects(releases_before(connection, incident.shop, incident.since), incident.since)
    return tuple(one for one in found if incident.since - one.begun <= DAY)


def _decision(decided: Decided) -> NamedDecision:
    check = str(decided.check) if decided.check else ""
    return NamedDecision(decided.at, decided.decision, check, decided.detail)


def _lost(incident: Incident, shop: Shop | None, now: float) -> Cost | None:
    if shop is None or shop.impact is None or not loses_orders(incident):
        return None
    until = now if incident.closed is None else incident.closed
    return lost(shop.impact, incident.since, until, shop.timezone)
