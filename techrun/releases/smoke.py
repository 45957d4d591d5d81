"""Smoke: every wish is run once, on a node or through the front; a failure is asked again before it counts."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from techrun.engine import Engine
from techrun.model import Check, Outcome, Reason, Result, Status
from techrun.releases.records import FRONT, Ruling, SmokeResult
from techrun.releases.runs import GOOD, at_step, told_by

AGAIN: tuple[float, ...] = (5.0, 10.0)
"""Seconds from the beginning of a failed run until it is asked again: a hiccup is no bad release."""
AT_A_TIME = 10
"""Nodes that are asked side by side; one node never gets two runs at once."""
ASKED_AGAIN = frozenset({Status.DOWN, Status.UNKNOWN})
"""A firewall that blocks is not asked twice: that would only keep it awake."""
REFUSED = frozenset({Reason.ORDER_CAP, Reason.FORBIDDEN})
"""What our own settings refuse they refuse again."""

Told = Callable[[SmokeResult], None]


@dataclass(frozen=True, slots=True)
class SmokeWish:
    """One run that a release must pass."""

    name: str
    """Of the journey or check, as the configuration has it."""
    check: Check
    via: str = FRONT
    """`front`, or a node's address."""
    orders: bool = False
    """It places its one order."""
    no_worse: bool = False
    """It may be down, if it was before the release."""
    before: Status | None = None
    """How the same check was before the release; None: nobody knows."""


async def run_smoke(
    engine: Engine, wishes: Sequence[SmokeWish], told: Told, again: Sequence[float] = AGAIN
) -> tuple[SmokeResult, ...]:
    """Run every wish; the results come in the wishes' order. Cancelled, it lets cleanups end."""
    lanes: defaultdict[str, list[int]] = defaultdict(list)
    for number, wish in enumerate(wishes):
        lanes[wish.via].append(number)
    results: dict[int, SmokeResult] = {}
    places = asyncio.Semaphore(AT_A_TIME)

    async def lane(numbers: Sequence[int]) -> None:
        async with places:
            for number in numbers:
                results[number] = await _ruled(engine, wishes[number], again)
                told(results[number])

    async with asyncio.TaskGroup() as group:
        for numbers in lanes.values():
            group.create_task(lane(numbers))
    return tuple(results[number] for number in range(len(wishes)))


async def _ruled(engine: Engine, wish: SmokeWish, again: Sequence[float]) -> SmokeResult:
    """The last of its runs: the first that says something good, or the one after which nobody asks again."""
    loop = asyncio.get_running_loop()
    earlier = ""
    for attempt, delay in enumerate((*again, None), start=1):
        began = loop.time()
        result = await engine.run_once(
            wish.check,
            trigger="release",
            allow_orders=wish.orders,
            node=None if wish.via == FRONT else wish.via,
        )
        outcome = result.outcome
        if delay is None or not _asks_again(outcome):
            return replace(_result(wish, result), attempts=attempt, earlier=earlier)
        earlier = earlier or at_step(outcome.step, outcome.message)
        await asyncio.sleep(max(0.0, began + delay - loop.time()))
    raise AssertionError("the last attempt returns")  # pragma: no cover


def _asks_again(outcome: Outcome) -> bool:
    """Not where an order went out or failed: there is one, and no second."""
    ordered = outcome.orders or outcome.order_failed
    return outcome.status in ASKED_AGAIN and outcome.reason not in REFUSED and not ordered


def _result(wish: SmokeWish, result: Result) -> SmokeResult:
    outcome = result.outcome
    status, message = told_by(wish.check, outcome)
    return SmokeResult(
        name=wish.name,
        via=wish.via,
        status=status,
        reason=outcome.reason,
        step=outcome.step,
        message=message,
        duration=result.duration,
        steps=sum(not step.skipped for step in outcome.steps),
        orders=tuple(f"{order.reference or order.step} {order.state}" for order in outcome.orders),
        before=wish.before,
        no_worse=wish.no_worse,
        excused=status is Status.DOWN and wish.no_worse and wish.before is Status.DOWN,
    )


def smoke_rulings(results: Sequence[SmokeResult]) -> tuple[Ruling, ...]:
    """What the smoke runs say: each that does not hold by itself, those that passed by journey or check."""
    return tuple(ruling for rule in (_not_passed, _passed, _poor, _leaked) for ruling in rule(results))


def _good(result: SmokeResult) -> bool:
    return result.status in GOOD or result.excused


def _not_passed(results: Sequence[SmokeResult]) -> Iterator[Ruling]:
    for one in results:
        if _good(one):
            continue
        subject = f"{one.name} {_where(one.via)}"
        unknown_before = one.no_worse and one.before is None
        holds = False if one.status is Status.DOWN and not unknown_before else None
        yield Ruling("smoke.failed", subject, holds, _told_of(one), samples=one.attempts, step=one.step)


def _told_of(one: SmokeResult) -> str:
    """Why it did not pass, in words."""
    why = at_step(one.step, one.message)
    if one.status is Status.BLOCKED:
        return f"blocked, so nothing is known of the shop: {why}"
    if one.status is Status.UNKNOWN:
        return f"could not be told: {why}"
    times = f", {one.attempts} times" if one.attempts > 1 else ""
    return f"failed{times}{_before(one)}: {why}"


def _before(one: SmokeResult) -> str:
    if one.before is not None:
        return f" ({one.before} before the release)"
    return " (and nobody knows how it was before the release)" if one.no_worse else ""


def _passed(results: Sequence[SmokeResult]) -> Iterator[Ruling]:
    """One ruling for each journey or check that passed somewhere."""
    good = sorted((one for one in results if _good(one)), key=lambda one: one.name)
    for name, group in groupby(good, key=lambda one: one.name):
        runs = list(group)
        excused = [one for one in runs if one.excused]
        text = f"passed {_places(runs)}"
        if excused:
            why = at_step(excused[0].step, excused[0].message)
            text = f"is down {_places(excused)}, as it was before the release: {why}"
        yield Ruling("smoke.failed", name, holds=True, text=text, samples=sum(one.attempts for one in runs))


def _poor(results: Sequence[SmokeResult]) -> Iterator[Ruling]:
    """What passed, but not well: that is told and decides nothing."""
    for one in results:
        subject = f"{one.name} {_where(one.via)}"
        if one.earlier and _good(one) and not one.excused:
            text = f"failed at first, and passed at attempt {one.attempts}: {one.earlier}"
            yield Ruling("smoke.unsteady", subject, holds=False, text=text, warns=True, samples=one.attempts)
        if one.status is Status.DEGRADED:
            text = f"works, but poorer than promised: {at_step(one.step, one.message)}"
            yield Ruling(
                "smoke.degraded", subject, holds=False, text=text, warns=True, samples=1, step=one.step
            )


def _leaked(results: Sequence[SmokeResult]) -> Iterator[Ruling]:
    """Test orders that were not taken back, or of which that is not known."""
    for one in results:
        standing = [order for order in one.orders if order.endswith((" leaked", " unconfirmed", " created"))]
        if standing:
            text = f"a test order may stand in the shop, see to it: {', '.join(standing)}"
            yield Ruling("smoke.leaked_order", one.name, holds=False, text=text, warns=True, samples=1)


def _where(via: str) -> str:
    return "through the front" if via == FRONT else f"on {via}"


def _places(runs: Sequence[SmokeResult]) -> str:
    """Where these runs were made, in words."""
    nodes = [one.via for one in runs if one.via != FRONT]
    words = [] if not nodes else [f"on {nodes[0]}" if len(nodes) == 1 else f"on {len(nodes)} nodes"]
    if len(nodes) < len(runs):
        words.append("through the front")
    return " and ".join(words)
