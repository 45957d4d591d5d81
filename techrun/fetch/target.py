"""Where a URL leads: parsed once, by us, so that libcurl and the guard cannot read it differently."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from techrun.fetch.names import BadHostError, ascii_host, join
from techrun.model import Reason

PORTS = {"http": 80, "https": 443}

_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"[a-z0-9._~!$&'()*+,;=%-]+|[0-9a-f:.]+")
_KEPT = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


class BadTargetError(Exception):
    """A URL that cannot or must not be fetched."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """One URL, ready for libcurl."""

    scheme: str
    host: str
    """ASCII, without brackets."""
    port: int
    url: str
    """Rebuilt from its parts: no user, no fragment."""
    authorization: str = ""
    """The header that a user and password in the URL stand for."""

    @property
    def peer(self) -> str:
        """Host and port as people write them."""
        return join(self.host, self.port)


@lru_cache(4096)
def parse(url: str) -> Target:
    """The target of a URL; raises BadTargetError."""
    if _UNWRITABLE.search(url):
        raise BadTargetError(Reason.PROTOCOL, "the URL holds a line break or another control character")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:  # whose words repeat a part of the URL, and so of a secret in it
        message = f"{url!r} is no valid URL: its host or port is not valid"
        raise BadTargetError(Reason.PROTOCOL, message) from None
    if parts.scheme not in PORTS:
        scheme = parts.scheme or "no scheme"
        raise BadTargetError(Reason.FORBIDDEN, f"only http and https are fetched, not {scheme} ({url!r})")
    host = _host(url, None if "\\" in parts.netloc else host)
    port = PORTS[parts.scheme] if port is None else port
    shown = f"[{host}]" if ":" in host else host
    shown = shown if port == PORTS[parts.scheme] else f"{shown}:{port}"
    path = _quoted(parts.path) or "/"
    query = f"?{_quoted(parts.query)}" if parts.query else ""
    return Target(
        parts.scheme,
        host,
        port,
        f"{parts.scheme}://{shown}{path}{query}",
        _basic(parts.username, parts.password),
    )


def _host(url: str, written: str | None) -> str:
    try:
        host = ascii_host(written or "")
    except BadHostError as error:
        raise BadTargetError(Reason.DNS, str(error)) from None
    if not _HOST.fullmatch(host):
        raise BadTargetError(Reason.PROTOCOL, f"{url!r} names no valid host")
    return host


def _quoted(text: str) -> str:
    """Blanks and letters outside ASCII percent-encoded, all else as written."""
    return text if text.isascii() and " " not in text else quote(text, safe=_KEPT)


def _basic(user: str | None, password: str | None) -> str:
    if user is None:
        return ""
    plain = f"{unquote(user)}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(plain.encode()).decode()
