"""What the configuration says, told to people and editors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from techrun.app.loading import Loaded, spec_types
from techrun.config.effective import Row, load_rows, rows
from techrun.config.schema import schema as config_schema
from techrun.config.select import select
from techrun.journey.model import DOCUMENTS
from techrun.language.durations import show as duration


def schema() -> dict[str, Any]:
    """The JSON Schema of all files of the configuration."""
    return config_schema(spec_types(), DOCUMENTS)


def summary(loaded: Loaded) -> str:
    """What there is, in a few lines."""
    lines = [
        f"The configuration is right: {_count(len(loaded.shops), 'shop')}, {_count(len(loaded.checks), 'check')}."
    ]
    for shop in loaded.shops:
        checks = [check for check in loaded.checks if check.id.shop == shop.name]
        kinds = ", ".join(
            f"{number} {kind}" for kind, number in sorted(Counter(check.kind for check in checks).items())
        )
        orders = sum(86400 / check.every for check in checks if check.places_orders)
        lines.append(
            f"  {shop.name}  {shop.url}  {kinds or 'no checks'}{_orders(orders, shop.orders_per_day)}"
        )
    return "\n".join(lines)


def _orders(planned: float, cap: int) -> str:
    return f", about {planned:.0f} test orders a day (at most {cap})" if planned else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def effective(loaded: Loaded, selector: str) -> Iterator[tuple[str, list[Row]]]:
    """For each check that is meant its name, and its settings with where each comes from; then the load tests."""
    by_id = {check.id: check for check in loaded.settings.checks}
    meant = select(loaded.checks, [selector])
    for check in meant:
        yield f"{check.id}  (every {duration(check.every)})", rows(loaded.settings, by_id[check.id])
    for shop in loaded.settings.shops:
        told = load_rows(loaded.settings, shop)
        if told and any(check.id.shop == shop.name for check in meant):
            yield f"{shop.name}  (load tests)", told
