"""The way through a configured proxy."""

from __future__ import annotations

from urllib.parse import urlsplit

SCHEMES = {"http": 3128, "socks5h": 1080}
"""Schemes and their usual ports. `socks5` is not among them: libcurl would look names up itself."""


class Proxy:
    """A proxy as configured; ValueError for one that cannot be used."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise ValueError(
                f"the proxy must be written http://host:port or socks5h://host:port, not {url!r}"
            )
        self.host = parts.hostname
        self.port = parts.port or SCHEMES[parts.scheme]
        user, at, _ = parts.netloc.rpartition("@")
        self._start = f"{parts.scheme}://{user}{at}"

    def through(self, alias: str) -> str:
        """Its URL with a run's own name for its host: connections to it are a run's own as well."""
        return f"{self._start}{alias}:{self.port}"
