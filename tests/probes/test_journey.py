"""The kind `journey` against a real server, with its orders, its cleanup and its mistakes."""

from __future__ import annotations

import asyncio

import pytest

from techrun.errors import ConfigError
from techrun.journey.model import Journey
from techrun.model import Reason, Shop, Status
from techrun.probes import Scope, journey

BUY = {
    "journey": "buy",
    "steps": [
        {"step": "home", "get": "/", "expect": {"text": {"contains": "Acme"}}},
        {
            "step": "place-order",
            "post": "/orders",
            "json": {"sku": "7"},
            "effect": "order",
            "save": {"order_id": {"json": "$.id"}},
        },
        {"step": "history", "get": "/orders/${order_id}", "expect": {"text": {"contains": "paid"}}},
    ],
    "cleanup": [
        {
            "step": "cancel",
            "when": "${order_id}",
            "post": "/orders/${order_id}/cancel",
            "expect": {"text": {"contains": "cancelled"}},
        }
    ],
}


def at(port):
    """A check of this port, and the journeys it uses (tests/contracts tries bad servers on it)."""
    steps = [{"step": "home", "get": f"http://127.0.0.1:{port}/", "expect": {"text": {"contains": "Acme"}}}]
    return {"journey": "look"}, {"look": Journey.model_validate({"journey": "look", "steps": steps})}


def pages(**changed):
    working = {
        "GET /": (200, "Acme", {}),
        "POST /orders": (200, '{"id": "42"}', {}),
        "GET /orders/42": (200, "paid", {}),
        "POST /orders/42/cancel": (200, "cancelled", {}),
    }
    return working | {key.replace("_", " ", 1): page for key, page in changed.items()}


def prepare(url="http://shop.invalid", **keys):
    journeys = {"buy": Journey.model_validate(BUY)}
    return journey.prepare(journey.Spec(journey="buy", **keys), Scope(Shop("acme", url), journeys=journeys))


@pytest.fixture
def buy(site, make_run):
    """Runs the journey at a shop; keyword arguments are fields of `Run`."""

    async def run(pages, until=None, **settings):
        started = await site(pages)
        outcome = await journey.run(prepare(started.url, until=until), make_run(kind="journey", **settings))
        return outcome, [f"{method} {target}" for method, target, *_ in started.requests]

    return run


def test_what_the_engine_must_know_of_a_check_is_known_before_it_runs():
    check = prepare()
    assert check.step_names == ("home", "place-order", "history")
    assert check.places_orders
    assert check.cleanup_deadline == 20.0


def test_a_check_that_ends_before_the_order_places_none():
    check = prepare(until="home")
    assert check.step_names == ("home",)
    assert not check.places_orders


async def test_a_whole_journey_buys_and_takes_the_order_back(buy, ledger):
    outcome, requests = await buy(pages(), allow_orders=True)
    assert (outcome.status, outcome.message) == (Status.UP, "")
    assert requests == ["GET /", "POST /orders", "GET /orders/42", "POST /orders/42/cancel"]
    assert [(order.reference, order.state) for order in outcome.orders] == [("order_id=42", "cancelled")]
    assert ledger.begun == ["place-order"]
    assert ledger.settled == [outcome.orders]


async def test_without_leave_it_stops_before_the_order_and_says_so(buy, ledger):
    outcome, requests = await buy(pages())
    assert outcome.status is Status.UP
    assert "place-order" in outcome.not_run
    assert requests == ["GET /"]
    assert ledger.begun == []


async def test_until_ends_it(buy):
    outcome, requests = await buy(pages(), until="home", allow_orders=True)
    assert (outcome.status, requests) == (Status.UP, ["GET /"])


async def test_a_run_may_end_earlier_than_its_check(site, make_run):
    started = await site(pages())
    outcome = await journey.run(prepare(started.url), make_run(until="home", allow_orders=True))
    assert [step.name for step in outcome.steps] == ["home"]


@pytest.mark.parametrize(
    ("broken", "step", "order_failed"),
    [
        pytest.param({"GET_/": (500, "", {})}, "home", False, id="before the order"),
        pytest.param({"POST_/orders": (500, "", {})}, "place-order", True, id="the order"),
        pytest.param({"GET_/orders/42": (404, "", {})}, "history", True, id="after the order"),
    ],
)
async def test_only_another_order_can_confirm_what_fails_from_the_order_on(buy, broken, step, order_failed):
    outcome, _ = await buy(pages(**broken), allow_orders=True)
    assert (outcome.status, outcome.step, outcome.order_failed) == (Status.DOWN, step, order_failed)


async def test_an_order_whose_cancellation_fails_is_leaked_and_no_outage(buy):
    outcome, _ = await buy(pages(**{"POST_/orders/42/cancel": (500, "", {})}), allow_orders=True)
    assert outcome.status is Status.UP
    assert outcome.cleanup_failed
    assert [order.state for order in outcome.orders] == ["leaked"]


async def test_a_refused_order_is_unknown_for_order_cap(buy, ledger):
    ledger.refusal = "24 orders today"
    outcome, requests = await buy(pages(), allow_orders=True)
    assert (outcome.status, outcome.reason) == (Status.UNKNOWN, Reason.ORDER_CAP)
    assert "POST /orders" not in requests


async def test_a_spent_deadline_ends_the_steps_and_the_order_is_taken_back(buy):
    async def slow(body):
        await asyncio.sleep(9)

    outcome, requests = await buy(pages(**{"GET_/orders/42": slow}), deadline=0.4, allow_orders=True)
    assert (outcome.status, outcome.reason, outcome.step) == (Status.DOWN, Reason.TIMEOUT, "history")
    assert requests[-1] == "POST /orders/42/cancel"
    assert [order.state for order in outcome.orders] == ["cancelled"]


async def test_a_stop_interrupts_it_and_the_order_is_taken_back(site, make_run):
    reached = asyncio.Event()

    async def slow(body):
        reached.set()
        await asyncio.sleep(9)

    started = await site(pages(**{"GET_/orders/42": slow}))
    task = asyncio.create_task(journey.run(prepare(started.url), make_run(allow_orders=True)))
    await reached.wait()
    task.cancel()
    outcome = await task
    assert (outcome.status, outcome.reason) == (Status.UNKNOWN, Reason.INTERRUPTED)
    assert [order.state for order in outcome.orders] == ["cancelled"]


async def test_an_order_is_sent_once_to_a_server_that_hangs_up(site, make_run):
    """libcurl sends a request again on a connection that was kept alive and is closed without an answer."""
    taken = []

    async def hang_up(body):
        taken.append(body)
        raise ConnectionResetError

    started = await site(pages(**{"POST_/orders": hang_up}))
    outcome = await journey.run(prepare(started.url), make_run(allow_orders=True))
    assert outcome.status is Status.DOWN
    assert [order.state for order in outcome.orders] == ["unconfirmed"]
    assert len(taken) == 1


@pytest.mark.parametrize(
    ("keys", "what", "hint"),
    [
        pytest.param({"journey": "bye"}, 'no journey is named "bye"', 'did you mean "buy"?', id="journey"),
        pytest.param(
            {"journey": "buy", "until": "place-orders"},
            'no step is named "place-orders"',
            'did you mean "place-order"?',
            id="until",
        ),
    ],
)
def test_a_name_that_does_not_exist_is_refused(keys, what, hint):
    scope = Scope(Shop("acme", "http://shop.invalid"), journeys={"buy": Journey.model_validate(BUY)})
    with pytest.raises(ConfigError) as caught:
        journey.prepare(journey.Spec(**keys), scope)
    (problem,) = caught.value.problems
    assert (problem.what, problem.hint) == (what, hint)
