"""From a shop's configuration to what a verification runs: smoke wishes, and the plan of the bake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from techrun.app.judgeable import only_orders
from techrun.app.loading import Loaded, prepared
from techrun.app.smoke_journeys import SmokeJourney, smoke_journeys
from techrun.config.release_checks import meant
from techrun.config.releases import Releases, SmokeEntry
from techrun.config.settings import CheckSettings, ShopSettings
from techrun.model import Check, CheckId, Status
from techrun.probes.journey import Spec as JourneySpec
from techrun.releases.bake import BakePlan
from techrun.releases.records import FRONT
from techrun.releases.smoke import SmokeWish

NOBODY: Mapping[str, Status] = {}
"""Nobody knows how the checks were before the release."""


def smoke_wishes(
    loaded: Loaded,
    shop: ShopSettings,
    releases: Releases,
    nodes: Sequence[str],
    standing: Mapping[str, Status] = NOBODY,
) -> tuple[SmokeWish, ...]:
    """Every run that the release must pass: through the front and on these nodes, what orders at the end.

    `standing`: how checks were just before the release, by `shop/name`.
    """
    wishes = [wish for entry in releases.smoke for wish in _wishes(loaded, shop, entry, nodes, standing)]
    return tuple(sorted(wishes, key=lambda wish: wish.orders))


def bake_plan(
    loaded: Loaded, shop: ShopSettings, releases: Releases, standing: Mapping[str, Status] = NOBODY
) -> BakePlan:
    """All checks of the shop, and how closely each is looked at."""
    bake = releases.bake
    return BakePlan(
        checks=_checks_of(loaded, shop),
        judged=judged_checks(loaded, shop, releases),
        control=control_checks(loaded, shop, releases),
        settle=bake.settle,
        warm_up=bake.warm_up,
        seconds=bake.for_,
        every=bake.every,
        wanted=bake.samples,
        before=standing,
    )


def judged_checks(loaded: Loaded, shop: ShopSettings, releases: Releases) -> tuple[Check, ...]:
    """The checks that decide: those that are named, else those that page, else journeys, else all."""
    control = {check.id for check in control_checks(loaded, shop, releases)}
    free = tuple(check for check in _checks_of(loaded, shop) if check.id not in control)
    if releases.bake.checks:
        return _each_once(check for selector in releases.bake.checks for check in meant(selector, free))
    paging = tuple(check for check in free if check.severity == "page")
    return paging or tuple(check for check in free if check.steps) or free


def control_checks(loaded: Loaded, shop: ShopSettings, releases: Releases) -> tuple[Check, ...]:
    """The check that no release can change, where one is named."""
    control = releases.judge.control
    return _each_once(meant(control, _checks_of(loaded, shop))) if control else ()


def _checks_of(loaded: Loaded, shop: ShopSettings) -> tuple[Check, ...]:
    """The checks of the shop that tell something without an order."""
    return tuple(check for check in loaded.checks if check.id.shop == shop.name and not only_orders(check))


def _each_once(checks: Iterable[Check]) -> tuple[Check, ...]:
    found: dict[CheckId, Check] = {}
    for check in checks:
        found.setdefault(check.id, check)
    return tuple(found.values())


def _wishes(
    loaded: Loaded,
    shop: ShopSettings,
    entry: SmokeEntry,
    nodes: Sequence[str],
    standing: Mapping[str, Status],
) -> Iterator[SmokeWish]:
    """The runs of one entry; its order is placed through the front, and only there."""
    for one in _meant(loaded, shop, entry):
        check = prepared(loaded.settings, shop, one.settings)
        states = [standing[name] for each in one.same if (name := f"{shop.name}/{each}") in standing]
        before = Status.DOWN if Status.DOWN in states else next(iter(states), None)
        by_node = entry.nodes and _asks_the_shop(one.settings, shop)
        for via in (*(nodes if by_node else ()), FRONT):
            yield SmokeWish(
                name=one.name,
                check=check,
                via=via,
                orders=entry.orders and via == FRONT and check.places_orders,
                no_worse=entry.no_worse,
                before=before,
            )


def _meant(loaded: Loaded, shop: ShopSettings, entry: SmokeEntry) -> Iterator[SmokeJourney]:
    """What one entry runs."""
    yield from smoke_journeys(loaded.settings, shop, entry)
    for check in meant(entry.check, shop.checks) if entry.check is not None else ():
        yield SmokeJourney(check.name, check, (check.name,))


def _asks_the_shop(check: CheckSettings, shop: ShopSettings) -> bool:
    """Whether the check goes to the shop's own address: only then a node can answer it."""
    if isinstance(check.spec, JourneySpec):
        return True
    written = str(getattr(check.spec, check.kind, ""))
    if check.kind == "dns" or not written:
        return False
    if written.startswith(("/", "${shop.url}")):
        return True
    address = written if "//" in written else f"//{written}"
    return urlsplit(address).hostname == urlsplit(shop.shop.url).hostname
