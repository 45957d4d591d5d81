"""Whom an entry of the calendar is about, and by whose clock it goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from techrun.config.calendar import Covered
from techrun.config.select import Selectable, covers
from techrun.config.settings import ShopSettings
from techrun.model import CheckId


@dataclass(frozen=True, slots=True)
class _AsAWhole:
    """A shop as something that can be selected, be it without checks."""

    id: CheckId
    client: str
    tags: tuple[str, ...] = ()


def is_about(entry: Covered, shop: ShopSettings) -> bool:
    """Whether the entry is about the shop or about one of its checks."""
    clients = (entry.client,) if entry.client else ()
    those: tuple[Selectable, ...] = (_AsAWhole(CheckId(shop.name, ""), shop.shop.client), *shop.checks)
    return any(covers(each, entry.select, clients, entry.tag) for each in those)


def clock_of(entry: Covered, shops: Iterable[ShopSettings]) -> str:
    """The time zone that the entry names, else that of the one shop that it is about, else UTC."""
    if entry.timezone:
        return entry.timezone
    zones = [shop.timezone for shop in shops if is_about(entry, shop)]
    return zones[0] if len(zones) == 1 else "UTC"
