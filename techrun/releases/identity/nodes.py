"""The addresses that serve a shop."""

from __future__ import annotations

import socket
from contextlib import suppress
from urllib.parse import urlsplit

from techrun.exchange import Failure
from techrun.fetch import Fetcher

MOST = 32
"""Addresses of one name that are asked: large networks have more edges than tell anything."""
PATIENCE = 10.0
"""Seconds for one lookup."""


async def nodes_of(fetcher: Fetcher, url: str) -> tuple[str, ...]:
    """All addresses, IPv4 and IPv6, that the host of this URL has; none where its name leads nowhere."""
    found = await fetcher.resolve(urlsplit(url).hostname or "", PATIENCE)
    return () if isinstance(found, Failure) else tuple(found[:MOST])


def has_route(address: str) -> bool:
    """Whether this machine can send to an IPv6 address at all; nothing is sent."""
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 443))
        return True
    return False
