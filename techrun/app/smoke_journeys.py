"""The journeys that a release must pass, as settings of checks: also those that no check of the shop runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from techrun.config.checks import EVERY, LONGEST_DEADLINE
from techrun.config.releases import SmokeEntry
from techrun.config.settings import CheckSettings, Settings, ShopSettings
from techrun.journey.model import Journey
from techrun.language.definition import Origin
from techrun.model import CheckId, Confirmation
from techrun.probes.journey import Spec as JourneySpec


@dataclass(frozen=True, slots=True)
class SmokeJourney:
    """One journey with one set of values."""

    name: str
    settings: CheckSettings
    same: tuple[str, ...]
    """The names of the shop's checks that run it with these values."""


def smoke_journeys(
    settings: Settings, shop: ShopSettings, entry: SmokeEntry, origin: Origin | None = None
) -> Iterator[SmokeJourney]:
    """What an entry that names a journey runs: once for each set of values that checks run it with.

    `origin` is where the entry was written.
    """
    journey = entry.journey
    if journey is None:
        return
    families = list(_families([check for check in shop.checks if _runs(check, journey)]))
    spec = JourneySpec(journey=journey, until=entry.until)
    spec.written_at(origin or entry.origin)
    for family in families or [(_unwatched(settings, shop, journey),)]:
        alone = len(families) <= 1
        first = replace(
            family[0],
            id=CheckId(shop.name, journey if alone else family[0].name),
            spec=spec,
            deadline=max(check.deadline for check in family),
        )
        name = journey if alone else f"{journey} ({family[0].name})"
        yield SmokeJourney(name, first, tuple(check.name for check in family) if families else ())


def _runs(check: CheckSettings, journey: str) -> bool:
    return isinstance(check.spec, JourneySpec) and check.spec.journey == journey


def _families(checks: Sequence[CheckSettings]) -> Iterator[tuple[CheckSettings, ...]]:
    """The checks of one journey, together where they run it with the same values: `for_each` has several."""
    left = list(checks)
    while left:
        family = tuple(check for check in left if check.constants == left[0].constants)
        left = [check for check in left if check not in family]
        yield family


def _unwatched(settings: Settings, shop: ShopSettings, journey: str) -> CheckSettings:
    """The settings of a journey that no check of the shop runs."""
    document = settings.documents[journey]
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
