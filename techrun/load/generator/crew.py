"""The processes that make the load, as the leading one sees them: itself alone, or Locust's workers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from locust.runners import STATE_MISSING, LocalRunner, MasterRunner

from techrun.load.bundle import Bundle
from techrun.load.generator.merging import Merger
from techrun.load.generator.pacing import Part
from techrun.load.generator.worker import Briefing, Worker
from techrun.load.records import Schedule
from techrun.load.visitor.equipment import Ways
from techrun.wire import to_json

BEGIN, EXTEND, STOP, PART = "techrun_begin", "techrun_extend", "techrun_stop", "techrun_part"
"""Messages between Locust's master and its workers."""
KEY = "techrun"
"""Under which a worker's part travels in Locust's own reports."""


class Crew(Protocol):
    """Who makes the load."""

    def begin(self, briefing: Briefing, most: int) -> tuple[str, ...]:
        """Tell everybody to begin; who they are."""

    def collect(self, merger: Merger) -> None:
        """Hand over what they told since the last time."""

    def alive(self) -> frozenset[str]:
        """Who of them is there."""

    def extend(self, schedule: Schedule) -> None:
        """Tell everybody to go on for longer."""

    def stop(self, drain: float | None) -> None:
        """Tell everybody to let nobody in any more."""


class Alone:
    """The leading process makes the load itself."""

    def __init__(self, runner: LocalRunner, bundle: Bundle, ways: Ways) -> None:
        self._runner = runner
        self._bundle = bundle
        self._ways = ways
        self._worker: Worker

    def begin(self, briefing: Briefing, most: int) -> tuple[str, ...]:
        """Begin."""
        zero = time.monotonic() + briefing.lead
        own = replace(briefing, part=Part(most=most))
        self._worker = Worker(self._runner, own, self._bundle, self._ways, zero)
        self._worker.begin()
        return ("local",)

    def collect(self, merger: Merger) -> None:
        """What was recorded here."""
        merger.add("local", self._worker.part())

    def alive(self) -> frozenset[str]:
        """Itself, while it runs."""
        return frozenset({"local"})

    def extend(self, schedule: Schedule) -> None:
        """Go on for longer."""
        self._worker.extend(schedule)

    def stop(self, drain: float | None) -> None:
        """Let nobody in any more."""
        self._worker.stop(drain)


class Workers:
    """Locust's workers make it, on this machine or others."""

    def __init__(self, runner: MasterRunner) -> None:
        self._runner = runner
        self._names: dict[str, str] = {}
        self._told: list[tuple[str, Mapping[str, Any]]] = []

    def ready(self) -> int:
        """How many wait for the beginning."""
        return len(self._runner.clients.ready)

    def begin(self, briefing: Briefing, most: int) -> tuple[str, ...]:
        """Give each of those that are there its share; who comes later gets none."""
        ids = [client.id for client in self._runner.clients.ready]
        self._names.clear()
        for index, client in enumerate(ids):
            self._names[client] = f"worker {index + 1}"
            share = most // len(ids) + (index < most % len(ids))
            told = replace(briefing, part=Part(index, len(ids), share))
            self._runner.send_message(BEGIN, to_json(told), client)
        return tuple(self._names.values())

    def told(self, client: str, part: Mapping[str, Any]) -> None:
        """A worker told what it did."""
        if client in self._names:
            self._told.append((self._names[client], part))

    def collect(self, merger: Merger) -> None:
        """What the workers told since the last time."""
        told, self._told = self._told, []
        for name, part in told:
            merger.add(name, part)

    def alive(self) -> frozenset[str]:
        """Those whose heart beats."""
        there = {client.id for client in self._runner.clients.all if client.state != STATE_MISSING}
        return frozenset(name for client, name in self._names.items() if client in there)

    def extend(self, schedule: Schedule) -> None:
        """Go on for longer."""
        self._send(EXTEND, to_json(schedule))

    def stop(self, drain: float | None) -> None:
        """Let nobody in any more."""
        self._send(STOP, {"drain": drain})

    def _send(self, message: str, data: dict[str, Any]) -> None:
        for client in self._names:
            self._runner.send_message(message, data, client)
