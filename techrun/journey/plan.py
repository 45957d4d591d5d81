"""A journey compiled once: everything that can be known before a run is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from techrun.exchange import HttpVersion
from techrun.journey.model import RetryOn, Verb
from techrun.language.expect import Expectation
from techrun.language.expressions import Condition, Template, Tree
from techrun.language.extract import Extractor


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds above which something is slow (`warn`) or fails (`fail`)."""

    warn: float | None = None
    fail: float | None = None


@dataclass(frozen=True, slots=True)
class Retrying:
    """How often a step is tried again, after which wait, and on which kinds of failure."""

    times: int
    wait: float
    on: frozenset[RetryOn]


@dataclass(frozen=True, slots=True)
class Saving:
    """One variable that a step saves."""

    name: str
    extractor: Extractor
    secret: bool


@dataclass(frozen=True, slots=True)
class Carrying:
    """One header that the session sends from now on: taken from the answer, or written as a template."""

    header: str
    extractor: Extractor | None = None
    template: Template | None = None
    renewed_by: str = ""
    """The response header it comes from: every later answer that has it renews the value."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the session is from this step on."""

    bearer: Template | None = None
    user: Template | None = None
    password: Template | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """What a request brings along; at most one body."""

    query: Tree | None = None
    headers: Tree | None = None
    body: Template | None = None
    json: Tree | None = None
    form: Tree | None = None
    document: str = ""
    """A GraphQL document, sent as it is written."""
    variables: Tree | None = None
    fill: Tree | None = None
    press: Template | None = None


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step, ready to run."""

    name: str
    title: str
    verb: Verb
    method: str = "GET"
    target: Template | None = None
    """The address; for `submit` the selector of the form."""
    wait: float = 0.0
    payload: Payload = field(default_factory=Payload)
    saves: tuple[Saving, ...] = ()
    carries: tuple[Carrying, ...] = ()
    expect: Expectation | None = None
    accept: str = "*/*"
    needs: frozenset[str] = frozenset()
    """Every name that its texts need: a cleanup step that needs an order's number is about that order."""
    reads_body: bool = False
    """It wants something to be in the body: where that is there, the page is what it should be."""
    follows: bool = True
    """Redirects are followed; not where the step expects one."""
    budget: Limits | None = None
    timeout: float | None = None
    retry: Retrying | None = None
    places_order: bool = False
    fixture: bool = False
    conditions: tuple[tuple[int, Condition], ...] = ()
    """Every `when` on the way in, each with the number of frames it is judged in."""
    session: str = ""
    credentials: Credentials | None = None
    frames: tuple[Tree, ...] = ()
    """The parameters of the fragments around it, outermost first; each is rendered in the one before."""
    http: HttpVersion = "auto"


@dataclass(frozen=True, slots=True)
class Plan:
    """A journey, ready to run any number of times."""

    name: str
    steps: tuple[PlannedStep, ...]
    cleanup: tuple[PlannedStep, ...] = ()
    title: str = ""
    deadline: float = 30.0
    cleanup_deadline: float = 20.0
    budget: Limits | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """The rows of each `data` file."""
    articles: tuple[str, ...] = ()
    """`synthetic.articles`: tried in order where a `fixture` step fails."""
    base_url: str = ""
    user_agent: str = ""
    accept_language: str = ""
    signing_key: bytes = b""
    verify_tls: bool = True

    @property
    def step_names(self) -> tuple[str, ...]:
        """The names of all steps, fragments expanded; `until` takes one of them."""
        return tuple(step.name for step in self.steps)

    @property
    def places_orders(self) -> bool:
        """Whether any step places an order."""
        return any(step.places_order for step in self.steps)

    def last(self, until: str | None) -> int | None:
        """The index of the step after which a run with this `until` ends; None if there is none."""
        return place_of(self.step_names, until) if until else len(self.steps) - 1


def place_of(names: Sequence[str], step: str) -> int | None:
    """The index of the step that is meant; None where none is, or more than one.

    The name of a `use` step stands for the last step of its fragment; a fragment's step is known by its own name
    alone, where no other has it.
    """
    hits = [index for index, name in enumerate(names) if name == step or name.startswith(f"{step}/")]
    if hits:
        return hits[-1]
    ends = [index for index, name in enumerate(names) if name.endswith(f"/{step}")]
    return ends[0] if len(ends) == 1 else None
