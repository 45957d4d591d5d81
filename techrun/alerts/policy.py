"""What the configuration says about alerting, as the rules of this package use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path

from techrun.handling import WindowKind
from techrun.model import Severity


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of the week, by the shop's clock."""

    days: frozenset[int] = frozenset(range(7))
    """0 is Monday."""
    start: time = time(0)
    end: time = time(0)
    """Not included; earlier than `start` or equal to it: on the next day."""


@dataclass(frozen=True, slots=True)
class Route:
    """Who hears of an incident that matches; everything that is empty matches all."""

    selectors: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    hours: Hours | None = None
    notify: tuple[str, ...] = ()
    """Channels that hear of it, in place of the shop's."""
    escalate: tuple[str, ...] | None = None
    """Channels that hear of it one after the other while nobody acknowledges it; None: the policy's."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A window of the calendar, once or again and again."""

    name: str
    kind: WindowKind
    selectors: tuple[str, ...]
    client: str = ""
    tags: tuple[str, ...] = ()
    starts: float | None = None
    """Of a single one; None where it recurs."""
    ends: float | None = None
    rule: str = ""
    """RFC 5545 recurrence of the beginnings (`FREQ=WEEKLY;BYDAY=TU`), by the clock of `timezone`."""
    at: time = time(0)
    lasts: float = 0.0
    timezone: str = "UTC"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """How incidents become messages. Times in seconds."""

    group_wait: Mapping[Severity, float] = field(
        default_factory=lambda: {"page": 2.0, "ticket": 60.0, "info": 60.0}
    )
    """How long an incident waits for what belongs to it before it is told."""
    remind: Mapping[Severity, float] = field(default_factory=lambda: {"page": 1800.0, "ticket": 86400.0})
    """How long after the last message on a channel an incident that nobody acknowledged is told again."""
    escalate_after: float = 600.0
    escalate: tuple[str, ...] = ()
    """The chain of channels where neither a route nor the shop names one."""
    shop_escalate: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deploy_grace: float = 120.0
    blind_after: float = 900.0
    """How long a check may give no verdict."""
    blocked_after_release: float = 1800.0
    """A check that is blocked so soon after a release pages."""
    degraded_after: float = 900.0
    """How long a check is degraded before a ticket says so."""
    maintenance_page: float = 300.0
    """How long a platform's maintenance page may stand."""
    fallback_after: float = 60.0
    """How long a message may wait for a failing channel before its fallback hears of it too."""
    fallback: Mapping[str, str] = field(default_factory=dict)
    """Channel to the one that hears in its place while it fails."""
    routes: tuple[Route, ...] = ()
    """The first that matches decides."""
    owner: tuple[str, ...] = ()
    """Channels of techrun's own owner."""
    severity_channels: Mapping[tuple[str, Severity], tuple[str, ...]] = field(default_factory=dict)
    """By shop and severity, as the shop's `notify` says."""
    calendar: tuple[Planned, ...] = ()
    storm_shops: int = 5
    """So many shops that break within `storm_within` are told as one."""
    storm_within: float = 180.0


@dataclass(frozen=True, slots=True)
class Voice:
    """How messages are written."""

    shadow: bool = False
    """They are only recorded."""
    url: str = ""
    """How people reach this techrun; empty: messages have no links to it."""
    secret: str = ""
    templates: Path | None = None
