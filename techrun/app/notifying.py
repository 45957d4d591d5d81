"""One test message to each channel: `techrun notify test`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from difflib import get_close_matches

from techrun.alerts.message import trial_message
from techrun.alerts.notify import Channel
from techrun.app.loading import Loaded
from techrun.errors import UsageError
from techrun.standing import Receipt


def notify_test(loaded: Loaded, names: Sequence[str]) -> list[tuple[str, Receipt]]:
    """Send one message to each of these channels (all without names), and tell what became of it."""
    settings = loaded.settings
    known = list(settings.channels)
    if not known:
        raise UsageError("there are no channels: write some under `channels:` in techrun.yaml")
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"there are: {', '.join(known)}"
            raise UsageError(f'no channel is called "{name}"; {hint}')
    return [(name, _send(loaded, name)) for name in names or known]


def _send(loaded: Loaded, name: str) -> Receipt:
    channel = Channel(name, loaded.settings.channels[name].url, loaded.settings.redactor)
    return channel.send(trial_message(name, time.time()))
