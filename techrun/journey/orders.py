"""What becomes of the test orders of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from techrun.exchange import Failure
from techrun.journey.plan import PlannedStep
from techrun.journey.record import Log
from techrun.language.scalars import text_of
from techrun.model import Finding, Order, OrderState, Reason

_NEVER_SENT = frozenset({Reason.DNS, Reason.CONNECT, Reason.TLS, Reason.FORBIDDEN, Reason.ORDER_CAP})
"""Failures before the request was on its way: the shop has no order."""


def went_out(log: Log) -> bool:
    """Whether the shop may have an order of this step; one that was interrupted may be there."""
    if log.asked is not None and log.asked.places_order:
        return True
    return any(
        request.places_order and not (isinstance(answer, Failure) and answer.reason in _NEVER_SENT)
        for request, answer in log.exchanges
    )


@dataclass(slots=True)
class Placed:
    """An order whose request went out."""

    step: PlannedStep
    confirmed: bool
    """The step passed: the shop said that it has the order."""
    saved: Mapping[str, Any]
    """What that step saved: how the order is named."""

    def settle(self, cleanup: Sequence[Report]) -> Order:
        """What became of it. An order that the shop named stands there until it is taken back."""
        reference = ", ".join(f"{name}={text_of(value)}" for name, value in self.saved.items())
        state: OrderState = "leaked" if self.confirmed or self.saved else "unconfirmed"
        return Order(self.step.name, reference, "cancelled" if self._taken_back(cleanup) else state)

    def _taken_back(self, cleanup: Sequence[Report]) -> bool:
        """Whether the cleanup steps about this order ran and none of them failed.

        A step is about it if it names what the order step saves. Where none does (it cancels by cart or
        e-mail), all of the cleanup must have run.
        """
        names = {saving.name for saving in self.step.saves}
        about = [report for report in cleanup if names & report.step.needs]
        ran = [report for report in about or cleanup if not report.skipped]
        complete = bool(ran) if about else bool(ran) and len(ran) == len(cleanup)
        return complete and all(report.failure is None for report in ran)


class Report(Protocol):
    """What is asked of a cleanup step here."""

    step: PlannedStep
    skipped: bool

    @property
    def failure(self) -> Finding | None:
        """What made it fail."""
