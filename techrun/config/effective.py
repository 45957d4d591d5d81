"""The effective settings of one check: each value, and the file and line it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from techrun.config.load import as_plain
from techrun.config.settings import DEFAULT, CheckSettings, Settings, ShopSettings
from techrun.config.tree import Written, entries
from techrun.errors import Place
from techrun.language.definition import Path
from techrun.language.durations import show as duration
from techrun.language.scalars import text_of


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: its value as it is written in YAML, without secrets, and where it comes from."""

    key: str
    value: str
    source: str


def rows(settings: Settings, check: CheckSettings) -> list[Row]:
    """Every setting of a check, in the order in which they are best read."""
    shop = next(shop for shop in settings.shops if shop.name == check.id.shop)
    told = [*_of_shop(shop, check), *_of_check(check)]
    return [
        Row(
            key,
            settings.redactor(_written(value)),
            "default" if place is DEFAULT else f"{place.file}:{place.line}",
        )
        for key, value, place in told
        if value not in (None, (), "")
    ]


def load_rows(settings: Settings, shop: ShopSettings) -> list[Row]:
    """What a shop says of load tests, each with its place; nothing where it says nothing."""
    origin = shop.load.origin
    return [
        Row(".".join(map(str, path)), settings.redactor(_written(value)), f"{place.file}:{place.line}")
        for path, value in _flat(as_plain(shop.load), ())
        for place in [origin.place(path)]
    ]


def _flat(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Each setting with its path; a criterion is one setting."""
    if isinstance(value, dict) and (not path or path[-2:-1] != ("criteria",)):
        for key, item in value.items():
            yield from _flat(item, (*path, key))
    elif isinstance(value, list) and path[-1:] == ("criteria",):
        for index, item in enumerate(value):
            yield from _flat(item, (*path, index))
    else:
        yield path, value


def _of_shop(shop: ShopSettings, check: CheckSettings) -> Iterator[tuple[str, Any, Place]]:
    known = {
        "url": shop.shop.url,
        "client": shop.shop.client,
        "env": shop.shop.env,
        "locale": shop.locale,
        "timezone": shop.timezone,
        "owner": shop.shop.owner,
        "runbook": "" if check.runbook else shop.shop.runbook,
    }
    for key, value in known.items():
        yield key, value, _place(shop.origin, key)


def _of_check(check: CheckSettings) -> Iterator[tuple[str, Any, Place]]:
    spec = check.spec.model_dump(by_alias=True, exclude_unset=True)
    for key, value in spec.items():
        yield key, value, _place(check.origin, key)
    confirmation = check.confirmation
    told = {
        "every": duration(check.every),
        "deadline": duration(check.deadline),
        "severity": check.severity,
        "notify": check.notify,
        "depends_on": check.depends_on,
        "symptom": check.symptom,
        "runbook": check.runbook,
        "slo": f"{check.slo * 100:.6g}%" if check.slo else None,
        "tags": check.tags,
        "confirmation.fail_after": confirmation.fail_after,
        "confirmation.recover_after": confirmation.recover_after,
        "confirmation.delays": tuple(map(duration, confirmation.delays)),
        **{f"labels.{name}": value for name, value in check.labels.items()},
    }
    for key, value in told.items():
        yield key, value, check.sources.get(key, check.sources.get(key.partition(".")[0], DEFAULT))


def _place(origin: Written | None, key: str) -> Place:
    """Where a key is written; a key that nobody wrote has its default."""
    return origin.place((key,)) if origin is not None and key in entries(origin.node) else DEFAULT


def _written(value: Any) -> str:
    if isinstance(value, tuple | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return text_of(value)
