"""Rules 8 and 9: orders are placed once and taken back; cleanup always runs and has its own verdict."""

import pytest

from techrun.exchange import Failure, Interrupted, Wait
from techrun.model import Order, Reason

BUY = """
steps:
  - {step: cart, get: /cart, save: {cart: {css: h1}}}
  - {step: order, post: /order, effect: order, save: {order_id: {json: $.id}}}
  - {step: thanks, get: /thanks, expect: {text: {contains: Thank}}}
cleanup:
  - {step: cancel, as: admin, when: "${order_id}", post: "/orders/${order_id}/cancel", expect: {status: 200}}
  - {step: check, as: admin, when: "${order_id}", get: "/orders/${order_id}", expect: {json: {$.state: cancelled}}}
"""
CART = "<h1>c1</h1>"


def shop_that(shop, **changes):
    """A shop where all is well but for these steps."""
    fine = {
        "cart": shop.page(CART),
        "order": shop.data({"id": 1042}),
        "thanks": shop.page("Thank you"),
        "cancel": shop.data({}),
        "check": shop.data({"state": "cancelled"}),
    }
    return lambda request: {**fine, **changes}[request.step]


def test_an_order_is_placed_and_taken_back(shop):
    played = shop.play(shop.compiled(BUY), shop_that(shop), allow_orders=True)
    assert [(request.step, request.places_order, request.cleanup) for request in played.requests] == [
        ("cart", False, False), ("order", True, False), ("thanks", False, False), ("cancel", False, True), ("check", False, True),
    ]  # fmt: skip
    outcome = played.outcome
    assert (outcome.status, outcome.cleanup_failed) == ("up", False)
    assert outcome.orders == (Order("order", "order_id=1042", "cancelled"),)


def test_without_leave_the_run_ends_before_the_order_and_says_so(shop):
    played = shop.play(shop.compiled(BUY), shop_that(shop))
    assert [request.step for request in played.requests] == ["cart"]
    assert (played.outcome.status, played.outcome.orders) == ("up", ())
    assert played.outcome.not_run == "stopped before order: this run places no orders"
    assert [step.skipped for step in played.outcome.cleanup] == [True, True]


TIMEOUT = Failure(Reason.TIMEOUT, "no answer within 15 s")


@pytest.mark.parametrize(
    ("changes", "step", "state", "cleanup_failed"),
    [
        pytest.param({"order": TIMEOUT}, "order", "unconfirmed", False, id="no answer"),
        pytest.param({"order": "500"}, "order", "unconfirmed", False, id="error without a number"),
        pytest.param({"order": "500+id"}, "order", "cancelled", False, id="error with a number"),
        pytest.param(
            {"order": "402+id"}, "order", "unconfirmed", False, id="refused, and what it says is no number"
        ),
        pytest.param({"thanks": "500"}, "thanks", "cancelled", False, id="a later step fails"),
        pytest.param({"cancel": "500"}, "", "leaked", True, id="cancel fails"),
        pytest.param({"check": "open"}, "", "leaked", True, id="cancel does nothing"),
        pytest.param(
            {"order": "500+id", "cancel": "500"}, "order", "leaked", True, id="error, and cancel fails"
        ),
        pytest.param({"order": "307"}, "order", "unconfirmed", False, id="asked to send it again"),
    ],
)
def test_what_becomes_of_an_order(shop, changes, step, state, cleanup_failed):
    answers = {
        "500": shop.page(status=500),
        "500+id": shop.data({"id": 7}, 500),
        "402+id": shop.data({"id": "declined"}, 402),
        "open": shop.data({"state": "open"}),
        "307": shop.redirect("/order", 307),
    }
    changes = {
        name: answers.get(answer, answer) if isinstance(answer, str) else answer
        for name, answer in changes.items()
    }
    outcome = shop.play(shop.compiled(BUY), shop_that(shop, **changes), allow_orders=True).outcome
    assert outcome.step == step
    assert [order.state for order in outcome.orders] == [state]
    assert outcome.cleanup_failed is cleanup_failed
    assert outcome.order_failed is (step == "order")


def test_a_cleanup_that_fails_is_no_outage(shop):
    outcome = shop.play(
        shop.compiled(BUY), shop_that(shop, cancel=shop.page(status=500)), allow_orders=True
    ).outcome
    assert (outcome.status, outcome.reason, outcome.cleanup_failed) == ("up", None, True)
    assert [(step.name, step.status) for step in outcome.cleanup] == [("cancel", "down"), ("check", "up")]


@pytest.mark.parametrize(
    "reason", [Reason.DNS, Reason.CONNECT, Reason.TLS, Reason.FORBIDDEN, Reason.ORDER_CAP]
)
def test_an_order_that_never_went_out_is_none(shop, reason):
    outcome = shop.play(
        shop.compiled(BUY), shop_that(shop, order=Failure(reason, "why")), allow_orders=True
    ).outcome
    assert outcome.orders == ()


def test_a_spent_cap_cannot_tell_and_says_why(shop):
    refusal = Failure(Reason.ORDER_CAP, "24 of 24 orders today")
    outcome = shop.play(shop.compiled(BUY), shop_that(shop, order=refusal), allow_orders=True).outcome
    assert (outcome.status, outcome.reason) == ("unknown", "order_cap")
    assert outcome.not_run == "stopped at order: 24 of 24 orders today"
    assert [step.status for step in outcome.steps] == ["up", "unknown"]


def test_an_order_is_never_sent_again_by_a_redirect(shop):
    played = shop.play(
        shop.compiled(BUY), shop_that(shop, order=shop.redirect("/order2", 308)), allow_orders=True
    )
    assert [request.url for request in played.requests if request.step == "order"] == [
        "https://shop.example/order"
    ]
    assert played.outcome.reason == "redirect"
    assert "send the order again" in played.outcome.message


def test_the_page_after_an_order_is_no_order(shop):
    plan = shop.compiled("steps: [{step: order, post: /o, effect: order, expect: {text: {contains: Thank}}}]")
    played = shop.play(plan, [shop.redirect("/thanks", 302), shop.page("Thank you")], allow_orders=True)
    assert [request.places_order for request in played.requests] == [True, False]


def test_an_order_without_cleanup_leaks(shop):
    plan = shop.compiled("steps: [{step: order, post: /o, effect: order, save: {id: {json: $.id}}}]")
    outcome = shop.play(plan, [shop.data({"id": 1})], allow_orders=True).outcome
    assert outcome.orders == (Order("order", "id=1", "leaked"),)


LOGOUT = """
steps: [{step: order, post: /order, effect: order, save: {order_id: {json: $.id}}}]
cleanup:
  - {step: cancel, when: "${order_id}", post: "/cancel/${order_id}", expect: {status: 200}}
  - {step: logout, post: /logout, expect: {status: 200}}
"""


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        pytest.param({"order": 500}, "unconfirmed", id="a logout takes no order back"),
        pytest.param({"logout": 500}, "cancelled", id="a logout that fails leaks no order"),
        pytest.param({"cancel": 500}, "leaked", id="cancel fails"),
    ],
)
def test_the_cleanup_steps_that_name_the_order_decide(shop, answers, state):
    def answer(request):
        return shop.data(
            {"id": 5} if request.step == "order" and "order" not in answers else {},
            answers.get(request.step, 200),
        )

    outcome = shop.play(shop.compiled(LOGOUT), answer, allow_orders=True).outcome
    assert outcome.orders[0].state == state


BY_CART = """
steps:
  - {step: cart, post: /cart, save: {cart: {json: $.id}}}
  - {step: order, post: /order, effect: order, expect: {json: {$.ok: true}}}
cleanup: [{step: cancel, post: "/cancel/${cart}", expect: {status: 200}}]
"""


@pytest.mark.parametrize(("ok", "state"), [(True, "cancelled"), (False, "cancelled")])
def test_an_order_may_be_taken_back_by_something_else_than_its_number(shop, ok, state):
    plan = shop.compiled(BY_CART)
    outcome = shop.play(plan, lambda request: shop.data({"id": "c", "ok": ok}), allow_orders=True).outcome
    assert outcome.orders[0].state == state


def interrupted_at(shop, step, reason=Reason.TIMEOUT):
    """A well shop; the driver interrupts at the first exchange of this step."""
    fine = shop_that(shop)
    thrown = []

    def answer(asked):
        name = getattr(asked, "step", "")
        if name == step and not thrown:
            thrown.append(asked)
            return Interrupted(reason, "the deadline of 30 s is spent")
        return None if isinstance(asked, Wait) else fine(asked)

    return answer


@pytest.mark.parametrize(("reason", "status"), [(Reason.TIMEOUT, "down"), (Reason.INTERRUPTED, "unknown")])
@pytest.mark.parametrize("step", ["cart", "order", "thanks"])
def test_an_interruption_ends_the_steps_and_cleanup_runs(shop, step, reason, status):
    played = shop.play(shop.compiled(BUY), interrupted_at(shop, step, reason), allow_orders=True)
    outcome = played.outcome
    assert (outcome.status, outcome.reason, outcome.step) == (status, reason, step)
    assert [each.name for each in outcome.cleanup] == ["cancel", "check"]
    states = [order.state for order in outcome.orders]
    assert states == {"cart": [], "order": ["unconfirmed"], "thanks": ["cancelled"]}[step]


def test_an_interruption_during_cleanup_ends_it_with_its_own_verdict(shop):
    played = shop.play(shop.compiled(BUY), interrupted_at(shop, "cancel"), allow_orders=True)
    outcome = played.outcome
    assert (outcome.status, outcome.cleanup_failed) == ("up", True)
    assert [(step.name, step.reason) for step in outcome.cleanup] == [("cancel", "timeout")]
    assert outcome.orders[0].state == "leaked"


def test_an_interruption_while_waiting_ends_the_steps(shop):
    plan = shop.compiled("""
    steps: [{step: a, get: /, expect: {status: 200}}, {step: pause, wait: 2s}]
    cleanup: [{step: bye, get: /bye, expect: {status: 200}}]
    """)

    def answer(asked):
        return Interrupted(Reason.TIMEOUT, "spent") if isinstance(asked, Wait) else shop.page()

    played = shop.play(plan, answer)
    assert (played.outcome.step, played.outcome.reason) == ("pause", "timeout")
    assert played.requests[-1].step == "bye"


def test_cleanup_goes_on_after_a_step_that_fails(shop):
    plan = shop.compiled("""
    steps: [{step: a, when: false, get: /, save: {token: {css: h1}}}]
    cleanup:
      - {step: b, get: "/${token}", expect: {status: 200}}
      - {step: c, get: /c, expect: {status: 200}}
    """)
    played = shop.play(plan, [shop.page()])
    assert [(step.name, step.reason) for step in played.outcome.cleanup] == [("b", "extraction"), ("c", None)]
    assert "${token} is unknown" in played.step("b").message


def test_closing_the_generator_at_any_point_is_quiet(shop):
    from random import Random

    from techrun.journey.engine import Context, Options, run
    from techrun.redact import Redactor

    for exchanges in range(4):
        journey = run(
            shop.compiled(BUY), Options(allow_orders=True), Context("r", lambda: 0.0, Random(1), Redactor())
        )
        asked = next(journey)
        for _ in range(exchanges):
            asked = journey.send(shop_that(shop)(asked))
        journey.close()
