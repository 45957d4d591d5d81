"""`load:` of a shop: what may be loaded, how hard, and what must hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from techrun.config.tree import Written
from techrun.config.values import Slug, ascii_host, split_url
from techrun.config.words import described, quoted
from techrun.language import durations, rates
from techrun.language.definition import Definition
from techrun.language.durations import Seconds
from techrun.language.rates import Rate

PERCENTILES: Mapping[str, int] = {"p50": 50, "p75": 75, "p90": 90, "p95": 95, "p99": 99}
MEASURES = (*PERCENTILES, "errors", "throughput", "apdex")
"""What a criterion may limit; it has exactly one of them."""
WINDOW = 1.0
"""Seconds: what is recorded is counted by whole windows, so a stretch is made of these."""

_HOST = re.compile(r"(?P<below>\*\.)?(?P<name>[^\s/*:@]+)(:(?P<port>[0-9]{1,5}))?\Z")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%\Z")


def _percent(value: Any) -> float:
    found = _PERCENT.match(value) if isinstance(value, str) else None
    share = round(float(found.group(1)) / 100, 9) if found else -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{described(value)} is not a percentage", "write it as 0.5%")
    return share


def _host(pattern: str) -> str:
    """A host, `*.` before it for all below, `:8443` behind it for one port only."""
    found = _HOST.match(pattern)
    if found is None or int(found["port"] or 1) not in range(1, 65536):
        hint = "write staging.example.com, *.example.com for every host below it, or add a port: …:8443"
        raise ValueError(f"{quoted(pattern)} is not a host", hint)
    port = f":{found['port']}" if found["port"] else ""
    return f"{found['below'] or ''}{ascii_host(found['name'], pattern)}{port}"


def _control(text: str) -> str:
    if text.startswith("/"):
        return text
    try:
        return split_url(text).geturl()
    except ValueError as error:
        raise ValueError(error.args[0], "write a path such as /static/logo.svg, or a whole URL") from None


def _stretch(seconds: float) -> float:
    if seconds < WINDOW or seconds % WINDOW:
        raise ValueError("a stretch is made of whole seconds", "write 1s or more, such as over: 30s")
    return seconds


def _positive(rate: float) -> float:
    if rate <= 0:
        raise ValueError("a rate of nothing is no load", "write it as 5/s, 90/min or 600/h")
    return rate


def _some_time(seconds: float) -> float:
    if seconds <= 0:
        raise ValueError("in no time nothing is measured", "write a duration such as 5m")
    return seconds


Percent = Annotated[
    float,
    BeforeValidator(_percent),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,6})? ?%$", "examples": ["0.5%"]}),
]
"""A percentage in YAML, a share of 1 in code."""
Host = Annotated[str, AfterValidator(_host)]
Visits = Annotated[Rate, AfterValidator(_positive)]
Duration = Annotated[Seconds, AfterValidator(_some_time)]
Stretch = Annotated[Seconds, AfterValidator(_stretch)]
Start = Literal["ramp", "warm-up", "measure"]


class Criterion(Definition):
    """What must hold; it limits exactly one thing."""

    step: str | None = Field(default=None, description="the step it is about; without it, all steps together")
    journey: Slug | None = Field(default=None, description="only steps or visits of this journey")
    visit: bool = Field(default=False, description="whole visits, in place of steps")
    p50: Duration | None = Field(default=None, description="half of all take at most so long")
    p75: Duration | None = Field(default=None, description="75 % of all take at most so long")
    p90: Duration | None = Field(default=None, description="90 % of all take at most so long")
    p95: Duration | None = Field(default=None, description="95 % of all take at most so long")
    p99: Duration | None = Field(default=None, description="99 % of all take at most so long")
    errors: Percent | None = Field(default=None, description="at most this share fails, such as 0.5%")
    throughput: Visits | None = Field(
        default=None, description="at least so many are done without a failure, such as 20/s"
    )
    apdex: float | None = Field(
        default=None, gt=0, le=1, description="at least this Apdex, a number up to 1; needs `at`"
    )
    at: Duration | None = Field(
        default=None, description="the time T of `apdex` that satisfies, such as 500ms"
    )
    over: Stretch | None = Field(
        default=None, description="it must hold in every stretch of so long, not only over the whole"
    )
    abort: bool = Field(
        default=False, description="stop the run as soon as it cannot hold any more, whatever comes"
    )
    soft: bool = Field(
        default=False, description="only told, like a budget's `warn`: it fails nothing; for percentiles"
    )
    from_: Start = Field(
        default="measure", alias="from", description="judged from this phase on: measure, warm-up or ramp"
    )

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        limits = [name for name in MEASURES if getattr(self, name) is not None]
        if len(limits) != 1:
            found = f"it has {' and '.join(limits)}" if limits else "it has none"
            what = f"a criterion limits exactly one thing; {found}"
            raise ValueError(what, f"write one of {', '.join(MEASURES)}")
        if (self.apdex is None) != (self.at is None):
            raise ValueError("`apdex` and `at` belong together", "write {apdex: 0.9, at: 500ms}")
        if self.visit and self.step is not None:
            raise ValueError("a visit has many steps: it is either `visit` or `step`", "leave one out")
        if self.soft and (self.abort or self.measure not in PERCENTILES):
            hint = "leave `soft` out, or limit a percentile without `abort`"
            raise ValueError("`soft` goes with a percentile that stops nothing", hint)
        return self

    @property
    def measure(self) -> str:
        """What it limits: one of `MEASURES`."""
        return next(name for name in MEASURES if getattr(self, name) is not None)

    @property
    def limit(self) -> float:
        """The limit itself: seconds, a share, a number a second, or an Apdex."""
        return float(getattr(self, self.measure))

    @property
    def about(self) -> tuple[Any, ...]:
        """What it is about: of two criteria about the same the nearer one counts."""
        return (self.measure, self.journey, self.step, self.visit, self.at, self.over, self.from_, self.soft)


Criteria = tuple[Criterion, ...]


class ScenarioSettings(Definition):
    """What this shop says of one scenario, in place of the scenario's own words."""

    rate: Visits | None = Field(
        default=None, description="visits in the measured phase, such as 5/s; the peak of a shape"
    )
    users: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="so many visitors at a time in place of a rate (closed model)",
    )
    ramp: Seconds | None = Field(default=None, description="how long the rate rises to the full")
    warm_up: Seconds | None = Field(default=None, description="how long the full rate runs unjudged")
    measure: Duration | None = Field(default=None, description="how long it is measured and judged")
    drain: Seconds | None = Field(
        default=None, description="how long visits under way are waited for after the last arrival"
    )
    allow_orders: bool | None = Field(default=None, description="whether its visitors really place orders")
    criteria: Criteria = Field(default=(), description="what must hold besides the criteria of all scenarios")

    @field_validator("users", mode="after")
    @classmethod
    def _one_model(cls, users: int | None, info: Any) -> int | None:
        if users is not None and info.data.get("rate") is not None:
            raise ValueError("`rate` and `users` are two models of load", "keep one of them")
        return users


class LoadSettings(Definition):
    """How a shop may be loaded, and what must hold."""

    hosts: tuple[Host, ...] = Field(
        default=(),
        description="hosts that may be loaded besides the shop's own and this machine; *.example.com, too",
    )
    max_rate: Visits | None = Field(
        default=None, description="ceiling of visits, such as 20/s; a production shop needs one"
    )
    journeys: Mapping[Slug, Slug] = Field(
        default_factory=dict, description="what the scenarios' journeys are called in this shop"
    )
    control: Annotated[str, AfterValidator(_control)] = Field(
        default="",
        description="path or URL asked beside the visits to measure the runner; else a server of techrun's own",
    )
    stop_if_broken: bool = Field(
        default=True, description="stop, in any phase, once over half of all steps fail for 10 seconds"
    )
    criteria: Criteria = Field(default=(), description="what must hold in every scenario")
    scenarios: Mapping[str, ScenarioSettings] = Field(
        default_factory=dict, description="what is different in one scenario, by its name"
    )

    def of(self, scenario: str) -> ScenarioSettings:
        """What is said of a scenario; nothing where it is not named."""
        return self.scenarios.get(scenario, ScenarioSettings())

    def criteria_of(self, scenario: str) -> Criteria:
        """What must hold in a scenario: its own criteria, and the shared ones about something else."""
        own = self.of(scenario).criteria
        taken = {criterion.about for criterion in own}
        return (*(each for each in self.criteria if each.about not in taken), *own)

    def written(self) -> Iterator[tuple[tuple[str | int, ...], Criterion]]:
        """Every criterion with its path below `load`."""
        yield from ((("criteria", index), criterion) for index, criterion in enumerate(self.criteria))
        for name, scenario in self.scenarios.items():
            for index, criterion in enumerate(scenario.criteria):
                yield ("scenarios", name, "criteria", index), criterion


def locate(load: LoadSettings, origin: Written) -> None:
    """Tell the settings and each criterion where they were written; `origin` is the shop's file."""
    own = origin.at(("load",))
    load.written_at(own)
    for path, criterion in load.written():
        criterion.written_at(own.at(path))


def journeys_named(load: LoadSettings) -> Iterable[tuple[tuple[str | int, ...], str]]:
    """Every journey of the shop that is named, with its path below `load`."""
    yield from ((("journeys", name), journey) for name, journey in load.journeys.items())
    for path, criterion in load.written():
        if criterion.journey is not None and criterion.journey not in load.journeys:
            yield (*path, "journey"), criterion.journey


def as_written(criteria: Iterable[Criterion]) -> tuple[dict[str, Any], ...]:
    """What was written of each criterion, as plain values that can be read again."""
    return tuple(map(as_plain, criteria))


def as_plain(definition: Definition) -> dict[str, Any]:
    """What was written of some settings, as plain values that can be read again."""
    return {
        info.alias or name: _text(name, getattr(definition, name))
        for name, info in type(definition).model_fields.items()
        if name in definition.model_fields_set
    }


def _text(name: str, value: Any) -> Any:
    """One value as it would be written."""
    if isinstance(value, Definition):
        return as_plain(value)
    if isinstance(value, Mapping):
        return {key: _text("", item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_text("", item) for item in value]
    if isinstance(value, float) and name in _WRITTEN:
        return _WRITTEN[name](value)
    return value


def _as_percent(share: float) -> str:
    return f"{round(share * 100, 7):f}".rstrip("0").rstrip(".") + "%"


_WRITTEN: Mapping[str, Callable[[float], str]] = {
    "errors": _as_percent,
    **dict.fromkeys(("rate", "max_rate", "throughput"), rates.exact),
    **dict.fromkeys((*PERCENTILES, "at", "over", "ramp", "warm_up", "measure", "drain"), durations.exact),
}
