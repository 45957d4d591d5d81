"""Which releases an incident may be due to, and how a message says it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.alerts.facts import facts_of
from techrun.alerts.samples import FULL, OPENED, OUTAGE, SINCE
from techrun.handling import BAKE, LONGEST_BAKE, Release, suspects

V1 = Release(1, "acme-es", "v1", 1000.0)
V2 = Release(2, "acme-es", "v2", 1300.0)
BAKES = {
    "before it began": (V1, 999, False),
    "as it begins": (V1, 1000, True),
    "new": (V1, 999 + BAKE, True),
    "no longer new": (V1, 1000 + BAKE, False),
    "late to be live": (replace(V1, live=1600.0), 1599 + BAKE, True),
    "verified": (replace(V1, verified=1400.0), 1400, False),
    "not verified yet": (replace(V1, verified=5000.0), 4999, True),
    "verified after days": (replace(V1, verified=1e6), 1000 + LONGEST_BAKE, False),
    "rolled back": (replace(V1, ended=1100.0, rolled_back=True), 1100, False),
    "ended": (replace(V1, ended=1100.0), 1200, True),
}


@pytest.mark.parametrize(("release", "moment", "bakes"), BAKES.values(), ids=BAKES)
def test_a_release_proves_itself_until_it_is_verified_or_a_quarter_of_an_hour_old(release, moment, bakes):
    assert release.bakes(moment) == bakes


VERIFIED = replace(V1, verified=1299.0)
SUSPECTS = {
    "none": ([], 2000, []),
    "none yet": ([V1], 999, []),
    "the last one": ([V1], 1001, ["v1"]),
    "the last one, however old": ([V1], 1e6, ["v1"]),
    "two that overlap": ([V1, V2], 1301, ["v2", "v1"]),
    "in any order": ([V2, V1], 1301, ["v2", "v1"]),
    "before the second one": ([V1, V2], 1299, ["v1"]),
    "the first was verified": ([VERIFIED, V2], 1301, ["v2"]),
    "the first was rolled back": ([replace(V1, ended=1290.0, rolled_back=True), V2], 1301, ["v2"]),
    "the first was rolled back later": (
        [replace(V1, ended=1400.0, rolled_back=True), V2],
        1301,
        ["v2", "v1"],
    ),
    "both long ago": ([V1, V2], 9000, ["v2"]),
    "begun at once": ([V1, replace(V2, begun=1000.0)], 1000, ["v2", "v1"]),
}


@pytest.mark.parametrize(("releases", "since", "found"), SUSPECTS.values(), ids=SUSPECTS)
def test_the_last_release_is_suspected_and_those_that_had_yet_to_prove_themselves(releases, since, found):
    assert [one.version for one in suspects(releases, since)] == found


def changed(**context):
    return facts_of("opened", OUTAGE, replace(FULL, **context), OPENED).changed


V812 = Release(1, "acme-es", "v812", SINCE - 430)
V813 = Release(2, "acme-es", "v813", SINCE - 120, "a1b9f3e", "dee")


def test_two_releases_that_overlap_are_both_told():
    assert changed(release=V813, overlapping=(V812,)) == (
        "release v813 (a1b9f3e) by dee, 2 min before; or release v812 7 min before: "
        "which of them it was cannot be told"
    )


def test_of_many_three_are_told():
    many = tuple(replace(V812, version=f"v{number}") for number in range(9))
    assert changed(release=V813, overlapping=many).count("; or ") == 2


def test_the_verdict_and_a_roll_back_are_told():
    assert changed(release=replace(V812, verdict="fail")) == "release v812 7 min before, verified: fail"
    gone = replace(V812, verdict="fail", rolled_back=True)
    assert changed(release=gone) == "release v812 7 min before, verified: fail, rolled back"
