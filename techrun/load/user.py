"""`JourneyUser`: visitors that walk a journey of this shop, under Locust."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import Any, ClassVar
from uuid import uuid4

from gevent import GreenletExit
from locust import FastHttpUser, constant, task
from locust.exception import StopUser
from locust.user.users import LOCUST_STATE_STOPPING  # type: ignore[attr-defined]

from techrun.journey import engine
from techrun.load._equipment import equipment
from techrun.load._exchange import Connections
from techrun.load._telling import Teller
from techrun.load._visit import Driver
from techrun.load.records import Slot

_CHANCE = Random()  # noqa: S311  trace ids are no secrets; a new one for each visit costs 20 µs
_RUN = uuid4().hex[:8]
"""Tells the visits of this process from those of any other run: slots are numbered from 0 in each."""
_AT_ONCE: Callable[[], float] = constant(0)


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
        means = environment.techrun
        self.host = means.hosts["new"]
        super().__init__(environment)
        # The journey engine keeps the cookies; the jar of Locust's client costs 59 µs for two of them.
        self.client.client.cookiejar = None
        self._means = means
        self._equipment = equipment(environment)
        self._think = None if type(self).wait_time is _AT_ONCE else self.wait_time

    @task
    def visits(self) -> None:
        """Take arrivals until there are no more."""
        persona, take = type(self).__name__, self._means.pacer.take
        while self._state != LOCUST_STATE_STOPPING:
            slot = take(persona)
            if slot is None:
                break
            self.visit(slot)
        raise StopUser

    def visit(self, slot: Slot) -> None:
        """Make one visit, cleanup included, and tell what became of it."""
        means, kind = self._means, type(self)
        plan, network = self._equipment.of(kind.journey, slot.arm)
        connections = Connections(network)
        driver = Driver(
            connections.exchange, (plan.deadline, plan.cleanup_deadline), self._think, means.pacer.now
        )
        teller = Teller(means.recorder, slot, kind.journey, driver, self.environment.events.request.fire)
        options = engine.Options(
            until=kind.until,
            allow_orders=means.allow_orders,
            row=slot.number,
            own_hosts_only=True,
            records=False,
        )
        context = engine.Context(
            f"{_RUN}-{slot.number}", time.time, _CHANCE, means.bundle.redactor, on_step=teller.step_done
        )
        try:
            teller.visit_done(driver.drive(engine.run(plan, options, context)))
        finally:
            connections.close()
        if driver.cut:
            raise GreenletExit
