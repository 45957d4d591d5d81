"""What the files hold, key by key: `techrun.yaml`, a shop's file, a pack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from techrun.config.alerting import Alerting, Heartbeat, Owner, Route, Web
from techrun.config.impact import OrdersPerHour
from techrun.config.load import LoadSettings
from techrun.config.releases import Grafana, Releases
from techrun.config.several import SEVERAL
from techrun.config.values import (
    Address,
    BaseUrl,
    ChannelUrl,
    Count,
    Deadline,
    Interval,
    LabelName,
    Listen,
    Locale,
    Money,
    Network,
    ProxyUrl,
    Share,
    Size,
    Slug,
    Text,
    Timezone,
    WebUrl,
    as_text,
)
from techrun.language.definition import Definition
from techrun.language.durations import Seconds
from techrun.model import Severity

Labels = Mapping[LabelName, Text]


def _known_version(value: Any) -> Any:
    if value != 1 or isinstance(value, bool):
        raise ValueError("this version of the format is not known", "this techrun reads `version: 1`")
    return 1


Version = Annotated[int, BeforeValidator(_known_version), WithJsonSchema({"const": 1})]
Globs = Annotated[list[str], SEVERAL]


class ConfirmationSettings(Definition):
    """How a failure is confirmed before it counts as an outage."""

    fail_after: int = Field(default=4, ge=1, le=100, description="failures in a row that make a check down")
    recover_after: int = Field(
        default=2, ge=1, le=100, description="good runs in a row that make it up again"
    )
    delays: tuple[Seconds, ...] = Field(
        default=(5.0, 10.0, 15.0),
        max_length=20,
        description="time from the beginning of the 1st, 2nd, 3rd failure to the run that confirms it",
    )


class Defaults(Definition):
    """Settings of checks that may be given for many at once."""

    every: Interval | None = Field(default=None, description="how often the check runs")
    deadline: Deadline | None = Field(default=None, description="how long one run may take")
    severity: Severity | None = Field(default=None, description="page, ticket or info")
    confirmation: ConfirmationSettings | None = Field(default=None, description="how a failure is confirmed")
    notify: tuple[Slug, ...] | None = Field(
        default=None, description="channels that hear of it, whatever its severity"
    )
    labels: Labels = Field(default_factory=dict, description="labels added to the check")
    tags: tuple[Slug, ...] = Field(default=(), description="words to select checks by")


class CheckKeys(Defaults):
    """What every check may say, whatever its kind."""

    name: Slug = Field(description="unique within the shop; the `check` label")
    for_each: Mapping[LabelName, Any] | None = Field(
        default=None, description="variables and their values: one check per combination"
    )
    depends_on: tuple[str, ...] = Field(
        default=(), description="checks of this shop that explain a failure of this one"
    )
    slo: Share | None = Field(default=None, description="objective for its availability, such as 99.9%")
    symptom: Text = Field(
        default="", max_length=80, description="what its failure means to a customer, for the title"
    )
    runbook: WebUrl | None = Field(
        default=None, description="page that says what to do, in place of the shop's"
    )


class Synthetic(Definition):
    """The test customer and the test articles; further keys are yours."""

    model_config = ConfigDict(extra="allow", frozen=True)

    email: str | None = Field(default=None, description="the address that test orders are placed with")
    articles: tuple[Text, ...] = Field(default=(), description="probe articles, tried in order")
    signing_key: str | None = Field(default=None, description="signs every request by HMAC; a secret")


class Orders(Definition):
    """How many test orders the shop bears."""

    max_per_day: Count = Field(default=24, description="hard cap of test orders a day, kept over restarts")


class Impact(Definition):
    """What an outage costs."""

    orders_per_hour: OrdersPerHour = Field(
        description="orders in an average hour, or by the hour of the day or of the week"
    )
    average_order: Money = Field(description="value of an average order, such as 85 EUR")


class Notify(Definition):
    """Channels by severity."""

    page: tuple[Slug, ...] = Field(default=(), description="channels for severity page")
    ticket: tuple[Slug, ...] = Field(default=(), description="channels for severity ticket")
    info: tuple[Slug, ...] = Field(default=(), description="channels for severity info")
    escalate: tuple[Slug, ...] | None = Field(
        default=None, description="channels that hear of a page one after the other, in place of the shared"
    )


class ShopFile(Definition):
    """One shop, and what is watched of it."""

    version: Version = Field(default=1, description="version of this format")
    shop: Slug = Field(description="unique slug: the `shop` label everywhere")
    client: Slug | None = Field(default=None, description="who the shop belongs to")
    env: Slug = Field(default="production", description="anything but production never pages")
    url: BaseUrl = Field(description="where the shop's home page is")
    locale: Locale = Field(default="en-US", description='how "1.299" reads')
    timezone: Timezone = Field(default="UTC", description="the shop's time zone, such as Europe/Madrid")
    use: tuple[Slug, ...] = Field(default=(), description="packs of journeys, checks and defaults")
    with_: Mapping[str, Any] = Field(
        default_factory=dict, alias="with", description="parameters of the packs"
    )
    defaults: Defaults | None = Field(default=None, description="settings for all checks of this shop")
    labels: Labels = Field(default_factory=dict, description="labels of all checks of this shop")
    tags: tuple[Slug, ...] = Field(default=(), description="tags of all checks of this shop")
    owner: str = Field(default="", description="who answers for the shop")
    runbook: WebUrl | None = Field(default=None, description="page that says what to do")
    rollback: str = Field(default="", description="command that is printed in pages and never run")
    nodes: tuple[Address, ...] = Field(default=(), description="the origins behind the CDN or balancer")
    synthetic: Synthetic = Field(default_factory=Synthetic, description="the test customer and articles")
    orders: Orders = Field(default_factory=Orders, description="how many test orders the shop bears")
    impact: Impact | None = Field(default=None, description="what an outage costs")
    notify: Notify = Field(default_factory=Notify, description="channels by severity")
    checks: list[Any] = Field(default_factory=list, description="what is watched")
    releases: Releases = Field(default_factory=Releases, description="what a release must pass")
    load: LoadSettings = Field(
        default_factory=LoadSettings, description="how it may be loaded before a release, and what must hold"
    )


class Parameter(Definition):
    """A value that a pack takes from the shop's `with`."""

    default: Any = Field(default=None, description="what it is where the shop says nothing")
    required: bool = Field(default=False, description="the shop must say it")
    description: str = Field(default="", description="what it is for")


def _parameters(value: Mapping[str, Parameter]) -> Mapping[str, Parameter]:
    for name in value:
        if name in {"shop", "env", "secret", "synthetic", "run"}:
            raise ValueError(f'"{name}" is a name of techrun itself', "choose another name")
    return value


class PackFile(Definition):
    """Checks and defaults that many shops share."""

    version: Version = Field(default=1, description="version of this format")
    pack: Slug = Field(description="name of the pack, for `use:`")
    title: str = Field(default="", description="what it is, for people")
    parameters: Annotated[Mapping[str, Parameter], AfterValidator(_parameters)] = Field(
        default_factory=dict, description="values that a shop gives under `with`"
    )
    defaults: Defaults | None = Field(default=None, description="settings for the pack's checks")
    checks: list[Any] = Field(default_factory=list, description="checks that a shop gets with the pack")


class ChannelFile(Definition):
    """Where messages go."""

    url: ChannelUrl = Field(description="one Apprise URL, best as `${secret.…}`")
    fallback: Slug | None = Field(
        default=None, description="channel that hears in its place while this one fails"
    )


class FetchSettings(Definition):
    """How requests go out."""

    ca_file: str | None = Field(
        default=None, description="PEM file of trusted authorities, in place of the usual ones"
    )
    proxy: ProxyUrl | None = Field(
        default=None, description="proxy of all requests; the environment's are not used"
    )
    allow: tuple[Network, ...] = Field(
        default=(), description="networks that may be reached though refused otherwise"
    )
    deny: tuple[Network, ...] = Field(default=(), description="networks that are refused")
    nameservers: tuple[Text, ...] = Field(
        default=(), description="name servers to ask, in place of the system's"
    )
    resolve_timeout: Deadline = Field(default=5.0, description="how long one lookup of a name may take")
    ip: Annotated[Literal["auto", "4", "6"], BeforeValidator(as_text)] = Field(
        default="auto", description="which addresses to connect to: auto, 4 or 6"
    )
    max_body: Size = Field(default=2 * 1024 * 1024, description="the largest body, such as 2MB")
    user_agent: str = Field(default="", description="added to techrun's own user agent")


class Retention(Definition):
    """How long the store keeps what."""

    results: Seconds = Field(default=14 * 86400.0, description="single results")
    hours: Seconds = Field(default=400 * 86400.0, description="hourly roll-ups")


class MainFile(Definition):
    """What shops share."""

    version: Version = Field(default=1, description="version of this format")
    shops: Globs = Field(default_factory=list, description="files of shops, by glob")
    include: Globs = Field(
        default_factory=list, description="files of journeys, fragments and packs, by glob"
    )
    secrets: str | None = Field(default=None, description="file of secrets: one `name: value` a line")
    channels: Mapping[Slug, ChannelFile] = Field(
        default_factory=dict, description="where messages go, by name"
    )
    owner: Owner = Field(default_factory=Owner, description="who answers for techrun itself")
    alerting: Alerting = Field(default_factory=Alerting, description="how incidents become messages")
    routes: tuple[Route, ...] = Field(
        default=(), description="who hears of what; the first that matches decides"
    )
    witness: tuple[WebUrl, ...] = Field(default=(), description="well-known sites that are asked: is it us?")
    calendar: str | None = Field(
        default=None, description="file of maintenance, silences, campaigns, freezes and holidays"
    )
    heartbeat: Heartbeat | None = Field(
        default=None, description="who notices when techrun itself falls silent"
    )
    web: Web = Field(default_factory=Web, description="how people and programs reach this techrun")
    grafana: Grafana | None = Field(default=None, description="where releases are drawn into dashboards")
    templates: str | None = Field(
        default=None, description="folder of messages of your own: opened.txt, opened.html, …"
    )
    store: str = Field(default="techrun.db", description="file of history and incidents")
    listen: Listen = Field(default="127.0.0.1:9789", description="address of metrics and health")
    location: Slug = Field(default="local", description="where this techrun runs; the `location` label")
    fetch: FetchSettings = Field(default_factory=FetchSettings, description="how requests go out")
    retention: Retention = Field(default_factory=Retention, description="how long the store keeps what")
    defaults: Defaults | None = Field(default=None, description="settings for all checks of all shops")
