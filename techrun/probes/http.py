"""One page or endpoint answers as it should: a journey of one step.

Without `expect` or `save` it must answer with 2xx and a body that is not blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from techrun.errors import Place
from techrun.exchange import HttpVersion
from techrun.journey.compile import compile_journey
from techrun.journey.model import Auth, Budget, Journey, Retry, StepSpec, Text, Variable
from techrun.journey.plan import Plan
from techrun.language.definition import Definition, Origin, Path
from techrun.language.durations import Seconds
from techrun.language.expect import Expect
from techrun.language.extract import Save
from techrun.model import Outcome
from techrun.probes import Run, Scope
from techrun.probes._journeys import run_plan, signing_key

STEP = "http"
NOT_BLANK = Expect(regex={r"\S": {"exists": True}})


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class Spec(Definition):
    """`http: /` asks for a page of the shop, `http: https://…` for any other."""

    templated: ClassVar[bool] = True

    http: Text
    """A path of the shop, or a whole URL."""
    method: Annotated[Literal["get", "post", "put", "patch", "delete"], BeforeValidator(_lower)] = "get"
    query: Mapping[str, Any] | None = None
    """Parameters of the URL."""
    headers: Mapping[str, Any] | None = None
    body: Text | None = None
    json_: Any = Field(default=None, alias="json")
    form: Mapping[str, Any] | None = None
    auth: Auth | None = None
    save: Mapping[Variable, Save] | None = None
    expect: Expect | None = None
    """What must be there; what is saved can be compared under `that`."""
    budget: Budget | None = None
    timeout: Seconds | None = None
    retry: Retry | None = None
    idempotent: bool = False
    http_version: Annotated[HttpVersion, BeforeValidator(str)] = "auto"
    verify_tls: bool = True
    """Refuse certificates that a browser would refuse."""


class _AsOneStep:
    """The origin of the journey that stands for a check: its only step is written at the check."""

    def __init__(self, origin: Origin, verb: str) -> None:
        self._origin, self._verb = origin, verb

    def place(self, path: Path = (), *, on_key: bool = False) -> Place:
        """The place in the check of what the compiler finds in `steps.0`."""
        inner = path[2:] if path[:1] == ("steps",) else ()
        if inner[:1] == (self._verb,):
            inner = ("http", *inner[1:])
        return self._origin.place(inner, on_key=on_key)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan of one step, which is no step of a journey: it is neither selected nor measured by itself."""

    plan: Plan


def prepare(spec: Spec, scope: Scope) -> Prepared:
    """Compile the check as a journey of one step; ConfigError says everything that is wrong."""
    journey = Journey.model_construct(journey=STEP, steps=(_step(spec),))
    journey.written_at(_AsOneStep(spec.origin, spec.method))
    plan = compile_journey(
        journey,
        scope.constants,
        {},
        scope.locale,
        base_url=scope.shop.url,
        user_agent=scope.user_agent,
        signing_key=signing_key(scope),
        verify_tls=spec.verify_tls,
    )
    return Prepared(plan)


def _step(spec: Spec) -> StepSpec:
    """The step as a journey would have it; its values are validated already."""
    same = {name for name in spec.model_fields_set if name in StepSpec.model_fields}
    values = {name: getattr(spec, name) for name in same} | {"step": STEP, spec.method: spec.http}
    if not spec.save and spec.expect is None:
        values["expect"] = NOT_BLANK
    step = StepSpec.model_construct(_fields_set=set(values), **values)
    return step if "json_" not in values else step.model_copy(update={"json_": spec.json_})


async def run(prepared: Prepared, run: Run) -> Outcome:
    """Make the request and judge the answer; the one step is no step of a journey."""
    outcome = await run_plan(prepared.plan, run)
    return replace(outcome, step="") if outcome.step else outcome
