"""Where results go. One module is one output; sinks know `Result` and nothing of each other.

history      into the store
incidents    into states, incidents and messages. _keeper: states and open incidents, _fleet: what is about many
             shops, _teller: what is owed to whom, _holding: what holds it back, _around: what they are told from
             outside; _pending and _scribe: what must be written; _couriers: the workers of the channels
jsonl        one line of JSON each
prometheus   metrics; _prometheus_families: which there are, _prometheus_counts: what is counted of a check,
             _prometheus_check: its series as text, _prometheus_text: the format, _prometheus_own: techrun itself,
             _prometheus_loads: load runs, _prometheus_releases: releases
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from techrun.model import Check, Result, Shop


class Sink(Protocol):
    """An output for results."""

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:
        """Told at the start and at each reload what there is; what is gone leaves the output."""

    def accept(self, result: Result) -> None:
        """Take one result. Called on the probe loop: it must not block, so it only takes note."""

    def close(self) -> None:
        """Bring everything taken so far to its end. Called once, off the probe loop."""
