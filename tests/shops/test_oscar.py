"""A real shop, django-oscar under gunicorn: customers buy, and each of its faults is found where it is."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path

import pytest

from techrun.app.loading import Loaded, load
from techrun.app.once import Wish, run_checks
from techrun.model import Outcome, Reason, Status

CONFIG = Path(__file__).parent / "oscar"
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def loaded(oscar, tmp_path) -> Loaded:
    return load(CONFIG, {**os.environ, "OSCAR_URL": oscar.url, "OSCAR_STORE": str(tmp_path / "oscar.db")})


def outcome(loaded: Loaded, name: str, **wish: object) -> Outcome:
    checks = [check for check in loaded.checks if check.id.name == name]
    (result,) = run_checks(loaded, checks, Wish(**wish))  # type: ignore[arg-type]
    return result.outcome


@pytest.mark.parametrize("name", ["checkout", "reorder"], ids=["a guest", "a business customer"])
def test_a_customer_buys_and_the_order_is_taken_back(loaded, name) -> None:
    found = outcome(loaded, name, allow_orders=True)
    assert (found.status, found.message) == (Status.UP, "")
    assert [order.state for order in found.orders] == ["cancelled"]
    assert found.orders[0].reference.startswith("order=1")
    assert not found.cleanup_failed


def test_without_leave_to_order_a_journey_ends_before_it(loaded) -> None:
    found = outcome(loaded, "checkout")
    assert found.status is Status.UP
    assert found.steps[-1].name == "pay/payment"
    assert "place-order" in found.not_run
    assert found.orders == ()


FAULTS = [
    ("stock-zero", "checkout", False, "shop/product", Reason.EXPECTATION, "In stock"),
    ("article-hidden", "checkout", False, "shop/search", Reason.EXTRACTION, "product_pod"),
    ("product-template-broken", "checkout", False, "shop/product", Reason.STATUS, "500"),
    ("add-ignored", "checkout", False, "shop/add-to-basket", Reason.EXPECTATION, "has been added"),
    ("basket-blank", "checkout", False, "shop/basket", Reason.EXPECTATION, "#basket_formset"),
    ("slow-product", "checkout", False, "shop/product", Reason.BUDGET, "2.5s"),
    ("sold-out-in-basket", "checkout", False, "guest", Reason.EXPECTATION, "no longer available"),
    (
        "shipping-lost",
        "checkout",
        False,
        "shipping-address",
        Reason.EXPECTATION,
        "/checkout/shipping-address/",
    ),
    ("payment-declined", "checkout", True, "pay/place-order", Reason.EXTRACTION, "declined"),
    ("payment-down", "reorder", True, "pay/place-order", Reason.EXTRACTION, "problem occurred"),
]


@pytest.mark.parametrize(
    ("fault", "check", "orders", "step", "reason", "words"),
    FAULTS,
    ids=[f"{row[0]}-{row[1]}" for row in FAULTS],
)
def test_a_fault_is_found_at_its_step_and_for_its_reason(
    oscar, loaded, fault, check, orders, step, reason, words
) -> None:
    with oscar.broken(fault):
        found = outcome(loaded, check, allow_orders=orders)
    assert (found.status, found.step, found.reason) == (Status.DOWN, step, reason), found.message
    assert words in found.message


def test_a_release_is_told_by_the_shop_itself(oscar) -> None:
    oscar.deploy("v801", "0801bbb")
    with urllib.request.urlopen(f"{oscar.url}/release.json", timeout=20) as answer:
        assert json.load(answer) == {"version": "v801", "commit": "0801bbb"}


def test_a_frozen_shop_is_a_timeout(oscar, loaded) -> None:
    with oscar.frozen():
        found = outcome(loaded, "home")
    assert (found.status, found.reason) == (Status.DOWN, Reason.TIMEOUT)
