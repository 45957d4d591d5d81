"""The cookies of one session: what RFC 6265 asks of a client, no more than a shop can notice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult

_SECOND_LEVEL = frozenset(
    ["ac", "co", "com", "edu", "gov", "gob", "net", "ne", "nom", "or", "org", "gr", "mil", "sch"]
)
"""Labels under which countries sell names (`co.uk`, `com.au`): no shop may set a cookie for all of them."""
MOST = 180
"""Cookies kept in one jar, as browsers do for one domain; the oldest makes room."""
LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie as a server set it; `expires` is a Unix time, None ends with the session."""

    name: str
    value: str
    domain: str
    path: str
    host_only: bool
    secure: bool
    expires: float | None

    def goes_to(self, url: SplitResult, host: str, now: float) -> bool:
        """Whether a browser sends it with a request to this URL."""
        return (
            (host == self.domain or (not self.host_only and host.endswith("." + self.domain)))
            and (self.path == "/" or _path_matches(url.path or "/", self.path))
            and (not self.secure or is_secure(url))
            and (self.expires is None or self.expires > now)
        )


class Jar:
    """The cookies of one session; an old cookie is replaced by name, domain and path."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def store(self, lines: Iterable[str], url: SplitResult, now: float) -> None:
        """Take the `Set-Cookie` lines of one answer from `url`."""
        for line in lines:
            cookie = parse(line, url, now)
            if cookie is None:
                continue
            key = (cookie.name, cookie.domain, cookie.path)
            if cookie.expires is not None and cookie.expires <= now:
                self._cookies.pop(key, None)
                continue
            if key not in self._cookies and len(self._cookies) >= MOST:
                del self._cookies[next(iter(self._cookies))]
            self._cookies[key] = cookie

    def matching(self, url: SplitResult, now: float) -> dict[str, str]:
        """Name and value of every cookie for this URL; of one name that with the longest path."""
        values: dict[str, str] = {}
        for cookie in self._sent(url, now):
            values.setdefault(cookie.name, cookie.value)
        return values

    def header(self, url: SplitResult, now: float) -> str:
        """The value of the `Cookie` header for this URL, or ``""``; a name can be in it twice."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._sent(url, now))

    def _sent(self, url: SplitResult, now: float) -> list[Cookie]:
        """The cookies for this URL; longer paths come first."""
        if not self._cookies:
            return []
        host = _host(url)
        found = [cookie for cookie in self._cookies.values() if cookie.goes_to(url, host, now)]
        found.sort(key=lambda cookie: -len(cookie.path))
        return found


def parse(line: str, url: SplitResult, now: float) -> Cookie | None:
    """The cookie in one `Set-Cookie` line; None where a browser would refuse it."""
    pair, *rest = line.split(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name or len(pair) > LONGEST or not (name + value).isprintable():
        return None
    attributes = {
        key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in rest)
    }
    host = _host(url)
    domain = attributes.get("domain", "").lstrip(".").lower()
    if domain and domain != host and not _may_set(host, domain):
        return None
    secure = "secure" in attributes
    if not secure and attributes.get("samesite", "").lower() == "none":
        return None
    path = attributes.get("path", "")
    cookie = Cookie(
        name=name,
        value=value,
        domain=domain or host,
        path=path if path.startswith("/") else _default_path(url.path),
        host_only=not domain or _is_address(host),
        secure=secure,
        expires=_expiry(attributes, now),
    )
    return cookie if _prefix_holds(cookie, is_secure(url), with_domain=bool(domain)) else None


def is_secure(url: SplitResult) -> bool:
    """Whether browsers trust the way to this URL with a `Secure` cookie: https, or this machine."""
    return url.scheme == "https" or _host(url) in ("localhost", "127.0.0.1", "::1")


@lru_cache(1024)  # urllib reads it out of the address each time
def _host(url: SplitResult) -> str:
    return url.hostname or ""


def site_of(host: str) -> str:
    """The name that was registered, by rule of thumb: `shop.example.co.uk` → `example.co.uk`."""
    if _is_address(host):
        return host
    labels = host.split(".")
    take = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-take:])


def _may_set(host: str, domain: str) -> bool:
    """A server may set cookies for its own parents, but for no public suffix."""
    if not host.endswith("." + domain) or _is_address(host):
        return False
    labels = domain.split(".")
    return len(labels) > 2 or (len(labels) == 2 and not (len(labels[1]) == 2 and labels[0] in _SECOND_LEVEL))


def _prefix_holds(cookie: Cookie, secure_url: bool, *, with_domain: bool) -> bool:  # noqa: FBT001  two facts of one question
    """`Secure` needs a secure way; the `__Host-` and `__Secure-` prefixes promise more."""
    if cookie.secure and not secure_url:
        return False
    if cookie.name.startswith("__Host-"):
        return cookie.secure and cookie.path == "/" and not with_domain
    return cookie.secure or not cookie.name.startswith("__Secure-")


def _expiry(attributes: dict[str, str], now: float) -> float | None:
    """When it ends; `Max-Age` wins over `Expires`, what cannot be read means the session."""
    age = attributes.get("max-age", "")
    if age.lstrip("-").isdecimal() and len(age) < 16:
        return now + int(age) if int(age) > 0 else 0.0
    try:
        return parsedate_to_datetime(attributes["expires"]).timestamp() if attributes.get("expires") else None
    except (ValueError, OverflowError, OSError):
        return None


def _default_path(path: str) -> str:
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


def _path_matches(path: str, wanted: str) -> bool:
    return path == wanted or (path.startswith(wanted) and (wanted.endswith("/") or path[len(wanted)] == "/"))


def _is_address(host: str) -> bool:
    if not host or not (host[-1].isdigit() or ":" in host):
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
