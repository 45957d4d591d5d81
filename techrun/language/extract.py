"""`save:`: takes one value from a page, by the same extractors that `expect:` uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from techrun.language._filters import PLAIN_NUMBER, kind_of, show
from techrun.language._finders import KINDS, Finder, finder
from techrun.language.definition import Definition, Path
from techrun.language.errors import (
    ExpressionError,
    NotFoundError,
    NumberError,
    PageError,
    SelectorError,
    TemplateError,
)
from techrun.language.expressions import Reference, Template, compile_template
from techrun.language.page import Page
from techrun.language.scalars import exact, parse_number
from techrun.language.words import shorten

__all__ = [
    "KINDS",
    "Extractor",
    "NotFoundError",
    "NumberError",
    "PageError",
    "Save",
    "SelectorError",
    "check_css",
    "compile_extractor",
    "compile_save",
]

WITHOUT_ARGUMENT = frozenset({"url", "text", "status"})
"""Extractors that may stand alone: there is only one of each on a page."""

Problems = Callable[[Path, str, str], None]
"""Takes a mistake: where it is, what is wrong, what to do."""


class Save(Definition):
    """Where a value is taken from; exactly one extractor."""

    css: str | None = None
    """The text of the first element that this CSS selector matches."""
    attr: str | None = None
    """With `css`: this attribute instead of the text."""
    xpath: str | None = None
    json_: str | None = Field(None, alias="json")
    """A JSONPath (RFC 9535); the first value."""
    regex: str | None = None
    """Searched in the body: its first group, or all of it where it has none."""
    header: str | None = None
    cookie: str | None = None
    url: Literal[True] | str | None = None
    """The final URL, or the part of it that a regular expression finds."""
    text: Literal[True] | str | None = None
    """The visible text of the page, or the part of it that a regular expression finds."""
    status: Literal[True] | None = None
    number: bool = False
    """Read the value as a number written for people, in the shop's locale."""
    secret: bool = False
    """Redact the value everywhere from now on."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self._given()) != 1:
            raise ValueError(f"a `save` needs exactly one of {', '.join(KINDS)}")
        if self.attr is not None and self.css is None:
            raise ValueError("`attr` belongs to `css`")
        return self

    @property
    def kind(self) -> str:
        """Its extractor."""
        return next(iter(self._given()))

    @property
    def argument(self) -> str:
        """What the extractor is told; empty where it needs nothing."""
        written = self._given()[self.kind]
        return "" if written is True else written

    def _given(self) -> dict[str, Any]:
        written = {kind: getattr(self, field_of(kind)) for kind in KINDS}
        return {kind: value for kind, value in written.items() if value is not None}


def field_of(kind: str) -> str:
    """The field of an extractor's key: pydantic has a `json` of its own."""
    return "json_" if kind == "json" else kind


@dataclass(frozen=True, slots=True)
class Extractor:
    """One compiled extractor: finds its value on any page."""

    kind: str
    argument: Template
    attr: str | None = None
    number: bool = False
    locale: str = "en-US"
    _finder: Finder | None = None
    """None where the argument is a template, known only with a scope."""

    @property
    def references(self) -> tuple[Reference, ...]:
        """The names that its selector needs."""
        return self.argument.references

    def get(self, page: Page, scope: Mapping[str, Any]) -> Any:
        """The value; raises `NotFoundError`, also for JSON's null, and any other `RunError`."""
        found = self.first(page, scope)
        if not found or found[0] is None:
            raise NotFoundError(f"{self.describe(scope)} {self.nothing_found(page, is_null=bool(found))}")
        return found[0]

    def first(self, page: Page, scope: Mapping[str, Any]) -> list[Any]:
        """At most one value: a number where `number` is set; raises `RunError`."""
        return [self._read(value) for value in self._find(scope).first(page)]

    def all(self, page: Page, scope: Mapping[str, Any]) -> list[Any]:
        """Every value as it is found; raises `RunError`."""
        return self._find(scope).all(page)

    def describe(self, scope: Mapping[str, Any]) -> str:
        """The extractor in words: `css "h1.price"`."""
        if self.kind in WITHOUT_ARGUMENT and not self.argument.source:
            return self.kind
        argument = shorten(self.argument.text(scope))
        name = argument if self.kind in {"json", "header", "cookie"} else f'"{argument}"'
        return f"{self.kind} {name}" + (f" attribute {self.attr}" if self.attr else "")

    def nothing_found(self, page: Page, *, is_null: bool = False) -> str:
        """What is said of it where a page has no such value: `matched nothing on the page "Sorry"`."""
        if is_null:
            return "is null"
        if self.kind == "header":
            return "is not among the headers"
        if self.kind == "cookie":
            return "is not set"
        return f"matched nothing on {page.describe()}"

    def _find(self, scope: Mapping[str, Any]) -> Finder:
        if self._finder is not None:
            return self._finder
        try:
            return finder(self.kind, self.argument.text(scope), self.attr)
        except SelectorError as error:
            raise ExpressionError(str(error)) from None

    def _read(self, value: Any) -> Any:
        return to_number(value, self.locale, self.kind) if self.number and value is not None else value


def to_number(value: Any, locale: str, kind: str = "") -> int | Decimal:
    """A found value as an exact number; raises `NumberError`.

    Text in JSON that is a plain number is read as one: no locale ever wrote it.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise NumberError(f"{show(value)} is {kind_of(value)}, not a number")
    if not isinstance(value, str):
        number = exact(value)
        if isinstance(number, Decimal) and not number.is_finite():
            raise NumberError(f"{value} is no number")
        return number
    if kind == "json" and PLAIN_NUMBER.fullmatch(value):
        return Decimal(value.strip())
    return parse_number(value, locale)


def compile_extractor(
    kind: str, argument: str = "", *, attr: str | None = None, number: bool = False, locale: str = "en-US"
) -> Extractor:
    """Compile an extractor; raises `TemplateError` or `SelectorError`."""
    template = compile_template(argument)
    found = finder(kind, template.text({}), attr) if template.constant else None
    return Extractor(kind, template, attr, number, locale, found)


def check_css(selector: str) -> None:
    """Raise `SelectorError` where this is no CSS selector."""
    finder("css", selector)


def compile_save(save: Save, locale: str, problem: Problems) -> Extractor | None:
    """Compile one `save`; a mistake goes to `problem`, and None comes back."""
    try:
        return compile_extractor(save.kind, save.argument, attr=save.attr, number=save.number, locale=locale)
    except (TemplateError, SelectorError) as error:
        problem((save.kind,), error.what, error.hint)
        return None
