"""The generator's reports, read by a thread of their own: whoever watches a run never waits without an end."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

from techrun.load.job import Generator
from techrun.load.records import Report


class Feed:
    """What the generator tells, as it comes."""

    def __init__(self, generator: Generator) -> None:
        self._queue: queue.SimpleQueue[Report | None] = queue.SimpleQueue()
        self._generator = generator
        self._thread = threading.Thread(target=self._read, name="load-reports", daemon=True)
        self.over = False
        """The generator has ended, and everything that it told was handed out."""
        self.fault: Exception | None = None
        """Why it could not go on; None where its run came to its end."""
        self.last = time.monotonic()
        """When it told something last, by the monotonic clock."""

    def begin(self) -> None:
        """Read from now on."""
        self.last = time.monotonic()
        self._thread.start()

    def within(self, seconds: float) -> Iterator[Report]:
        """What was told; the first is waited for, but no longer than this."""
        try:
            found = self._queue.get(timeout=seconds)
            while True:
                if found is None:
                    self.over = True
                    return
                self.last = time.monotonic()
                yield found
                found = self._queue.get_nowait()
        except queue.Empty:
            return

    def _read(self) -> None:
        try:
            for report in self._generator.reports():
                self._queue.put(report)
        except Exception as error:  # noqa: BLE001  told by whoever watches; a fault of our own is raised again there
            self.fault = error
        finally:
            self._queue.put(None)
