"""The configuration as it was understood: frozen records, every template of ours filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from techrun import __version__
from techrun.config.alerting import Alerting, Heartbeat, Owner, Route, Web
from techrun.config.calendar import Calendar
from techrun.config.load import LoadSettings
from techrun.config.models import FetchSettings, Notify, Retention
from techrun.config.releases import Grafana, Releases
from techrun.config.tree import Written
from techrun.errors import Place
from techrun.language.definition import Definition
from techrun.model import CheckId, Confirmation, Severity, Shop
from techrun.redact import Redactor

DEFAULT = Place("default", 0, 0)
"""Where a value comes from that nobody wrote."""


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """One check with everything that applies to it."""

    id: CheckId
    kind: str
    spec: Definition
    every: float
    deadline: float
    severity: Severity
    confirmation: Confirmation
    client: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    slo: float | None = None
    """The objective for its availability, as a share of 1."""
    symptom: str = ""
    """What its failure means to a customer, in words for a title."""
    runbook: str = ""
    """Its own page that says what to do; empty: the shop's."""
    constants: Mapping[str, Any] = field(default_factory=dict)
    """What its templates may name besides what a run saves."""
    origin: Written | None = None
    sources: Mapping[str, Place] = field(default_factory=dict)
    """Where each setting comes from."""

    @property
    def name(self) -> str:
        """The check's name within its shop."""
        return self.id.name


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """One shop and its checks."""

    shop: Shop
    locale: str
    timezone: str
    constants: Mapping[str, Any]
    checks: tuple[CheckSettings, ...] = ()
    nodes: tuple[str, ...] = ()
    notify: Notify = field(default_factory=Notify)
    """Channels by severity."""
    releases: Releases = field(default_factory=Releases)
    """What a release of it must pass."""
    load: LoadSettings = field(default_factory=LoadSettings)
    """How it may be loaded before a release, and what must hold."""
    origin: Written | None = None

    @property
    def name(self) -> str:
        """The shop's slug."""
        return self.shop.name


@dataclass(frozen=True, slots=True)
class Channel:
    """Where messages go; `url` holds secrets."""

    name: str
    url: str = field(repr=False)
    place: Place = DEFAULT
    fallback: str = ""
    """The channel that hears in its place while it fails."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the configuration says."""

    shops: tuple[ShopSettings, ...]
    documents: Mapping[str, Definition]
    """Journeys and fragments by name."""
    channels: Mapping[str, Channel]
    store: Path
    host: str
    port: int
    location: str
    fetch: FetchSettings
    retention: Retention
    witness: tuple[str, ...]
    calendar: Calendar
    redactor: Redactor
    owner: Owner
    """Of techrun itself."""
    alerting: Alerting
    routes: tuple[Route, ...]
    heartbeat: Heartbeat | None
    web: Web
    templates: Path | None
    """The folder of messages of one's own."""
    origin: Written
    """The main file."""
    grafana: Grafana | None = None
    """Where releases are drawn."""
    files: tuple[Path, ...] = ()
    """Every file that was read."""

    @property
    def user_agent(self) -> str:
        """How techrun names itself to the shops."""
        return f"techrun/{__version__} {self.fetch.user_agent}".rstrip()

    @property
    def checks(self) -> tuple[CheckSettings, ...]:
        """The checks of all shops."""
        return tuple(check for shop in self.shops for check in shop.checks)
