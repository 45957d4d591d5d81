"""What happened in this process since it last told: durations and failures by step and window. Pure.

The names are bounded: whatever somebody puts into a step's name, memory and reports stay small.
"""

from __future__ import annotations

from typing import Any

from techrun.load.histogram import bucket_of
from techrun.load.records import Arm, Slot

MOST_NAMES = 500
"""Different steps that are told apart; all others are one."""
OTHERS = "(others)"
MOST_EXAMPLES = 3
"""Failed steps that are told of each reason of each step."""
LONGEST_MESSAGE = 500

Part = dict[str, Any]
"""What one process tells another, in types that msgpack knows."""


class Recorder:
    """Adds up what visitors did; `take` hands it over and begins anew."""

    def __init__(self, width: float = 1.0) -> None:
        self._width = width
        self._cells: dict[tuple[Arm, str, str, int], tuple[dict[int, int], dict[str, int]]] = {}
        self._counts: dict[str, int] = {}
        self._examples: list[tuple[Arm, str, str, str, str, float]] = []
        self._names: set[tuple[str, str]] = set()
        self._shown: dict[tuple[str, str, str], int] = {}
        self._muted = False

    def step(  # noqa: PLR0917  short names at the many places that call it
        self, arm: Arm, journey: str, step: str, at: float, seconds: float, reason: str = ""
    ) -> None:
        """One step: its intended start, how long it took from then, and why it failed if it did."""
        if self._muted:
            return
        journey, step = self._bounded(journey, step)
        key = (arm, journey, step, int(at // self._width))
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = ({}, {})
        if reason:
            cell[1][reason] = cell[1].get(reason, 0) + 1
        else:
            bucket = bucket_of(seconds)
            cell[0][bucket] = cell[0].get(bucket, 0) + 1

    def visit(self, slot: Slot, journey: str, seconds: float, reason: str = "") -> None:
        """A whole visit: the time of its exchanges and what it started late."""
        self.step(slot.arm, journey, "", slot.due, seconds, reason)

    def mute(self) -> None:
        """Visits are cut off before their time from now on: that says nothing of the shop, and is only counted."""
        self._muted = True

    def count(self, name: str, n: int = 1) -> None:
        """One of `records.COUNTS`."""
        self._counts[name] = self._counts.get(name, 0) + n

    def example(  # noqa: PLR0917  the fields of `records.Example`, in its order
        self, arm: Arm, journey: str, step: str, reason: str, message: str, at: float
    ) -> None:
        """A failed step in words, redacted; only the first few of each reason are told."""
        if self._muted:
            return
        journey, step = self._bounded(journey, step)
        shown = self._shown.get((journey, step, reason), 0)
        if shown < MOST_EXAMPLES:
            self._shown[journey, step, reason] = shown + 1
            self._examples.append((arm, journey, step, reason, message[:LONGEST_MESSAGE], at))

    def take(self) -> Part:
        """What was recorded since the last call."""
        cells, self._cells = self._cells, {}
        counts, self._counts = self._counts, {}
        examples, self._examples = self._examples, []
        return {
            "cells": [[*key, buckets, errors] for key, (buckets, errors) in cells.items()],
            "counts": counts,
            "examples": [list(example) for example in examples],
        }

    def _bounded(self, journey: str, step: str) -> tuple[str, str]:
        """The name, or the one for all that are too many."""
        name = (journey, step)
        if name not in self._names:
            if len(self._names) >= MOST_NAMES:
                return OTHERS, OTHERS
            self._names.add(name)
        return name
