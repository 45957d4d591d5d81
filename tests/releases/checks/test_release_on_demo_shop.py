"""Smoke and bake of the demo shop, whole and broken."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from techrun.app.once import opened
from techrun.app.release_checks import bake_plan, smoke_wishes
from techrun.model import Confirmation, Status
from techrun.releases.bake import bake, bake_rulings
from techrun.releases.records import Verification
from techrun.releases.smoke import run_smoke, smoke_rulings

AGAIN = (0.05, 0.05)


async def smoked(one, nodes=("127.0.0.1",)):
    async with opened(one.loaded, orders=True) as (engine, _):
        wishes = smoke_wishes(one.loaded, one.shop, one.shop.releases, nodes)
        return await run_smoke(engine, wishes, lambda _: None, AGAIN)


async def baked(one, **settings):
    """The verification of a bake of two seconds, with quick confirmation."""
    plan = bake_plan(one.loaded, one.shop, one.shop.releases)
    quick = Confirmation(delays=(0.1, 0.1, 0.1))
    hasty = {check.id: replace(check, confirmation=quick) for check in plan.checks}
    plan = replace(
        plan,
        checks=tuple(hasty.values()),
        judged=tuple(hasty[check.id] for check in plan.judged),
        **({"settle": 0.2, "warm_up": 1, "seconds": 2.0, "every": 0.2, "wanted": 5} | settings),
    )
    async with opened(one.loaded, orders=False) as (engine, _):
        found = await bake(engine, plan, time.time(), lambda _: None, asyncio.Event())
    judged = tuple(str(check.id) for check in plan.judged)
    blank = Verification("1", "demo", 1, "v812", "", 0.0, 0.0, 0.0, wanted=plan.wanted, judged=judged)
    return replace(blank, samples=found.samples, cut=found.cut)


async def test_a_whole_shop_passes_with_one_order_that_is_cancelled(demo_written) -> None:
    results = await smoked(demo_written)
    assert [one.status for one in results] == [Status.UP] * 4
    orders = [(one.name, one.via, order) for one in results for order in one.orders]
    ((name, via, order),) = orders
    assert (name, via) == ("guest-checkout", "front")
    assert order.endswith(" cancelled")
    assert [ruling.holds for ruling in smoke_rulings(results)] == [True, True]


@pytest.mark.parametrize(
    ("fault", "name", "step", "holds"),
    [
        ("shipping-error-200", "guest-checkout", "address", False),
        ("order-500", "guest-checkout", "place-order", False),
        ("login-refused", "business-customer", "login", False),
        ("captcha", "guest-checkout", "checkout", None),
    ],
    ids=["shipping", "order", "login", "captcha"],
)
async def test_a_broken_shop_is_told_at_the_step_that_broke(
    demo, demo_written, fault, name, step, holds
) -> None:
    demo.fault(fault)
    results = await smoked(demo_written)
    found = {(one.subject.split()[0], one.step, one.holds) for one in smoke_rulings(results) if not one.holds}
    assert (name, step, holds) in found
    orders = [order for one in results for order in one.orders]
    assert len(orders) == (1 if fault in {"order-500", "login-refused"} else 0)


async def test_an_order_that_cannot_be_taken_back_is_told(demo, demo_written) -> None:
    demo.fault("cancel-refused")
    leaked = [one for one in smoke_rulings(await smoked(demo_written)) if one.rule == "smoke.leaked_order"]
    assert len(leaked) == 1
    assert "leaked" in leaked[0].text


async def test_a_shop_whose_cap_of_orders_is_reached_gets_none(demo_written) -> None:
    """The ledger refuses it, which says nothing of the release."""
    shop = demo_written.shop
    capped = replace(shop, shop=replace(shop.shop, orders_per_day=0))
    loaded = replace(demo_written.loaded, settings=replace(demo_written.loaded.settings, shops=(capped,)))
    results = await smoked(type(demo_written)(loaded))
    assert not any(one.orders for one in results)
    (refused,) = [one for one in smoke_rulings(results) if one.holds is None]
    assert "the cap of 0 test orders a day is reached" in refused.text


async def test_a_whole_shop_bakes_without_any_order(demo_written) -> None:
    verification = await baked(demo_written)
    assert {one.status for one in verification.samples} == {Status.UP}
    assert {one.check for one in verification.samples} == {
        str(each.id) for each in demo_written.loaded.checks
    }
    ordering = [one for one in verification.samples if one.check == "demo/order"]
    assert all("payment" in one.steps and "place-order" not in one.steps for one in ordering)
    assert all(one.steps == {} for one in verification.samples if one.check == "demo/home")
    assert [(one.rule, one.holds) for one in bake_rulings(verification)] == [("bake.down", True)] * 4


async def test_a_shop_that_breaks_in_the_bake_ends_it(demo, demo_written) -> None:
    baking = asyncio.create_task(baked(demo_written, seconds=30.0))
    await asyncio.sleep(0.6)
    await asyncio.to_thread(demo.fault, "payment-blank")
    verification = await baking
    assert verification.cut.startswith(("demo/checkout is down: ", "demo/order is down: "))
    (ruling,) = [one for one in bake_rulings(verification) if one.holds is False]
    assert "runs in a row failed" in ruling.text


async def test_a_captcha_leaves_too_few_runs(demo, demo_written) -> None:
    demo.fault("captcha")
    rulings = bake_rulings(await baked(demo_written))
    missing = {one.subject: one.text for one in rulings if one.holds is None}
    assert set(missing) == {"demo/checkout", "demo/order"}
    assert "0 of 5 runs" in missing["demo/order"]
    assert "were blocked by a firewall or captcha" in missing["demo/order"]


@pytest.mark.system("nginx-light")
async def test_a_node_that_is_new_but_broken_is_told_by_its_address(fleet, written_for) -> None:
    """Most customers never see it: a balancer sends them elsewhere."""
    fleet.balance("127.0.0.2")
    fleet["127.0.0.3"].fault("shipping-error-200")
    results = await smoked(written_for(fleet.url), ("127.0.0.2", "127.0.0.3", "127.0.0.4", "::1"))
    (broken,) = [one for one in smoke_rulings(results) if not one.holds]
    assert broken.subject == "guest-checkout on 127.0.0.3"
    assert {(one.via, one.status) for one in results if one.via == "::1"} == {("::1", Status.UP)}
