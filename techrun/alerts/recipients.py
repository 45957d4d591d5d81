"""Who hears of an incident: the first route that matches, else its checks' channels, else somebody. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from techrun.alerts.policy import Hours, Policy, Route
from techrun.config.select import covers
from techrun.model import Check, CheckId, Severity, Shop
from techrun.standing import Incident, Member
from techrun.zones import zone_of

Checks = Mapping[CheckId, Check]

_QUIETEST_FIRST: tuple[Severity, ...] = ("ticket", "page")
"""Whose channels hear where an incident's own severity has none."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Channels, each at most once."""

    first: tuple[str, ...] = ()
    """They hear of it at once."""
    chain: tuple[str, ...] = ()
    """They hear of it one after the other, while nobody acknowledges it."""


def recipients(
    incident: Incident, checks: Checks, shop: Shop | None, policy: Policy, now: float
) -> Recipients:
    """The channels that are to hear of this incident as it is now."""
    parts = _parts(incident)
    found = [_of_one(part, checks, shop, policy, now) for part in parts]
    first = _distinct(channel for each in found for channel in each.first)
    chain = _distinct(channel for each in found for channel in each.chain)
    if not first:
        first, chain = chain[:1], chain[1:]
    return Recipients(first, tuple(channel for channel in chain if channel not in first))


def _parts(incident: Incident) -> list[Incident]:
    """A storm is told to whoever would have heard of each of its shops."""
    if incident.kind != "storm":
        return [incident]
    return [
        replace(incident, kind="outage", shop=member.check.shop, members=(member,))
        for member in _members(incident)
    ]


def _of_one(incident: Incident, checks: Checks, shop: Shop | None, policy: Policy, now: float) -> Recipients:
    route = None if _is_techruns_own(incident) else _route(incident, checks, shop, policy, now)
    return Recipients(_first(incident, checks, policy, route), _chain(incident, policy, route))


def _is_techruns_own(incident: Incident) -> bool:
    """Routes are for what is wrong with shops."""
    return incident.kind == "uplink" or (incident.kind == "blind" and incident.severity != "page")


def _first(incident: Incident, checks: Checks, policy: Policy, route: Route | None) -> tuple[str, ...]:
    if incident.kind == "uplink":
        return policy.owner or _of_all_shops(policy)
    if incident.kind == "blind" and incident.severity != "page":
        return policy.owner or _somebody(incident, checks, policy)
    named = route.notify if route is not None else ()
    shops = named or _of_checks(incident, checks, policy) or _somebody(incident, checks, policy)
    return (*shops, *policy.owner) if incident.kind == "blind" else shops


def _of_all_shops(policy: Policy) -> tuple[str, ...]:
    """Where techrun has no owner of its own, every shop's people hear of its network."""
    for severity in _QUIETEST_FIRST:
        channels = [
            channel
            for (_, its), names in policy.severity_channels.items()
            if its == severity
            for channel in names
        ]
        if channels:
            return _distinct(channels)
    return ()


def _of_checks(incident: Incident, checks: Checks, policy: Policy) -> tuple[str, ...]:
    """The channels of the checks that are as loud as the incident, or of the shop where it is about none."""
    members = _members(incident)
    if not members:
        return policy.severity_channels.get((incident.shop, incident.severity), ())
    loud = [member for member in members if member.severity == incident.severity] or members
    return tuple(channel for member in loud for channel in _of_check(member, incident, checks, policy))


def _of_check(member: Member, incident: Incident, checks: Checks, policy: Policy) -> tuple[str, ...]:
    """A check's own channels are for its own severity."""
    check = checks.get(member.check)
    if check is not None and check.severity == incident.severity and check.notify:
        return check.notify
    return policy.severity_channels.get((member.check.shop, incident.severity), ())


def _somebody(incident: Incident, checks: Checks, policy: Policy) -> tuple[str, ...]:
    """Who hears where nobody is named for it: it is never nobody, if there is anybody."""
    shops = _distinct([incident.shop, *(member.check.shop for member in _members(incident))])
    for severity in _QUIETEST_FIRST:
        channels = [
            channel for shop in shops for channel in policy.severity_channels.get((shop, severity), ())
        ]
        if channels:
            return tuple(channels)
    members = [checks[member.check] for member in _members(incident) if member.check in checks]
    return tuple(channel for check in members for channel in check.notify) or policy.owner


def _chain(incident: Incident, policy: Policy, route: Route | None) -> tuple[str, ...]:
    if route is not None and route.escalate is not None:
        return route.escalate
    return policy.shop_escalate.get(incident.shop, policy.escalate)


def _members(incident: Incident) -> tuple[Member, ...]:
    """Those that fail; all of them where none fails any more."""
    return incident.failing or incident.members


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a route is asked about: a failing check, or the shop itself."""

    id: CheckId
    client: str
    env: str
    tags: tuple[str, ...] = ()


def _route(incident: Incident, checks: Checks, shop: Shop | None, policy: Policy, now: float) -> Route | None:
    """The first one that matches."""
    if not policy.routes:
        return None
    subjects = _subjects(incident, checks, shop)
    zone = shop.timezone if shop is not None else "UTC"
    return next(
        (
            route
            for route in policy.routes
            if (not route.severities or incident.severity in route.severities)
            and (route.hours is None or in_hours(route.hours, now, zone))
            and any(_is_for(route, subject) for subject in subjects)
        ),
        None,
    )


def _subjects(incident: Incident, checks: Checks, shop: Shop | None) -> list[_Subject]:
    client, env = (shop.client, shop.env) if shop is not None else ("", "production")
    ids = [member.check for member in _members(incident)] or [CheckId(incident.shop, "")]
    known = [checks.get(id_) for id_ in ids]
    return [
        _Subject(id_, client, env) if check is None else _Subject(id_, check.client, check.env, check.tags)
        for id_, check in zip(ids, known, strict=True)
    ]


def _is_for(route: Route, subject: _Subject) -> bool:
    of_env = not route.environments or subject.env in route.environments
    return of_env and covers(subject, route.selectors, route.clients, route.tags)


def in_hours(hours: Hours, moment: float, timezone: str) -> bool:
    """Whether it is that time of the week by this zone's clock; a night belongs to the day it begins on."""
    local = datetime.fromtimestamp(moment, zone_of(timezone))
    clock, today = local.time(), local.weekday()
    if hours.start < hours.end:
        return today in hours.days and hours.start <= clock < hours.end
    yesterday = (local.date() - timedelta(days=1)).weekday()
    return (today in hours.days and clock >= hours.start) or (yesterday in hours.days and clock < hours.end)
