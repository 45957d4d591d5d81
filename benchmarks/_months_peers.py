"""What simple counters make of the same months: the rules and defaults of other tools, at the same checks.

Generous to them: only checks that page are watched, alerts of one shop that overlap are one page, every
message arrives, and a release is known to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks._months_judge import Strike, Verdict, by_shop, within
from benchmarks._months_world import BEGINNING, DAY, MINUTE, PAGING, PLAN_OF, Plan, Trouble, World
from techrun.model import Status


@dataclass(frozen=True, slots=True)
class Counter:
    """When a tool alerts: so many failures in a row, or failing for so long."""

    name: str
    failures: int = 1
    lasting: float = 0.0
    successes: int = 1
    group_wait: float = 0.0


PEERS = (
    Counter("Gatus: 3 failures in a row, 2 successes", failures=3, successes=2),
    Counter("blackbox + Alertmanager: `for: 5m`, group_wait 30 s", lasting=300.0, group_wait=30.0),
    Counter("Uptime Kuma: no retries (its form's default)"),
    Counter("Uptime Kuma: 3 retries, one a minute", failures=4),
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One check of a shop, from the first failure to the recovery."""

    shop: int
    since: float
    since_ended: float
    told: float
    over: float
    causes: frozenset[Trouble]
    """What made its runs fail until it was told."""


def watch(world: World, peer: Counter, days: float) -> Verdict:
    """What this tool tells of these months."""
    strikes = {
        (one.number, shop): Strike(one, shop) for one in world.troubles if one.pages for shop in one.shops
    }
    verdict = Verdict(list(strikes.values()))
    happened = by_shop(world.troubles)
    for shop in range(world.count):
        alerts = sorted(
            (
                alert
                for name in sorted(PAGING)
                for alert in _alerts(world, peer, shop, PLAN_OF[name], days=days, strikes=strikes)
            ),
            key=lambda alert: alert.told,
        )
        open_until = 0.0
        for alert in alerts:
            mine = [strikes[one.number, shop] for one in happened[shop] if one.pages and _overlap(one, alert)]
            for strike in mine:
                strike.paged = min(strike.paged or alert.told, alert.told)
            if alert.told > open_until:
                verdict.pages += 1
                if not mine:
                    kinds = sorted({one.kind for one in alert.causes})
                    verdict.false_pages.append(" and ".join(kinds) or "nothing")
            open_until = max(open_until, alert.over)
    return verdict


def _overlap(trouble: Trouble, alert: Alert) -> bool:
    return within(trouble, alert.since) or alert.since <= trouble.start <= alert.told


def _alerts(
    world: World,
    peer: Counter,
    shop: int,
    plan: Plan,
    *,
    days: float,
    strikes: dict[tuple[int, int], Strike],
) -> Iterator[Alert]:
    """The alerts of one check that runs once a minute, at moments of its own."""
    moment = BEGINNING + world.random.random() * MINUTE
    causes: set[Trouble] = set()
    failures = goods = 0
    since = since_ended = told = 0.0
    for _ in range(int(days * DAY // plan.every)):
        outcome, seconds, trouble = world.ask(shop, plan, moment)
        ended = moment + seconds
        if outcome.status in {Status.UP, Status.DEGRADED}:
            goods += 1
            if not told:
                failures = 0
                causes = set()
            elif goods >= peer.successes:
                yield Alert(shop, since, since_ended, told, ended, frozenset(causes))
                failures, told, causes = 0, 0.0, set()
        else:
            goods, failures = 0, failures + 1
            if failures == 1:
                since, since_ended = moment, ended
            if trouble is not None:
                causes.add(trouble)
                _note_first(strikes.get((trouble.number, shop)), moment, ended)
            if not told and failures >= peer.failures and ended - since >= peer.lasting:
                told = ended + peer.group_wait
        moment += plan.every
    if told:
        yield Alert(shop, since, since_ended, told, moment, frozenset(causes))


def _note_first(strike: Strike | None, began: float, ended: float) -> None:
    if strike is not None and (strike.first is None or began < strike.first):
        strike.first, strike.first_ended = began, ended
