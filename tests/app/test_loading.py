"""What the rest of techrun is told of a check that is ready to run."""

from __future__ import annotations

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
