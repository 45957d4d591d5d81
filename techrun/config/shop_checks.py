"""A shop with all its checks: its own, and those of its packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from techrun.config import depends, load, release_checks, releases
from techrun.config.checks import References, WrittenCheck, no_strange_channels, read_check
from techrun.config.layers import Layer
from techrun.config.main_file import Main
from techrun.config.models import Defaults
from techrun.config.settings import CheckSettings, ShopSettings
from techrun.config.shops import Header, record
from techrun.config.tree import List, Scalar, Written, child
from techrun.config.words import described, expected, quoted
from techrun.errors import Problem


def read_shop(
    header: Header, main: Main, references: References, problems: list[Problem]
) -> ShopSettings | None:
    """The shop with every check that is whole; None where the shop itself is broken."""
    _check_references(header, references, problems)
    written = list(_written_checks(header, main, problems))
    checks: dict[str, CheckSettings] = {}
    for each in written:
        for check in read_check(each, references, problems):
            if check.name in checks:
                problems.append(_twice(check, checks[check.name]))
            else:
                checks[check.name] = check
    names = [each.name for each in written]
    resolved = depends.resolve(list(checks.values()), names, problems)
    problems += release_checks.unknown(header.file.releases, header.origin, list(checks.values()), names)
    if not header.whole:
        return None
    load.locate(header.file.load, header.origin)
    releases.locate(header.file.releases, header.origin)
    return ShopSettings(
        shop=record(header.file),
        locale=header.file.locale,
        timezone=header.file.timezone,
        constants={**header.names.constants, **references.outside},
        checks=tuple(resolved),
        nodes=header.file.nodes,
        notify=header.file.notify,
        releases=header.file.releases,
        load=header.file.load,
        origin=header.origin,
    )


def _written_checks(header: Header, main: Main, problems: list[Problem]) -> Iterator[WrittenCheck]:
    """The checks of the packs, then the shop's own; of one name the last counts: the nearest to the shop."""
    shared = _layer(main.file.defaults, main.origin) if not main.single else []
    base = [*_shop_layers(header), *shared]
    own = [WrittenCheck(header, origin, base) for origin in _listed(header.origin, problems)]
    replaced = {check.name for check in own}
    of_packs: list[WrittenCheck] = []
    for pack in reversed(header.packs):
        defaults = [*_shop_layers(header), *_layer(pack.file.defaults, pack.origin), *shared]
        written = [WrittenCheck(header, origin, defaults) for origin in _listed(pack.origin, problems)]
        of_packs = [check for check in written if check.name not in replaced] + of_packs
        replaced |= {check.name for check in written}
    yield from of_packs
    yield from own


def _shop_layers(header: Header) -> list[Layer]:
    """The shop's `defaults:`, and its labels and tags."""
    file = header.file
    common = Defaults(labels=file.labels, tags=file.tags)
    return [*_layer(file.defaults, header.origin), Layer(common, header.origin)]


def _layer(defaults: Defaults | None, origin: Written) -> list[Layer]:
    return [Layer(defaults, origin.at(("defaults",)))] if defaults is not None else []


def _listed(origin: Written, problems: list[Problem]) -> list[Written]:
    """Each entry of `checks:`."""
    node = child(origin.node, "checks")
    if isinstance(node, List):
        return [Written(origin.source, item) for item in node.items]
    if node is not None:
        found = described(node.value) if isinstance(node, Scalar) else "keys and values"
        hint = "write each check after a dash"
        problems.append(origin.problem(("checks",), f"expected a list, found {found}", hint))
    return []


def _twice(check: CheckSettings, first: CheckSettings) -> Problem:
    what = f'the check "{check.name}" is there twice'
    origins = [each.origin for each in (check, first) if each.origin is not None]
    places = tuple(origin.place(("name",)) for origin in origins)
    if "/" in check.name and places[0] == places[-1]:
        return Problem(
            what, "two combinations of its `for_each` come to the same name", ("for_each",), places[:1]
        )
    return Problem(what, f"rename one of them; the first is at {places[-1]}", ("name",), places)


def _check_references(header: Header, references: References, problems: list[Problem]) -> None:
    """The channels and journeys that the shop itself names."""
    file, origin = header.file, header.origin
    for key in ("page", "ticket", "info", "escalate"):
        used = getattr(file.notify, key) or ()
        no_strange_channels(used, origin, ("notify", key), references.channels, problems)
    if file.defaults and file.defaults.notify:
        no_strange_channels(
            file.defaults.notify, origin, ("defaults", "notify"), references.channels, problems
        )
    if references.complete:
        _check_journeys(header, references, problems)


def _check_journeys(header: Header, references: References, problems: list[Problem]) -> None:
    """The journeys that the shop itself names must be there."""
    file, known = header.file, sorted(references.names.get("journey", ()))
    named = [(("releases", *path), name) for path, name in releases.journeys_named(file.releases)]
    loaded = [(("load", *path), name) for path, name in load.journeys_named(file.load)]
    for path, name in (*named, *loaded):
        if name not in known:
            what = f"there is no journey {quoted(name)}"
            problems.append(header.origin.problem(path, what, expected(name, known)))


def same_shop_twice(headers: Iterable[Header], problems: list[Problem]) -> None:
    """Two files may not be the same shop."""
    first: dict[str, Header] = {}
    for header in headers:
        known = first.setdefault(header.file.shop, header)
        if known is not header and header.whole and known.whole:
            here, there = header.origin.place(("shop",)), known.origin.place(("shop",))
            what = f'the shop "{header.file.shop}" is there twice'
            hint = f"rename one of them; the first is at {there}"
            problems.append(Problem(what, hint, ("shop",), (here, there)))
            header.whole = False
