"""A shop's file without its checks: who it is, and what its templates may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from techrun.config.explain import fields_of
from techrun.config.impact import impact_of
from techrun.config.models import MainFile, PackFile, ShopFile
from techrun.config.releases import LATER
from techrun.config.templates import Names, fill
from techrun.config.tree import Map, Written, plain
from techrun.config.understand import salvage
from techrun.config.values import split_url
from techrun.config.words import expected, quoted
from techrun.errors import Problem
from techrun.model import Shop

STAND_INS = {"shop": "unnamed", "url": "https://shop.invalid"}
SHARED_KEYS = frozenset({"version", "defaults", "owner"})
"""Keys of a shop's file and of the main file alike; a file that is both says with `owner: {name, notify}`
who answers for the shop, and for techrun too."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was read."""

    file: PackFile
    origin: Written


@dataclass(frozen=True, slots=True)
class Packs:
    """The packs that were read, and the names of those that ship."""

    read: Mapping[str, Pack]
    shipped: Sequence[str]
    complete: bool
    """Every file could be read: a pack that is not here is not anywhere."""


@dataclass(slots=True)
class Header:
    """A shop's file, its packs and names; `whole` is false where something of it is broken."""

    file: ShopFile
    origin: Written
    whole: bool
    names: Names
    packs: list[Pack] = field(default_factory=list)


def main_keys() -> list[str]:
    """The keys that only the main file has."""
    return [key for key in fields_of(MainFile) if key not in SHARED_KEYS]


def read_header(origin: Written, names: Names, problems: list[Problem], *, single: bool) -> Header | None:
    """A shop's file; `single`: it is the main file as well and has its keys too."""
    if not isinstance(origin.node, Map):
        return None
    also = main_keys() if single else []
    written = {key: node for key, node in origin.node.entries.items() if key != "checks" and key not in also}
    value = {key: plain(node) for key, node in written.items()}
    if single and isinstance(value.get("owner"), dict):
        name = value.pop("owner").get("name")
        value |= {"owner": name} if isinstance(name, str) else {}
    known = replace(names, later=LATER)
    file, whole = salvage(ShopFile, value, origin, problems, names=known, stand_ins=STAND_INS, also=also)
    if file is None:
        return None
    return Header(file, origin, whole, names.having(**constants(file)))


def constants(file: ShopFile) -> dict[str, Any]:
    """What templates may name of a shop: `shop.…` and `synthetic.…`."""
    shop = {
        "name": file.shop,
        **address(file.url),
        "client": file.client or "",
        "env": file.env,
        "locale": file.locale,
        "timezone": file.timezone,
        "owner": file.owner,
        "nodes": list(file.nodes),
    }
    synthetic = file.synthetic.model_dump(exclude_none=True)
    if "articles" in synthetic:
        synthetic["articles"] = list(synthetic["articles"])
    return {"shop": shop, "synthetic": synthetic}


def address(url: str) -> dict[str, Any]:
    """What templates may name of a base URL: `shop.url`, `shop.scheme`, `shop.host`, `shop.port`."""
    parts = split_url(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {"url": url, "scheme": parts.scheme, "host": parts.hostname or "", "port": port}


def record(file: ShopFile) -> Shop:
    """The shop as sinks and messages know it."""
    return Shop(
        name=file.shop,
        url=file.url,
        client=file.client or "",
        env=file.env,
        platform=file.use[0] if file.use else "",
        owner=file.owner,
        runbook=file.runbook or "",
        rollback=file.rollback,
        orders_per_day=file.orders.max_per_day,
        timezone=file.timezone,
        impact=impact_of(file.impact.orders_per_hour, file.impact.average_order) if file.impact else None,
    )


def give_packs(header: Header, packs: Packs, problems: list[Problem]) -> None:
    """The packs of `use:` and their parameters from `with:`."""
    used = True
    for index, name in enumerate(header.file.use):
        pack = packs.read.get(name)
        if pack is not None:
            header.packs.append(pack)
            continue
        used = False
        if packs.complete:
            what = f"there is no pack {quoted(name)}"
            known = sorted({*packs.read, *packs.shipped})
            problems.append(header.origin.problem(("use", index), what, expected(name, known)))
    if used:
        problems += _unknown_parameters(header)
    header.names = header.names.having(**_parameters(header, problems))


def _unknown_parameters(header: Header) -> Iterator[Problem]:
    known = {name for pack in header.packs for name in pack.file.parameters}
    for name in header.file.with_:
        if name not in known:
            what = f"no pack of this shop takes {quoted(name)}"
            yield header.origin.problem(("with", name), what, expected(name, sorted(known)), on_key=True)


def _parameters(header: Header, problems: list[Problem]) -> dict[str, Any]:
    """The packs' parameters: as the shop says, else as the pack says."""
    given = header.file.with_
    values: dict[str, Any] = dict(given)
    for pack in header.packs:
        for name, parameter in pack.file.parameters.items():
            if name in given:
                continue
            if parameter.required:
                header.whole = False
                what = f"the pack {pack.file.pack} needs {quoted(name)}"
                about = parameter.description or f"a value for ${{{name}}}"
                where = ("with",) if given else ("use",)
                problems.append(header.origin.problem(where, what, f"write it under `with:` ({about})"))
                values[name] = ""
            else:
                path = ("parameters", name, "default")
                values[name] = fill(parameter.default, header.names, pack.origin, path, problems)
    return values
