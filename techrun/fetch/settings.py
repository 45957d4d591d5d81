"""What may be set for all exchanges of one process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PRIVATE_NETWORKS = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
)
"""Loopback and private networks: what a service that takes targets from strangers puts into `deny`."""


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Limits, trust, proxy, guard and resolver of a `Fetcher`.

    Whoever writes a check may probe loopback and private addresses: staging shops live there. Cloud
    metadata, link-local, multicast and unspecified addresses are never a shop and are always refused,
    unless `allow` names them. `allow` wins over `deny`, so `deny=("0.0.0.0/0", "::/0")` with some
    networks in `allow` lets nothing else through.
    """

    ca_file: str | None = None
    """PEM file of trusted authorities; None takes certifi's, which is the same on every system
    (the path compiled into libcurl belongs to another distribution)."""
    max_body: int = 2 * 1024 * 1024
    """Bytes of a body after decompression."""
    max_headers: int = 100 * 1024
    """Bytes of all headers of an answer."""
    max_header_count: int = 500
    proxy: str = ""
    """`http://` or `socks5h://`; the environment's proxies are never used. The proxy
    resolves the shops' names, so the guard then sees only addresses that are written literally."""
    allow: tuple[str, ...] = ()
    """Networks that are let through although refused otherwise."""
    deny: tuple[str, ...] = ()
    """Networks that are refused, beside those that always are."""
    nameservers: tuple[str, ...] = ()
    """Addresses of name servers, `host` or `host:port`; empty takes those of /etc/resolv.conf."""
    resolve_timeout: float = 5.0
    """Seconds that the lookup of one name may take."""
    ip: Literal["auto", "4", "6"] = "auto"
    """The family of addresses to connect to; `auto` tries both as a browser does."""
