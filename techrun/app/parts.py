"""Parts made from settings, and what can only be checked by making them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time

from techrun.alerts.notify import check_url
from techrun.alerts.policy import Hours, Planned, Policy, Route
from techrun.alerts.template_check import check_templates
from techrun.config.alerting import Route as RouteSettings
from techrun.config.calendar import Recurring
from techrun.config.planned import clock_of
from techrun.config.settings import Settings
from techrun.errors import ConfigError, Problem
from techrun.fetch import FetchSettings
from techrun.handling import WindowKind
from techrun.model import Severity

SEVERITIES: tuple[Severity, ...] = ("page", "ticket", "info")


def fetch_settings(settings: Settings) -> FetchSettings:
    """How requests go out, as the configuration says it."""
    written = settings.fetch
    return FetchSettings(
        ca_file=written.ca_file,
        max_body=written.max_body,
        proxy=written.proxy or "",
        allow=written.allow,
        deny=written.deny,
        nameservers=written.nameservers,
        resolve_timeout=written.resolve_timeout,
        ip=written.ip,
    )


def policy_of(settings: Settings) -> Policy:
    """How incidents become messages, as the configuration says it."""
    said = settings.alerting
    return Policy(
        group_wait={severity: getattr(said.group_wait, severity) for severity in SEVERITIES},
        remind={severity: pace for severity in SEVERITIES if (pace := getattr(said.remind, severity))},
        escalate_after=said.escalate_after,
        escalate=said.escalate,
        shop_escalate={
            shop.name: shop.notify.escalate for shop in settings.shops if shop.notify.escalate is not None
        },
        deploy_grace=said.deploy_grace,
        blind_after=said.blind_after,
        blocked_after_release=said.blocked_after_release,
        degraded_after=said.degraded_after,
        maintenance_page=said.maintenance_page,
        fallback_after=said.fallback_after,
        fallback={name: channel.fallback for name, channel in settings.channels.items() if channel.fallback},
        routes=tuple(route for written in settings.routes for route in _routes(written)),
        owner=settings.owner.notify,
        severity_channels={
            (shop.name, severity): getattr(shop.notify, severity)
            for shop in settings.shops
            for severity in SEVERITIES
        },
        calendar=tuple(_planned(settings)),
        storm_shops=said.storm.shops,
        storm_within=said.storm.within,
    )


def _routes(written: RouteSettings) -> Iterator[Route]:
    """The routes that a written one stands for: one for each of its times of the day."""
    match = written.match
    route = Route(
        selectors=match.select,
        clients=match.client,
        environments=match.env,
        tags=match.tag,
        severities=match.severity,
        notify=written.notify,
        escalate=written.escalate,
    )
    if match.days is None and not match.hours:
        yield route
        return
    days = match.days if match.days is not None else Hours().days
    for start, end in match.hours or ((time(0), time(0)),):
        yield replace(route, hours=Hours(days, start, end))


def _planned(settings: Settings) -> Iterator[Planned]:
    """What of the calendar holds alerts back, by the clock of the shop that it is about."""
    windows: dict[WindowKind, tuple[Recurring, ...]] = {
        "maintenance": settings.calendar.maintenance,
        "silence": settings.calendar.silences,
    }
    for kind, entries in windows.items():
        for entry in entries:
            zone = clock_of(entry, settings.shops)
            yield Planned(
                name=entry.name,
                kind=kind,
                selectors=entry.select,
                client=entry.client or "",
                tags=entry.tag,
                starts=entry.from_.at(zone) if entry.from_ else None,
                ends=entry.to.until(zone) if entry.to else None,
                rule=entry.recurrence,
                at=entry.at or time(0),
                lasts=entry.lasts or 0.0,
                timezone=zone,
                reason=entry.reason,
            )


def check_parts(settings: Settings) -> None:
    """ConfigError names every channel and every template that cannot be used."""
    problems = [*_channel_problems(settings), *_template_problems(settings)]
    if problems:
        raise ConfigError(problems)


def check_channels(settings: Settings) -> None:
    """ConfigError names every channel whose URL Apprise cannot use, without its line: a URL holds secrets."""
    problems = _channel_problems(settings)
    if problems:
        raise ConfigError(problems)


def _channel_problems(settings: Settings) -> list[Problem]:
    found = ((channel, check_url(channel.url, settings.redactor)) for channel in settings.channels.values())
    return [
        Problem(
            f"the channel {channel.name} cannot be used: {what}", places=(replace(channel.place, text=""),)
        )
        for channel, what in found
        if what
    ]


def _template_problems(settings: Settings) -> list[Problem]:
    """What is wrong with the user's own messages."""
    wrong = check_templates(settings.templates) if settings.templates else []
    return [settings.origin.problem(("templates",), what) for what in wrong]
