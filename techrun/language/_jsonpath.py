"""JSONPath (RFC 9535): singular paths by a plain walk, all others by the library, both bounded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from iregexp_check import check
from jsonpath_rfc9535 import (
    JSONPathEnvironment,
    JSONPathError,
    JSONPathNode,
    JSONPathQuery,
    JSONPathSyntaxError,
    Parser,
)
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from jsonpath_rfc9535.selectors import IndexSelector, NameSelector

from techrun.language._patterns import compile_pattern, search
from techrun.language.errors import PageError, SelectorError
from techrun.language.words import shorten

LONGEST_PATH = 1_000
"""Characters."""
MOST_NODES = 100_000
"""Nodes that one path may find."""
SECONDS = 1.0
"""For one path on one page; 2 MB of ordinary JSON take an eighth of it."""

Find = Callable[[Any], list[Any]]


class _Clock(threading.local):
    """When the path that runs in this thread must be done with its patterns."""

    deadline = 0.0


_clock = _Clock()


def _check_time() -> None:
    if time.monotonic() > _clock.deadline:
        raise PageError(f"a JSONPath takes longer than {SECONDS} s on this page")


class _Pattern(FilterFunction):
    """`match()` and `search()` of the standard, with a bound on their time."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012  as the library declares it
    return_type = ExpressionType.LOGICAL

    def __init__(self, form: str) -> None:
        self._form = form

    def __call__(self, string: object, pattern: object) -> bool:
        if not isinstance(string, str) or not isinstance(pattern, str) or not check(pattern):
            return False
        _check_time()
        try:
            compiled = compile_pattern(self._form.format(_as_regex(pattern)))
        except SelectorError:
            return False
        return search(compiled, string) is not None


def _as_regex(pattern: str) -> str:
    """An I-Regexp in the words of `regex`: its dot matches all but line ends."""
    parts, escaped, in_class = [], False, False
    for sign in pattern:
        plain_dot = sign == "." and not escaped and not in_class
        parts.append(r"[^\r\n]" if plain_dot else sign)
        if not escaped:
            in_class = (in_class or sign == "[") and sign != "]"
        escaped = sign == "\\" and not escaped
    return "".join(parts)


class _Parser(Parser):
    """Refuses a filter that walks the whole page again for each item."""

    def parse_root_query(self, stream: Any) -> Any:
        found: Any = super().parse_root_query(stream)
        if not found.query.singular_query():
            raise JSONPathSyntaxError("a path from $ in a filter leads to one value", token=found.token)
        return found


class _Environment(JSONPathEnvironment):
    """The library with a bound on time: it asks for the deepest level at each step of a `..`."""

    parser_class = _Parser

    @property
    def max_recursion_depth(self) -> int:  # type: ignore[override]  # read only, never set
        _check_time()
        return 100

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Pattern(r"\A(?:{})\Z")
        self.function_extensions["search"] = _Pattern("{}")


_environment = _Environment()


@lru_cache(maxsize=512)
def compile_path(path: str) -> Find:
    """A function that gives all values at a path; raises `SelectorError`."""
    if len(path) > LONGEST_PATH:
        raise SelectorError(f"a JSONPath has more than {LONGEST_PATH} characters")
    try:
        query = _environment.compile(path)
    except JSONPathError as error:
        hint = "a JSONPath starts with $: $.items[0].price" if not path.startswith("$") else ""
        raise SelectorError(f'"{shorten(path, 60)}" is no JSONPath: {error}', hint) from None
    except (RecursionError, ValueError, IndexError):
        raise SelectorError(f'"{shorten(path, 60)}" is no JSONPath') from None
    steps = _plain_steps(query)
    return _by_library(query) if steps is None else _by_walking(steps)


def _plain_steps(query: JSONPathQuery) -> tuple[str | int, ...] | None:
    """The keys and indexes of a singular path; None for any other."""
    if not query.singular_query():
        return None
    steps: list[str | int] = []
    for segment in query.segments:
        selector = segment.selectors[0]
        if isinstance(selector, NameSelector):
            steps.append(selector.name)
        elif isinstance(selector, IndexSelector):
            steps.append(selector.index)
        else:
            return None
    return tuple(steps)


def _by_walking(steps: tuple[str | int, ...]) -> Find:
    def find(value: Any) -> list[Any]:
        for step in steps:
            if isinstance(value, dict):
                if not isinstance(step, str) or step not in value:
                    return []
            elif not (isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value)):
                return []
            value = value[step]
        return [value]

    return find


def _by_library(query: JSONPathQuery) -> Find:
    def find(value: Any) -> list[Any]:
        _clock.deadline = time.monotonic() + SECONDS
        try:
            found = [node.value for node in islice(_nodes(query, value), MOST_NODES + 1)]
        except (JSONPathError, RecursionError) as error:
            raise PageError(f'the JSONPath "{shorten(str(query), 60)}" fails on this page: {error}') from None
        if len(found) > MOST_NODES:
            raise PageError(f'the JSONPath "{shorten(str(query), 60)}" finds more than {MOST_NODES} values')
        return found

    return find


def _nodes(query: JSONPathQuery, value: Any) -> Iterable[Any]:
    """What the library's own loop gives, with a look at the clock at each node."""
    nodes: Iterable[Any] = [JSONPathNode(value=value, location=(), parent=None, root=value)]
    for segment in query.segments:
        nodes = _watched(segment.resolve(nodes))
    return nodes


def _watched(nodes: Iterable[Any]) -> Iterator[Any]:
    for node in nodes:
        _check_time()
        yield node
