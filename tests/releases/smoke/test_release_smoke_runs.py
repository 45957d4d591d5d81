"""Smoke runs with probes that do what a script says: how often, where and with which orders."""

from __future__ import annotations

import asyncio

import pytest

from techrun.engine import Engine
from techrun.language.definition import Definition
from techrun.model import Check, CheckId, Order, Outcome, Reason, Shop, Status, Step
from techrun.probes import Kind
from techrun.releases.smoke import SmokeWish, run_smoke, smoke_rulings

UP = Outcome(Status.UP, steps=(Step("home", Status.UP),))
DOWN = Outcome(Status.DOWN, Reason.STATUS, "got 500", step="shipping", steps=(Step("home", Status.UP),))
AGAIN = (0.01, 0.02)


def wish(name="buy", via="front", **settings) -> SmokeWish:
    check = Check(CheckId("acme", name), "fake", every=60.0, deadline=2.0, steps=("home", "shipping"))
    return SmokeWish(name, check, via, **settings)


async def smoke(probe, *wishes):
    """The results and the runs that were made for them."""
    runs = []

    async def noted(_, run) -> Outcome:
        runs.append(run)
        return await probe(run, sum((each.node, each.check.id) == (run.node, run.check.id) for each in runs))

    kind = Kind("fake", Definition, noted, None, "A fake.")
    engine = Engine((), [Shop("acme", "http://shop.invalid")], None, None, probes={"fake": kind})
    told = []
    results = await run_smoke(engine, wishes, told.append, AGAIN)
    assert sorted(told, key=str) == sorted(results, key=str)
    return results, runs


def says(outcome, *then):
    """A probe that says one thing after the other, and the last for ever."""
    script = (outcome, *then)

    async def probe(_run, nth) -> Outcome:
        return script[min(nth, len(script)) - 1]

    return probe


async def test_each_wish_is_run_where_it_should_and_without_orders() -> None:
    results, runs = await smoke(says(UP), wish(via="127.0.0.2"), wish(via="::1"), wish())
    assert [(one.via, one.status, one.attempts) for one in results] == [
        ("127.0.0.2", Status.UP, 1),
        ("::1", Status.UP, 1),
        ("front", Status.UP, 1),
    ]
    assert {run.node for run in runs} == {"127.0.0.2", "::1", None}
    assert not any(run.allow_orders for run in runs)
    (ruling,) = smoke_rulings(results)
    assert (ruling.holds, ruling.text, ruling.samples) == (True, "passed on 2 nodes and through the front", 3)


async def test_a_failure_is_asked_twice_more_before_it_counts() -> None:
    results, runs = await smoke(says(DOWN), wish(via="127.0.0.3"))
    assert len(runs) == 3
    (ruling,) = smoke_rulings(results)
    assert (ruling.rule, ruling.subject, ruling.holds) == ("smoke.failed", "buy on 127.0.0.3", False)
    assert ruling.text == "failed, 3 times: shipping: got 500"


async def test_what_passes_at_last_passes_and_is_told() -> None:
    results, runs = await smoke(says(DOWN, Outcome(Status.DOWN, Reason.TIMEOUT, "no answer"), UP), wish())
    assert len(runs) == 3
    passed, unsteady = smoke_rulings(results)
    assert (passed.rule, passed.holds) == ("smoke.failed", True)
    assert (unsteady.rule, unsteady.warns) == ("smoke.unsteady", True)
    assert unsteady.text == "failed at first, and passed at attempt 3: shipping: got 500"


@pytest.mark.parametrize(
    ("outcome", "times", "told"),
    [
        (Outcome(Status.BLOCKED, Reason.BLOCKED, "captcha page"), 1, "blocked, so nothing is known"),
        (Outcome(Status.UNKNOWN, Reason.UPLINK, "no network"), 3, "could not be told: no network"),
        (Outcome(Status.UNKNOWN, Reason.ORDER_CAP, "the cap is reached"), 1, "could not be told: the cap"),
        (Outcome(Status.UP, not_run="stopped before place-order"), 1, "it ran no step: stopped before"),
    ],
    ids=["blocked", "own network", "order cap", "no step"],
)
async def test_what_says_nothing_of_the_shop_neither_passes_nor_fails(outcome, times, told) -> None:
    results, runs = await smoke(says(outcome), wish())
    assert len(runs) == times
    (ruling,) = smoke_rulings(results)
    assert ruling.holds is None
    assert told in ruling.text


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(Status.DOWN, Reason.STATUS, "got 500", step="place-order", order_failed=True),
        Outcome(Status.DOWN, Reason.STATUS, "none", orders=(Order("place-order", "order=1", "cancelled"),)),
    ],
    ids=["the order failed", "it failed after the order"],
)
async def test_no_second_order_is_placed(outcome) -> None:
    results, runs = await smoke(says(outcome), wish(orders=True))
    assert [run.allow_orders for run in runs] == [True]
    assert smoke_rulings(results)[0].holds is False


async def test_a_failure_before_the_order_is_asked_again() -> None:
    _, runs = await smoke(says(DOWN), wish(orders=True))
    assert len(runs) == 3


@pytest.mark.parametrize("state", ["leaked", "unconfirmed", "created"])
async def test_an_order_that_may_stand_in_the_shop_is_told_and_decides_nothing(state) -> None:
    outcome = Outcome(Status.UP, steps=UP.steps, orders=(Order("place-order", "order=10002", state),))
    results, _ = await smoke(says(outcome), wish(orders=True))
    passed, leaked = smoke_rulings(results)
    assert passed.holds is True
    assert (leaked.rule, leaked.warns) == ("smoke.leaked_order", True)
    assert f"order=10002 {state}" in leaked.text


@pytest.mark.parametrize(
    ("before", "holds", "told"),
    [
        (Status.DOWN, True, "is down through the front, as it was before the release: shipping: got 500"),
        (Status.UP, False, "failed, 3 times (up before the release): shipping: got 500"),
        (None, None, "(and nobody knows how it was before the release)"),
    ],
    ids=["down", "up", "nobody knows"],
)
async def test_what_need_not_be_better_is_held_against_its_state_before(before, holds, told) -> None:
    results, _ = await smoke(says(DOWN), wish(no_worse=True, before=before))
    (ruling,) = smoke_rulings(results)
    assert ruling.holds is holds
    assert told in ruling.text


async def test_what_was_down_before_is_excused_only_where_that_is_allowed() -> None:
    results, _ = await smoke(says(DOWN), wish(before=Status.DOWN))
    assert smoke_rulings(results)[0].holds is False


async def test_poor_answers_are_told() -> None:
    poor = Outcome(Status.DEGRADED, Reason.BUDGET, "took 2.1 s", step="shipping", steps=UP.steps)
    results, _ = await smoke(says(poor), wish())
    passed, warned = smoke_rulings(results)
    assert passed.holds is True
    assert (warned.rule, warned.warns) == ("smoke.degraded", True)


async def test_one_place_gets_one_run_at_a_time_and_places_run_side_by_side() -> None:
    under_way, most = [], {"one place": 0, "all": 0}

    async def slow(run, _nth) -> Outcome:
        under_way.append(run.node)
        most["one place"] = max(most["one place"], under_way.count(run.node))
        most["all"] = max(most["all"], len(under_way))
        await asyncio.sleep(0.02)
        under_way.remove(run.node)
        return UP

    nodes = ("127.0.0.2", "127.0.0.3", "front")
    await smoke(slow, *(wish(name, via) for name in ("buy", "search") for via in nodes))
    assert most == {"one place": 1, "all": 3}


async def test_a_stop_lets_what_runs_tidy_up() -> None:
    tidied = []
    began = asyncio.Event()

    async def hangs(_run, _nth) -> Outcome:
        began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            tidied.append(True)
        return Outcome(Status.UNKNOWN, Reason.INTERRUPTED)

    running = asyncio.create_task(smoke(hangs, wish(), wish(via="::1")))
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert tidied == [True, True]


def test_without_smoke_nothing_is_said() -> None:
    assert smoke_rulings(()) == ()
