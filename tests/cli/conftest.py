"""Results made by hand, for what the command line shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from techrun.model import (
    Check,
    CheckId,
    ExchangeRecord,
    Finding,
    Outcome,
    Phases,
    Reason,
    Result,
    Status,
    Step,
)


@pytest.fixture
def make_result() -> Callable[..., Result]:
    def make(name: str = "home", status: Status = Status.UP, **outcome: object) -> Result:
        check = Check(CheckId("acme-es", name), "http", every=60, deadline=30)
        return Result(
            check, Outcome(status, **outcome), "run1", started=1_700_000_000.0, duration=0.5, lateness=0.0
        )  # type: ignore[arg-type]

    return make


@pytest.fixture
def failed_payment(make_result: Callable[..., Result]) -> Result:
    """A checkout that fails at its payment step."""
    exchange = ExchangeRecord(
        "POST",
        "https://shop.example/pay?a=1&b=2",
        (("accept", "text/html"), ("host", "shop.example"), ("x-note", "it's")),
        "card=***",
        502,
        (("server", "nginx"),),
        "<h1>Bad gateway</h1>",
        Phases(0.001, 0.002, 0.003, 0.2, 0.01),
        0.216,
        "192.0.2.1",
    )
    finding = Finding(Reason.STATUS, "expected 200, got 502")
    steps = (
        Step("home", Status.UP, duration=0.1, phases=Phases(processing=0.09, transfer=0.01), http_status=200),
        Step(
            "payment",
            Status.DOWN,
            Reason.STATUS,
            "expected 200, got 502",
            0.216,
            exchange.phases,
            (finding,),
            502,
            exchanges=(exchange,),
        ),
    )
    return make_result(
        "checkout",
        Status.DOWN,
        reason=Reason.STATUS,
        message="expected 200, got 502",
        step="payment",
        steps=steps,
    )
