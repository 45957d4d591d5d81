"""What the rest of techrun is told of a check that is ready to run."""

from __future__ import annotations

import pytest

from techrun.app.loading import load
from techrun.config.files import shipped_checks


def test_only_journeys_have_steps_by_name() -> None:
    """The one step of an `http` check is no step of a journey: nothing selects it, no metric is its own."""
    checks = load(shipped_checks() / "demo").checks
    assert {check.kind for check in checks if check.steps} == {"journey"}


def test_a_journey_that_ends_before_its_order_places_none() -> None:
    checks = {check.id.name: check for check in load(shipped_checks() / "demo").checks}
    assert checks["order"].places_orders
    assert not checks["checkout"].places_orders
    assert checks["checkout"].steps[-1] == "payment"
    assert checks["checkout"].cleanup_deadline == checks["order"].cleanup_deadline == 10
    assert checks["browse"].cleanup_deadline == 0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("", 10), (", timeout: 20s", 30), (", budget: {fail: 15s}", 30), (", budget: {fail: 4s}", 10)],
    ids=["as usual", "a patient time-out", "a patient budget", "an impatient budget"],
)
def test_an_answer_gets_ten_seconds_unless_its_check_allows_more(tmp_path, said, seconds) -> None:
    file = tmp_path / "techrun.yaml"
    expect = "expect: {text: {contains: x}}"
    file.write_text(
        f"version: 1\nshop: a\nurl: https://a.example\nchecks: [{{name: home, http: /, {expect}{said}}}]\n"
    )
    (check,) = load(file).checks
    assert check.deadline == seconds
