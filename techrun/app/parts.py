"""Parts made from settings."""

from __future__ import annotations

from techrun.config.settings import Settings
from techrun.fetch import FetchSettings


def fetch_settings(settings: Settings) -> FetchSettings:
    """How requests go out, as the configuration says it."""
    written = settings.fetch
    return FetchSettings(
        ca_file=written.ca_file,
        max_body=written.max_body,
        proxy=written.proxy or "",
        allow=written.allow,
        deny=written.deny,
        nameservers=written.nameservers,
        resolve_timeout=written.resolve_timeout,
        ip=written.ip,
    )
