"""How hosts, ports and addresses are written."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

import idna


class BadHostError(ValueError):
    """What is written is no host name."""


def ascii_host(host: str) -> str:
    """A name as DNS and TLS know it (punycode, as httpx does it), in lower case."""
    lower = host.lower()
    if lower.isascii():
        return lower
    try:
        return idna.encode(lower).decode("ascii")
    except idna.IDNAError as error:
        raise BadHostError(f"{host} is no valid host name: {error}") from None


@lru_cache(4096)
def literal_address(host: str) -> str:
    """The address that `host` is written as; ``""`` if it is a name."""
    if ":" not in host and not host[-1:].isdigit():
        return ""
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return ""


def split_address(written: str) -> tuple[str, int | None]:
    """Host and port of `host`, `host:port`, `[v6]:port` or a bare IPv6 address."""
    if written.startswith("["):
        host, _, port = written[1:].partition("]")
        port = port.removeprefix(":")
    elif written.count(":") == 1:
        host, _, port = written.partition(":")
    else:
        host, port = written, ""
    return host, int(port) if port else None


def join(host: str, port: int) -> str:
    """`host:port`, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
