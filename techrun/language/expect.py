"""`expect:`: says what must be on a page, and tells everything that is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from techrun.language._filters import PLAIN_NUMBER, show
from techrun.language._matchers import MATCHERS, Matcher, compile_matchers, references_of
from techrun.language.definition import Definition, Path
from techrun.language.errors import RunError, SelectorError, TemplateError
from techrun.language.expressions import Condition, Reference, compile_condition
from techrun.language.extract import WITHOUT_ARGUMENT, Extractor, Problems, compile_extractor, field_of
from techrun.language.page import Page
from techrun.model import Finding, Reason

_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_MATCHER_SCHEMA: dict[str, Any] = {
    "anyOf": [
        _SCALAR,
        {"type": "array"},
        {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                **{word: {} for word in MATCHERS},
                "exists": {"type": "boolean"},
                "attr": {"type": "string"},
                "number": {"type": "boolean"},
            },
        },
    ]
}

Matching = Annotated[Any, WithJsonSchema(_MATCHER_SCHEMA)]
"""A bare value, which means equality, or a map of matchers."""

BY_SELECTOR = ("css", "xpath", "json", "regex", "header", "cookie")


class Expect(Definition):
    """What must be true of a page; everything in it must hold."""

    status: Matching = None
    """The final status; without it, any 2xx will do."""
    url: Matching = None
    text: Matching = None
    """The visible text of the page."""
    css: dict[str, Matching] = Field(default_factory=dict)
    xpath: dict[str, Matching] = Field(default_factory=dict)
    json_: dict[str, Matching] = Field(default_factory=dict, alias="json")
    regex: dict[str, Matching] = Field(default_factory=dict)
    header: dict[str, Matching] = Field(default_factory=dict)
    cookie: dict[str, Matching] = Field(default_factory=dict)
    that: str | list[str] = Field(default_factory=list)
    """Expressions over what was saved, which must be true."""
    assets: bool = False
    """Every style sheet and script that the page names must be there."""
    soft: Expect | None = None
    """What degrades the step where it does not hold, instead of failing it."""


@dataclass(frozen=True, slots=True)
class _Assertion:
    """One extractor and what its value is held against."""

    path: Path
    extractor: Extractor
    matchers: tuple[Matcher, ...]
    locale: str

    def judge(self, page: Page, scope: Mapping[str, Any]) -> Iterator[str]:
        """What does not hold, in words; raises `RunError`."""
        values = [matcher for matcher in self.matchers if matcher.word not in {"exists", "count"}]
        for matcher in self.matchers:
            if matcher.word == "exists":
                yield from self._exists(matcher, page, scope)
            elif matcher.word == "count":
                yield from self._count(matcher, page, scope)
        if not values:
            return
        found = self.extractor.first(page, scope)
        if not found:
            wanted = " and ".join(matcher.describe(scope) for matcher in values)
            yield f"expected {self.extractor.describe(scope)} {wanted}, but it {self.extractor.nothing_found(page)}"
            return
        for matcher in values:
            yield from self._value(matcher, found[0], scope)

    def _value(self, matcher: Matcher, found: Any, scope: Mapping[str, Any]) -> Iterator[str]:
        try:
            if matcher.holds(found, scope, self.locale):
                return
            problem = f", got {show(found)}"
        except RunError as error:
            problem = f": {error}"
        yield f"expected {self.extractor.describe(scope)} {matcher.describe(scope)}{problem}"

    def _exists(self, matcher: Matcher, page: Page, scope: Mapping[str, Any]) -> Iterator[str]:
        found = self.extractor.first(page, scope)
        there = bool(found) and found[0] not in (None, False)
        if matcher.wanted.source and not there:
            nothing = self.extractor.nothing_found(page, is_null=bool(found))
            yield f"expected {self.extractor.describe(scope)} to exist, but it {nothing}"
        elif not matcher.wanted.source and there:
            yield f"expected {self.extractor.describe(scope)} not to exist, got {show(found[0])}"

    def _count(self, matcher: Matcher, page: Page, scope: Mapping[str, Any]) -> Iterator[str]:
        count = len(self.extractor.all(page, scope))
        for inner in matcher.inner:
            if not inner.holds(count, scope, self.locale):
                wanted = inner.describe(scope).removeprefix("to be ")
                name = self.extractor.describe(scope)
                yield f"expected {name} to match {wanted} time(s) on {page.describe()}, it matched {count}"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A compiled `expect:`."""

    assertions: tuple[_Assertion, ...] = ()
    that: tuple[tuple[Path, Condition], ...] = ()
    wants_assets: bool = False
    """The style sheets and scripts of the page must be fetched and judged."""
    soft: Expectation | None = None

    def judge(self, page: Page, scope: Mapping[str, Any]) -> list[Finding]:
        """Everything that does not hold, the hard findings first; never raises for what a page holds."""
        findings = list(self.failures(page, scope))
        if self.soft is not None:
            findings.extend(replace(finding, soft=True) for finding in self.soft.failures(page, scope))
        return findings

    def failures(self, page: Page, scope: Mapping[str, Any]) -> Iterator[Finding]:
        """What does not hold, `soft` left out; a wrong status has a reason of its own."""
        for assertion in self.assertions:
            kind = assertion.extractor.kind
            reason = Reason.STATUS if kind == "status" else Reason.EXPECTATION
            try:
                for message in assertion.judge(page, scope):
                    yield Finding(reason, message)
            except RunError as error:
                yield Finding(reason, f"{f'{kind} {assertion.extractor.argument.source}'.rstrip()}: {error}")
        for _, condition in self.that:
            for message in _judge_condition(condition, scope):
                yield Finding(Reason.EXPECTATION, message)

    @property
    def positive(self) -> bool:
        """At least one hard assertion says what must be on the page, not only what must not.

        `that` compares what was saved, by earlier steps too: by itself it says nothing of the page.
        """
        return any(matcher.is_positive for assertion in self.assertions for matcher in assertion.matchers)

    @property
    def expects_status(self) -> bool:
        """It asserts the status itself, so that the rule of 2xx does not apply."""
        return any(assertion.extractor.kind == "status" for assertion in self.assertions)

    @property
    def references(self) -> tuple[tuple[Path, Reference], ...]:
        """Every name it needs, with the path to the text that names it."""
        found: list[tuple[Path, Reference]] = []
        for assertion in self.assertions:
            found.extend((assertion.path, each) for each in assertion.extractor.references)
            found.extend(references_of(assertion.matchers, assertion.path))
        found.extend((path, each) for path, condition in self.that for each in condition.references)
        if self.soft is not None:
            found.extend((("soft", *path), each) for path, each in self.soft.references)
        return tuple(found)


def _judge_condition(condition: Condition, scope: Mapping[str, Any]) -> Iterator[str]:
    try:
        if condition.value(scope):
            return
    except RunError as error:
        yield f"expected that {condition.source}: {error}"
        return
    yield f"expected that {condition.source}" + _with_values(condition, scope)


def _with_values(condition: Condition, scope: Mapping[str, Any]) -> str:
    """The values of the names in a condition that is not true."""
    values = {}
    for reference in condition.references:
        value: Any = scope
        for name in reference.path:
            value = value.get(name) if isinstance(value, Mapping) else None
        values[str(reference)] = show(value)
    return ", but " + ", ".join(f"{name} is {value}" for name, value in values.items()) if values else ""


def compile_expect(spec: Expect, locale: str, problem: Problems) -> Expectation:
    """Compile an `expect:`; every mistake goes to `problem` with its path inside the `expect:`."""
    soft = None
    if spec.soft is not None:
        if spec.soft.soft is not None:
            problem(("soft", "soft"), "`soft` cannot stand inside `soft`", "write it once")
        inner = spec.soft.model_copy(update={"soft": None})
        soft = compile_expect(inner, locale, lambda path, what, hint: problem(("soft", *path), what, hint))
    return Expectation(
        assertions=tuple(_assertions(spec, locale, problem)),
        that=tuple(_conditions(spec, problem)),
        wants_assets=spec.assets,
        soft=soft,
    )


def _assertions(spec: Expect, locale: str, problem: Problems) -> Iterator[_Assertion]:
    for kind in ("status", "url", "text"):
        if kind in spec.model_fields_set:
            written = getattr(spec, kind)
            if isinstance(written, list):
                problem((kind,), f"`{kind}` is never a list", f"write {kind}: {{one_of: [a, b]}}")
            elif written is None:
                problem((kind,), f"`{kind}` has no value", "write what it must be, or leave it out")
            else:
                if kind == "status":
                    _check_status(written, problem)
                yield from _assertion(kind, "", written, locale, problem)
    for kind in BY_SELECTOR:
        for selector, written in getattr(spec, field_of(kind)).items():
            yield from _assertion(kind, selector, written, locale, problem)


def _assertion(
    kind: str, selector: str, written: Any, locale: str, problem: Problems
) -> Iterator[_Assertion]:
    path: Path = (kind,) if kind in WITHOUT_ARGUMENT else (kind, selector)
    options: dict[str, Any] = {}
    if isinstance(written, Mapping):
        options = {key: written[key] for key in ("attr", "number") if key in written}
        written = {key: value for key, value in written.items() if key not in options}
        _check_options(kind, options, path, problem)
    matchers = compile_matchers(written, path, problem)
    if kind in WITHOUT_ARGUMENT:
        for matcher in matchers:
            if matcher.word in {"exists", "count"}:
                problem((*path, matcher.word), f"there is always one {kind}", "write a value or `contains`")
    try:
        extractor = compile_extractor(
            kind,
            selector,
            attr=options.get("attr"),
            number=options.get("number") is True,
            locale=locale,
        )
    except (TemplateError, SelectorError) as error:
        problem(path, error.what, error.hint)
        return
    if matchers:
        yield _Assertion(path, extractor, matchers, locale)


def _check_status(written: Any, problem: Problems) -> None:
    """`2xx` is no status, and would never be one."""
    wanted = written.get("one_of", written.get("not")) if isinstance(written, Mapping) else written
    for status in wanted if isinstance(wanted, list) else [wanted]:
        if isinstance(status, str) and "${" not in status and not PLAIN_NUMBER.fullmatch(status):
            problem(("status",), f"{show(status)} is no status", "write 204, or {gte: 200, lt: 300}")


def _check_options(kind: str, options: dict[str, Any], path: Path, problem: Problems) -> None:
    if "attr" in options and (kind != "css" or not isinstance(options["attr"], str)):
        problem((*path, "attr"), "`attr` is the name of an attribute and belongs to `css`", "")
        del options["attr"]
    if not isinstance(options.get("number", False), bool):
        problem((*path, "number"), "`number` is true or false", "")


def _conditions(spec: Expect, problem: Problems) -> Iterator[tuple[Path, Condition]]:
    several = isinstance(spec.that, list)
    for index, source in enumerate(spec.that if isinstance(spec.that, list) else [spec.that]):
        path: Path = ("that", index) if several else ("that",)
        try:
            condition = compile_condition(source)
        except TemplateError as error:
            problem(path, error.what, error.hint)
            continue
        if not condition.references:
            problem(path, "`that` names nothing that was saved, so it says nothing", "compare a saved value")
        yield path, condition
