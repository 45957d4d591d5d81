"""Single values of the configuration: slugs, URLs, locales, time zones. Each says how it is written."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import idna
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from techrun.config.words import described, quoted
from techrun.language.durations import Seconds
from techrun.language.scalars import text_of
from techrun.language.words import did_you_mean

SLUG_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
LABEL_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
SHORTEST_TOKEN = 16
"""Characters of a token that opens `/api/v1`."""
OWN_LABELS = frozenset(
    {
        "shop",
        "client",
        "env",
        "check",
        "kind",
        "location",
        "status",
        "reason",
        "step",
        "severity",
        "phase",
        "le",
    }
)
"""Labels that techrun sets itself."""

_SLUG = re.compile(SLUG_PATTERN)
_LABEL = re.compile(LABEL_PATTERN)
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2}|-[0-9]{3})?\Z")
_HOST = re.compile(r"([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?\Z")
_CHANNEL = re.compile(r"[a-z][a-z0-9+.-]*:(//)?[^\s]+\Z", re.IGNORECASE)
_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,6})?) ?%\Z")
_SIZE = re.compile(r"([0-9]{1,6}) ?(KB|MB)\Z")
_MONEY = re.compile(r"([0-9]+(?:\.[0-9]{1,4})?) ([A-Z]{3})\Z")


def slug_of(text: str) -> str:
    """The slug nearest to a text: `Kitchen & Bath` becomes `kitchen-bath`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-")


def _slug(text: str) -> str:
    if _SLUG.match(text):
        return text
    near = slug_of(text)
    hint = "a slug has small letters, digits and dashes, at most 63 of them"
    raise ValueError(f"{quoted(text)} is not a slug", f'{hint}; did you mean "{near}"?' if near else hint)


def label_fault(name: str) -> tuple[str, str] | None:
    """Why this cannot be the name of a label and what to do about it; None where it can."""
    if name in OWN_LABELS:
        return f'the label "{name}" is set by techrun itself', "choose another name"
    if not _LABEL.match(name):
        hint = "a label has small letters, digits and underscores, and starts with a letter"
        return f"{quoted(name)} is not the name of a label", hint
    return None


def _label(name: str) -> str:
    fault = label_fault(name)
    if fault:
        raise ValueError(*fault)
    return name


def as_text(value: Any) -> Any:
    """A number as it was written; anything else as it is."""
    return text_of(value) if isinstance(value, int | float) else value


def split_url(text: str) -> SplitResult:
    """An http or https URL taken apart, its host in ASCII; ValueError says what is wrong with it."""
    parts = _parts(text)
    if parts.scheme.lower() not in {"http", "https"}:
        known = "start it with https:// or http://"
        raise ValueError(f"{quoted(text)} is not an http or https URL", known)
    if parts.username is not None or parts.password is not None:
        hint = "send them in a header or form, from `${secret.…}`"
        raise ValueError("the URL carries a user name or password", hint)
    port = _port(text, parts)
    host = ascii_host(parts.hostname or "", text)
    shown = f"[{host}]" if ":" in host else host
    return parts._replace(scheme=parts.scheme.lower(), netloc=f"{shown}:{port}" if port else shown)


def _parts(text: str) -> SplitResult:
    if any(character.isspace() for character in text):
        raise ValueError(f"{quoted(text)} has white space in it", "a URL has none; write %20 for a space")
    try:
        return urlsplit(text)
    except ValueError as error:
        raise ValueError(
            f"{quoted(text)} is not a URL: {error}", "it looks like https://www.example.com"
        ) from None


def _port(text: str, parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError(f"{quoted(text)} has no valid port", "a port is a number from 1 to 65535")
    return port


def ascii_host(host: str, url: str) -> str:
    """A host name as DNS knows it (IDN to punycode); ValueError where it is none."""
    if not host:
        raise ValueError(f"{quoted(url)} names no host", "it looks like https://www.example.com")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        known = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"{quoted(host)} is not a host name: {error}", "check its spelling") from None
    if not _HOST.match(known.lower()) or len(known) > 253:
        hint = "letters, digits and dashes, parts divided by dots"
        raise ValueError(f"{quoted(host)} is not a host name", hint)
    return known.lower()


def _base_url(text: str) -> str:
    parts = split_url(text)
    if parts.query or parts.fragment:
        raise ValueError("this URL ends with its path", "leave out what follows ? or #")
    return parts.geturl().rstrip("/")


def _web_url(text: str) -> str:
    return split_url(text).geturl()


def _proxy_url(text: str) -> str:
    scheme, _, rest = text.partition("://")
    if scheme not in {"http", "socks5h"} or not rest:
        hint = "write it as http://proxy.example:3128 or socks5h://…"
        raise ValueError("this is not the URL of a proxy", hint)
    return text


def _channel_url(text: str) -> str:
    if not _CHANNEL.match(text):
        raise ValueError(
            "this is not the URL of a channel", "an Apprise URL, such as mailtos://user:password@host"
        )
    return text


def _token(text: str) -> str:
    if len(text) < SHORTEST_TOKEN:
        hint = "take a long random text from a secret: `openssl rand -hex 24` makes one"
        raise ValueError(f"this token is shorter than {SHORTEST_TOKEN} characters", hint)
    return text


def _locale(text: str) -> str:
    if _LOCALE.match(text):
        return text
    language, _, region = text.replace("_", "-").partition(".")[0].partition("-")
    near = f"{language.lower()}-{region.upper()}" if region else language.lower()
    suggestion = f'; did you mean "{near}"?' if _LOCALE.match(near) else ""
    raise ValueError(
        f"{quoted(text)} is not a locale", f"expected a language and region such as es-ES{suggestion}"
    )


def _timezone(text: str) -> str:
    """Where the system has no table of time zones, the name is taken as it is."""
    try:
        ZoneInfo(text)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        known = available_timezones()
        if known:
            suggestion = did_you_mean(text, known)
            hint = "expected a name of the IANA table such as Europe/Madrid"
            hint = f"{hint}; {suggestion}" if suggestion else hint
            raise ValueError(f"{quoted(text)} is not a time zone", hint) from None
    return text


def _interval(seconds: float) -> float:
    if seconds < 1:
        raise ValueError("a check runs at most once a second", "write 1s or more")
    return seconds


def _deadline(seconds: float) -> float:
    if seconds <= 0:
        raise ValueError("a deadline of no time lets no run end", "write a duration such as 10s")
    return seconds


def _share(value: Any) -> float:
    """A percentage as a share of 1."""
    found = _PERCENT.match(value) if isinstance(value, str) else None
    share = round(float(found.group(1)) / 100, 9) if found else 0.0
    if not 0 < share < 1:
        raise ValueError(
            f"{described(value)} is not an objective", "write a percentage below 100%, such as 99.9%"
        )
    return share


def _money(text: str) -> str:
    if not _MONEY.match(text):
        raise ValueError(f"{quoted(text)} is not an amount of money", "write it as 85 EUR or 85.50 EUR")
    return text


def split_money(text: str) -> tuple[float, str]:
    """Amount and currency of `85 EUR`."""
    amount, currency = text.split()
    return float(amount), currency


def _size(value: Any) -> int:
    """Bytes from `500KB` or `2MB`; KB and MB count by 1024."""
    found = _SIZE.match(value) if isinstance(value, str) else None
    if found is None or not int(found.group(1)):
        raise ValueError(f"{described(value)} is not a size", "write it as 500KB or 2MB")
    return int(found.group(1)) * (1024 if found.group(2) == "KB" else 1024 * 1024)


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        hint = "write it as 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32"
        raise ValueError(f"{quoted(text)} is not a network", hint) from None


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        hint = "write it as 203.0.113.11 or 2001:db8::11"
        raise ValueError(f"{quoted(text)} is not an IP address", hint) from None


def _listen(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port[:6]) > 65535:
        raise ValueError(f"{quoted(text)} is not an address to listen at", "write it as 127.0.0.1:9789")
    ascii_host(host.strip("[]"), text)
    return text


Slug = Annotated[str, AfterValidator(_slug), WithJsonSchema({"type": "string", "pattern": SLUG_PATTERN})]
LabelName = Annotated[str, AfterValidator(_label)]
Text = Annotated[str, BeforeValidator(as_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""A text; numbers are taken as they are written."""
BaseUrl = Annotated[str, AfterValidator(_base_url)]
"""What paths are added to."""
WebUrl = Annotated[str, AfterValidator(_web_url)]
ProxyUrl = Annotated[str, AfterValidator(_proxy_url)]
Size = Annotated[
    int, BeforeValidator(_size), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6} ?(KB|MB)$"})
]
ChannelUrl = Annotated[str, AfterValidator(_channel_url)]
Token = Annotated[str, AfterValidator(_token)]
Locale = Annotated[str, AfterValidator(_locale)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Interval = Annotated[Seconds, AfterValidator(_interval)]
Deadline = Annotated[Seconds, AfterValidator(_deadline)]
Share = Annotated[
    float,
    BeforeValidator(_share),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,2}(\.[0-9]{1,6})? ?%$", "examples": ["99.9%"]}),
]
Money = Annotated[
    str, AfterValidator(_money), WithJsonSchema({"type": "string", "pattern": "^[0-9.]+ [A-Z]{3}$"})
]
Network = Annotated[str, AfterValidator(_network)]
Address = Annotated[str, AfterValidator(_address)]
Listen = Annotated[str, AfterValidator(_listen)]
Count = Annotated[int, Field(ge=0)]
