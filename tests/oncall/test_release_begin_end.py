"""A release begins and ends, as a person or a pipeline says it: here and over the API."""

from __future__ import annotations

import json
import time

import pytest

from techrun.handling import Release
from techrun.store.releases import add_release, releases


def newest(world):
    with world.store.read() as connection:
        return releases(connection, 0, "acme-es")[0]


@pytest.mark.parametrize(
    ("written", "seconds"), [("30m", 1800), ("2h", 7200)], ids=["minutes ago", "hours ago"]
)
def test_when_it_was_committed_is_kept(techrun, world, written, seconds):
    techrun("release", "begin", "v1", "--shop", "acme-es", "--committed", written)
    assert newest(world).committed == pytest.approx(time.time() - seconds, abs=5)


def test_a_commit_has_its_date_as_git_prints_it(techrun, world):
    techrun("release", "begin", "v1", "--shop", "acme-es", "--committed", "2026-01-02T03:04:05+01:00")
    assert newest(world).committed == 1_767_319_445.0
    techrun("release", "begin", "v2", "--shop", "acme-es", "--committed", "1767319445")
    assert newest(world).committed == 1_767_319_445.0


def test_a_commit_of_tomorrow_is_refused(techrun, world):
    done = techrun("release", "begin", "v1", "--shop", "acme-es", "--committed", str(time.time() + 86_400))
    assert (done.code, "lies in the future" in done.err) == (2, True)


def test_what_the_shop_says_in_place_of_the_version_is_kept(techrun, world):
    techrun("release", "begin", "v1", "--shop", "acme-es", "--told", "2026.48.1")
    assert newest(world).told == "2026.48.1"


def test_one_that_was_rolled_back_has_ended_so(techrun, world):
    techrun("release", "begin", "v1", "--shop", "acme-es")
    told = techrun("release", "end", "v1", "--shop", "acme-es", "--rolled-back")
    assert (newest(world).rolled_back, newest(world).ended is not None) == (True, True)
    assert told.out.rstrip().endswith(", rolled back")


def test_one_that_had_ended_is_rolled_back_later_and_keeps_its_end(techrun, world):
    techrun("release", "begin", "v1", "--shop", "acme-es")
    techrun("release", "end", "v1", "--shop", "acme-es")
    ended = newest(world).ended
    techrun("release", "end", "v1", "--shop", "acme-es", "--rolled-back")
    assert (newest(world).rolled_back, newest(world).ended) == (True, ended)
    again = techrun("release", "end", "v1", "--shop", "acme-es", "--rolled-back")
    assert (again.code, "no release v1 of acme-es is under way" in again.err) == (2, True)


def test_the_newest_of_a_version_is_the_one_that_ends(techrun, world):
    for _ in range(2):
        techrun("release", "begin", "v1", "--shop", "acme-es")
    said = techrun("release", "end", "v1", "--shop", "acme-es", "--format", "json").out
    assert json.loads(said)["id"] == newest(world).id
    with world.store.read() as connection:
        assert [one.ended is None for one in releases(connection, 0, "acme-es")] == [False, True]


class TestIncident:
    """The world's incident began ten minutes ago."""

    def test_its_story_tells_the_release_before_it_and_its_verdict(self, techrun, world):
        world.write(add_release, Release(0, "acme-es", "v811", world.began - 90_000))
        world.write(add_release, Release(0, "acme-es", "v812", world.began - 120, "a1b9f3e", "ci"))
        said = " ".join(techrun("incidents", "show", "1").out.split())
        assert "changed: release v812 (a1b9f3e) by ci, 2 min before" in said
        assert "v811" not in said
        told = json.loads(techrun("incidents", "show", "1", "--format", "json").out)
        assert [one["version"] for one in told["releases"]] == ["v812"]

    def test_of_two_that_overlapped_it_cannot_be_told_which(self, techrun, world):
        world.write(add_release, Release(0, "acme-es", "v812", world.began - 400))
        world.write(add_release, Release(0, "acme-es", "v813", world.began - 60))
        said = " ".join(techrun("incidents", "show", "1").out.split())
        assert (
            "changed: release v813 1 min before; or release v812 6 min before: "
            "which of them it was cannot be told"
        ) in said

    def test_of_others_nothing_is_told(self, techrun, world):
        world.write(add_release, Release(0, "acme-fr", "v812", world.began - 120))
        world.write(add_release, Release(0, "acme-es", "v813", world.began + 60))
        world.write(add_release, Release(0, "acme-es", "v810", world.began - 90_000))
        assert "changed:" not in techrun("incidents", "show", "1").out
