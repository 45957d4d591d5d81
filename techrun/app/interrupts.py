"""SIGINT and SIGTERM for a command that has something to finish before it ends."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Notes the signals while something can still be saved; at any other time each ends the program."""

    def __init__(self) -> None:
        self.count = 0
        self.name = ""
        """Of the first signal."""
        self.noting = False

    def came(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal; KeyboardInterrupt where nothing is to be saved, SIGTERM too."""
        self.count += 1
        self.name = self.name or signal.Signals(number).name
        if not self.noting:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """While this lasts a signal is only counted."""
        self.noting = True
        try:
            yield
        finally:
            self.noting = False

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """While this lasts a signal waits for its end: an import that is cut off leaves broken modules behind."""
        before = self.count
        with self.noted():
            yield
        if self.count > before:
            raise KeyboardInterrupt


@contextlib.contextmanager
def handled() -> Iterator[Interrupts]:
    """Both signals go to what this gives, until the block ends; outside the main thread they stay as they are."""
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = {number: signal.signal(number, interrupts.came) for number in SIGNALS}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
