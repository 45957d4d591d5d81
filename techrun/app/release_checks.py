"""From a shop's configuration to what a verification runs: smoke wishes, and the plan of the bake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from techrun.app.loading import Loaded, prepared
from techrun.config.checks import EVERY, LONGEST_DEADLINE
from techrun.config.release_checks import meant
from techrun.config.releases import Releases, SmokeEntry
from techrun.config.settings import CheckSettings, ShopSettings
from techrun.journey.model import Journey
from techrun.model import Check, CheckId, Confirmation, Status
from techrun.probes.journey import Spec as JourneySpec
from techrun.releases.bake import BakePlan
from techrun.releases.records import FRONT
from techrun.releases.smoke import SmokeWish

NOBODY: Mapping[str, Status] = {}


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


def watched_checks(loaded: Loaded, shop: ShopSettings) -> tuple[str, ...]:
    """The checks of the shop whose state before the release may matter."""
    return tuple(str(check.id) for check in _checks_of(loaded, shop))


def judged_checks(loaded: Loaded, shop: ShopSettings, releases: Releases) -> tuple[Check, ...]:
    """The checks that decide: those that are named, else those that page, else journeys, else all."""
    checks, control = _checks_of(loaded, shop), control_checks(loaded, shop, releases)
    free = [check for check in checks if check not in control]
    if releases.bake.checks:
        named = [check for selector in releases.bake.checks for check in meant(selector, checks)]
        return tuple(dict.fromkeys(named))
    paging = [check for check in free if check.severity == "page"]
    return tuple(paging or [check for check in free if check.steps] or free)


def control_checks(loaded: Loaded, shop: ShopSettings, releases: Releases) -> tuple[Check, ...]:
    """The check that no release can change, where one is named."""
    control = releases.judge.control
    return tuple(meant(control, _checks_of(loaded, shop))) if control else ()


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


def _checks_of(loaded: Loaded, shop: ShopSettings) -> tuple[Check, ...]:
    return tuple(check for check in loaded.checks if check.id.shop == shop.name)


def _wishes(
    loaded: Loaded,
    shop: ShopSettings,
    entry: SmokeEntry,
    nodes: Sequence[str],
    standing: Mapping[str, Status],
) -> Iterator[SmokeWish]:
    """The runs of one entry; the one order is placed through the front."""
    for name, settings, watched in _meant(loaded, shop, entry):
        check = prepared(loaded.settings, shop, settings)
        states = [standing[each] for each in watched if each in standing]
        before = Status.DOWN if Status.DOWN in states else next(iter(states), None)
        places = [*(nodes if entry.nodes and _asks_the_shop(settings, shop) else ()), FRONT]
        for via in places:
            yield SmokeWish(
                name=name,
                check=check,
                via=via,
                orders=entry.orders and via == FRONT and check.places_orders,
                no_worse=entry.no_worse,
                before=before,
            )


def _meant(
    loaded: Loaded, shop: ShopSettings, entry: SmokeEntry
) -> Iterator[tuple[str, CheckSettings, tuple[str, ...]]]:
    """What one entry runs: its name, its settings, and the checks that tell how it was before."""
    if entry.check is not None:
        for check in meant(entry.check, shop.checks):
            yield check.name, check, (str(check.id),)
        return
    journey = entry.journey or ""
    checks = [check for check in shop.checks if _runs(check, journey)]
    families = list(_by_values(checks)) or [(_unwatched(loaded, shop, journey),)]
    spec = JourneySpec(journey=journey, until=entry.until)
    spec.written_at(entry.origin)
    for family in families:
        first = family[0]
        name = journey if len(families) == 1 else f"{journey} ({first.name})"
        number = CheckId(shop.name, journey if len(families) == 1 else first.name)
        deadline = max(check.deadline for check in family)
        settings = replace(first, id=number, spec=spec, deadline=deadline)
        yield name, settings, tuple(str(check.id) for check in family)


def _runs(check: CheckSettings, journey: str) -> bool:
    return isinstance(check.spec, JourneySpec) and check.spec.journey == journey


def _by_values(checks: Sequence[CheckSettings]) -> Iterator[tuple[CheckSettings, ...]]:
    """The checks of one journey, together where they run it with the same values: `for_each` has several."""
    left = list(checks)
    while left:
        family = tuple(check for check in left if check.constants == left[0].constants)
        left = [check for check in left if check not in family]
        yield family


def _unwatched(loaded: Loaded, shop: ShopSettings, journey: str) -> CheckSettings:
    """The settings of a journey that no check of the shop runs."""
    document = loaded.settings.documents[journey]
    said = isinstance(document, Journey) and "deadline" in document.model_fields_set
    return CheckSettings(
        id=CheckId(shop.name, journey),
        kind="journey",
        spec=JourneySpec(journey=journey),
        every=EVERY,
        deadline=document.deadline if isinstance(document, Journey) and said else LONGEST_DEADLINE,
        severity="page",
        confirmation=Confirmation(),
        client=shop.shop.client,
        constants=shop.constants,
    )


def _asks_the_shop(check: CheckSettings, shop: ShopSettings) -> bool:
    """Whether the check goes to the shop's own address: only then a node can answer it."""
    if isinstance(check.spec, JourneySpec):
        return True
    if check.kind == "dns":
        return False
    written = str(getattr(check.spec, check.kind, ""))
    host = urlsplit(shop.shop.url).hostname
    if written.startswith(("/", "${shop.url}")):
        return True
    return urlsplit(written if "//" in written else f"//{written}").hostname == host
