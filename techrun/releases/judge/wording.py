"""Figures of a verdict in words. Pure."""

from __future__ import annotations

from techrun.load.figures import STATISTICS, change_text, seconds_text, share_text

__all__ = ["change_text", "seconds_text", "share_text", "statistic", "subject"]


def subject(check: str, step: str) -> str:
    """What times belong to: `checkout payment`, or the check as a whole."""
    return f"{check} {step}" if step else check


def statistic(share: float) -> str:
    """`median`, `p95`."""
    return STATISTICS[f"p{share * 100:.0f}"]
