"""One contrast in words, and as a ruling. Pure."""

from __future__ import annotations

from techrun.load.figures import STATISTICS, change_text, seconds_text, subject
from techrun.load.records import Contrast, Ruling


def in_words(contrast: Contrast) -> str:
    """`p95 120 ms → 180 ms, +50 %`."""
    return (
        f"{STATISTICS[contrast.statistic]} {seconds_text(contrast.old)} → {seconds_text(contrast.new)},"
        f" {change_text(contrast.ratio)}"
    )


def ruling(contrast: Contrast, text: str) -> Ruling:
    """What it says of the release."""
    return Ruling(
        "latency.regressed",
        subject(contrast.journey, contrast.step),
        None if contrast.regressed is None else not contrast.regressed,
        text,
        contrast.journey,
        contrast.step,
    )
