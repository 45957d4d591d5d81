"""Journeys and fragments as they are written in YAML. What they mean is `docs/journeys.md`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PrivateAttr, WithJsonSchema

from techrun.exchange import HttpVersion
from techrun.language.definition import Definition
from techrun.language.durations import Seconds
from techrun.language.expect import Expect
from techrun.language.extract import Save
from techrun.language.scalars import text_of

Verb = Literal["get", "post", "put", "patch", "delete", "submit", "graphql", "wait", "use"]
VERBS: tuple[Verb, ...] = ("get", "post", "put", "patch", "delete", "submit", "graphql", "wait", "use")
METHODS = frozenset({"get", "post", "put", "patch", "delete"})

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _slug(text: str) -> str:
    """A name that is safe as a metric label and short enough for a table."""
    if len(text) > 64 or not _SLUG.fullmatch(text):
        raise ValueError(
            f"{text!r} is no slug: lower-case letters, digits and single hyphens, at most 64 (use title: for people)"
        )
    return text


def _variable(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no variable name: letters, digits and _, no digit first")
    return text


def _text(value: Any) -> Any:
    """`1.1` and `2` are numbers in YAML and words here."""
    return text_of(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _parameters(value: Any) -> Any:
    """A list names parameters that must be given; a map also has defaults (null: must be given)."""
    names = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return dict.fromkeys(value) if names else value


Slug = Annotated[
    str,
    AfterValidator(_slug),
    WithJsonSchema({"type": "string", "pattern": f"^{_SLUG.pattern}$", "maxLength": 64}),
]
Variable = Annotated[str, AfterValidator(_variable)]
Text = Annotated[str, BeforeValidator(_text)]
Version = Annotated[
    HttpVersion, BeforeValidator(_text), WithJsonSchema({"enum": ["auto", "1.1", "2", "3", 1.1, 2, 3]})
]
Parameters = Annotated[
    Mapping[Variable, Any],
    BeforeValidator(_parameters),
    WithJsonSchema({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "object"}]}),
]
RetryOn = Literal["network", "5xx", "expect"]


class Budget(Definition):
    """How long something may take: `warn` degrades, `fail` fails."""

    warn: Seconds | None = None
    fail: Seconds | None = None


class Retry(Definition):
    """When a step is tried again: `times` more tries, `wait` before each."""

    times: int = Field(default=1, ge=1, le=20)
    wait: Seconds = 1.0
    on: tuple[RetryOn, ...] = ("network", "5xx")
    """`expect` also tries again where a `save` or an expectation failed: for what appears later."""


class Auth(Definition):
    """Who a session is, from this step on: a bearer token, or user and password (basic)."""

    bearer: str | None = None
    user: str | None = None
    password: str | None = None


class DataSource(Definition):
    """A file of test data; its content is put in by the loader."""

    file: str

    _content: Any = PrivateAttr(default=None)

    def load(self, content: Any) -> None:
        """Take what the file holds: a list of rows, or one map that is the only row."""
        self._content = content

    @property
    def content(self) -> Any:
        """What the file holds."""
        return self._content

    @property
    def rows(self) -> Sequence[Any]:
        """The rows of the table; a single map is a table of one row."""
        content = self._content
        if content is None:
            return ()
        return tuple(content) if isinstance(content, list | tuple) else (content,)


class StepSpec(Definition):
    """One step: a name, exactly one verb, what to send, what to save, what to expect."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [verb]} for verb in VERBS]})

    step: Slug
    title: str = ""

    get: Text | None = None
    post: Text | None = None
    put: Text | None = None
    patch: Text | None = None
    delete: Text | None = None
    submit: str | None = None
    """A CSS selector of a form in the last HTML page of the session."""
    graphql: Text | None = None
    wait: Seconds | None = None
    use: str | None = None
    """The name of a fragment whose steps stand here."""

    with_: Mapping[str, Any] | None = Field(default=None, alias="with")
    query: Any = None
    """Parameters of the URL as a map; under `graphql` the document, taken literally."""
    headers: Mapping[str, Any] | None = None
    body: Text | None = None
    json_: Any = Field(default=None, alias="json")
    form: Mapping[str, Any] | None = None
    """Form fields; beside `submit`, fields that a script adds to the form."""
    fill: Mapping[str, Any] | None = None
    press: str | None = None
    variables: Mapping[str, Any] | None = None

    save: Mapping[Variable, Save] | None = None
    expect: Expect | None = None
    carry: Mapping[str, Save | str] | None = None
    budget: Budget | None = None
    timeout: Seconds | None = None
    retry: Retry | None = None
    idempotent: bool = False
    effect: Literal["order"] | None = None
    fixture: bool = False
    when: Any = None
    as_: Slug | None = Field(default=None, alias="as")
    auth: Auth | None = None
    http_version: Version = "auto"

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """The verbs that are written; a right step has one."""
        return tuple(verb for verb in VERBS if getattr(self, verb) is not None)


class Fragment(Definition):
    """Steps that journeys share, with parameters."""

    fragment: Slug
    title: str = ""
    parameters: Parameters = Field(default_factory=dict)
    steps: tuple[StepSpec, ...] = Field(min_length=1)


class Journey(Definition):
    """What one customer does, and how what it leaves behind is taken back."""

    journey: Slug
    title: str = ""
    deadline: Seconds = 30.0
    """Seconds for all steps together; reached, it aborts them."""
    budget: Budget | None = None
    data: Mapping[Variable, DataSource] = Field(default_factory=dict)
    steps: tuple[StepSpec, ...] = Field(min_length=1)
    cleanup: tuple[StepSpec, ...] = ()
    cleanup_deadline: Seconds = 20.0


DOCUMENTS: Mapping[str, type[Definition]] = {"journey": Journey, "fragment": Fragment}
"""The model of each document by the key that tells it."""
