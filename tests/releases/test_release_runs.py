"""What one run of a check says of the shop, in smoke as in the bake."""

from __future__ import annotations

import pytest

from techrun.model import Check, CheckId, Outcome, Status, Step
from techrun.releases.runs import at_step, told_by


@pytest.mark.parametrize(
    ("steps", "skipped", "expected"),
    [(("home",), (True,), Status.UNKNOWN), (("home", "cart"), (False, True), Status.UP), ((), (), Status.UP)],
    ids=["every step skipped", "one step taken", "a kind without steps"],
)
def test_a_green_run_without_a_step_says_nothing_of_the_shop(steps, skipped, expected) -> None:
    check = Check(CheckId("acme", "buy"), "journey", every=60.0, deadline=2.0, steps=steps)
    taken = tuple(Step(name, Status.UP, skipped=left) for name, left in zip(steps, skipped, strict=True))
    status, message = told_by(check, Outcome(Status.UP, steps=taken))
    assert status is expected
    assert ("ran no step" in message) is (expected is Status.UNKNOWN)


@pytest.mark.parametrize(
    ("step", "message", "text"),
    [("payment", "HTTP 500", "payment: HTTP 500"), ("", "HTTP 500", "HTTP 500"), ("payment", "", "payment")],
)
def test_a_failure_is_told_with_its_step(step, message, text) -> None:
    assert at_step(step, message) == text
