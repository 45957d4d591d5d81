"""What a shop earns, as it says itself. No I/O."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Impact:
    """What an hour without orders costs a shop."""

    orders_per_hour: tuple[float, ...]
    """One number for the average hour, or 168: by hour of the week from Monday 0:00, by the shop's clock."""
    average_order: float
    currency: str
