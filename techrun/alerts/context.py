"""What a message tells besides its incident: gathered by whoever writes it, used by the templates."""

from __future__ import annotations

from dataclasses import dataclass

from techrun.handling import Acknowledgement, Annotation, LoadTest, Release
from techrun.impact import Cost
from techrun.model import Check, Shop
from techrun.standing import Hold, Incident, OwnNetwork


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around an incident when a message about it is written."""

    shop: Shop | None = None
    """None for incidents about techrun itself or about many shops."""
    check: Check | None = None
    """The leading member's; None where it is no longer watched or there is none."""
    up: tuple[str, ...] = ()
    """Names of the shop's checks that work."""
    own_network: OwnNetwork = "unknown"
    release: Release | None = None
    """The shop's last release before the incident began."""
    overlapping: tuple[Release, ...] = ()
    """Releases before that one which had yet to prove themselves too: which of them it was cannot be told."""
    load_tests: tuple[LoadTest, ...] = ()
    """Those that the shop was under while the incident lasted, or right before it."""
    per_hour: Cost | None = None
    """What an hour of it costs."""
    lost: Cost | None = None
    """From the incident's beginning to its end, or until now."""
    test_orders: tuple[str, ...] = ()
    """References of test orders that stand in the shop."""
    next_escalation: tuple[str, float] | None = None
    """Who hears of it next, and when, unless somebody acknowledges it."""
    ack_link: str = ""
    holds: tuple[Hold, ...] = ()
    """What held this message back until now."""
    acknowledged: Acknowledgement | None = None
    storm: tuple[Incident, ...] = ()
    """The incidents of a storm."""
    held_for: float = 0.0
    """Seconds of the incident in which windows held its messages."""
    told_to: tuple[str, ...] = ()
    """Channels that heard of it before."""
    annotations: tuple[Annotation, ...] = ()
    """What persons added."""
