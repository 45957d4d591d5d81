"""Every result into the store, kept for a while in full and for long in sums."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from techrun.errors import StoreError
from techrun.model import Check, Result, Shop
from techrun.store.database import Store
from techrun.store.history import insert_results
from techrun.store.rollups import Retention, tidy

log = logging.getLogger(__name__)

CAPACITY = 50_000
"""Results that wait for the disk at most: five minutes of 10,000 checks a minute."""
TIDY_EVERY = 600.0
"""Seconds between two looks at what is to be summed up and deleted."""


class HistorySink:
    """Takes note of each result; the store's own thread writes it."""

    def __init__(
        self,
        store: Store,
        retention: Retention | None = None,
        *,
        clock: Callable[[], float] = time.time,
        capacity: int = CAPACITY,
    ) -> None:
        self._store = store
        self._lane = store.lane(insert_results, capacity)
        self._retention = retention or Retention()
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="techrun-history", daemon=True)
        self._thread.start()

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:
        """The history of a check that is gone stays until it is too old."""

    def accept(self, result: Result) -> None:
        """Take note of one result."""
        self._lane.put(result)

    def close(self) -> None:
        """Wait until all is written."""
        if not self._stop.is_set():
            self._stop.set()
            # It may be deleting for long; the store's end ends it, and what is left is done next time.
            self._thread.join(1.0)
            try:
                self._store.flush()
            except StoreError as error:
                log.error("the last results are not written yet: %s", error)  # noqa: TRY400  the text says it all

    @property
    def dropped(self) -> int:
        """Results that were forgotten because the disk was too slow or refused them."""
        return self._lane.dropped

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                tidy(self._store, self._retention, self._clock())
            except StoreError as error:
                if not self._stop.is_set():
                    log.warning("the history was not tidied: %s", error)
            self._stop.wait(TIDY_EVERY)
