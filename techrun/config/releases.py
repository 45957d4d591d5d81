"""`releases:` of a shop: where its version is read, what a release must pass, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from techrun.config.load import Duration, Percent
from techrun.config.several import SEVERAL
from techrun.config.tree import NodePath, Written
from techrun.config.values import Slug, Text, Token, WebUrl
from techrun.language.definition import Definition
from techrun.language.durations import Seconds

LATER: Mapping[NodePath, Mapping[str, Any]] = {
    ("releases", "prometheus", "queries"): {
        "release": {name: f"${{release.{name}}}" for name in ("version", "commit")}
    }
}
"""What is filled in only when a release is verified; until then it stands for itself."""
LONGER = 1.5
"""A bake whose runs are slow may take so many times its time."""
READERS = ("json", "header", "css", "meta", "asset", "regex", "text")
"""How a version can be read; a source has one of them at most."""


class VersionSource(Definition):
    """Where a shop says what it runs."""

    url: Text = Field(default="/release.json", description="path or URL that tells it")
    json_: Text | None = Field(default=None, alias="json", description="JSONPath of it")
    header: Text | None = Field(default=None, description="header that holds it")
    css: Text | None = Field(default=None, description="CSS selector of the element whose text it is")
    meta: Text | None = Field(default=None, description="name of the meta tag whose content it is")
    asset: Text | None = Field(
        default=None, description="an asset of the page whose name holds it, such as /static/app.*.js"
    )
    regex: Text | None = Field(
        default=None, description="pattern whose first group it is, sought in the body"
    )
    text: Literal[True] | None = Field(default=None, description="the whole body is it")

    @model_validator(mode="after")
    def _one_reader(self) -> Self:
        given = [reader for reader in READERS if getattr(self, field_of(reader)) is not None]
        if len(given) > 1:
            raise ValueError(f"it is read in one way, not by {' and '.join(given)}", "keep one of them")
        return self

    @property
    def says_how(self) -> bool:
        """Whether it is written how it is read."""
        return any(getattr(self, field_of(reader)) is not None for reader in READERS)

    @property
    def reader(self) -> tuple[str, str]:
        """How it is read, and by which argument; JSON's `$.version` where nothing is said."""
        for reader in READERS:
            written = getattr(self, field_of(reader))
            if written is not None:
                return reader, "" if written is True else written
        return "json", "$.version"


def field_of(reader: str) -> str:
    """The field of a reader's key: pydantic has a `json` of its own."""
    return "json_" if reader == "json" else reader


class IdentitySettings(Definition):
    """When every node is taken to run the release."""

    within: Duration = Field(default=120.0, description="how long nodes may take to run the new version")
    drain: Seconds = Field(default=60.0, description="how long the old version may still be seen")
    in_a_row: int = Field(default=3, ge=1, le=100, description="matches in a row that each node must give")
    front: int = Field(
        default=10, ge=1, le=1000, description="samples through the balancer, past the cache and through it"
    )
    every: Duration = Field(default=1.0, description="time between two samples of a node")
    origins: Literal["required", "hidden"] = Field(
        default="required",
        description="hidden: nobody can reach the nodes behind the CDN; then what its edges show must do",
    )


class SmokeEntry(Definition):
    """A journey or a check that a release must pass."""

    journey: Slug | None = Field(default=None, description="a journey, up to the step that places an order")
    check: Text | None = Field(default=None, description="a selector of checks of this shop, of any kind")
    until: Text | None = Field(default=None, description="the step of the journey to end after")
    orders: bool = Field(
        default=False, description="place one order, through the front, and let the journey cancel it"
    )
    nodes: bool = Field(default=True, description="run it on each node too, not only through the front")
    no_worse: bool = Field(
        default=False, description="it may fail if the same check was down before the release"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.journey is None) == (self.check is None):
            raise ValueError("an entry is a journey or a check", "write {journey: guest-checkout}")
        if self.check is not None and (self.until is not None or self.orders):
            raise ValueError("`until` and `orders` belong to a journey", "leave them out of a check")
        return self


class _NameAlone:
    """A name alone is a journey."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_entry, handler(source))

    def __get_pydantic_json_schema__(self, inner: CoreSchema, handler: GetJsonSchemaHandler) -> Any:
        return {"anyOf": [{"type": "string", "description": "a journey"}, handler(inner)]}


def _entry(value: Any) -> Any:
    return {"journey": value} if isinstance(value, str) else value


Smoke = Annotated[SmokeEntry, _NameAlone()]


class BakeSettings(Definition):
    """How long a release is watched, and how closely."""

    settle: Seconds = Field(
        default=60.0, description="time from the new version's coming until something counts: caches are cold"
    )
    warm_up: int = Field(
        default=3, ge=0, le=100, description="first runs of each check whose times do not count"
    )
    for_: Duration = Field(default=240.0, alias="for", description="how long the checks run faster")
    every: Duration = Field(default=8.0, description="how often a check runs at most meanwhile")
    samples: int = Field(
        default=30, ge=2, le=10_000, description="runs without which a judged check says nothing"
    )
    checks: Annotated[tuple[str, ...], SEVERAL] = Field(
        default=(), description="selectors of the checks that are judged; else those that page"
    )


class JudgeSettings(Definition):
    """What makes a release a bad one."""

    errors: Percent = Field(
        default=0.02, description="failures that are not worth a verdict: so many percentage points more"
    )
    days: int = Field(
        default=7, ge=1, le=14, description="earlier days whose same hours are the baseline of failures"
    )
    releases: int = Field(
        default=5, ge=1, le=50, description="earlier accepted releases that times are held against"
    )
    latency: Literal["off", "warn", "fail"] = Field(
        default="warn", description="what slower answers than after earlier releases do"
    )
    slower: Percent = Field(default=0.2, description="slower by less is not told")
    slower_by: Seconds = Field(default=0.02, description="and neither is slower by less than this time")
    control: Text | None = Field(
        default=None, description="a check that no release can change: it tells how the network is"
    )


class Query(Definition):
    """One number that a Prometheus knows of the release."""

    name: Text = Field(description="what it is, for people")
    query: Text = Field(
        description="PromQL that gives one number; ${release.version} and ${release.commit} are known"
    )
    max: float | None = Field(default=None, description="more than this fails")
    min: float | None = Field(default=None, description="less than this fails")
    baseline: Text | None = Field(default=None, description="PromQL of what it is held against")
    worse: Percent = Field(default=0.1, description="more than the baseline by less than this is not told")
    floor: float = Field(default=0.0, ge=0, description="and neither is more by less than this number")
    optional: bool = Field(
        default=False, description="without data it says nothing, in place of inconclusive"
    )
    warn: bool = Field(default=False, description="it only warns")

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if self.max is None and self.min is None and self.baseline is None:
            raise ValueError("nothing limits this number", "add `max`, `min` or `baseline`")
        return self


class PrometheusSource(Definition):
    """The shop's own numbers, beside the probes."""

    url: WebUrl = Field(description="address of the Prometheus, such as https://prometheus.example")
    token: Token | None = Field(default=None, repr=False, description="sent as `Authorization: Bearer`")
    queries: tuple[Query, ...] = Field(min_length=1, description="what is asked when the bake is over")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [query.name for query in self.queries]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two queries are called {name}", "give each a name of its own")
        return self


class Webhook(Definition):
    """Somebody who hears of verdicts."""

    url: WebUrl = Field(repr=False, description="gets the verdict as JSON by POST")
    on: Annotated[tuple[Literal["pass", "fail", "inconclusive"], ...], SEVERAL] = Field(
        default=("fail",), description="which verdicts"
    )
    token: Token | None = Field(default=None, repr=False, description="sent as `Authorization: Bearer`")


class GateSettings(Definition):
    """What must hold before a release begins."""

    load: Annotated[tuple[str, ...], SEVERAL] = Field(
        default=(), description="load tests that must have passed for this version"
    )
    freezes: bool = Field(default=True, description="no release within a freeze of the calendar")
    campaigns: bool = Field(default=True, description="no release within a campaign of the calendar")
    budget: bool = Field(default=True, description="no release while an error budget is spent (`slo`)")
    incidents: bool = Field(
        default=True, description="no release while the shop has an open incident that pages"
    )


class Releases(Definition):
    """What a release must pass."""

    preset: Literal["magento2"] | None = Field(
        default=None, description="a platform that tells its version by itself, in place of `version`"
    )
    version: VersionSource | None = Field(default=None, description="where the running version is read")
    commit: VersionSource | None = Field(
        default=None, description="where the running commit is read; its `url` is that of the version"
    )
    identity: IdentitySettings = Field(
        default_factory=IdentitySettings, description="when every node is taken to run the release"
    )
    smoke: tuple[Smoke, ...] = Field(default=(), description="journeys and checks that a release must pass")
    bake: BakeSettings = Field(default_factory=BakeSettings, description="how long a release is watched")
    judge: JudgeSettings = Field(default_factory=JudgeSettings, description="what makes a release a bad one")
    prometheus: PrometheusSource | None = Field(
        default=None, description="the shop's own numbers, beside the probes"
    )
    gate: GateSettings = Field(default_factory=GateSettings, description="what must hold before a release")
    webhooks: tuple[Webhook, ...] = Field(default=(), description="who hears of verdicts")


class Grafana(Definition):
    """Where releases are drawn into dashboards."""

    url: WebUrl = Field(description="address of the Grafana")
    token: Token = Field(repr=False, description="of a service account that may write annotations")
    tags: Annotated[tuple[Text, ...], SEVERAL] = Field(
        default=("release",), description="tags of the annotations, besides the shop and the verdict"
    )
    dashboard: Text | None = Field(default=None, description="uid of the one dashboard; without it, all")


def journeys_named(releases: Releases) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every journey that is named, with its path below `releases`."""
    for index, entry in enumerate(releases.smoke):
        if entry.journey is not None:
            yield ("smoke", index), entry.journey


def locate(releases: Releases, origin: Written) -> None:
    """Tell the settings where they were written; `origin` is the shop's file."""
    releases.written_at(origin.at(("releases",)))
