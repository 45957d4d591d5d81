"""Files of the system that change rarely, read again when they do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_AGAIN = 2.0
"""Seconds between two looks at a file's time of change."""


class Watched(Generic[T]):
    """What a file says now."""

    def __init__(self, path: str, read: Callable[[str], T]) -> None:
        self._path = path
        self._read = read
        self._looked = float("-inf")
        self._stamp: tuple[int, int] | None = None
        self._value: T | None = None

    @property
    def value(self) -> T:
        """The file as read last; read again if it has changed."""
        now = time.monotonic()
        if self._value is None or now - self._looked > LOOK_AGAIN:
            self._looked = now
            stamp = self._look()
            if self._value is None or stamp != self._stamp:
                self._stamp = stamp
                self._value = self._read(self._path)
        return self._value

    def _look(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116  once every two seconds, and cheaper than a Path
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def read_hosts(path: str) -> dict[str, tuple[str, ...]]:
    """Addresses by lower-case name in the format of /etc/hosts."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        for name in names:
            known = found.get(name.lower(), ())
            if address not in known:
                found[name.lower()] = (*known, address)
    return found
