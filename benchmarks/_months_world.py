"""The world of the simulated months: shops, their checks, and what happens to them. Pure, from one seed.

A shop is asked at a moment and answers with an outcome and the seconds that it takes. All that is no
ordinary answer comes from a `Trouble` that is in force then, or is one of the failures that come alone.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from random import Random

from techrun.handling import Release
from techrun.model import Check, CheckId, Confirmation, Outcome, Reason, Severity, Shop, Status, Step

BEGINNING = 1_789_948_800.0
"""2026-09-21, 0:00 UTC."""
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
TIMEOUT = 10.0
"""Seconds that a shop which hangs is waited for."""
ALONE = 0.005
"""The share of runs that fail by themselves."""
STEPS = ("home", "cart", "payment", "place-order")
SHORT_OF_ORDERS = "stopped before place-order: this run confirms a failure"


@dataclass(frozen=True, slots=True)
class Plan:
    """One check of every shop."""

    name: str
    every: float
    severity: Severity
    depends_on: tuple[str, ...] = ()
    orders: bool = False
    slow: float = 0.8
    """Seconds that it takes at most when all is well."""


PLANS = (
    Plan("home", MINUTE, "page"),
    Plan("category", MINUTE, "ticket", ("home",)),
    Plan("product", MINUTE, "ticket", ("home",)),
    Plan("search", MINUTE, "ticket", ("home",)),
    Plan("login", MINUTE, "ticket", ("home",)),
    Plan("cart", MINUTE, "page", ("home",), slow=1.2),
    Plan("checkout", MINUTE, "page", ("cart",), slow=2.0),
    Plan("stock-api", MINUTE, "ticket"),
    Plan("feed", 5 * MINUTE, "ticket", slow=2.0),
    Plan("order", HOUR, "page", ("checkout",), orders=True, slow=2.0),
)
PLAN_OF = {plan.name: plan for plan in PLANS}
JOURNEYS = frozenset({"checkout", "order"})
PAGING = frozenset(plan.name for plan in PLANS if plan.severity == "page" and not plan.orders)
"""Checks that can page within a minute; an order is tried once an hour."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that happens to shops for a while."""

    number: int
    kind: str
    """`release`, `blip`, `slow night`, `uplink`, `waf`, `waf everywhere`, `outage`, `bad release`."""
    how: str
    shops: tuple[int, ...]
    start: float
    end: float
    checks: frozenset[str] | None = None
    """None: all."""
    share: float = 1.0
    """Of the runs that it strikes."""

    @property
    def pages(self) -> bool:
        """Whether a person is to be woken: customers cannot buy."""
        return self.kind in {"outage", "bad release", "waf everywhere"}

    @property
    def length(self) -> float:
        return self.end - self.start


FIRST = {"uplink": 0, "outage": 1, "bad release": 1, "blip": 2, "release": 2, "waf everywhere": 3, "waf": 3}
"""What hides what, where two happen at once."""


class World:
    """What every shop answers at every moment."""

    def __init__(self, shops: int, troubles: list[Trouble], releases: list[Release], seed: int) -> None:
        self.troubles, self.releases = troubles, releases
        self.count = shops
        self.random = Random(seed)
        self._edges, self._active = [], []
        for shop in range(shops):
            mine = [trouble for trouble in troubles if shop in trouble.shops]
            edges = sorted({0.0, *(one.start for one in mine), *(one.end for one in mine)})
            self._edges.append(edges)
            self._active.append(_between(edges, mine))

    def at(self, shop: int, moment: float) -> tuple[Trouble, ...]:
        """What happens to this shop now, what hides the rest first."""
        return self._active[shop][bisect_right(self._edges[shop], moment) - 1]

    def ask(
        self, shop: int, plan: Plan, moment: float, *, orders: bool = True
    ) -> tuple[Outcome, float, Trouble | None]:
        """What a run that starts now finds, the seconds that it takes, and what made it fail."""
        chance = self.random.random
        for trouble in self.at(shop, moment):
            if trouble.checks is not None and plan.name not in trouble.checks:
                continue
            if trouble.share < 1.0 and chance() >= trouble.share:
                continue
            outcome, seconds = self._struck(trouble, plan, moment, orders=orders)
            return outcome, seconds, trouble
        if chance() < ALONE:
            return *self._alone(plan, orders=orders), None
        return well(plan, orders=orders), 0.1 + (plan.slow - 0.1) * chance(), None

    def _struck(self, trouble: Trouble, plan: Plan, moment: float, *, orders: bool) -> tuple[Outcome, float]:
        seconds = 0.1 + 0.4 * self.random.random()
        how = trouble.how
        if how == "hang":
            left = trouble.end - moment
            return (HANGS, TIMEOUT) if left >= TIMEOUT else (well(plan, orders=orders), left + seconds)
        if how == "no network":
            return (HANGS, TIMEOUT) if self.random.random() < 0.5 else (REFUSED, seconds)
        if how == "payment":
            failing = "payment" if plan.name in JOURNEYS else ""
            return at_step(plan, failing, 200 if trouble.number % 2 else 502), 1 + seconds
        return ANSWERS[how], (3.0 if how == "slow" else 0.0) + seconds

    def _alone(self, plan: Plan, *, orders: bool) -> tuple[Outcome, float]:
        """A packet is lost, a worker dies: one run fails, whatever comes before and after it."""
        which = self.random.random()
        if which < 0.3:
            return HANGS, TIMEOUT
        if which < 0.5:
            return REFUSED, 0.2
        if plan.name not in JOURNEYS:
            return at_step(plan, "", 500), 0.5
        steps = STEPS if plan.orders and orders else STEPS[:3]
        return at_step(plan, steps[int(self.random.random() * len(steps))], 500), 1.0


def _between(edges: list[float], troubles: list[Trouble]) -> list[tuple[Trouble, ...]]:
    """What is in force from each edge on."""
    coming = sorted(troubles, key=lambda one: one.start, reverse=True)
    now: list[Trouble] = []
    active = []
    for edge in edges:
        now = [one for one in now if edge < one.end]
        while coming and coming[-1].start <= edge:
            now.append(coming.pop())
        active.append(tuple(sorted(now, key=lambda one: (FIRST.get(one.kind, 9), one.number))))
    return active


# --- answers

HANGS = Outcome(Status.DOWN, Reason.TIMEOUT, f"no answer within {TIMEOUT:g} s")
REFUSED = Outcome(Status.DOWN, Reason.CONNECT, "connection refused")
ANSWERS = {
    "refused": REFUSED,
    "502": Outcome(
        Status.DOWN,
        Reason.STATUS,
        "expected 2xx, got 502",
        steps=(Step("http", Status.DOWN, Reason.STATUS, http_status=502),),
    ),
    "maintenance": Outcome(
        Status.DOWN,
        Reason.MAINTENANCE,
        "the platform shows its maintenance page",
        steps=(Step("http", Status.DOWN, Reason.MAINTENANCE, http_status=503),),
    ),
    "captcha": Outcome(Status.BLOCKED, Reason.BLOCKED, "a captcha instead of the page"),
    "slow": Outcome(Status.DEGRADED, Reason.BUDGET, "3.2 s, allowed are 2 s"),
}
_WELL = {
    (name, orders): Outcome(
        Status.UP,
        steps=tuple(Step(step, Status.UP) for step in (STEPS if name == "order" and orders else STEPS[:3]))
        if name in JOURNEYS
        else (),
        not_run=SHORT_OF_ORDERS if name == "order" and not orders else "",
    )
    for name in PLAN_OF
    for orders in (True, False)
}
_FAILS: dict[tuple[str, str, int], Outcome] = {}


def well(plan: Plan, *, orders: bool = True) -> Outcome:
    """All that this check asks for is as it should be."""
    return _WELL[plan.name, orders]


def at_step(plan: Plan, step: str, status: int) -> Outcome:
    """It fails at this step, by status, or by what the page says where the status is 200."""
    known = _FAILS.get((plan.name, step, status))
    if known is None:
        reason = Reason.EXPECTATION if status == 200 else Reason.STATUS
        before = STEPS[: STEPS.index(step)] if step else ()
        failed = Step(step or "http", Status.DOWN, reason, http_status=status)
        known = Outcome(
            Status.DOWN,
            reason,
            "expected the words of payment" if status == 200 else f"expected 200, got {status}",
            step=step,
            steps=(*(Step(name, Status.UP) for name in before), failed),
            order_failed=step == "place-order",
        )
        _FAILS[plan.name, step, status] = known
    return known


# --- what is watched


def shops_of(count: int) -> list[Shop]:
    """Shops of several clients."""
    return [
        Shop(f"shop-{number:02}", f"https://shop-{number:02}.example", client=f"client-{number % 7}")
        for number in range(count)
    ]


def checks_of(shops: list[Shop], confirmation: Confirmation) -> list[Check]:
    """Ten checks a shop."""
    return [
        Check(
            CheckId(shop.name, plan.name),
            "journey" if plan.name in JOURNEYS else "http",
            plan.every,
            30.0,
            severity=plan.severity,
            confirmation=confirmation,
            prepared=(number, plan),
            depends_on=plan.depends_on,
            places_orders=plan.orders,
            steps=STEPS if plan.orders else STEPS[:3] if plan.name in JOURNEYS else (),
            client=shop.client,
        )
        for number, shop in enumerate(shops)
        for plan in PLANS
    ]
