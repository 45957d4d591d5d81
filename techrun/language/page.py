"""A response as extractors see it: read lazily, once, and shared by all of them."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any, NoReturn, TypeVar

import lxml.etree
import lxml.html
from selectolax.lexbor import LexborHTMLParser

from techrun.exchange import Headers
from techrun.language import _html
from techrun.language._html import Asset
from techrun.language.errors import PageError
from techrun.language.words import one_line, shorten

__all__ = ["Asset", "Page", "PageError"]

Kept = TypeVar("Kept")
"""What is kept of a page: read once, or the error that reading it gave."""

DEEPEST_JSON = 200
"""Levels of lists and maps."""

HALF = re.compile(r"\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F])")
"""Half of a character outside the first 65,536, without its other half."""
CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE | re.ASCII)
CHARSET_BYTES = re.compile(
    rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)|encoding=[\"']([\w.:-]+)", re.IGNORECASE
)
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
WEB_CODECS = re.compile(
    "utf-8|utf-16(-[lb]e)?|cp125[0-8]|cp866|cp874|cp932|cp949|iso8859-[0-9]+|koi8-[ru]|mac-(roman|cyrillic)|"
    "gbk|gb18030|gb2312|big5|big5hkscs|euc_jp|euc_kr|shift_jis|iso2022_jp"
)
"""Codecs of web pages; Python has others that are slow, or no text at all."""


class Page:
    """One response: status, headers, body, the final URL and the cookies of the session."""

    def __init__(
        self,
        status: int,
        headers: Headers = (),
        body: bytes = b"",
        url: str = "",
        cookies: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url
        self.cookies = cookies or {}

    def header(self, name: str) -> str | None:
        """The first value of a header, or None."""
        wanted = name.lower()
        for key, value in self.headers:
            if key == wanted or key.lower() == wanted:
                return value
        return None

    def header_values(self, name: str) -> list[str]:
        """Every value of a header, in the order sent."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    @cached_property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty where none was sent."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @cached_property
    def is_html(self) -> bool:
        """Whether it is a web page: by its type, or by its looks where no type was sent."""
        if self.content_type:
            return self.content_type in {"text/html", "application/xhtml+xml"}
        return self.body[:200].lstrip()[:1] == b"<"

    @property
    def is_xml(self) -> bool:
        """Whether it is XML by its type (a sitemap, a product feed)."""
        return self.content_type in {"text/xml", "application/xml"} or (
            self.content_type.endswith("+xml") and not self.is_html
        )

    @cached_property
    def text(self) -> str:
        """The body as text: charset by byte order mark, header, `meta`, else UTF-8; never fails."""
        for bom, name in BOMS:
            if self.body.startswith(bom):
                return self.body[len(bom) :].decode(name, "replace")
        return self.body.decode(self._declared_charset(), "replace")

    @property
    def charset(self) -> str:
        """Python's name of the charset that the page is written in; its forms are sent in it."""
        marked = (name for bom, name in BOMS if self.body.startswith(bom))
        return next(marked, None) or self._declared_charset()

    def _declared_charset(self) -> str:
        codec = _codec_of(self.header("content-type") or "")
        if codec:
            return codec
        start = self.body[:2048].lower()
        written_in = b"charset" in start or b"encoding" in start  # a twentieth of the pattern's cost
        if written_in and (self.is_html or self.is_xml):
            written = CHARSET_BYTES.search(start)
            codec = web_codec((written[1] or written[2]).decode("ascii", "replace")) if written else ""
            if codec and not codec.startswith("utf-16"):
                return codec
        return "utf-8"

    def json(self) -> Any:
        """The body as JSON, parsed once; raises `PageError`."""
        value, problem = self._json
        if problem:
            raise PageError(problem)
        return value

    @cached_property
    def _json(self) -> tuple[Any, str]:
        """The value, or in words why there is none (kept, so that a bad page is not parsed twice)."""
        try:
            value = json.loads(self.text, parse_constant=_refuse_constant)
        except RecursionError:
            return None, "the JSON nests too deeply"
        except json.JSONDecodeError as error:
            where = f"{error.msg.lower()} at line {error.lineno}, column {error.colno}"
            return None, f"{self.describe()} is no JSON ({where})"
        except ValueError as error:
            return None, f"{self.describe()} is no JSON ({shorten(str(error), 80)})"
        if _is_too_deep(value):
            return None, "the JSON nests too deeply"
        return (_mended(value) if HALF.search(self.text) else value), ""

    @property
    def html(self) -> LexborHTMLParser:
        """The page for CSS selectors; raises `PageError`."""
        return _or_raise(self._html)

    @cached_property
    def _html(self) -> LexborHTMLParser | PageError:
        try:
            return _html.parse_html(self.text)
        except PageError as error:
            return error

    @property
    def tree(self) -> lxml.etree._Element:
        """The page for XPath; raises `PageError`."""
        return _or_raise(self._tree)

    @cached_property
    def _tree(self) -> lxml.etree._Element | PageError:
        try:
            _html.refuse_attribute_flood(self.text)
            return _xml_tree(self.text) if self.is_xml else _html_tree(self.text)
        except (lxml.etree.LxmlError, ValueError, PageError) as error:
            return PageError(f"{self.describe()} cannot be read for XPath ({shorten(str(error), 80)})")

    @property
    def visible(self) -> str:
        """What a person reads: the text of a web page, else the body. Raises `PageError`."""
        return _or_raise(self._visible)

    @cached_property
    def _visible(self) -> str | PageError:
        if not self.is_html:
            return self.text
        try:
            return _html.visible_text(self.text)
        except PageError as error:
            return error

    def assets(self) -> list[Asset]:
        """The style sheets and scripts that the page names; raises `PageError`."""
        return _html.assets(self.html, self.url)

    @cached_property
    def title(self) -> str:
        """The title of a web page; empty where there is none."""
        if not self.is_html or isinstance(self._html, PageError):
            return ""
        node = self._html.css_first("title")
        return one_line(node.text()) if node is not None else ""

    def describe(self) -> str:
        """The page in words for an error: `the page "Sorry" (12 KB)`."""
        size = f"{len(self.body) / 1000:.0f} KB" if len(self.body) >= 1000 else f"{len(self.body)} bytes"
        if not self.body:
            return "the empty page"
        if self.title:
            return f'the page "{shorten(self.title, 60)}" ({size})'
        kind = "" if self.is_html else f"{shorten(self.content_type or 'no content type', 40)}, "
        return f"the page ({kind}{size})"


def _or_raise(value: Kept | PageError) -> Kept:
    if isinstance(value, PageError):
        raise PageError(str(value))
    return value


@lru_cache(256)  # a shop's pages are all of a few types
def _codec_of(content_type: str) -> str:
    """The charset that a content type names, or nothing."""
    declared = CHARSET.search(content_type)
    return web_codec(declared[1]) if declared else ""


def web_codec(label: str) -> str:
    """Python's name of a charset as browsers understand its label; empty for what is none."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    if name in {"ascii", "iso8859-1"}:
        return "cp1252"
    return name if WEB_CODECS.fullmatch(name) else ""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _is_too_deep(value: Any) -> bool:
    """Whether lists and maps nest deeper than can be worked with safely."""
    level = [value]
    for _ in range(DEEPEST_JSON):
        level = (
            [
                child
                for item in level
                for child in (item.values() if isinstance(item, dict) else item)
                if isinstance(child, dict | list)
            ]
            if isinstance(level[0], dict | list)
            else []
        )
        if not level:
            return False
    return True


def _mended(value: Any) -> Any:
    """Half a character can be neither stored nor sent: it becomes U+FFFD, as in a browser."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def _html_tree(text: str) -> lxml.etree._Element:
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=False)
    tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    if any(entry.type == lxml.etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log):
        raise PageError("it nests too deeply")
    return tree


def _xml_tree(text: str) -> lxml.etree._Element:
    """XML without entities, network and namespaces, so that `//loc` finds a sitemap's."""
    parser = lxml.etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
    )
    tree = lxml.etree.fromstring(text.encode("utf-8", "replace"), parser=parser)
    for element in tree.iter("{*}*"):
        element.tag = lxml.etree.QName(element).localname
    return tree
