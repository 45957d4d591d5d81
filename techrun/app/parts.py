"""Parts made from settings."""

from __future__ import annotations

from techrun.config.settings import Settings
from techrun.fetch import FetchSettings


def fetch_settings(settings: Settings) -> FetchSettings:
    """How requests go out, as the configuration says it."""
    wanted = settings.fetch
    return FetchSettings(
        ca_file=wanted.ca_file, proxy=wanted.proxy or "", allow=wanted.allow, deny=wanted.deny
    )
