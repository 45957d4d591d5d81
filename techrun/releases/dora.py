"""The four keys of DORA, by shop and month: how often, how fast, how badly, how soon mended. Pure.

Seconds everywhere; moments are Unix time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from statistics import median, quantiles

from techrun.handling import Fault, Release, suspects
from techrun.zones import zone_of

MOST_MONTHS = 60
"""That a report is about."""
WEEK = 7 * 86400.0
NEW = 3600.0
"""Seconds after it was live, or after its verification, for which a release is new: what breaks may be its fault."""
ANNOTATED = 30 * 86400.0
"""An incident of which a person says that a release did it is the last one's, if that began so long before at most."""
ROLLED_BACK = "rolled back"
BY_VERDICT = "verdict fail"
"""Why a release counts as failed that nothing else is known against."""
_LEAD = (
    "lead time: from the newest commit (release begin --committed) until a release was live on every node, else"
    " until it ended, else until it began; only where the time of the commit is known"
)
_FAILED = (
    "failed: the verdict was fail, or it was rolled back, or an incident is its fault: a person said so"
    " (incidents annotate --cause release), or the incident pages, began an hour at most after the release was live"
    " or verified, can be no other release's, and nobody named another cause"
)
HOW = (
    "releases are counted in the month in which they began, by the shop's clock",
    _LEAD,
    _FAILED,
    "restored: of these incidents, from beginning to end (median)",
)
"""How it is counted, in words."""


@dataclass(frozen=True, slots=True)
class Outage:
    """An incident, as far as it may be a release's."""

    number: int
    shop: str
    since: float
    closed: float | None
    pages: bool
    fault: Fault | None = None
    """What a person said afterwards."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A release that failed, and why it counts as one that did, in words."""

    release: int
    version: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """The four keys of one shop in one month, or in all months together."""

    shop: str
    month: str
    """`2026-11`; empty: all months together."""
    days: float
    """How much of it is over."""
    releases: int
    per_week: float
    lead_median: float | None
    lead_p90: float | None
    lead_known: int
    """Releases whose lead time is known."""
    failed: int
    failure_share: float | None
    """None without releases."""
    failures: tuple[Failure, ...]
    restore_median: float | None
    restored: int
    """Incidents of releases that are over."""
    still_open: int
    """Incidents of releases that are not."""


@dataclass(frozen=True, slots=True)
class Report:
    """The four keys of all shops: each month, and all of them together."""

    at: float
    months: tuple[Keys, ...]
    together: tuple[Keys, ...]
    how: tuple[str, ...] = HOW


AskDora = Callable[[str, int], Report]
"""The report on one shop (empty: all) for so many months; TechrunError says why there is none."""


def keys_of(
    zones: Mapping[str, str],
    releases: Iterable[Release],
    outages: Iterable[Outage],
    *,
    months: int,
    now: float,
) -> Report:
    """The report on these shops (name to time zone) for this month and those before it.

    Releases and incidents before these months do no harm; a release before them may be the cause of an incident.
    """
    by_month: list[Keys] = []
    together: list[Keys] = []
    for ours in _known(zones, releases, outages, now):
        spans = list(month_spans(zone_of(zones[ours.shop]), now, months))
        by_month += [ours.keys(*span) for span in spans]
        together.append(ours.keys("", spans[0][1], spans[-1][2]))
    return Report(now, tuple(by_month), tuple(together))


def lately(
    shops: Iterable[str],
    releases: Iterable[Release],
    outages: Iterable[Outage],
    *,
    seconds: float,
    now: float,
) -> tuple[Keys, ...]:
    """The four keys of each shop in so many seconds before now."""
    known = _known(shops, releases, outages, now)
    return tuple(ours.keys("", now - seconds, now + 1) for ours in known)


def _known(
    shops: Iterable[str], releases: Iterable[Release], outages: Iterable[Outage], now: float
) -> Iterator[_Ours]:
    """What is known of each shop."""
    every = list(releases)
    blamed = [(one, release) for one in outages if (release := culprit(one, every)) is not None]
    for shop in shops:
        yield _Ours(shop, [one for one in every if one.shop == shop], blamed, now)


def month_spans(zone: tzinfo, now: float, months: int) -> Iterator[tuple[str, float, float]]:
    """Name, beginning and end of this month and those before it, oldest first."""
    today = datetime.fromtimestamp(now, zone)
    this = today.year * 12 + today.month - 1
    for number in range(this - months + 1, this + 1):
        yield (
            f"{number // 12:04d}-{number % 12 + 1:02d}",
            _first_day(number, zone),
            _first_day(number + 1, zone),
        )


def _first_day(number: int, zone: tzinfo) -> float:
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=zone).timestamp()


def _settled(one: Release) -> float:
    return max(moment for moment in (one.begun, one.live, one.verified) if moment is not None)


def culprit(outage: Outage, releases: Iterable[Release]) -> Release | None:
    """The release whose fault an incident is; None: none's, or it cannot be told."""
    ours = [one for one in releases if one.shop == outage.shop and one.begun <= outage.since]
    last, *others = suspects(ours, outage.since) or (None,)
    if last is None:
        return None
    if outage.fault == "release":
        return last if outage.since - last.begun <= ANNOTATED else None
    alone = not others and outage.since <= _settled(last) + NEW
    return last if alone and outage.pages and outage.fault is None else None


@dataclass(frozen=True, slots=True)
class _Ours:
    """What is known of one shop."""

    shop: str
    releases: Sequence[Release]
    blamed: Sequence[tuple[Outage, Release]]
    """Incidents of all shops that are a release's fault, and whose."""
    now: float

    def keys(self, month: str, since: float, until: float) -> Keys:
        """The four keys of this time."""
        begun = [one for one in self.releases if since <= one.begun < until]
        hurt = [one for one, _ in self.blamed if one.shop == self.shop and since <= one.since < until]
        leads = [lead for lead in map(_lead, begun) if lead is not None]
        over = [one.closed - one.since for one in hurt if one.closed is not None]
        failures = [Failure(one.id, one.version, why) for one in begun if (why := self._why_failed(one))]
        lasted = max(0.0, min(until, self.now) - since)
        return Keys(
            shop=self.shop,
            month=month,
            days=lasted / 86400,
            releases=len(begun),
            per_week=len(begun) / lasted * WEEK if lasted else 0.0,
            lead_median=median(leads) if leads else None,
            lead_p90=_p90(leads),
            lead_known=len(leads),
            failed=len(failures),
            failure_share=len(failures) / len(begun) if begun else None,
            failures=tuple(failures),
            restore_median=median(over) if over else None,
            restored=len(over),
            still_open=len(hurt) - len(over),
        )

    def _why_failed(self, one: Release) -> tuple[str, ...]:
        """Why a release counts as failed, in words; empty: it does not."""
        found = [BY_VERDICT] if one.verdict == "fail" else []
        found += [ROLLED_BACK] if one.rolled_back else []
        found += [f"incident #{outage.number}" for outage, release in self.blamed if release.id == one.id]
        return tuple(found)


def _lead(one: Release) -> float | None:
    """Seconds from the commit until customers had it; a clock that is ahead makes none below zero."""
    if one.committed is None:
        return None
    ended = None if one.rolled_back else one.ended
    came = next(moment for moment in (one.live, ended, one.begun) if moment is not None)
    return max(0.0, came - one.committed)


def _p90(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=10, method="inclusive")[-1]
