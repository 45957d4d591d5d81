"""Which check runs when in a bake, and how long it goes on. Pure: it is told the time, it starts nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from techrun.config.releases import LONGER
from techrun.model import Check, CheckId, Status
from techrun.releases.runs import GOOD

FASTER = 10.0
"""So many times as often as usual a check runs that is not judged, but not more often than the judged ones."""
AT_LEAST = 2
"""Runs that each check makes."""
AT_MOST = 10.0
"""Runs a second of all checks that are not judged: a shop with hundreds of them must bear the bake, too."""
PEACE = 4
"""A check that was blocked runs as seldom as usual, but so many times at least."""


@dataclass(frozen=True, slots=True)
class BakePlan:
    """What runs, and for how long."""

    checks: tuple[Check, ...]
    """Everything that runs, what is judged included."""
    judged: tuple[Check, ...]
    control: tuple[Check, ...] = ()
    """What no release can change: it runs as often as the judged ones, beside them."""
    settle: float = 60.0
    warm_up: int = 3
    seconds: float = 240.0
    every: float = 8.0
    wanted: int = 30
    """Samples of each judged check without which nothing is told."""
    before: Mapping[str, Status] = field(default_factory=dict)
    """How checks were confirmed to be just before the release, where somebody knew."""

    @property
    def close(self) -> frozenset[CheckId]:
        """The checks that are looked at closely."""
        return frozenset(check.id for check in (*self.judged, *self.control))

    def begins(self, live: float, now: float) -> float:
        """When the first sample counts: the settle time is over then, and every judged check is warm."""
        return max(live + self.settle, now + self.warm_up * self.every)

    def interval(self, check: Check, *, blocked: bool = False) -> float:
        """Seconds from one planned run to the next; a firewall that has just blocked it is left in peace for longer."""
        if blocked:
            return max(self.every, min(check.every, self.seconds / PEACE))
        if check.id in self.close:
            return self.every
        crowd = (len(self.checks) - len(self.close)) / AT_MOST
        return min(max(self.every, check.every / FASTER, crowd), self.seconds / AT_LEAST)

    def first(self, check: Check, begins: float) -> float:
        """When its first run is planned: warm-up runs come before the time that counts."""
        interval = self.interval(check)
        ahead = self.warm_up * interval if check.id in self.close else 0.0
        return begins + _share(check.id) * interval - ahead

    def goes_on(self, check: Check, at: float, begins: float, counted: int) -> bool:
        """Whether a run at this moment is still wanted; `counted`: runs of it that told something so far."""
        if at < begins + self.seconds:
            return True
        missing = check.id in self.close and counted < self.wanted
        return missing and at < self.latest(begins)

    def ends_by(self, check: Check) -> bool:
        """Whether the bake is over once this check is down for sure."""
        return decides(str(check.id), [str(each.id) for each in self.judged], self.before)

    def latest(self, begins: float) -> float:
        """When no run begins any more, whatever is missing."""
        return begins + self.seconds * LONGER


def decides(check: str, judged: Collection[str], standing: Mapping[str, Status]) -> bool:
    """Whether a release fails by this check alone: it is judged, or was well before the release."""
    return check in judged or standing.get(check) in GOOD


def _share(check: CheckId) -> float:
    """Where in its interval it runs, from 0 to 1: checks spread, and each release finds them at the same moments."""
    return int.from_bytes(hashlib.blake2b(str(check).encode(), digest_size=8).digest()) / 2**64
