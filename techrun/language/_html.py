"""Guards before HTML is parsed, its visible text, and the files that a page names.

The parser takes time in the square of how deep a page nests (20,000 levels 0.6 s) and of how many
attributes one tag has (20,000 take 0.7 s), so both are bounded first, at a tenth of its own cost.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from techrun.language.errors import PageError
from techrun.language.words import one_line

DEEPEST_HTML = 256
"""Levels; browsers stop at 512, real pages at about 60."""
MOST_ATTRIBUTES = 2_000
"""Attributes of one tag."""
FEW_TAGS = 4_096
"""A page of so few tags is parsed in 30 ms however they nest."""

TAG_NAME = re.compile(r"<(/?[a-zA-Z][^\s/>]*)")
LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{4000}")
LARGE_PAGE = 65_536
"""Characters; a smaller page is looked at closely only where it has a long tag."""

ATTRIBUTE = (
    r"[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))?+"  # as browsers cut a tag
)
ATTRIBUTES = re.compile(rf"<[a-zA-Z][^\s/>]*+((?:{ATTRIBUTE})*+)")
ONE_ATTRIBUTE = re.compile(ATTRIBUTE)

NOT_NESTING = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "dd",
        "dt",
        "embed",
        "hr",
        "img",
        "input",
        "li",
        "link",
        "meta",
        "optgroup",
        "option",
        "p",
        "param",
        "rp",
        "rt",
        "source",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "track",
        "wbr",
        "path",
        "use",
        "circle",
        "rect",
        "line",
        "polygon",
        "polyline",
        "ellipse",
        "stop",
    ]
)
"""Elements that hold none of their own kind, or that a container counts for."""

_BLOCKS = (
    "a(?:ddress|rticle|side)|b(?:lockquote|r)|d(?:d|etails|iv|l|t)|f(?:ieldset|igcaption|igure|ooter|orm)|"
    "h(?:[1-6r]|eader)|l(?:egend|i)|main|nav|o(?:l|ption)|p(?:re)?|s(?:ection|elect|ummary)|t(?:able|[dhr])|ul"
)
BLOCK = re.compile(rf"<(?=/?(?:{_BLOCKS}|{_BLOCKS.upper()})\b)")
"""Where an element that stands apart begins or ends; written so, it is seven times faster than plainly."""
UNSEEN = ["script", "style", "noscript", "template"]

SCRIPT_TYPES = frozenset(
    {"", "module", "text/javascript", "application/javascript", "application/x-javascript", "text/ecmascript"}
)


class Asset(NamedTuple):
    """A file that a page needs to look and work as it should."""

    kind: Literal["stylesheet", "script"]
    url: str
    own: bool
    """It comes from the origin of the page itself."""


def parse_html(text: str) -> LexborHTMLParser:
    """The tree of a page; raises `PageError` where it would take too long."""
    if text.count("<") - text.count("</") > FEW_TAGS and nesting(text) > DEEPEST_HTML:
        raise PageError(f"the page nests more than {DEEPEST_HTML} elements in each other")
    refuse_attribute_flood(text)
    try:
        return LexborHTMLParser(text)
    except (ValueError, RuntimeError) as error:
        raise PageError(f"the page cannot be read as HTML: {error}") from None


def refuse_attribute_flood(text: str) -> None:
    """Raise `PageError` where a tag has so many attributes that no parser is fit for it."""
    if len(text) <= LARGE_PAGE and not LONG_TAG.search(text):
        return
    for attributes in ATTRIBUTES.findall(text):
        if len(attributes) > 2 * MOST_ATTRIBUTES and len(ONE_ATTRIBUTE.findall(attributes)) > MOST_ATTRIBUTES:
            raise PageError(f"a tag of the page has more than {MOST_ATTRIBUTES} attributes")


def nesting(text: str) -> int:
    """How deep the elements of a page can nest at most, told from its tags alone."""
    depths: dict[str, int] = defaultdict(int)
    deepest: dict[str, int] = {}
    for tag in TAG_NAME.findall(text):
        if tag[0] == "/":
            name = tag[1:]
            if depths[name]:
                depths[name] -= 1
        elif tag not in NOT_NESTING:
            depth = depths[tag] = depths[tag] + 1
            if depth > deepest.get(tag, 0):
                deepest[tag] = depth
    return sum(deepest.values())


def visible_text(text: str) -> str:
    """What a person reads on the page: no scripts, one space between words, blocks apart."""
    parser = parse_html(BLOCK.sub(" <", text))
    parser.strip_tags(UNSEEN)
    return one_line(parser.root.text()) if parser.root is not None else ""


def assets(parser: LexborHTMLParser, page_url: str) -> list[Asset]:
    """The style sheets and scripts that a browser would fetch for this page, each once."""
    base = parser.css_first("base[href]")
    base_url = join(page_url, base.attributes.get("href") or "") if base is not None else page_url
    found: dict[str, Asset] = {}
    for kind, address in _named(parser):
        url = join(base_url, address).partition("#")[0]
        if url.startswith(("http://", "https://")) and url not in found:
            found[url] = Asset(kind, url, origin(url) == origin(page_url))
    return list(found.values())


def _named(parser: LexborHTMLParser) -> Iterator[tuple[Literal["stylesheet", "script"], str]]:
    for node in parser.css("link[rel][href], script[src]"):
        address = (node.attributes.get("href" if node.tag == "link" else "src") or "").strip()
        if not address:
            continue
        if node.tag == "script" and _is_script(node):
            yield "script", address
        elif node.tag == "link" and _is_stylesheet(node):
            yield "stylesheet", address


def _is_script(node: LexborNode) -> bool:
    kind = (node.attributes.get("type") or "").strip().lower()
    return kind in SCRIPT_TYPES and "nomodule" not in node.attributes


def _is_stylesheet(node: LexborNode) -> bool:
    words = (node.attributes.get("rel") or "").lower().split()
    return "stylesheet" in words and "alternate" not in words and "disabled" not in node.attributes


def join(base: str, address: str) -> str:
    """An address on a page as an absolute URL; empty where it is no URL."""
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port; a URL without sense is its own origin."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return url, "", None
    return parts.scheme, parts.hostname or "", port
