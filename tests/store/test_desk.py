"""What persons do: written by one program, read by the daemon."""

from __future__ import annotations

import sqlite3

import pytest

from techrun.handling import Acknowledgement, Annotation, LoadTest, Release, Window
from techrun.store.desk import (
    LATELY,
    acknowledge,
    acknowledgements_of,
    add_window,
    annotate,
    annotations_of,
    answer,
    answer_to,
    ask,
    end_window,
    load_desk,
    secret,
    windows,
)
from techrun.store.loads import begin_load_test, end_load_test
from techrun.store.migrations import migrate
from techrun.store.releases import add_release, end_release, releases

NOW = 10_000.0


@pytest.fixture
def connection():
    made = sqlite3.connect(":memory:", isolation_level=None)
    migrate(made, ":memory:")
    yield made
    made.close()


@pytest.fixture
def desk(connection):
    """The desk at a moment."""
    return lambda now=NOW: load_desk(connection, now)


def an_incident(connection, number, closed=None):
    connection.execute(
        "INSERT INTO incidents (id, kind, shop, severity, title, since, opened, cause, text, closed, closed_by)"
        " VALUES (?, 'outage', 'acme-es', 'page', 'home fails', 1, 2, '', '', ?, '')",
        (number, closed),
    )


def a_window(starts=NOW, ends=NOW + 60, **more):
    return Window(0, "silence", ("acme-*/*",), starts, ends, **more)


class TestWindows:
    def test_a_window_comes_back_as_it_was_written(self, connection, desk):
        written = a_window(reason="PSP moves", author="dee", client="acme", tags=("b2b", "es"), created=NOW)
        number = add_window(connection, written)
        (found,) = desk().windows
        assert (found.id, found.reason, found.tags) == (number, "PSP moves", ("b2b", "es"))
        assert found.selectors == ("acme-*/*",)
        assert found.covers(NOW)

    def test_two_windows_of_a_person_are_two_also_when_they_are_alike(self, connection, desk):
        assert add_window(connection, a_window()) != add_window(connection, a_window())
        assert len(desk().windows) == 2

    def test_an_occurrence_of_the_calendar_is_written_once(self, connection, desk):
        first = add_window(connection, a_window(source="calendar: patches"))
        assert add_window(connection, a_window(source="calendar: patches")) == first
        assert add_window(connection, a_window(NOW + 7, source="calendar: patches")) != first
        assert len(desk().windows) == 2

    @pytest.mark.parametrize(
        ("ends", "there"),
        [(NOW + 1, True), (NOW - LATELY + 1, True), (NOW - LATELY - 1, False)],
        ids=["in force", "over lately", "long over"],
    )
    def test_a_window_stays_on_the_desk_for_an_hour_after_its_end(self, connection, desk, ends, there):
        add_window(connection, a_window(0, ends))
        assert bool(desk().windows) is there

    def test_one_that_a_person_ended_covers_nothing_and_leaves_the_desk_an_hour_later(self, connection, desk):
        number = add_window(connection, a_window(0, NOW + 100_000))
        assert end_window(connection, number, NOW)
        assert not desk().windows[0].covers(NOW)
        assert desk(NOW + LATELY + 1).windows == ()

    def test_what_is_over_or_was_never_there_cannot_be_ended(self, connection):
        number = add_window(connection, a_window(0, NOW - 1))
        assert not end_window(connection, number, NOW)
        assert not end_window(connection, 999, NOW)

    def test_all_windows_are_kept_for_reports(self, connection):
        add_window(connection, a_window(0, 10))
        assert len(list(windows(connection, 0))) == 1


class TestAcknowledgements:
    def test_the_latest_of_each_open_incident_is_on_the_desk(self, connection, desk):
        an_incident(connection, 1)
        an_incident(connection, 2, closed=5.0)
        for given in (
            Acknowledgement(1, 3, "dee"),
            Acknowledgement(1, 4, "kim", "mine"),
            Acknowledgement(2, 4, "dee"),
        ):
            acknowledge(connection, given)
        assert desk().acknowledged == {1: Acknowledgement(1, 4, "kim", "mine")}
        assert [one.author for one in acknowledgements_of(connection, 1)] == ["dee", "kim"]


class TestAnnotations:
    def test_they_come_back_in_their_order_with_and_without_a_fault(self, connection):
        said = [Annotation(1, 2, "dee", "called the host"), Annotation(1, 3, "dee", fault="hosting")]
        for one in said:
            annotate(connection, one)
        assert annotations_of(connection, 1) == said


class TestLoadTests:
    def test_one_stays_on_the_desk_for_a_day_after_its_end(self, connection, desk):
        now = 200_000.0
        for number, until in (("r1", now + 60), ("r2", now - 86_399), ("r3", now - 86_401)):
            begin_load_test(connection, LoadTest(number, "a", "checkout", "v2", "https://s", 1.0, until))
        assert {one.id for one in desk(now).load_tests} == {"r1", "r2"}

    def test_one_is_ended_once_and_never_later_than_it_was(self, connection, desk):
        begin_load_test(connection, LoadTest("r1", "a", "checkout", "v2", "https://s", 1.0, NOW + 60))
        assert end_load_test(connection, "r1", NOW)
        assert not end_load_test(connection, "r1", NOW + 30)
        assert not end_load_test(connection, "r9", NOW)
        assert [one.until for one in desk().load_tests] == [NOW]


class TestReleases:
    def test_the_latest_of_each_shop_is_on_the_desk(self, connection, desk):
        for shop, version, begun in (("b", "v1", 1), ("a", "v7", 5), ("b", "v2", 9), ("a", "v6", 4)):
            add_release(connection, Release(0, shop, version, begun))
        assert {shop: one[0].version for shop, one in desk().releases.items()} == {"a": "v7", "b": "v2"}

    def test_looking_for_them_does_not_walk_through_years_of_releases(self, connection):
        from techrun.store.releases import _LATEST

        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_LATEST}", {"each": 5}))
        assert "SCAN releases" not in plan

    def test_the_newest_one_of_a_version_is_ended_and_only_once(self, connection, desk):
        add_release(connection, Release(0, "a", "v1", 1))
        again = add_release(
            connection, Release(0, "a", "v1", 5, commit="a1b9f3e", author="ci", link="https://ci")
        )
        assert end_release(connection, "a", "v1", 8)
        assert desk().releases["a"][0] == Release(again, "a", "v1", 5, "a1b9f3e", "ci", "https://ci", 8)
        assert not end_release(connection, "a", "v9", 8)

    def test_they_are_listed_newest_first(self, connection):
        for shop, begun in (("a", 1), ("b", 2), ("a", 3)):
            add_release(connection, Release(0, shop, "v", begun))
        assert [one.begun for one in releases(connection, 2)] == [3, 2]
        assert [one.begun for one in releases(connection, 0, "a")] == [3, 1]


class TestRequests:
    def test_a_request_waits_until_it_is_answered_and_the_first_answer_counts(self, connection, desk):
        number = ask(connection, "dee", "open", {"shop": "acme-es", "text": "client phoned"}, 1)
        (request,) = desk().requests
        assert (request.id, request.verb, request.payload["text"]) == (number, "open", "client phoned")
        assert answer_to(connection, number) is None
        answer(connection, number, "opened #7", 2)
        answer(connection, number, "opened #8", 3)
        assert (desk().requests, answer_to(connection, number)) == ((), "opened #7")


def test_a_secret_is_made_once_and_differs_by_name(connection):
    first = secret(connection, "ack")
    assert secret(connection, "ack") == first
    assert secret(connection, "other") != first
    assert len(first) >= 40
