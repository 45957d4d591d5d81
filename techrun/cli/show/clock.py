"""Moments for people: by this machine's clock, and how long ago."""

from __future__ import annotations

from datetime import datetime

from techrun.language.durations import show as duration


def clock(moment: float) -> str:
    """`2026-12-01 03:12:05`."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def age(moment: float, now: float) -> str:
    """How long ago it was: `12m`."""
    seconds = max(0, round(now - moment))
    return duration(seconds) if seconds else "0s"


def left(moment: float, now: float) -> str:
    """How long it is until then: `1h30m`."""
    return age(now, moment)
