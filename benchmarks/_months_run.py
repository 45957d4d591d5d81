"""Plays simulated months with the real parts: `Schedule`, `Keeper`, `Fleet`, `Teller`, and the real policy.

Only the clock, the shops and the witnesses are simulated. Time jumps from one thing that happens to the
next. Every result goes through `Keeper.take`. The daemon looks at its incidents once a second; here that is
done while one of them is not told yet, and within a second after each run that was not good. While there is
only what was told already (or what is blind or degraded for some time) a look each `SELDOM` is enough, and
with nothing at all there is none: 2.6 million looks at nothing would take an hour and find nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import inf
from pathlib import Path

from benchmarks._months_network import Network
from benchmarks._months_world import BEGINNING, DAY, Trouble, World, checks_of, shops_of
from techrun.alerts.policy import Policy, Voice
from techrun.engine import GATHER
from techrun.handling import Acknowledgement, Release
from techrun.model import Check, Confirmation, Outcome, Result, Status
from techrun.schedule import Due, Schedule
from techrun.sinks._around import Around
from techrun.sinks._fleet import Fleet
from techrun.sinks._keeper import Keeper
from techrun.sinks._pending import Pending
from techrun.sinks._teller import Teller
from techrun.sinks.incidents import LOOK
from techrun.standing import Incident, Message, Told
from techrun.store.desk import Desk
from techrun.store.migrations import migrate
from techrun.store.releases import LATEST
from techrun.store.state import past_incidents

ONCALL, OWNER = "oncall", "techrun-owner"
SELDOM = 15.0
TAKEN_ON = 180.0
"""Seconds from a page until somebody acknowledges it."""


class SimulatedClock:
    """Stands still until it is moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def wall(self) -> float:
        return self.now

    def elapsed(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, and its incident as it was then."""

    message: Message
    incident: Incident


@dataclass(slots=True)
class FirstFailure:
    """The first runs that a trouble made fail at one shop: of any check, and of one that pages."""

    any: tuple[float, float] | None = None
    paging: tuple[float, float] | None = None
    """Its start and its end."""


@dataclass(slots=True)
class Played:
    """What came of it."""

    sent: list[Sent] = field(default_factory=list)
    first: dict[tuple[int, int], FirstFailure] = field(default_factory=dict)
    """By trouble and shop."""
    runs: int = 0
    looks: int = 0
    holds: dict[str, int] = field(default_factory=dict)
    """How many incidents each rule held for a while."""
    decisions: dict[str, int] = field(default_factory=dict)
    storms: list[Incident] = field(default_factory=list)
    """As they were at last, with all their shops."""


Run = tuple[Due, Outcome, float, float, Trouble | None]
"""What is due, what it finds, start, end, and what made it fail."""


class Months:
    """The real parts in a simulated world."""

    def __init__(
        self,
        world: World,
        *,
        confirmation: Confirmation | None = None,
        change_policy: Callable[[Policy], Policy] = lambda policy: policy,
    ) -> None:
        self._world = world
        self._clock = SimulatedClock(BEGINNING)
        self._shops = shops_of(world.count)
        self._checks = checks_of(self._shops, confirmation or Confirmation())
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self._connection, Path(":memory:"))
        named = {
            (shop.name, severity): (channel,)
            for shop in self._shops
            for severity, channel in (("page", ONCALL), ("ticket", f"{shop.client}-desk"))
        }
        policy = change_policy(Policy(severity_channels=named, owner=(OWNER,)))
        self._keeper = Keeper(self._connection, policy)
        self._teller = Teller(self._keeper, {}, Voice())
        self._teller.channels = frozenset({OWNER, *(name for names in named.values() for name in names)})
        self._fleet = Fleet(self._keeper)
        self._schedule = Schedule(self._clock)
        self._network = Network([(one.start, one.end) for one in world.troubles if one.kind == "uplink"])
        self._pending = Pending()
        self._releases: dict[str, tuple[Release, ...]] = {}
        self._coming = sorted(world.releases, key=lambda one: one.begun, reverse=True)
        self._told: dict[int, list[Told]] = {}
        self._acknowledged: dict[int, Acknowledgement] = {}
        self._ends: list[tuple[float, int, bool, Run]] = []
        self._order = count()
        self._look_at = inf
        self.played = Played()

    def play(self, days: float) -> Played:
        """Let so much time pass."""
        self._schedule.replace(self._checks)
        self._keeper.configure(self._checks, self._shops, BEGINNING, self._pending)
        until = BEGINNING + days * DAY
        schedule, network, ends, clock = self._schedule, self._network, self._ends, self._clock
        while True:
            now = min(
                schedule.next_at() or inf, ends[0][0] if ends else inf, self._look_at, network.next_at()
            )
            if now >= until:
                break
            clock.now = now
            if network.next_at() <= now:
                network.tick(now)
                self._look_soon(now)
            while ends and ends[0][0] <= now:
                _, _, doubted, run = heappop(ends)
                self._ended(run, now, doubted=doubted)
            for due in schedule.take():
                self._begin(due, now)
            if self._look_at <= now:
                self._look(now)
        self._note_story()
        return self.played

    def _begin(self, due: Due, now: float) -> None:
        shop, plan = due.check.prepared
        outcome, seconds, trouble = self._world.ask(shop, plan, now, orders=due.orders)
        self.played.runs += 1
        run = (due, outcome, now, now + seconds, trouble)
        heappush(self._ends, (now + seconds, next(self._order), False, run))

    def _ended(self, run: Run, now: float, *, doubted: bool) -> None:
        due, outcome, began, ended, trouble = run
        if outcome.status is Status.DOWN:
            known_at = now if doubted else self._network.doubt(outcome, now)
            if known_at > now:
                heappush(self._ends, (known_at, next(self._order), True, run))
                return
            outcome = self._network.judged(outcome, began)
        self._schedule.finished(due, outcome)
        if trouble is not None and outcome.status in {Status.DOWN, Status.BLOCKED}:
            self._note_first(trouble, due.check, began, ended)
        self._keeper.take(
            Result(due.check, outcome, "r", began, ended - began, 0.0, trigger=due.trigger), self._pending
        )
        if self._keeper.changed:
            self._look_at = min(self._look_at, now + GATHER)
        elif outcome.status is not Status.UP:
            self._look_soon(now)

    def _look_soon(self, now: float) -> None:
        self._look_at = min(self._look_at, now + LOOK)

    def _next_look(self, now: float) -> float:
        keeper = self._keeper
        if keeper.ended or any(one.told is None and one.storm is None for one in keeper.open.values()):
            return now + LOOK
        is_live = keeper.open or keeper._quiet or self._network.state == "lost"  # noqa: SLF001  what is looked at
        return now + SELDOM if is_live else inf

    def _look(self, now: float) -> None:
        self.played.looks += 1
        keeper, pending = self._keeper, self._pending
        keeper.changed = False
        while self._coming and self._coming[-1].begun <= now:
            release = self._coming.pop()
            self._releases[release.shop] = (release, *self._releases.get(release.shop, ()))[:LATEST]
        taken_on = {number: one for number, one in self._acknowledged.items() if one.at <= now}
        around = Around(
            now,
            desk=Desk((), taken_on, self._releases, ()),
            # As the store answers: an incident of which nobody was told is known to be so, and can be forgotten.
            told={number: self._told.get(number, ()) for number in (*keeper.open, *keeper.ended)},
            own_network=self._network.state,
            network_since=self._network.since,
        )
        keeper.look_at_quiet(now, self._releases, pending)
        self._fleet.look(around, pending)
        self._teller.look(around, pending)
        asked, keeper.asked = keeper.asked, set()
        for check in sorted(asked, key=str):
            self._schedule.hurry(check)
        self._take_messages(now)
        self._pending = Pending()
        self._look_at = now + GATHER if keeper.changed else self._next_look(now)
        pending.states.clear()  # what is known of checks is read from the keeper, never from the store
        pending.write(self._connection)

    def _take_messages(self, now: float) -> None:
        """Channels take everything at once."""
        keeper = self._keeper
        for message in self._pending.messages:
            number = message.incident
            incident = keeper.open.get(number) or keeper.ended.get(number)
            assert incident is not None
            self.played.sent.append(Sent(message, incident))
            told = Told(number, message.event, message.nth, message.channel, message.severity, now, "sent", 1)
            self._told.setdefault(number, []).append(told)
            if message.severity == "page" and number not in self._acknowledged:
                self._acknowledged[number] = Acknowledgement(number, now + TAKEN_ON, "on call")
        for number in self._told.keys() - keeper.open.keys() - keeper.ended.keys():
            self._told.pop(number)
            self._acknowledged.pop(number, None)

    def _note_first(self, trouble: Trouble, check: Check, began: float, ended: float) -> None:
        shop, plan = check.prepared
        first = self.played.first.setdefault((trouble.number, shop), FirstFailure())
        if first.any is None or began < first.any[0]:
            first.any = (began, ended)
        is_paging = check.severity == "page" and not plan.orders
        if is_paging and (first.paging is None or began < first.paging[0]):
            first.paging = (began, ended)

    def _note_story(self) -> None:
        ask = self._connection.execute
        self.played.holds = dict(ask("SELECT rule, count(*) FROM holds GROUP BY rule ORDER BY 2 DESC"))
        story = past_incidents(self._connection, 0.0)
        self.played.storms = [one for one in story if one.kind == "storm" and one.told is not None]
        self.played.decisions = dict(ask("SELECT decision, count(*) FROM decisions GROUP BY decision"))
