"""What a shop earns, as it says itself, and what an outage costs. No I/O."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Impact:
    """What an hour without orders costs a shop."""

    orders_per_hour: tuple[float, ...]
    """One number for the average hour, or 168: by hour of the week from Monday 0:00, by the shop's clock."""
    average_order: float
    currency: str


@dataclass(frozen=True, slots=True)
class Cost:
    """Money, as a range: nobody knows it better."""

    low: float
    high: float
    currency: str
    method: str
    """How it was reckoned, in words."""
