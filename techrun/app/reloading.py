"""When the configuration is read again: one reading at a time, and so that the probes hardly notice."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from techrun.app.loading import Loaded

SWITCH = 0.0002
"""Seconds after which a reading lets the probe loop go on. With Python's 5 ms a loop of 2,000 checks, which
waits for the interpreter many times a run, was late by up to 30 s."""


class Reloads:
    """Calls `read`, which gives the problems as text, whenever a reload is asked for."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._reading = threading.Lock()
        self._queued = threading.Lock()

    def soon(self) -> None:
        """Reload in a thread; a storm of requests is one reload after the one that is under way."""
        if self._queued.acquire(blocking=False):
            threading.Thread(target=self._take_turn, name="techrun-reload", daemon=True).start()

    def now(self) -> str:
        """Reload in this thread; the problems as text, or ``""`` when the new configuration runs."""
        with self._reading, _in_small_bites():
            return self._read()

    def _take_turn(self) -> None:
        with self._reading, _in_small_bites():
            self._queued.release()
            self._read()


@contextmanager
def _in_small_bites() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def needs_restart(old: Loaded, new: Loaded) -> Iterable[str]:
    """What a reload cannot change."""
    facts: dict[str, Callable[[Loaded], object]] = {
        "`listen`": lambda loaded: (loaded.settings.host, loaded.settings.port),
        "`store`": lambda loaded: loaded.settings.store,
        "`location`": lambda loaded: loaded.settings.location,
        "`fetch`": lambda loaded: loaded.settings.fetch.model_dump(),
        "`retention`": lambda loaded: loaded.settings.retention.model_dump(),
        "`witness`": lambda loaded: loaded.settings.witness,
        "`heartbeat`": lambda loaded: loaded.settings.heartbeat,
    }
    return [name for name, fact in facts.items() if fact(old) != fact(new)]
