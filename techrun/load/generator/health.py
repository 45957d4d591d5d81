"""How the generator itself fares: whether a slow answer was the shop's, or the runner's own.

CPU percent says too little: a process that does not get its core looks idle. What tells is how long it stood in
the run queue, what the host gave to others, and how long the event loop overslept.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

NAP = 0.05
"""Seconds that the event loop is asked to sleep, to see how long it does."""
_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Reading:
    """The counters at one moment; None where the system has none."""

    monotonic: float
    wall: float
    cpu: float
    waited: float | None
    steal: float | None
    ticks: float | None
    """All time of the machine, in the unit of `steal`."""


def read() -> Reading:
    """The counters now."""
    steal, ticks = stolen(_text(_PROC / "stat"))
    return Reading(
        time.monotonic(),
        time.time(),
        time.process_time(),
        queued(_text(_PROC / "self/schedstat")),
        steal,
        ticks,
    )


def queued(schedstat: str) -> float | None:
    """Seconds that this process was ready to run and did not; `schedstat` is running, waiting (ns), slices."""
    fields = schedstat.split()
    return int(fields[1]) / 1e9 if len(fields) >= 2 else None


def stolen(stat: str) -> tuple[float | None, float | None]:
    """The machine's ticks that went to other guests of its host, and all of them."""
    fields = stat.partition("\n")[0].split()
    if len(fields) < 9 or fields[0] != "cpu":
        return None, None
    ticks = [int(field) for field in fields[1:9]]
    return float(ticks[7]), float(sum(ticks))


def quota() -> float | None:
    """Cores that this process may use, by its control group and its affinity; None where neither is known."""
    limits = [limit for limit in (_affinity(), *_group_limits()) if limit is not None]
    return min(limits, default=None)


def _affinity() -> float | None:
    if hasattr(os, "sched_getaffinity"):
        return float(len(os.sched_getaffinity(0)))
    return None


def _group_limits() -> list[float | None]:
    """Of every control group from this process' own up to the root, in version 2 and 1."""
    found: list[float | None] = []
    for line in _text(_PROC / "self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = _CGROUPS / "cpu" if controllers else _CGROUPS
        here = root / path.lstrip("/")
        for folder in (here, *here.parents):
            found += [limit_v1(folder)] if controllers else [limit_v2(_text(folder / "cpu.max"))]
            if folder == root:
                break
    return found


def limit_v2(cpu_max: str) -> float | None:
    """Cores by `cpu.max`: microseconds in each period, or `max`."""
    fields = cpu_max.split()
    if len(fields) != 2 or fields[0] == "max":
        return None
    return int(fields[0]) / int(fields[1])


def limit_v1(folder: Path) -> float | None:
    """Cores by `cpu.cfs_quota_us`; -1 is no limit."""
    quota_us, period_us = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
    if not quota_us.strip() or not period_us.strip() or int(quota_us) <= 0:
        return None
    return int(quota_us) / int(period_us)


def memory() -> int:
    """Resident bytes; the most that there ever were where the system does not tell the present."""
    statm = _text(_PROC / "self/statm").split()
    if len(statm) >= 2:
        return int(statm[1]) * resource.getpagesize()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _text(path: Path) -> str:
    """What a file of the system says; nothing where it is not there."""
    try:
        return path.read_text()
    except OSError:
        return ""


def busy(cpu: float, cores: float | None) -> float:
    """Share of the processor time that a process can have: one core, or a smaller quota."""
    return cpu / min(1.0, cores or 1.0)


class Watch:
    """What changed from one window to the next."""

    def __init__(self) -> None:
        self._quota = quota()
        self._last = read()
        self._lag = 0.0

    def overslept(self, seconds: float) -> None:
        """The event loop came back so much later than it was asked to."""
        self._lag = max(self._lag, seconds)

    def window(self, number: int) -> list[float | int | None]:
        """The fields of `records.Health` after `process`, for the window that ends now."""
        last, now = self._last, read()
        self._last = now
        lag, self._lag = self._lag, 0.0
        passed = max(now.monotonic - last.monotonic, 1e-9)
        return [
            number,
            (now.cpu - last.cpu) / passed,
            self._quota,
            _rate(last.waited, now.waited, passed),
            _rate(last.steal, now.steal, (now.ticks or 0.0) - (last.ticks or 0.0)),
            lag,
            (now.wall - last.wall) - (now.monotonic - last.monotonic),
            memory(),
        ]


def _rate(before: float | None, after: float | None, over: float) -> float | None:
    """How much of a stretch was spent so; None where the system does not tell."""
    if before is None or after is None:
        return None
    return max(0.0, after - before) / over if over > 0 else 0.0
