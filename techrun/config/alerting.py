"""What `techrun.yaml` says of alerting, key by key: owner, times, routes, heartbeat, the way to us."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from techrun.config.moments import Days, Hours, Pace, PaceOrNever
from techrun.config.several import SEVERAL
from techrun.config.values import BaseUrl, Slug, Token, WebUrl
from techrun.language.definition import Definition
from techrun.language.durations import Seconds
from techrun.model import Severity

Channels = tuple[Slug, ...]


class Owner(Definition):
    """Who answers for techrun itself."""

    name: str = Field(default="", description="who answers for techrun")
    notify: Channels = Field(
        default=(), description="channels for what techrun cannot tell: blind checks, its own network"
    )


class GroupWait(Definition):
    """How long an incident waits for what belongs to it, before it is told."""

    page: Seconds = Field(default=2.0, description="before a page")
    ticket: Seconds = Field(default=60.0, description="before a ticket")
    info: Seconds = Field(default=60.0, description="before an information")


class Remind(Definition):
    """How long after the last message an incident that nobody acknowledged is told again."""

    page: PaceOrNever = Field(default=1800.0, description="of a page")
    ticket: PaceOrNever = Field(default=86400.0, description="of a ticket")
    info: PaceOrNever = Field(default=None, description="of an information")


class Storm(Definition):
    """When many shops are told as one."""

    shops: int = Field(default=5, ge=2, le=10_000, description="so many shops …")
    within: Pace = Field(default=180.0, description="… that break within this time are one incident")


class Alerting(Definition):
    """How incidents become messages."""

    group_wait: GroupWait = Field(
        default_factory=GroupWait, description="how long an incident waits for what belongs to it"
    )
    remind: Remind = Field(
        default_factory=Remind, description="how often an incident that nobody acknowledged is told again"
    )
    escalate: Channels = Field(
        default=(), description="channels that hear of a page one after the other while nobody acknowledges"
    )
    escalate_after: Pace = Field(default=600.0, description="time between these")
    deploy_grace: Seconds = Field(
        default=120.0, description="how long after a release's beginning alerts of its shop are held"
    )
    blind_after: Pace = Field(default=900.0, description="how long a check may give no verdict")
    blocked_after_release: Seconds = Field(
        default=1800.0, description="a check that is blocked so soon after a release pages"
    )
    degraded_after: Seconds = Field(
        default=900.0, description="how long a check is degraded before a ticket says so"
    )
    maintenance_page: Seconds = Field(
        default=300.0, description="how long a platform's maintenance page may stand"
    )
    fallback_after: Seconds = Field(
        default=60.0, description="how long a channel may fail before its fallback hears of it too"
    )
    storm: Storm = Field(default_factory=Storm, description="when many shops are told as one")


class Match(Definition):
    """Which incidents a route is for; every key that is there must hold."""

    select: Annotated[tuple[str, ...], SEVERAL] = Field(default=(), description="selectors of checks")
    client: Annotated[tuple[Slug, ...], SEVERAL] = Field(default=(), description="clients")
    env: Annotated[tuple[Slug, ...], SEVERAL] = Field(default=(), description="environments")
    tag: Annotated[tuple[Slug, ...], SEVERAL] = Field(default=(), description="tags")
    severity: Annotated[tuple[Severity, ...], SEVERAL] = Field(default=(), description="page, ticket or info")
    days: Days | None = Field(default=None, description="days of the week, such as mon-fri")
    hours: Annotated[tuple[Hours, ...], SEVERAL] = Field(
        default=(), description="times of the day by the shop's clock, such as 08:00-18:00"
    )


class Route(Definition):
    """Who hears of the incidents that match."""

    match: Match = Field(default_factory=Match, description="which incidents; without it, all")
    notify: Annotated[Channels, SEVERAL] = Field(
        min_length=1, description="channels that hear of it, in place of the shop's"
    )
    escalate: Annotated[Channels | None, SEVERAL] = Field(
        default=None, description="channels that follow while nobody acknowledges, in place of the others"
    )


class Heartbeat(Definition):
    """Somebody outside who notices when techrun falls silent."""

    url: WebUrl = Field(repr=False, description="URL that is called while techrun really works")
    every: Pace = Field(default=60.0, description="how often")


class Tokens(Definition):
    """Who may use `/api/v1`."""

    read: Annotated[tuple[Token, ...], SEVERAL] = Field(
        default=(), repr=False, description="tokens that may look"
    )
    operate: Annotated[tuple[Token, ...], SEVERAL] = Field(
        default=(), repr=False, description="tokens that may look, acknowledge, silence and so on"
    )


class Web(Definition):
    """How people and programs reach this techrun."""

    url: BaseUrl | None = Field(default=None, description="how people reach it, for the links in messages")
    tokens: Tokens = Field(default_factory=Tokens, description="who may use /api/v1")
