"""Where results go. One module is one output; sinks know `Result` and nothing of each other."""

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
