"""`JourneyUser`: visitors that walk a journey of this shop, under Locust."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from gevent import GreenletExit
from locust import FastHttpUser, constant, task
from locust.exception import StopUser
from locust.user.users import LOCUST_STATE_STOPPING  # type: ignore[attr-defined]  # where users read their state

from techrun.load.generator import locust_hooks  # noqa: F401  importing it has Locust call it
from techrun.load.records import Slot
from techrun.load.visitor.equipment import make_visit

_AT_ONCE: Any = constant(0)


class JourneyUser(FastHttpUser):
    """One kind of visitor. Each takes the next arrival of the schedule, makes its visit, and takes another one.

    Every visit is a new customer: its own cookies and connections, its own row of the test data.
    """

    abstract = True
    insecure = False
    journey: ClassVar[str] = ""
    """The name of the journey; the shop may call it otherwise (`load: journeys:`)."""
    until: ClassVar[str | None] = None
    """The step to leave after."""
    weight = 1
    wait_time: Callable[[], float] = _AT_ONCE
    """Seconds of think time between two steps: `between(1, 4)`. They count in no duration and no deadline."""
    optional: ClassVar[bool] = False
    """A shop without this journey is loaded without these visitors; else that is an error."""

    def __init__(self, environment: Any) -> None:
        self.host = environment.techrun.hosts["new"]
        super().__init__(environment)
        # The journey engine keeps the cookies; the jar of Locust's client costs 59 µs for two of them.
        self.client.client.cookiejar = None
        kind = type(self)
        self._kind = (kind.journey, kind.until)
        self._think = None if kind.wait_time is _AT_ONCE else self.wait_time

    @task
    def visits(self) -> None:
        """Take arrivals until there are no more."""
        persona, pacer = type(self).__name__, self.environment.techrun.pacer
        while self._state != LOCUST_STATE_STOPPING:
            slot = pacer.take(persona)
            if slot is None:
                break
            self.visit(slot)
        raise StopUser

    def visit(self, slot: Slot) -> None:
        """Make one visit."""
        environment = self.environment
        if make_visit(environment.techrun, slot, self._kind, self._think, environment.events.request.fire):
            raise GreenletExit
