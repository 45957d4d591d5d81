"""What becomes of the test orders of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from techrun.exchange import Failure
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

    step: str
    confirmed: bool
    """The step passed: the shop said that it has the order."""
    saved: Mapping[str, Any]
    """What that step saved: how the order is named."""

    @property
    def reference(self) -> str:
        """The order as the shop names it (`order_id=1000042`)."""
        return ", ".join(f"{name}={text_of(value)}" for name, value in self.saved.items())


@dataclass(slots=True)
class Orders:
    """The orders of one run, in the order they were placed."""

    placed: list[Placed] = field(default_factory=list)

    def settle(self, cleanup: Sequence[Report]) -> tuple[Order, ...]:
        """What became of each: taken back where some cleanup ran and none of it failed."""
        ran = [report for report in cleanup if not report.skipped]
        taken_back = bool(ran) and all(report.failure is None for report in ran)
        return tuple(
            Order(order.step, order.reference, _state(order, taken_back=taken_back)) for order in self.placed
        )


class Report(Protocol):
    """What is asked of a cleanup step here."""

    skipped: bool

    @property
    def failure(self) -> Finding | None:
        """What made it fail."""


def _state(order: Placed, *, taken_back: bool) -> OrderState:
    """An order that the shop named stands there until it is taken back; of another one nothing is known."""
    if taken_back:
        return "cancelled"
    return "leaked" if order.confirmed or order.saved else "unconfirmed"
