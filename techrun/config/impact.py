"""How many orders a shop gets, as it is written: one number, or by the hour of the day or of the week."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from techrun.config.moments import WEEK, days_of
from techrun.config.values import split_money
from techrun.config.words import listed, quoted
from techrun.impact import Impact

DAY = 24
_HINT = "write one number, or 24 of them (by the hour of the day), or 168 (of the week, from Monday 0:00)"


def impact_of(orders_per_hour: tuple[float, ...], average_order: str) -> Impact:
    """The record of what was written."""
    amount, currency = split_money(average_order)
    return Impact(orders_per_hour, amount, currency)


def _orders(value: Any) -> Any:
    """One number, or 168 of them."""
    if isinstance(value, Mapping):
        return _by_day(value)
    if isinstance(value, list):
        if len(value) == DAY:
            return value * len(WEEK)
        if len(value) != DAY * len(WEEK):
            raise ValueError(f"{len(value)} numbers are neither the hours of a day nor of a week", _HINT)
        return value
    return (value,)


def _by_day(value: Mapping[str, Any]) -> list[Any]:
    """The hours of the week from lists for `mon-fri`, `sat`, `sun`."""
    hours: dict[int, list[Any]] = {}
    for written, numbers in value.items():
        if not isinstance(numbers, list) or len(numbers) != DAY:
            raise ValueError(f"{quoted(written)} does not have {DAY} numbers", "write one for each hour")
        for day in days_of(written):
            if day in hours:
                raise ValueError(f"{WEEK[day]} is there twice", "name each day of the week once")
            hours[day] = numbers
    missing = [name for day, name in enumerate(WEEK) if day not in hours]
    if missing:
        what = f"{listed(missing).replace(' or ', ' and ')} {'is' if len(missing) == 1 else 'are'} missing"
        raise ValueError(what, "name each day of the week once")
    return [number for day in range(len(WEEK)) for number in hours[day]]


_NUMBERS = {"type": "array", "items": {"type": "number", "minimum": 0}}
OrdersPerHour = Annotated[
    tuple[Annotated[float, Field(ge=0)], ...],
    BeforeValidator(_orders),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, _NUMBERS, {"type": "object", "additionalProperties": _NUMBERS}]}
    ),
]
"""One number for the average hour, or 168: by the hour of the week from Monday 0:00."""
