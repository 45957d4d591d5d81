"""How each extractor finds values on a page: kind and argument → a function from page to values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import lxml.etree
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from techrun.language._jsonpath import compile_path
from techrun.language._patterns import compile_pattern, search, search_all
from techrun.language.errors import PageError, SelectorError
from techrun.language.page import Page
from techrun.language.words import one_line, shorten

LONGEST_SELECTOR = 1_000
"""Characters."""
MOST_MATCHES = 100_000
"""Values that one pattern may find on a page."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds what one selector stands for; both raise `PageError`."""

    all: Callable[[Page], list[Any]]
    first: Callable[[Page], list[Any]]
    """As `all`, but at most one value: cheaper where one is enough."""


@lru_cache(maxsize=1024)
def finder(kind: str, argument: str, attr: str | None = None) -> Finder:
    """The finder of a selector; raises `SelectorError`."""
    if len(argument) > LONGEST_SELECTOR:
        raise SelectorError(f"a selector has more than {LONGEST_SELECTOR} characters")
    return _css(argument, attr) if kind == "css" else _KINDS[kind](argument)


_HAS_IN_HAS = re.compile(r":has\([^()]*(?:\([^()]*\)[^()]*)*:has\(", re.IGNORECASE)


def _css(selector: str, attr: str | None) -> Finder:
    if _HAS_IN_HAS.search(selector):
        raise SelectorError(
            f'"{shorten(selector, 60)}" has a :has() inside a :has()', "CSS does not allow it"
        )
    try:
        LexborHTMLParser("<p></p>").css_first(selector)
    except (SelectolaxError, ValueError, RuntimeError):
        raise SelectorError(f'"{shorten(selector, 60)}" is no CSS selector', "try it in a browser") from None
    read = _text_of_node if attr is None else _attribute(attr)

    def first(page: Page) -> list[Any]:
        node = page.html.css_first(selector)
        return [] if node is None else read(node)

    def find_all(page: Page) -> list[Any]:
        return [value for node in page.html.css(selector) for value in read(node)]

    return Finder(find_all, first)


def _text_of_node(node: LexborNode) -> list[Any]:
    return [one_line(node.text())]


def _attribute(name: str) -> Callable[[LexborNode], list[Any]]:
    key = name.lower()

    def read(node: LexborNode) -> list[Any]:
        attributes = node.attributes
        return [attributes[key] or ""] if key in attributes else []

    return read


def _xpath(expression: str) -> Finder:
    try:
        query = lxml.etree.XPath(expression, smart_strings=False)
        query(lxml.etree.fromstring("<html/>"))
    except (lxml.etree.XPathError, ValueError) as error:
        raise SelectorError(f'"{shorten(expression, 60)}" is no XPath: {error}') from None

    def find_all(page: Page) -> list[Any]:
        try:
            found = query(page.tree)
        except lxml.etree.XPathError as error:
            raise PageError(f'the XPath "{shorten(expression, 60)}" fails on this page: {error}') from None
        return [_xpath_value(item) for item in (found if isinstance(found, list) else [found])]

    return Finder(find_all, lambda page: find_all(page)[:1])


def _xpath_value(item: Any) -> Any:
    if isinstance(item, lxml.etree._Element):  # noqa: SLF001  lxml's only name for it
        return one_line("".join(map(str, item.itertext())))
    if isinstance(item, float) and item.is_integer():
        return int(item)  # XPath counts in floats
    return one_line(item) if isinstance(item, str) else item


def _json(path: str) -> Finder:
    find = compile_path(path)
    return Finder(lambda page: find(page.json()), lambda page: find(page.json())[:1])


def _regex_in(text_of_page: Callable[[Page], str]) -> Callable[[str], Finder]:
    def make(pattern: str) -> Finder:
        compiled = compile_pattern(pattern)
        group = 1 if compiled.groups else 0

        def first(page: Page) -> list[Any]:
            match = search(compiled, text_of_page(page))
            return [] if match is None or match[group] is None else [match[group]]

        def find_all(page: Page) -> list[Any]:
            matches = search_all(compiled, text_of_page(page), MOST_MATCHES)
            return [match[group] for match in matches if match[group] is not None]

        return Finder(find_all, first)

    return make


def _header(name: str) -> Finder:
    return Finder(
        lambda page: list(page.header_values(name)), lambda page: list(page.header_values(name))[:1]
    )


def _cookie(name: str) -> Finder:
    def find(page: Page) -> list[Any]:
        return [page.cookies[name]] if name in page.cookies else []

    return Finder(find, find)


def _whole(read: Callable[[Page], Any]) -> Finder:
    return Finder(lambda page: [read(page)], lambda page: [read(page)])


def _whole_or_part(read: Callable[[Page], str]) -> Callable[[str], Finder]:
    """The whole text, or what a pattern finds in it."""
    return lambda pattern: _regex_in(read)(pattern) if pattern else _whole(read)


_KINDS: Mapping[str, Callable[[str], Finder]] = {
    "xpath": _xpath,
    "json": _json,
    "regex": _regex_in(lambda page: page.text),
    "header": _header,
    "cookie": _cookie,
    "url": _whole_or_part(lambda page: page.url),
    "text": _whole_or_part(lambda page: page.visible),
    "status": lambda _argument: _whole(lambda page: page.status),
}
KINDS = ("css", *_KINDS)
"""Every extractor that `save:` and `expect:` share."""
