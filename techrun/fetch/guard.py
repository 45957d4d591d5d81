"""Decides which addresses may be connected to."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

ALWAYS_REFUSED = {
    "0.0.0.0/8": "an unspecified address",
    "169.254.0.0/16": "a link-local address, where cloud metadata are served",
    "224.0.0.0/4": "a multicast address",
    "240.0.0.0/4": "a reserved address",
    "100.100.100.200/32": "a cloud's metadata service",
    "168.63.129.16/32": "a cloud's metadata service",
    "192.0.0.192/32": "a cloud's metadata service",
    "::/128": "an unspecified address",
    "fe80::/10": "a link-local address",
    "ff00::/8": "a multicast address",
    "fd00:ec2::254/128": "a cloud's metadata service",
}
"""Networks that no shop lives in, and what they are."""

_NAT64 = IPv6Network("64:ff9b::/96")


class Guard:
    """Says of every address whether the settings forbid it, before anything connects to it."""

    def __init__(self, allow: Iterable[str] = (), deny: Iterable[str] = ()) -> None:
        self._allow = [ip_network(network, strict=False) for network in allow]
        named = ALWAYS_REFUSED | dict.fromkeys(deny, "in a network that the settings deny")
        self._deny = [(ip_network(network, strict=False), why) for network, why in named.items()]
        self.refusal = lru_cache(4096)(self._refusal)
        """Why this address is refused; ``""`` if it is allowed."""

    def _refusal(self, address: str) -> str:
        try:
            written = ip_address(address)
        except ValueError:
            return f"{address} is no IP address"
        forms = [written, *_embedded(written)]
        if any(form in network for form in forms for network in self._allow):
            return ""
        for form in forms:
            for network, why in self._deny:
                if form in network:
                    return f"{address} is {why} ({network})"
        return ""


def _embedded(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address may lead to."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or int(address) >> 32 == 0:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [form for form in found if form is not None and int(address) > 1]
