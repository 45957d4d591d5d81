"""Addresses as browsers read them: joined, cleaned, quoted."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit

from techrun.language.words import shorten

_IN_PATH = "!#$%&'()*+,/:;=?@[]~"
_IN_QUERY = _IN_PATH.replace("'", "") + "\\^`{|}"
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_DOT = re.compile("%2e", re.IGNORECASE)
_BREAKS = str.maketrans("", "", "\t\n\r")
_BLANKS = "".join(map(chr, range(33)))

_BAD_PLACE = "its host or port is not valid"
"""Python's own words would repeat a part of the address, and so of a secret in it."""


class BadAddressError(Exception):
    """What a step calls or is sent to is no http address; the message says what it is."""


@lru_cache(maxsize=4096)
def resolve(base: str, target: str) -> str:
    """An address of a step, joined to the shop's; raises `BadAddressError`."""
    return joined(base.rstrip("/") + "/", target) if base else web_address(target)


@lru_cache(maxsize=4096)
def joined(base: str, target: str) -> str:
    """The address that a link on a page leads to; raises `BadAddressError`."""
    try:
        return web_address(urljoin(base, _cleaned(target)))
    except ValueError:
        raise BadAddressError(f"{shorten(target, 200)!r} is no web address: {_BAD_PLACE}") from None


def web_address(url: str) -> str:
    """The URL as it goes on the wire: no fragment, no blanks, no `..`; `BadAddressError` where it is none."""
    url = _cleaned(url.partition("#")[0])
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadAddressError(f"{shorten(url, 200)!r} is no web address: {_BAD_PLACE}") from None
    if parts.username is not None:
        raise BadAddressError("the address holds a user name; write it under auth:")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise BadAddressError(f"{shorten(url, 200)!r} is no web address (http:// or https://)")
    start = len(parts.scheme) + 3 + len(parts.netloc)
    path, mark, query = url[start:].partition("?")
    if _DOTS.search(path):
        path = _without_dots(path)
    return url[:start] + quote(path, safe=_IN_PATH) + mark + quote(query, safe=_IN_QUERY)


def _cleaned(text: str) -> str:
    """Without the blanks around it and the line breaks in it; a backslash before the query is a slash."""
    text = text.strip(_BLANKS).translate(_BREAKS)
    if "\\" not in text:
        return text
    path, mark, rest = text.partition("?")
    return path.replace("\\", "/") + mark + rest


def _without_dots(path: str) -> str:
    """`/a/./b/../c` is `/a/c`, and `%2e` is a dot too."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        plain = _DOT.sub(".", segment)
        if plain == ".." and len(kept) > 1:
            kept.pop()
        elif plain not in (".", ".."):
            kept.append(segment)
    if _DOT.sub(".", segments[-1]) in (".", ".."):
        kept.append("")
    return "/".join(kept)
