"""JourneyUser under plain `locust -f`, against the demo shop: what works there, and what is told when it breaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

from techrun.config.files import shipped_checks
from techrun.demo.server import DemoShop, set_fault

SCENARIO = """
    import json, os
    from locust import between, events
    from techrun.load import JourneyUser, Scenario

    scenario = Scenario(rate="6/s", ramp="0s", warm_up="0s", measure="2s", drain="{drain}", allow_orders={orders})
    told = {{"steps": [], "users": []}}

    class Guest(JourneyUser):
        journey = "guest-checkout"
        wait_time = between(0, 0.05)

        def on_start(self):
            told["users"].append([self.insecure, self.client.client.cookiejar is None])

    class Business(JourneyUser):
        journey = "business-customer"
        until = "reorder"

    @events.request.add_listener
    def step(request_type, name, response_time, exception, **_):
        told["steps"].append([request_type, name, str(exception or "")])

    @events.quitting.add_listener
    def tell(**_):
        with open(os.environ["TOLD"], "w") as file:
            json.dump(told, file)
"""
GUEST = [
    "product",
    "add-to-cart",
    "coupon",
    "article",
    "checkout",
    "address",
    "shipping",
    "payment",
    "place-order",
    "track-order",
]
BUSINESS = [
    "login-page",
    "login",
    "contract-price",
    "quote",
    "quotes",
    "history",
    "order",
    "invoice",
    "reorder",
]


@pytest.fixture(scope="module")
def demo():
    with DemoShop() as shop:
        yield shop


@pytest.fixture
def load(demo, tmp_path):
    """Load the demo shop for two seconds, with this fault switched on."""

    def run(fault="", *, drain="10s", orders=True):
        (tmp_path / "scenario.py").write_text(textwrap.dedent(SCENARIO.format(drain=drain, orders=orders)))
        environ = {
            **os.environ,
            "TECHRUN_CONFIG": str(shipped_checks() / "demo" / "techrun.yaml"),
            "TECHRUN_DEMO_URL": demo.url,
            "TECHRUN_DEMO_PHONE": f"{demo.url.removeprefix('http://')}/_phone",
            "TOLD": str(tmp_path / "told.json"),
        }
        if fault:
            set_fault(demo.url, fault, on=True)
        try:
            command = [sys.executable, "-m", "locust", "-f", "scenario.py", "--headless", "--only-summary"]
            made = subprocess.run(
                command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False
            )
        finally:
            if fault:
                set_fault(demo.url, fault, on=False)
        told = json.loads((tmp_path / "told.json").read_text())
        return SimpleNamespace(code=made.returncode, output=made.stdout + made.stderr, **told)

    return run


def test_guests_and_business_customers_walk_their_journeys_with_every_answer_checked(load):
    made = load()
    assert [step for step in made.steps if step[2]] == [], made.output
    names = {name for _, name, _ in made.steps}
    assert set(GUEST) <= names
    assert set(BUSINESS) <= names | {"login-page"}
    assert {tuple(user) for user in made.users} == {(False, True)}
    counts = {name: [step[1] for step in made.steps].count(name) for name in GUEST}
    assert len(set(counts.values())) == 1, counts


def test_a_visit_stops_before_an_order_that_the_scenario_does_not_allow(load):
    made = load(orders=False)
    names = {name for _, name, _ in made.steps}
    assert "payment" in names
    assert "place-order" not in names
    assert [step for step in made.steps if step[2]] == []


@pytest.mark.parametrize(
    ("fault", "step", "words"),
    [
        ("unavailable", "article", "status 503"),
        ("captcha", "checkout", "blocked"),
        ("product-hangs", "product", "timeout"),
        ("cart-loop", "add-to-cart", "redirect"),
    ],
)
def test_a_broken_shop_fails_at_the_step_and_for_the_reason_that_the_probes_tell(load, fault, step, words):
    made = load(fault, drain="1s", orders=False)
    failed = {(name, exception) for _, name, exception in made.steps if exception and name in GUEST}
    assert (step, words) in failed, made.output
    assert made.code != 0, made.output
