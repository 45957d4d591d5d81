"""One test message to each channel: `techrun notify test`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from techrun.alerts.message import trial_message
from techrun.alerts.notify import Channel
from techrun.app.loading import Loaded
from techrun.errors import UsageError
from techrun.language.words import did_you_mean
from techrun.standing import Receipt

MOST_AT_ONCE = 16


def notify_test(loaded: Loaded, names: Sequence[str]) -> list[tuple[str, Receipt]]:
    """Send one message to each of these channels (all without names), and tell what became of it.

    All at once: one that hangs holds up none of the others. A pager's incident is resolved at once.
    """
    settings = loaded.settings
    known = list(settings.channels)
    if not known:
        raise UsageError("there are no channels: write some under `channels:` in techrun.yaml")
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"there are: {', '.join(known)}"
            raise UsageError(f'no channel is called "{name}"; {hint}')
    wanted = list(dict.fromkeys(names)) or known
    channels = [Channel(name, settings.channels[name].url, settings.redactor) for name in wanted]
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        return list(zip(wanted, pool.map(_try, channels), strict=True))


def _try(channel: Channel) -> Receipt:
    trial = trial_message(channel.name, time.time())
    opened = channel.send(trial)
    if not opened.ok or not channel.opens_incidents():
        return opened
    resolved = channel.send(replace(trial, event="recovered"))
    answer = "opened and resolved" if resolved.ok else f"opened, but not resolved: {resolved.answer}"
    return replace(resolved, answer=answer, elapsed=opened.elapsed + resolved.elapsed)
