"""Everything that is known of one release: what `techrun release show` tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from techrun.errors import UsageError
from techrun.handling import LONGEST_BAKE, Release, suspects
from techrun.oncall import Operations, UnknownError
from techrun.releases.keeping import Book
from techrun.releases.records import GateDecision, Verification
from techrun.views import IncidentStanding, VerificationSummary

MOST = 50
"""Verifications and gate decisions of one version that are told."""


@dataclass(frozen=True, slots=True)
class Suspected:
    """An incident that a release may have caused."""

    incident: IncidentStanding
    others: tuple[str, ...]
    """Versions that may have caused it as well: which of them it was cannot be told."""


@dataclass(frozen=True, slots=True)
class ReleaseStory:
    """One release, from the gate before it to the incidents after it."""

    release: Release
    gates: tuple[GateDecision, ...]
    """Oldest first, as all that follows."""
    verifications: tuple[VerificationSummary, ...]
    last: Verification | None
    """The newest of them that is kept as a whole, or the one that was asked for."""
    incidents: tuple[Suspected, ...]


def story_of(
    book: Book, operations: Operations, version: str, shop: str = "", verification: str = ""
) -> ReleaseStory:
    """The story of the newest release of this version; UnknownError where there is none."""
    release = _found(book, version, shop)
    known = [one for one in book.verifications(release.shop, version, MOST) if one.release == release.id]
    return ReleaseStory(
        release=release,
        gates=tuple(reversed(book.gates(release.shop, version, MOST))),
        verifications=tuple(reversed(known)),
        last=_last(book, known, verification),
        incidents=tuple(_suspected(book, operations, release)),
    )


def _suspected(book: Book, operations: Operations, release: Release) -> Iterator[Suspected]:
    """The shop's incidents that began while it was the last release, or one of several that were new."""
    around = book.releases(release.shop, release.begun - LONGEST_BAKE)
    for incident in operations.incidents(since=release.begun, shop=release.shop):
        found = [one for one in suspects(around, incident.since) if one.id != release.id]
        if len(found) < len(suspects(around, incident.since)):
            yield Suspected(incident, tuple(one.version for one in found))


def _found(book: Book, version: str, shop: str) -> Release:
    """The newest release of this version; UsageError where several shops have one and none is named."""
    found = [one for one in book.releases(shop, 0.0) if one.version == version]
    if not found:
        raise UnknownError(f"there is no release {version}; techrun release list tells them")
    shops = sorted({one.shop for one in found})
    if len(shops) > 1:
        raise UsageError(f"{', '.join(shops)} have a release {version}: name one by --shop")
    return max(found, key=lambda one: one.id)


def _last(book: Book, known: list[VerificationSummary], asked: str) -> Verification | None:
    if asked:
        names = [one.id for one in known if one.id.startswith(asked)]
        if len(names) != 1:
            raise UnknownError(
                f"there is no verification {asked} of this release; there are: "
                f"{', '.join(one.id for one in known) or 'none'}"
            )
        return book.verification(names[0])
    whole = [one.id for one in known if one.state == "ended" and one.whole]
    return book.verification(whole[0]) if whole else None
