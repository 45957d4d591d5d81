"""The runs of a bake, with probes that do what a script says."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from itertools import pairwise
from statistics import median

import pytest

from techrun.model import Outcome, Reason, Status
from techrun.releases.bake import BakePlan

UP = Outcome(Status.UP)
DOWN = Outcome(Status.DOWN, Reason.STATUS, "got 500", step="shipping")


async def always_up(_run, _before) -> Outcome:
    return UP


def quick(*checks, judged=None, **settings) -> BakePlan:
    """A bake of four tenths of a second, with eight runs."""
    usual = {"settle": 0.2, "warm_up": 2, "seconds": 0.4, "every": 0.05, "wanted": 6}
    return BakePlan(checks, checks[:1] if judged is None else judged, **(usual | settings))


async def test_all_checks_run_and_none_places_an_order(oven, a_check) -> None:
    baking = oven(always_up)
    baked = await baking.bake(quick(a_check("home"), a_check("search")), time.time())
    found = Counter((one.check, one.settling) for one in baked.samples)
    assert found["acme/home", False] >= 6
    assert found["acme/home", True] in {1, 2}
    assert found["acme/search", False] >= 2
    assert not any(run.allow_orders for run in baking.runs)
    assert {run.trigger for run in baking.runs} == {"release"}
    assert list(baked.samples) == baking.told
    assert baked.cut == ""


async def test_what_ran_in_the_settle_time_is_marked_and_what_counts_comes_after(oven, a_check) -> None:
    live = time.time()
    baked = await oven(always_up).bake(quick(a_check()), live)
    settling = [one for one in baked.samples if one.settling]
    assert all(one.warm_up and one.offset < 0.2 and one.decision == "" for one in settling)
    counted = [one for one in baked.samples if not one.settling]
    assert all(not one.warm_up and one.offset >= 0.2 for one in counted)
    assert all(one.offset == pytest.approx(one.at - live) for one in baked.samples)


async def test_a_check_that_is_not_judged_warms_up_with_runs_that_count(oven, a_check) -> None:
    baked = await oven(always_up).bake(quick(a_check("home"), a_check("other", every=0.5)), time.time())
    other = [(one.settling, one.warm_up) for one in baked.samples if one.check == "acme/other"]
    assert other[:3] == [(False, True), (False, True), (False, False)]


async def test_a_check_never_overlaps_itself_and_goes_on_until_it_has_its_runs(oven, a_check) -> None:
    async def slow(_run, _before) -> Outcome:
        await asyncio.sleep(0.08)
        return UP

    baking = oven(slow)
    began = time.time()
    baked = await baking.bake(quick(a_check(), wanted=6), began)
    assert not baking.overlapped
    assert sum(not one.settling for one in baked.samples) == 6


async def test_runs_that_tell_nothing_are_made_up_for_within_half_the_time(oven, a_check) -> None:
    async def half_lost(_run, before) -> Outcome:
        return Outcome(Status.UNKNOWN, Reason.UPLINK, "no network") if before % 2 else UP

    baked = await oven(half_lost).bake(quick(a_check(), wanted=100), time.time())
    assert 0.4 + 0.2 < max(one.offset for one in baked.samples) < 0.2 + 0.4 * 1.5


async def test_a_firewall_that_blocks_is_left_in_peace_for_longer(oven, a_check) -> None:
    async def blocked(_run, _before) -> Outcome:
        return Outcome(Status.BLOCKED, Reason.BLOCKED, "captcha")

    baked = await oven(blocked).bake(quick(a_check(every=60.0), wanted=100), time.time())
    assert min(later.at - earlier.at for earlier, later in pairwise(baked.samples)) > 0.09


async def test_a_check_that_is_down_for_sure_ends_the_bake(oven, a_check) -> None:
    async def breaks(run, before) -> Outcome:
        return DOWN if before >= 4 and run.check.id.name == "home" else UP

    checks = [a_check("home"), a_check("search")]
    baked = await oven(breaks).bake(quick(*checks, seconds=30.0), time.time())
    assert baked.cut == "acme/home is down: shipping: got 500"
    assert baked.samples[-1].decision == "down.confirmed"
    assert any(one.confirms for one in baked.samples)


@pytest.mark.parametrize("jump", [-3600.0, 3600.0], ids=["back", "forward"])
async def test_a_clock_that_is_set_meanwhile_changes_nothing(oven, a_check, monkeypatch, jump) -> None:
    """Set back it would take all runs for settling, set forward those of the settle time for counting."""

    async def down_later(_run, before) -> Outcome:
        monkeypatch.setattr("techrun.schedule.SystemClock.wall", lambda _: time.time() + jump)
        return DOWN if before >= 6 else UP

    live = time.time()
    baked = await oven(down_later).bake(quick(a_check("home"), wanted=20), live)
    assert baked.cut == "acme/home is down: shipping: got 500"
    assert all(0 <= one.offset < 60 for one in baked.samples)
    assert [one.settling for one in baked.samples] == [one.offset < 0.2 for one in baked.samples]


async def test_runs_that_confirm_come_beside_the_regular_ones(oven, a_check) -> None:
    """Each regular run fails and its confirmation passes: the regular ones keep their pace."""

    async def flickers(_run, before) -> Outcome:
        return UP if before % 2 else DOWN

    baked = await oven(flickers).bake(quick(a_check(), seconds=0.8, wanted=2, warm_up=0), time.time())
    regular = [one for one in baked.samples if not one.confirms]
    gaps = [later.at - earlier.at for earlier, later in pairwise(regular)]
    assert median(gaps) == pytest.approx(0.05, abs=0.02)
    assert {one.status for one in regular} == {Status.DOWN}
    assert {one.status for one in baked.samples if one.confirms} == {Status.UP}


async def test_failures_in_the_settle_time_count_for_nothing(oven, a_check) -> None:
    async def cold(_run, before) -> Outcome:
        return DOWN if before < 4 else UP

    baked = await oven(cold).bake(quick(a_check(), settle=0.3, warm_up=4), time.time())
    assert baked.cut == ""
    assert {one.status for one in baked.samples if one.settling} == {Status.DOWN}


async def test_a_check_that_is_neither_judged_nor_known_to_have_been_well_ends_nothing(oven, a_check) -> None:
    async def broken(run, _before) -> Outcome:
        return DOWN if run.check.id.name == "other" else UP

    plan = quick(a_check("home"), a_check("other", every=0.5))
    baked = await oven(broken).bake(plan, time.time())
    assert baked.cut == ""
    assert "down.confirmed" in {one.decision for one in baked.samples if one.check == "acme/other"}
    known = quick(*plan.checks, before={"acme/other": Status.UP}, seconds=30.0)
    assert (await oven(broken).bake(known, time.time())).cut.startswith("acme/other is down")


async def test_a_journey_that_ran_no_step_tells_nothing(oven, a_check) -> None:
    """Each of its steps has a `when` that does not hold, or the first that does would place an order."""
    idle = a_check(steps=("greet", "order"))
    baked = await oven(always_up).bake(quick(idle), time.time())
    assert {one.status for one in baked.samples} == {Status.UNKNOWN}
    assert "ran no step" in baked.samples[0].message


async def test_what_fails_together_with_the_control_is_not_the_releases_doing(oven, a_check) -> None:
    """The network is gone: neither the control nor a judged check ends the bake."""

    async def dark(_run, before) -> Outcome:
        return DOWN if before >= 4 else UP

    home, control = a_check("home"), a_check("control")
    plan = quick(home, control, control=(control,), before={"acme/control": Status.UP})
    baked = await oven(dark).bake(plan, time.time())
    assert baked.cut == ""
    decisions = {one.decision for one in baked.samples if one.status is Status.DOWN and not one.settling}
    assert "held.control" in decisions
    assert "down.confirmed" not in decisions


async def test_a_control_that_is_well_holds_nothing(oven, a_check) -> None:
    async def breaks(run, before) -> Outcome:
        return DOWN if before >= 4 and run.check.id.name == "home" else UP

    home, control = a_check("home"), a_check("control")
    baked = await oven(breaks).bake(quick(home, control, control=(control,), seconds=30.0), time.time())
    assert baked.cut.startswith("acme/home is down")


async def test_a_stop_keeps_what_was_found_and_interrupts_what_runs(oven, a_check) -> None:
    cleaned = []

    async def hangs(_run, before) -> Outcome:
        if before < 3:
            return UP
        baking.stop.set()
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(True)
        return UP

    baking = oven(hangs)
    baked = await baking.bake(quick(a_check(), seconds=60.0), time.time())
    assert len(baked.samples) == 3
    assert cleaned == [True]
    assert baked.cut == ""


async def test_a_stop_before_anything_ran_finds_nothing(oven, a_check) -> None:
    baking = oven(always_up)
    baking.stop.set()
    assert (await baking.bake(quick(a_check(), settle=60.0), time.time())).samples == ()


async def test_a_shop_without_checks_bakes_nothing(oven) -> None:
    assert (await oven(always_up).bake(quick(), time.time())).samples == ()
