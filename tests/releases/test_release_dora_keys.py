"""The four keys of DORA: what is counted as what, by which month, and of whom it cannot be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from techrun.handling import Release
from techrun.releases.dora import NEW, Keys, Outage, culprit, keys_of

NOW = datetime.fromisoformat("2026-11-22T12:00+01:00").timestamp()
HOUR, DAY = 3600.0, 86400.0
V812 = Release(12, "acme", "v812", NOW - 10 * HOUR)
PAGE = Outage(7, "acme", V812.begun + 300, V812.begun + 1500, pages=True)


def keys(*releases: Release, outages: tuple[Outage, ...] = (), months: int = 1, zone: str = "UTC") -> Keys:
    """The keys of all months together."""
    report = keys_of({"acme": zone}, releases, outages, months=months, now=NOW)
    (found,) = report.together
    return found


def told(found: Keys) -> tuple[str, ...]:
    return tuple(f"{one.version} ({', '.join(one.why)})" for one in found.failures)


def test_how_often_is_counted_over_what_is_over_of_the_month() -> None:
    found = keys(V812, replace(V812, id=13, version="v813", begun=NOW - HOUR))
    assert found.releases == 2
    assert found.days == pytest.approx(21 + 11 / 24)
    assert found.per_week == pytest.approx(2 / found.days * 7)


def test_months_begin_by_the_shops_clock() -> None:
    midnight = datetime.fromisoformat("2026-11-01T00:00+01:00").timestamp()
    late, early = replace(V812, begun=midnight - 1), replace(V812, id=13, begun=midnight)
    report = keys_of({"acme": "Europe/Madrid"}, [late, early], [], months=3, now=NOW)
    assert [(one.month, one.releases) for one in report.months] == [
        ("2026-09", 0),
        ("2026-10", 1),
        ("2026-11", 1),
    ]
    assert report.months[1].days == pytest.approx(31 + 1 / 24)
    assert [(one.month, one.releases) for one in report.together] == [("", 2)]


def test_months_reach_back_over_the_turn_of_the_year() -> None:
    january = datetime.fromisoformat("2027-01-10T12:00+00:00").timestamp()
    report = keys_of({"acme": "UTC"}, [], [], months=3, now=january)
    assert [one.month for one in report.months] == ["2026-11", "2026-12", "2027-01"]


@pytest.mark.parametrize(
    ("times", "lead"),
    [
        pytest.param({"live": 900.0, "ended": 300.0}, 900.0, id="until it was live on every node"),
        pytest.param({"ended": 300.0}, 300.0, id="until it ended"),
        pytest.param({}, 0.0, id="until it began"),
        pytest.param({"ended": 300.0, "rolled_back": True}, 0.0, id="not until it was rolled back"),
    ],
)
def test_lead_time_counts_from_the_commit(times, lead) -> None:
    moments = {name: after if after is True else V812.begun + after for name, after in times.items()}
    found = keys(replace(V812, committed=V812.begun - HOUR, **moments))
    assert (found.lead_median, found.lead_known) == (HOUR + lead, 1)


def test_lead_time_is_told_of_releases_whose_commit_is_known_only() -> None:
    known = [replace(V812, id=n, committed=V812.begun - n * HOUR) for n in range(1, 12)]
    found = keys(V812, *known)
    assert (found.releases, found.lead_known) == (12, 11)
    assert (found.lead_median, found.lead_p90) == (6 * HOUR, 10 * HOUR)
    assert keys(V812).lead_median is None


def test_a_commit_of_a_clock_that_is_ahead_makes_no_lead_time_below_zero() -> None:
    assert keys(replace(V812, committed=V812.begun + HOUR)).lead_median == 0.0


@pytest.mark.parametrize(
    ("release", "outages", "failures"),
    [
        pytest.param(V812, (), (), id="nothing is known against it"),
        pytest.param(replace(V812, verdict="fail"), (), ("v812 (verdict fail)",), id="its verdict"),
        pytest.param(replace(V812, verdict="inconclusive"), (), (), id="a verdict that told nothing"),
        pytest.param(replace(V812, rolled_back=True), (), ("v812 (rolled back)",), id="rolled back"),
        pytest.param(V812, (PAGE,), ("v812 (incident #7)",), id="an incident that pages"),
        pytest.param(V812, (replace(PAGE, pages=False),), (), id="an incident that does not page"),
        pytest.param(
            V812, (replace(PAGE, fault="hosting"),), (), id="an incident of which a person knows the cause"
        ),
        pytest.param(
            V812,
            (replace(PAGE, pages=False, fault="release"),),
            ("v812 (incident #7)",),
            id="an incident that a person calls its fault",
        ),
        pytest.param(V812, (replace(PAGE, since=V812.begun - 1),), (), id="an incident before it"),
        pytest.param(
            V812, (replace(PAGE, since=V812.begun + NEW + 1),), (), id="an incident when it was no longer new"
        ),
        pytest.param(
            replace(V812, verified=V812.begun + HOUR),
            (replace(PAGE, since=V812.begun + 2 * HOUR - 1),),
            ("v812 (incident #7)",),
            id="an incident soon after its verification",
        ),
        pytest.param(
            V812,
            (replace(PAGE, since=V812.begun + 9 * HOUR, fault="release"),),
            ("v812 (incident #7)",),
            id="a late incident that a person calls its fault",
        ),
        pytest.param(V812, (replace(PAGE, shop="fettle"),), (), id="an incident of another shop"),
        pytest.param(
            replace(V812, verdict="fail", rolled_back=True),
            (PAGE, replace(PAGE, number=8)),
            ("v812 (verdict fail, rolled back, incident #7, incident #8)",),
            id="a release fails once, for however many reasons",
        ),
    ],
)
def test_what_makes_a_release_a_failed_one(release, outages, failures) -> None:
    found = keys(release, outages=outages)
    assert told(found) == failures
    assert found.failed == len(failures)
    assert found.failure_share == len(failures)


def test_of_two_new_releases_nobody_can_say_which_it_was() -> None:
    other = replace(V812, id=13, version="v813", begun=V812.begun + 200)
    found = keys(V812, other, outages=(PAGE,))
    assert (found.failed, found.restored) == (0, 0)
    named = keys(V812, other, outages=(replace(PAGE, fault="release"),))
    assert told(named) == ("v813 (incident #7)",)


def test_a_release_that_was_verified_is_no_suspect_beside_one_that_was_not() -> None:
    proven = replace(V812, verdict="pass", verified=V812.begun + 200)
    newer = replace(V812, id=13, version="v813", begun=V812.begun + 250)
    assert told(keys(proven, newer, outages=(PAGE,))) == ("v813 (incident #7)",)


def test_an_incident_that_a_person_calls_a_release_s_fault_is_that_of_no_release_long_ago() -> None:
    long_after = replace(PAGE, since=V812.begun + 40 * DAY, fault="release")
    assert culprit(long_after, [V812]) is None
    assert culprit(replace(PAGE, fault="release"), []) is None


def test_time_to_restore_is_that_of_the_releases_incidents() -> None:
    outages = [replace(PAGE, number=n, closed=PAGE.since + n * 60) for n in (1, 2, 9)]
    outages.append(replace(PAGE, number=10, closed=None))
    outages.append(replace(PAGE, number=11, fault="psp", closed=PAGE.since + 9999))
    found = keys(V812, outages=tuple(outages))
    assert (found.restore_median, found.restored, found.still_open) == (120.0, 3, 1)


def test_a_month_without_releases_has_no_failure_share() -> None:
    found = keys()
    assert (found.releases, found.per_week, found.failure_share, found.restore_median) == (0, 0.0, None, None)


def test_an_incident_counts_in_its_own_month_and_against_the_release_before() -> None:
    first = datetime.fromisoformat("2026-11-01T00:00+00:00").timestamp()
    release = replace(V812, begun=first - 60)
    outage = replace(PAGE, since=first + 60, closed=first + 120)
    report = keys_of({"acme": "UTC"}, [release], [outage], months=2, now=NOW)
    october, november = report.months
    assert (october.failed, october.restored) == (1, 0)
    assert (november.failed, november.restored) == (0, 1)
