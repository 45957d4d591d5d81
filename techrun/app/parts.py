"""Parts made from settings, and what can only be checked by making them."""

from __future__ import annotations

from dataclasses import replace

from techrun.alerts.notify import check_url
from techrun.config.settings import Settings
from techrun.errors import ConfigError, Problem
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


def check_channels(settings: Settings) -> None:
    """ConfigError names every channel whose URL Apprise cannot use, without its line: a URL holds secrets."""
    found = ((channel, check_url(channel.url, settings.redactor)) for channel in settings.channels.values())
    problems = [
        Problem(
            f"the channel {channel.name} cannot be used: {what}", places=(replace(channel.place, text=""),)
        )
        for channel, what in found
        if what
    ]
    if problems:
        raise ConfigError(problems)
