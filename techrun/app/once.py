"""Checks run once, now: `techrun check`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from techrun.app.loading import Loaded
from techrun.app.parts import fetch_settings
from techrun.engine import Engine
from techrun.errors import UsageError
from techrun.fetch import Fetcher
from techrun.journey.plan import place_of
from techrun.model import Check, Order, Result, Shop
from techrun.probes import OrderLedger
from techrun.schedule import SystemClock
from techrun.store.database import Store
from techrun.store.orders import Orders
from techrun.witness import Witness

AT_A_TIME = 20
"""Checks that run side by side."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How the checks are to be run."""

    until: str | None = None
    node: str | None = None
    allow_orders: bool = False
    explain: bool = False


class NoOrders:
    """The ledger of a run that places no orders: it needs no store."""

    async def begin(self, shop: Shop, check: Check, run_id: str, step: str) -> str:  # noqa: ARG002  the protocol has them
        """Always refuses."""
        return "orders are placed with --orders only"

    async def settle(self, shop: Shop, run_id: str, orders: Sequence[Order]) -> None:
        """There are none."""


def _nothing(_: Result) -> None:
    """For those who wait for all results."""


def run_checks(
    loaded: Loaded, checks: Sequence[Check], wish: Wish, on_result: Callable[[Result], None] = _nothing
) -> list[Result]:
    """Run these checks once; the results come in the checks' order.

    `until` ends the journeys that have this step; UsageError where none has it. `on_result` is told of
    each result as it comes.
    """
    if wish.until is not None and not any(_reaches(check, wish.until) for check in checks):
        steps = sorted({step for check in checks for step in check.steps})
        raise UsageError(f'no step is called "{wish.until}"; there are: {", ".join(steps) or "none"}')
    return asyncio.run(_run(loaded, checks, wish, on_result))


def _reaches(check: Check, step: str | None) -> bool:
    """Whether the check has this step."""
    return step is not None and place_of(check.steps, step) is not None


async def _run(
    loaded: Loaded, checks: Sequence[Check], wish: Wish, on_result: Callable[[Result], None]
) -> list[Result]:
    places = asyncio.Semaphore(AT_A_TIME)
    async with opened(loaded, orders=wish.allow_orders) as (engine, _):

        async def one(check: Check) -> Result:
            async with places:
                result = await engine.run_once(
                    check,
                    until=wish.until if _reaches(check, wish.until) else None,
                    node=wish.node,
                    allow_orders=wish.allow_orders,
                    explain=wish.explain,
                )
            on_result(result)
            return result

        return list(await asyncio.gather(*(one(check) for check in checks)))


@contextlib.asynccontextmanager
async def opened(
    loaded: Loaded, *, orders: bool, doubts: bool = False
) -> AsyncIterator[tuple[Engine, Fetcher]]:
    """What runs checks and what asks the network; only where orders may be placed is the store needed.

    With `doubts` the witnesses of the configuration are asked before a shop is blamed for no answer.
    """
    settings = loaded.settings
    fetcher = Fetcher(fetch_settings(settings))
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(fetcher.close)
        ledger: OrderLedger = NoOrders()
        if orders:
            store = Store(settings.store, exclusive=False)
            stack.callback(store.close)
            ledger = Orders(store)
        doubt = None
        if doubts:
            witness = Witness(settings.witness, fetcher, SystemClock(), _nobody_hears)
            stack.push_async_callback(witness.close)
            doubt = witness.doubt
        yield (
            Engine(loaded.checks, loaded.shops, fetcher, ledger, redactor=settings.redactor, doubt=doubt),
            fetcher,
        )


def _nobody_hears(_: str, __: float) -> None:
    """Of our own network: the runs tell it themselves."""
