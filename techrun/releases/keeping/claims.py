"""When a verification under way may be taken over, and how that is told. Pure but for asking for a process."""

from __future__ import annotations

from techrun.language.durations import show
from techrun.releases.keeping.process import is_gone
from techrun.store.verifications import Running
from techrun.views import VerificationSummary

ALIVE = 15.0
"""Seconds without a sign of life after which a verification may be taken over."""


def end_of(other: Running, now: float) -> str:
    """Why a verification under way will never end, in words; empty: it may."""
    if is_gone(other.process):
        return "its process died before there was a verdict"
    silent = now - other.summary.alive
    # A sign of life from the future was given before the clock was set back.
    return "" if -ALIVE <= silent <= ALIVE else f"it gave no sign of life for {show(round(abs(silent)))}"


def taken(one: VerificationSummary, now: float) -> str:
    """Who verifies a release already, and what to do."""
    by = one.by or "somebody"
    return (
        f"{by} verifies {one.version} of {one.shop} already, since {show(max(0, round(now - one.started)))}"
        f" (verification {one.id}); see techrun release show {one.version} --shop {one.shop}"
    )


def nothing_more(one: VerificationSummary) -> str:
    """Why of a verification nothing but its line is kept."""
    if one.state == "running":
        return f"the verification {one.id} is still under way"
    if one.state == "abandoned":
        return f"the verification {one.id} has no verdict: {one.summary}"
    return f"of the verification {one.id} only its verdict is still kept: {one.verdict or 'none'}"
