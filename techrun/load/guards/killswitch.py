"""Stops a load test when techrun's own probes of the shop say that its customers can no longer buy.

The standing is asked in a thread of its own: the daemon may be on another machine, and slow.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from techrun.errors import TechrunError
from techrun.handling import LoadTest
from techrun.views import CheckStanding, IncidentStanding

EVERY = 3.0
"""Seconds between two looks."""
FRESH = 900.0
"""Seconds after which the last run of a check says nothing of now."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A check that pages went down while the shop was loaded."""

    incident: int
    title: str

    @property
    def reason(self) -> str:
        """Why the run is stopped, in words."""
        return f"techrun's probe of the shop went down: #{self.incident} {self.title}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the daemon knows of the one shop that is loaded."""

    checks: tuple[CheckStanding, ...] = ()
    incidents: tuple[IncidentStanding, ...] = ()
    load_tests: tuple[LoadTest, ...] = ()


Ask = Callable[[], Standing]
"""How the shop stands now; TechrunError where nobody can tell."""


def watched(standing: Standing, now: float) -> bool:
    """Whether somebody watches the shop: one of its checks ran not long ago."""
    runs = (one.last_run.started for one in standing.checks if one.last_run is not None)
    return any(now - started < FRESH for started in runs)


def paging(incidents: Sequence[IncidentStanding], shop: str) -> IncidentStanding | None:
    """The open incident that pages about this shop."""
    return next(
        (
            one
            for one in incidents
            if one.shop == shop and one.severity == "page" and one.closed is None and one.kind == "outage"
        ),
        None,
    )


class KillSwitch:
    """Looks every few seconds until it is closed."""

    def __init__(self, ask: Ask, shop: str, every: float = EVERY) -> None:
        self._ask = ask
        self._shop = shop
        self._every = every
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="kill-switch", daemon=True)
        self.broken: Broken | None = None
        """Set once, by the first look that finds an incident."""

    def begin(self) -> None:
        """Look from now on."""
        self._thread.start()

    def close(self) -> None:
        """Look no more; a look that is under way is not waited for."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(self._every):
            try:
                standing = self._ask()
            except TechrunError:
                continue  # a daemon that restarts is asked again; that nobody answered was said at the start
            found = paging(standing.incidents, self._shop)
            if found is not None:
                self.broken = Broken(found.id, found.title)
                return


def under_load(ask: Ask, hosts: Collection[str]) -> LoadTest | None:
    """Another load test of one of these addresses: each would lay the other's load at the shop's door."""
    try:
        return next((test for test in ask().load_tests if test.host in hosts), None)
    except TechrunError:
        return None


def first_look(ask: Ask, shop: str, now: float | None = None) -> tuple[IncidentStanding | None, str]:
    """An incident that is open before the run begins, and why nobody watches the shop meanwhile (or nothing)."""
    try:
        standing = ask()
    except TechrunError as error:
        return None, f"no daemon of techrun watches {shop} while it is loaded ({error})"
    if not watched(standing, time.time() if now is None else now):
        return None, f"no daemon of techrun watches {shop} while it is loaded: none of its checks ran lately"
    return paging(standing.incidents, shop), ""
