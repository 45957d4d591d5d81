"""Matchers: what a found value is held against. Each says in words what it wanted."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from techrun.language._evaluator import Reference
from techrun.language._filters import PLAIN_NUMBER, kind_of, show
from techrun.language._patterns import compile_pattern, search
from techrun.language.definition import Path
from techrun.language.errors import ExpressionError, NumberError, SelectorError, TemplateError
from techrun.language.expressions import Tree, compile_tree
from techrun.language.extract import Problems, to_number
from techrun.language.scalars import text_of
from techrun.language.words import did_you_mean, one_line

Judge = Callable[[Any, Any, str], bool]
"""(found, wanted, locale) → whether it holds; raises `NumberError` or `ExpressionError`."""


def equals(found: Any, wanted: Any, locale: str) -> bool:
    """Equality as people mean it: numbers as numbers, else text as text; lists and maps by value."""
    if isinstance(wanted, bool) or isinstance(found, bool):
        return text_of(found) == text_of(wanted)
    if wanted is None or found is None:
        return wanted is found
    if isinstance(found, list | dict) or isinstance(wanted, list | dict):
        return bool(found == wanted)
    if text_of(found) == text_of(wanted):
        return True
    return _is_number(wanted) and _number_or_none(found, locale) == to_number(wanted, locale)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_plain_number(value: Any) -> bool:
    return _is_number(value) or (isinstance(value, str) and PLAIN_NUMBER.fullmatch(value) is not None)


def _number_or_none(value: Any, locale: str) -> int | Decimal | None:
    try:
        return _as_number(value, locale)
    except NumberError:
        return None


def _as_number(value: Any, locale: str) -> int | Decimal:
    """A number, or a text that people read as one."""
    return to_number(value, locale)


def _contains(found: Any, wanted: Any, locale: str) -> bool:
    if isinstance(wanted, list | tuple) and wanted:
        return all(_contains(found, each, locale) for each in wanted)
    if isinstance(found, list | tuple):
        return any(equals(item, wanted, locale) for item in found)
    if isinstance(found, Mapping):
        return text_of(wanted) in found
    part, whole = one_line(text_of(wanted)), text_of(found)
    if not part:
        raise ExpressionError("that always holds, so it says nothing")
    return part in whole or part in one_line(whole)


def _matches(found: Any, wanted: Any, _locale: str) -> bool:
    pattern = text_of(wanted)
    if not pattern:
        raise ExpressionError("that always holds, so it says nothing")
    try:
        return search(compile_pattern(pattern), text_of(found)) is not None
    except SelectorError as error:
        raise ExpressionError(str(error)) from None


def _compare(test: Callable[[Any, Any], bool]) -> Judge:
    def judge(found: Any, wanted: Any, locale: str) -> bool:
        return test(_as_number(found, locale), _bound(wanted, locale))

    return judge


def _bound(wanted: Any, locale: str) -> int | Decimal:
    """The number on the user's side; YAML wrote it, so plain text is machine-made."""
    if isinstance(wanted, str) and PLAIN_NUMBER.fullmatch(wanted):
        return Decimal(wanted.strip())
    return to_number(wanted, locale)


def _one_of(found: Any, wanted: Any, locale: str) -> bool:
    if not isinstance(wanted, list | tuple):
        raise ExpressionError(f"one_of needs a list, not {kind_of(wanted)}")
    return any(equals(found, each, locale) for each in wanted)


JUDGES: Mapping[str, tuple[Judge, str]] = {
    "contains": (_contains, "to contain"),
    "matches": (_matches, "to match"),
    "gt": (_compare(operator.gt), "to be greater than"),
    "gte": (_compare(operator.ge), "to be at least"),
    "lt": (_compare(operator.lt), "to be less than"),
    "lte": (_compare(operator.le), "to be at most"),
    "one_of": (_one_of, "to be one of"),
}
MATCHERS = (*JUDGES, "exists", "count", "not")
"""Every word that may stand in place of a bare value."""
OF_THE_WHOLE = frozenset({"exists", "count"})
"""They judge whether there is a value, not what it is."""
NOT_COUNTING = frozenset(MATCHERS) - {"gt", "gte", "lt", "lte", "one_of"}
"""What `count` does not understand."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One compiled matcher; `word` is empty for a bare value."""

    word: str
    wanted: Tree
    inner: tuple[Matcher, ...] = ()
    """For `not` and `count`: what is negated or counted."""

    def holds(self, found: Any, scope: Mapping[str, Any], locale: str) -> bool:
        """Whether a found value is as wanted; raises `RunError`."""
        if self.word == "not":
            return not all(matcher.holds(found, scope, locale) for matcher in self.inner)
        judge = JUDGES[self.word][0] if self.word else equals
        return judge(found, self.wanted.render(scope), locale)

    def describe(self, scope: Mapping[str, Any]) -> str:
        """What is wanted, in words: `to be at least 5`."""
        if self.word == "not":
            return "not " + " and ".join(matcher.describe(scope) for matcher in self.inner)
        words = JUDGES[self.word][1] if self.word else "to be"
        return f"{words} {show(self.wanted.render(scope))}"

    @property
    def is_positive(self) -> bool:
        """It says what must be there, and not only what must not."""
        if self.word == "exists":
            return self.wanted.source is not False
        if self.word == "count":
            return any(_wants_some(matcher) for matcher in self.inner)
        return self.word != "not"


def _wants_some(matcher: Matcher) -> bool:
    """Whether a count of none would fail."""
    if not matcher.wanted.constant:
        return matcher.word not in {"lt", "lte"}
    try:
        return not matcher.holds(0, {}, "en-US")
    except (NumberError, ExpressionError):
        return True


def compile_matchers(written: Any, path: Path, problem: Problems) -> tuple[Matcher, ...]:
    """Compile a bare value or a map of matchers; mistakes go to `problem`."""
    if not isinstance(written, Mapping):
        return _compile_one("", written, path, problem)
    if not written:
        problem(path, "there is nothing to compare with", f"write a value, or one of {', '.join(MATCHERS)}")
    found: list[Matcher] = []
    for word, wanted in written.items():
        if word in MATCHERS:
            found.extend(_compile_one(word, wanted, (*path, word), problem))
        else:
            hint = did_you_mean(str(word), MATCHERS) or f"there are {', '.join(MATCHERS)}"
            problem((*path, word), f'there is no matcher "{word}"', hint)
    return tuple(found)


def _compile_one(word: str, wanted: Any, path: Path, problem: Problems) -> tuple[Matcher, ...]:
    inner: tuple[Matcher, ...] = ()
    if word == "not":
        inner = _without(OF_THE_WHOLE, compile_matchers(wanted, path, problem), path, problem)
    elif word == "count":
        inner = _without(NOT_COUNTING, compile_matchers(wanted, path, problem), path, problem)
        _check_count(inner, path, problem)
    else:
        _check_wanted(word, wanted, path, problem)
    try:
        tree = compile_tree(wanted)
    except TemplateError as error:
        problem((*path, *error.path), error.what, error.hint)
        return ()
    return (Matcher(word, tree, inner),)


def _without(
    words: frozenset[str], inner: tuple[Matcher, ...], path: Path, problem: Problems
) -> tuple[Matcher, ...]:
    """The inner matchers, those left out that have no meaning here."""
    for matcher in inner:
        if matcher.word in words:
            problem((*path, matcher.word), f"`{matcher.word}` cannot stand here", "put it beside, not inside")
    return tuple(matcher for matcher in inner if matcher.word not in words)


def _check_count(inner: tuple[Matcher, ...], path: Path, problem: Problems) -> None:
    for matcher in inner:
        if not matcher.word and matcher.wanted.constant and type(matcher.wanted.source) is bool:
            problem(path, "`count` needs a number", "write `exists: true`, or `count: {gte: 1}`")
        elif not matcher.word and matcher.wanted.constant and not _is_number(matcher.wanted.source):
            problem(path, "`count` needs a number", "write `count: 3`, or `count: {gte: 1}`")


def _check_wanted(word: str, wanted: Any, path: Path, problem: Problems) -> None:
    """Refuse what can never hold, or always does."""
    is_template = isinstance(wanted, str) and "${" in wanted
    if word == "exists" and not isinstance(wanted, bool):
        problem(path, "`exists` is true or false", "")
    elif word == "one_of" and not isinstance(wanted, list) and not is_template:
        problem(path, "`one_of` needs a list", "write one_of: [a, b]")
    elif word in {"contains", "matches"} and (
        wanted in ("", None, []) or (isinstance(wanted, list) and "" in wanted)
    ):
        problem(path, f"`{word}` with nothing in it always holds", "write what must be there")
    elif word in {"gt", "gte", "lt", "lte"} and not is_template and not _is_plain_number(wanted):
        problem(path, f"`{word}` needs a number", "write it plainly: 1299.00")
    elif word == "matches" and not is_template:
        try:
            pattern = compile_pattern(text_of(wanted))
        except SelectorError as error:
            problem(path, error.what, error.hint)
            return
        if all(pattern.search(text) for text in ("", "\0")):
            problem(path, f"`matches` with {show(wanted)} always holds", "ask for at least one character")


def references_of(matchers: tuple[Matcher, ...], path: Path) -> list[tuple[Path, Reference]]:
    """The names that matchers need, with the path to each."""
    found: list[tuple[Path, Reference]] = []
    for matcher in matchers:
        here = (*path, matcher.word) if matcher.word else path
        found.extend(((*here, *each.path), each.reference) for each in matcher.wanted.references)
    return found
