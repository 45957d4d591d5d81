"""What a person on call types: the same on the daemon's machine and, with `--server`, on a laptop."""

from __future__ import annotations

import json
import time

import pytest

from techrun.handling import LoadTest, Window
from techrun.standing import Hold, Incident
from techrun.store.desk import add_window, load_desk, windows
from techrun.store.loads import begin_load_test
from techrun.store.releases import releases
from techrun.store.state import begin_hold, save_incident


def desk(world):
    with world.store.read() as connection:
        return load_desk(connection, time.time())


class TestStatus:
    def test_it_tells_what_is_wrong_who_is_on_it_and_what_is_not_delivered(self, techrun):
        done = techrun("status")
        assert done.code == 1
        assert "[PAGE] acme-es: the home page does not open" in done.out
        assert "nobody has taken it on: techrun ack 1" in done.out
        assert "home; up again: cart" in done.out
        assert "oncall: 1 message(s) not delivered" in done.out
        assert "503 Service Unavailable" in done.out

    def test_it_tells_who_took_it_on_what_holds_it_and_what_is_silenced(self, techrun, world):
        techrun("ack", "1", "--note", "restarting php")
        techrun("silence", "acme-es/home", "--for", "2h", "--reason", "PSP moves")
        world.write(begin_hold, 1, Hold("held.silence", None, 'silence #1 by dee: "PSP moves"'), time.time())
        said = techrun("status").out
        assert "taken on by" in said
        assert "restarting php" in said
        assert 'held for 0s: silence #1 by dee: "PSP moves"' in said
        assert "silence #1: acme-es/home, until" in said

    def test_an_own_network_that_is_gone_comes_first(self, techrun, world):
        now = time.time()
        world.write(
            save_incident, Incident(9, "uplink", "", "ticket", "techrun's own network is gone", now, now)
        )
        assert techrun("status").out.startswith("techrun's own network is gone")

    def test_it_tells_which_shop_is_under_load(self, techrun, world):
        now = time.time()
        for number, shop, until in (
            ("r1", "acme-es", now + 60),
            ("r2", "acme-es", now - 1),
            ("r3", "b", now + 60),
        ):
            world.write(
                begin_load_test, LoadTest(number, shop, "checkout", "v2", "https://s", now - 9, until)
            )
        said = techrun("status").out
        assert said.count("load test") == 1
        assert "load test running: checkout, v2, on https://s, since" in said
        told = json.loads(techrun("status", "--format", "json").out)
        assert [one["id"] for one in told["load_tests"]] == ["r1"]

    def test_as_json_it_has_everything(self, techrun, world):
        told = json.loads(techrun("status", "--format", "json", "acme-es/home").out)
        (incident,) = told["incidents"]
        assert (incident["id"], incident["severity"], incident["members"][0]["check"]) == (
            1,
            "page",
            "acme-es/home",
        )
        assert told["checks"][0]["last_run"]["reason"] == "status"
        assert told["undelivered"][0]["last_attempt"]["answer"] == "503 Service Unavailable"
        assert [run["status"] for run in told["runs"]] == ["down"]

    def test_a_selection_leaves_out_incidents_of_other_checks(self, techrun, world):
        told = json.loads(techrun("status", "--format", "json", "acme-es/cart").out)
        assert [one["id"] for one in told["incidents"]] == [1], "cart is a member"
        world.write(save_incident, Incident(5, "reported", "acme-es", "ticket", "mails", 1, 1))
        told = json.loads(techrun("status", "--format", "json", "--tag", "b2b").out)
        assert [one["id"] for one in told["incidents"]] == [1, 5]

    def test_leaked_orders_that_a_person_cancelled_are_counted_no_longer(self, techrun, world):
        world.write(
            lambda connection: connection.execute(
                "INSERT INTO orders (shop, name, run_id, step, day, begun, owner, state, reference)"
                " VALUES ('acme-es', 'home', 'r', 's', 'd', 1, 'daemon', 'leaked', 'order 42')"
            )
        )
        assert "test order order 42 stands in the shop" in techrun("status").out
        done = techrun("status", "--orders-cancelled", "acme-es")
        assert "1 test order(s) of acme-es are no longer counted as leaked" in done.err
        assert "order 42" not in done.out


class TestIncidents:
    @pytest.mark.parametrize(
        ("words", "numbers"),
        [
            pytest.param([], [1], id="open ones by default"),
            pytest.param(["--open"], [1], id="open ones"),
            pytest.param(["--all"], [1, 2], id="all"),
            pytest.param(["--since", "1h"], [1], id="of the last hour"),
            pytest.param(["--since", "7d", "--shop", "acme-es"], [1, 2], id="of the last week and a shop"),
        ],
    )
    def test_they_are_listed(self, techrun, words, numbers):
        told = json.loads(techrun("incidents", "list", "--format", "json", *words).out)
        assert [one["id"] for one in told] == numbers
        assert "does not open" in techrun("incidents", "list", *words).out.replace("\n", " ")

    def test_the_story_of_one_has_everything_in_its_order(self, techrun):
        techrun("ack", "1", "--note", "on it")
        techrun("incidents", "annotate", "1", "--cause", "hosting", "--text", "the host had restarted")
        said = " ".join(techrun("incidents", "show", "1").out.split())
        parts = [
            "#1 [PAGE] acme-es: the home page does not open",
            "goes on",
            "lost:",
            "EUR",
            'acme-es/home: at "home": expected 200, got 502 [status]',
            "trace 9f2c",
            "the first run failed",
            "held.group_wait begins",
            "held.group_wait ends",
            "opened to oncall: [PAGE] acme-es: down",
            "attempt 1 failed after 800 ms: 503 Service Unavailable",
            "taken on by",
            "at fault: hosting; the host had restarted",
            "not delivered yet",
        ]
        places = [said.find(part) for part in parts]
        assert -1 not in places, dict(zip(parts, places, strict=True))
        assert places == sorted(places)

    def test_what_techrun_missed_is_opened_by_the_daemon_and_closed_again(self, techrun, world, keeper):
        done = techrun("incidents", "open", "client phoned", "--shop", "acme-es", "--severity", "page")
        assert (done.code, done.out) == (0, "opened #7\n")
        assert keeper[0].payload == {"shop": "acme-es", "text": "client phoned", "severity": "page"}
        assert "@" in keeper[0].author
        world.write(save_incident, Incident(7, "reported", "acme-es", "page", "client phoned", 1, 1))
        assert techrun("incidents", "close", "7").out == "closed #7\n"
        assert keeper[1].payload == {"incident": 7}

    def test_the_story_of_what_a_person_reported_tells_of_no_run(self, techrun, world):
        world.write(save_incident, Incident(7, "reported", "acme-es", "page", "client phoned", 1, 1))
        said = techrun("incidents", "show", "7").out
        assert ("it began" in said, "run failed" in said) == (True, False)

    def test_the_story_of_one_tells_the_load_that_the_shop_was_under(self, techrun, world):
        for number, began, until in (("r1", -60, 30), ("r2", -900, -800), ("r3", 60, 9000)):
            times = (world.began + began, world.began + until)
            world.write(begin_load_test, LoadTest(number, "acme-es", number, "v2", "https://s", *times))
        said = techrun("incidents", "show", "1").out
        assert "load test over: r1, v2, on https://s," in said
        assert "load test running: r3, v2, on https://s, since" in said
        assert "r2" not in said
        assert "load test begins: r1, v2, https://s" in said
        assert "load test ends: r1, v2, https://s" in said
        assert "load test ends: r3" not in said

    def test_without_a_daemon_it_is_noted(self, techrun, world):
        done = techrun("incidents", "open", "client phoned", "--shop", "acme-es")
        assert done.code == 0
        assert "noted: the daemon opens it when it runs" in done.out
        assert [request.verb for request in desk(world).requests] == ["open"]

    def test_what_the_daemon_refuses_is_told(self, techrun, keeper):
        done = techrun("incidents", "open", "refuse this", "--shop", "acme-es")
        assert (done.code, done.err) == (2, "not now")

    def test_only_what_was_opened_by_hand_is_closed_by_hand(self, techrun):
        done = techrun("incidents", "close", "1")
        assert done.code == 2
        assert "ends by itself" in done.err


class TestAcknowledging:
    def test_it_is_on_the_desk_at_once(self, techrun, world):
        done = techrun("ack", "1", "--note", "restarting php")
        assert (done.code, "#1 is taken on by" in done.out) == (0, True)
        given = desk(world).acknowledged[1]
        assert (given.note, "@" in given.author) == ("restarting php", True)

    def test_a_number_may_be_written_as_messages_write_it(self, techrun):
        assert techrun("ack", "#1").code == 0

    @pytest.mark.parametrize(
        ("number", "why"),
        [
            ("99", "there is no incident #99"),
            ("2", "#2 is closed already"),
            ("all", "expected a number such as 4711"),
            ("0", "expected a number such as 4711"),
            ("9" * 5000, "expected a number such as 4711"),
        ],
        ids=["unknown", "closed", "no number", "none", "too large"],
    )
    def test_there_must_be_something_to_take_on(self, techrun, number, why):
        done = techrun("ack", number)
        assert (done.code, why in done.err) == (2, True)


class TestWindows:
    def test_a_silence_is_on_the_desk_at_once_listed_and_ended(self, techrun, world):
        done = techrun(
            "silence", "acme-*/*", "--client", "acme", "--tag", "b2b", "--for", "2h", "--reason", "PSP moves"
        )
        assert done.code == 0, done.err
        (window,) = desk(world).windows
        assert (window.kind, window.selectors, window.client, window.tags) == (
            "silence",
            ("acme-*/*",),
            "acme",
            ("b2b",),
        )
        assert window.ends - window.starts == pytest.approx(7200)
        assert abs(window.starts - time.time()) < 30
        assert (window.reason, "@" in window.author) == ("PSP moves", True)
        assert "silence #1: acme-*/* client acme tag b2b, until" in techrun("silence", "list").out.replace(
            "\n", " "
        )
        assert techrun("maintenance", "list").out == "nothing is in force or to come\n"
        assert "ended" in techrun("silence", "end", "1").out
        assert techrun("silence", "list").out == "nothing is in force or to come\n"
        assert "ended" in techrun("silence", "list", "--since", "1h").out

    def test_maintenance_is_announced_for_later(self, techrun, world):
        done = techrun(
            "maintenance",
            "add",
            "acme-es",
            "--from",
            "2035-03-25T01:30",
            "--for",
            "3h",
            "--reason",
            "new PHP",
        )
        assert "from 2035-03-25 01:30:00 until" in done.out
        (window,) = desk(world).windows
        assert (window.kind, not window.covers(time.time())) == ("maintenance", True)

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            pytest.param(
                ["acme-ess", "--for", "2h", "--reason", "x"], 'no check matches "acme-ess"', id="no match"
            ),
            pytest.param(["acme-es", "--for", "2h", "--reason", " "], "say why", id="no reason"),
            pytest.param(["--for", "2h", "--reason", "x"], "say which checks are meant", id="no selection"),
            pytest.param(["acme-es", "--for", "0s", "--reason", "x"], "cannot last 0ms", id="no time"),
            pytest.param(["acme-es", "--for", "31d", "--reason", "x"], "write 1s to 30d", id="too long"),
            pytest.param(
                ["acme-es", "--for", "soon", "--reason", "x"], "expected a duration", id="no duration"
            ),
            pytest.param(
                ["acme-es", "--for", "2h", "--from", "2h", "--reason", "x"], "past", id="in the past"
            ),
            pytest.param(
                ["acme-es", "--for", "2h", "--from", "nan", "--reason", "x"],
                "expected a moment",
                id="no moment",
            ),
            pytest.param(["acme-es", "--for", "2h"], "", id="reason left out"),
            pytest.param(["acme-es", "--reason", "x"], "", id="expiry left out"),
            pytest.param(["end", "5"], "no silence or maintenance #5", id="an unknown number"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, techrun, world, words, why):
        done = techrun("silence", *words)
        assert (done.code, why in done.err) == (2, True), done.err
        assert desk(world).windows == ()

    def test_all_checks_are_silenced_only_by_a_word_for_all(self, techrun, world):
        assert techrun("silence", "*", "--for", "2h", "--reason", "moving house").code == 0
        assert desk(world).windows[0].selectors == ("*",)


class TestReleases:
    def test_one_begins_and_ends(self, techrun, world):
        words = [
            "v812",
            "--shop",
            "acme-es",
            "--commit",
            "a1b9f3e",
            "--author",
            "ci",
            "--link",
            "https://ci/1",
        ]
        assert "acme-es v812: began" in techrun("release", "begin", *words).out
        release = desk(world).releases["acme-es"][0]
        assert (release.version, release.commit, release.author, release.link) == (
            "v812",
            "a1b9f3e",
            "ci",
            "https://ci/1",
        )
        assert "under way" in techrun("release", "list").out
        assert "ended" in techrun("release", "end", "v812", "--shop", "acme-es").out
        assert desk(world).releases["acme-es"][0].ended is not None
        assert "a1b9f3e" in techrun("release", "list", "--shop", "acme-es", "--since", "1h").out

    def test_who_deploys_is_the_one_who_types_unless_told(self, techrun, world):
        techrun("release", "begin", "v1", "--shop", "acme-es")
        with world.store.read() as connection:
            assert "@" in releases(connection, 0)[0].author

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (["begin", "v1", "--shop", "acme-se"], 'did you mean "acme-es"?'),
            (["end", "v1", "--shop", "acme-es"], "no release v1 of acme-es is under way"),
        ],
        ids=["an unknown shop", "none under way"],
    )
    def test_what_is_not_there_is_refused(self, techrun, words, why):
        done = techrun("release", *words)
        assert (done.code, why in done.err) == (2, True)


class TestShadow:
    def test_what_would_have_been_sent_is_counted_by_day_and_channel_and_listed(self, techrun):
        said = techrun("shadow", "report").out
        assert "oncall: [PAGE] acme-es: in shadow" in said
        assert "1 message(s) would have been sent; nobody was told" in said
        day = next(line for line in said.splitlines() if line.startswith("20"))
        assert day.split()[1:] == ["oncall", "1", "0", "0"]

    def test_nothing_is_said_too(self, techrun):
        assert (
            techrun("shadow", "report", "--since", "1h").out
            == "nothing would have been sent; nobody was told\n"
        )


def test_what_a_person_typed_is_shown_as_it_is_also_where_it_looks_like_markup(techrun, world):
    techrun("silence", "acme-es", "--for", "1h", "--reason", "[bold]<b>\x1b[31m x")
    said = techrun("silence", "list").out
    assert "[bold]<b>" in said
    assert "\x1b" not in said


def test_windows_of_a_release_are_listed_as_maintenance(techrun, world):
    now = time.time()
    world.write(add_window, Window(0, "grace", ("acme-es",), now, now + 120, source="release acme-es v1"))
    assert "grace #1: acme-es" in techrun("maintenance", "list").out
    with world.store.read() as connection:
        assert len(list(windows(connection, now))) == 1
