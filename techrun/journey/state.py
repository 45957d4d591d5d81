"""What one run of a journey knows while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol
from urllib.parse import urlsplit

from techrun.exchange import Certificate
from techrun.journey import tracing
from techrun.journey.orders import Placed
from techrun.journey.plan import Plan, PlannedStep
from techrun.journey.record import Log
from techrun.journey.session import Arrival, Identity, Session, origin_of
from techrun.language.scalars import text_of
from techrun.model import Finding
from techrun.redact import Redactor


@dataclass(frozen=True, slots=True)
class Options:
    """What this run may do."""

    until: str | None = None
    """The step to end after."""
    allow_orders: bool = False
    explain: bool = False
    """Tell the exchanges of every step, not only of a failed one."""
    row: int = 0
    """The row of each data table to begin with."""
    own_hosts_only: bool = False
    """An asset that the driver refuses as `forbidden` is left out, not failed: load leaves others' hosts alone."""
    brief: bool = False
    """Steps and measures are left out of the outcome: `Context.on_step` tells of each, at a fifth of the cost."""


class Done(Protocol):
    """A step that was run, as `Context.on_step` is told of it."""

    step: PlannedStep
    log: Log
    http_status: int | None
    skipped: bool
    interrupted: bool
    cleanup: bool

    @property
    def failure(self) -> Finding | None:
        """What makes the step fail; None where it passes."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a run is given from outside: who it is, the time, chance, what to keep secret."""

    run_id: str
    now: Callable[[], float]
    """Unix time."""
    random: Random
    redactor: Redactor
    trace_id: str = ""
    """32 hexadecimal digits; drawn where it is empty."""
    on_step: Callable[[Done], None] | None = None
    """Called when a step of the journey or of its cleanup is done; it must not raise."""


@dataclass(slots=True)
class State:
    """A run between two exchanges."""

    plan: Plan
    options: Options
    context: Context
    trace_id: str
    redactor: Redactor
    identity: Identity
    row: int = 0
    scope: dict[str, Any] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    orders: list[Placed] = field(default_factory=list)
    last: Arrival | None = None
    """The last page of the steps: the measures are taken from it."""
    certificate: Certificate | None = None
    fresh: dict[str, Any] = field(default_factory=dict)
    """What the step that runs now has saved."""
    cleaning: bool = False

    def begin(self, row: int) -> None:
        """Start over as a new customer with these rows of the test data."""
        self.row = row
        self.sessions = {}
        self.last = None
        self.scope = start_scope(self.plan, self.context.run_id, row)

    def session(self, step: PlannedStep) -> Session:
        """The session that a step runs in."""
        found = self.sessions.get(step.session)
        if found is None:
            found = self.sessions[step.session] = Session(redactor=self.redactor)
        return found

    def arrive(self, arrival: Arrival) -> None:
        """Remember the last page of the steps; cleanup is nothing that is measured."""
        if not self.cleaning:
            self.last = arrival
            self.certificate = arrival.response.certificate or self.certificate

    def save(self, name: str, value: Any, *, secret: bool) -> None:
        """Remember a value for every later step; a secret one is redacted from now on."""
        self.scope[name] = self.fresh[name] = value
        if secret:
            for text in _leaves(value):
                self.redactor.add(text)


def new_state(plan: Plan, options: Options, context: Context) -> State:
    """A run that has not begun."""
    home = origin_of(urlsplit(plan.base_url)) if plan.base_url else None
    base = (
        ("User-Agent", plan.user_agent),
        ("Accept-Language", plan.accept_language),
    )
    state = State(
        plan,
        options,
        context,
        context.trace_id or tracing.trace_id(context.random),
        Redactor(parent=context.redactor),
        Identity(tuple(pair for pair in base if pair[1]), home, plan.verify_tls),
    )
    state.begin(options.row)
    return state


def start_scope(plan: Plan, run_id: str, row: int) -> dict[str, Any]:
    """What templates may name before the first step: constants, `run`, the rows of the data."""
    scope: dict[str, Any] = dict(plan.constants)
    scope["run"] = {"id": run_id}
    for name, rows in plan.tables.items():
        if rows:
            scope[name] = rows[row % len(rows)]
    if plan.articles:
        synthetic: Mapping[str, Any] = scope.get("synthetic") or {}
        scope["synthetic"] = {**synthetic, "article": plan.articles[row % len(plan.articles)]}
    return scope


def _leaves(value: Any) -> list[str]:
    """Every text in a saved value."""
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _leaves(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _leaves(item)]
    return [text_of(value)]
