"""What the book keeps, wherever it is: in a store, in the daemon's, on a server."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from techrun.handling import Window
from techrun.model import Check, CheckId, Outcome, Reason, Result, Status
from techrun.oncall import TakenError, UnknownError
from techrun.releases.keeping import decoded, encoded
from techrun.releases.keeping.past import same_times, usual_time
from techrun.releases.keeping.store_book import StoreBook
from techrun.releases.records import GateDecision, Ruling
from techrun.standing import Change
from techrun.store import verifications
from techrun.store.desk import add_window
from techrun.store.history import insert_results
from techrun.store.state import save_change

NOW = 1_790_000_000.0
DAY = 86_400.0
CHECK = Check(CheckId("acme-es", "checkout"), "journey", 60, 10)


def without_secrets(seen):
    return replace(
        seen, settings={"smoke": ["guest-checkout"], "prometheus": {"url": "https://prom.example"}}
    )


class TestReleases:
    def test_the_newest_of_a_version_is_found(self, book, begin):
        begin()
        again = begin(later=60)
        begin("v813", later=120)
        assert book.release("acme-es", "v812").id == again
        assert book.release("acme-es", "v814") is None
        assert [one.version for one in book.releases("acme-es", NOW + 60)] == ["v813", "v812"]

    def test_when_it_was_live_for_the_first_time_stays(self, book, begin):
        begin()
        release = book.release("acme-es", "v812")
        book.went_live(release, NOW + 50)
        book.went_live(release, NOW + 99)
        assert book.release("acme-es", "v812").live == pytest.approx(NOW + 50, abs=0.5)
        with pytest.raises(UnknownError, match="no release #99"):
            book.went_live(replace(release, id=99), NOW)


class TestVerifications:
    def test_one_is_read_as_it_was_saved_but_for_secrets(self, book, begin, make_seen):
        begin()
        seen = make_seen()
        book.claim(replace(seen, verdict=None))
        book.save(seen)
        assert book.verification("first") == without_secrets(seen)

    def test_the_release_has_the_verdict_of_the_last_one_that_says_yes_or_no(self, book, begin, make_seen):
        """A verification that was cut short does not make a release that failed one of which nobody knows."""
        begin()
        verdicts = [""]
        for number, value in enumerate(("inconclusive", "fail", "inconclusive", "pass", "fail")):
            book.claim(make_seen(f"turn-{number}", ""))
            assert book.release("acme-es", "v812").verdict == verdicts[-1]
            book.save(make_seen(f"turn-{number}", value))
            verdicts.append(book.release("acme-es", "v812").verdict)
        assert verdicts[1:] == ["inconclusive", "fail", "fail", "pass", "fail"]
        assert book.release("acme-es", "v812").verified == NOW + 330

    def test_what_is_saved_again_is_kept_in_its_place(self, book, begin, make_seen):
        begin()
        book.claim(make_seen(value=""))
        book.save(make_seen(value="fail"))
        book.claim(make_seen("second", ""))
        book.save(make_seen("second", "pass"))
        book.save(make_seen(value="fail", cut="acted upon"))
        assert book.verification("first").cut == "acted upon"
        assert book.release("acme-es", "v812").verdict == "pass"

    def test_they_are_listed_newest_first_with_those_under_way(self, book, begin, make_seen):
        begin()
        begin("v813", 60)
        book.claim(make_seen(value=""))
        book.save(make_seen())
        book.claim(make_seen("second", "", release=2, version="v813"), "ci")
        second, first = book.verifications("acme-es")
        assert (first.id, first.verdict, first.summary, first.state) == (
            "first",
            "pass",
            "as good as before",
            "ended",
        )
        assert (first.samples, first.by, first.ended) == (1, "dee", NOW + 330)
        assert (second.id, second.verdict, second.state, second.ended, second.by) == (
            "second",
            "",
            "running",
            None,
            "ci",
        )
        assert [one.id for one in book.verifications("acme-es", "v812")] == ["first"]
        assert [one.id for one in book.verifications(limit=1)] == ["second"]
        assert book.verifications("acme-fr") == []

    def test_of_one_under_way_nothing_more_is_known(self, book, begin, make_seen):
        begin()
        book.claim(make_seen(value=""))
        with pytest.raises(UnknownError, match="still under way"):
            book.verification("first")
        with pytest.raises(UnknownError, match="no verification other"):
            book.verification("other")

    def test_one_that_is_dropped_leaves_nothing(self, book, begin, make_seen):
        begin()
        book.claim(make_seen(value=""))
        book.drop("first")
        book.drop("first")
        assert book.verifications() == []
        with pytest.raises(TakenError):
            book.alive("first")

    def test_what_ended_is_not_dropped(self, book, begin, make_seen):
        begin()
        book.save(make_seen())
        book.drop("first")
        assert book.verification("first").verdict.value == "pass"

    @pytest.mark.parametrize("number", ["../x", "", "a b", "x" * 101], ids=["path", "empty", "space", "long"])
    def test_an_id_can_stand_in_an_address(self, book, begin, make_seen, number):
        begin()
        with pytest.raises(Exception, match="other characters than"):
            book.claim(make_seen(number, ""))

    def test_a_release_that_there_is_not_cannot_be_verified(self, book, begin, make_seen):
        begin()
        for wrong in ({"release": 7}, {"version": "v813"}, {"shop": "acme-fr"}):
            with pytest.raises(UnknownError, match="there is no release"):
                book.claim(make_seen(value="", **wrong))


class TestAccepted:
    def test_those_are_whose_last_word_is_pass_and_that_stayed(self, book, begin, roll_back, make_seen):
        stories = {"v1": ["pass"], "v2": ["pass", "fail"], "v3": ["pass"], "v4": ["fail", "pass"]}
        stories |= {"v5": ["pass", "inconclusive"], "v6": ["inconclusive"], "v7": ["pass"]}
        for number, (version, values) in enumerate(stories.items()):
            release = begin(version, later=1000.0 * number)
            for turn, value in enumerate(values):
                one = make_seen(f"{version}-{turn}", value, release=release, version=version)
                book.claim(replace(one, verdict=None))
                book.save(one)
        roll_back("v3")
        found = book.accepted("acme-es", NOW + 5500, 5)
        assert [one.id for one in found] == ["v5-0", "v4-1", "v1-0"]
        assert [one.id for one in book.accepted("acme-es", NOW + 5500, 2)] == ["v5-0", "v4-1"]
        assert book.accepted("acme-fr", NOW + 5500, 5) == []

    def test_the_newest_are_kept_as_a_whole_and_passed_ones_for_longer(
        self, book, begin, make_seen, monkeypatch
    ):
        monkeypatch.setattr(verifications, "WHOLE", 2)
        monkeypatch.setattr(verifications, "WHOLE_ACCEPTED", 1)
        begin()
        for number, value in (("a", "pass"), ("b", "pass"), ("c", "fail"), ("d", "fail"), ("e", "fail")):
            book.save(make_seen(number, value))
        assert [(one.id, one.whole) for one in book.verifications()] == [
            ("e", True),
            ("d", True),
            ("c", False),
            ("b", True),
            ("a", False),
        ]
        with pytest.raises(UnknownError, match="only its verdict is still kept: fail"):
            book.verification("c")


def result(at, status=Status.UP, trigger="schedule", check=CHECK):
    reason = Reason.STATUS if status is Status.DOWN else None
    return Result(check, Outcome(status, reason), f"r{at}", at, 0.1, 0.0, trigger=trigger)


AT = NOW - NOW % 3600 + 1200
HELD = ("acme-es",), AT - DAY - 60, AT - DAY + 60
WINDOWS = {
    "maintenance": (Window(0, "maintenance", *HELD), 1),
    "grace": (Window(0, "grace", *HELD), 1),
    "silence": (Window(0, "silence", *HELD), 2),
    "of another shop": (Window(0, "maintenance", ("acme-fr",), *HELD[1:]), 2),
    "of another check": (Window(0, "maintenance", ("acme-es/home",), *HELD[1:]), 2),
    "ended early": (Window(0, "maintenance", *HELD, ended=AT - DAY), 2),
}


class TestCounts:
    @pytest.mark.parametrize(
        ("later", "days"), [(0, 0), (300, 0), (9 * 3600, 0), (DAY - 600, 1), (2 * DAY + 60, 2)]
    )
    def test_a_second_look_is_held_against_its_own_hours_of_days_before_the_release(self, later, days):
        """Else the night of the release would be usual at noon, or what it broke yesterday usual today."""
        at = usual_time(NOW, NOW + later, 300)
        assert at == NOW + later - days * DAY
        assert all(until <= NOW for _, until in same_times(at, 300, 7))

    def test_the_same_time_of_earlier_days_counts_hour_by_hour(self, book, write):
        """Half an hour before a moment 20 minutes past, to half an hour after four minutes later."""
        times = [-1801, -1799, -1, 0, 2039, 2041]
        runs = [
            result(AT - day * DAY + at, Status.DOWN if at == 0 else Status.UP)
            for day in (1, 2)
            for at in times
        ]
        runs += [result(AT, Status.DOWN), result(AT - 3 * DAY)]
        write(insert_results, runs)
        found = book.counts("acme-es", ["checkout", "home"], AT, 240, 2)
        assert [(one.check, one.hour - AT, one.runs, one.failed) for one in found] == [
            ("checkout", -DAY - 1800, 1, 0),
            ("checkout", -DAY - 1200, 3, 1),
            ("checkout", -2 * DAY - 1800, 1, 0),
            ("checkout", -2 * DAY - 1200, 3, 1),
        ]

    @pytest.mark.parametrize(
        "one",
        [
            pytest.param(result(AT - DAY, Status.DOWN, "confirmation"), id="confirmation"),
            pytest.param(result(AT - DAY, Status.DOWN, "manual"), id="by a person"),
            pytest.param(result(AT - DAY, Status.BLOCKED), id="blocked"),
            pytest.param(result(AT - DAY, Status.UNKNOWN), id="unknown"),
            pytest.param(
                result(AT - DAY, check=replace(CHECK, id=CheckId("acme-fr", "checkout"))), id="shop"
            ),
        ],
    )
    def test_runs_that_say_nothing_of_the_schedule_do_not_count(self, book, write, one):
        write(insert_results, [one])
        assert book.counts("acme-es", ["checkout"], AT, 240, 7) == ()

    @pytest.mark.parametrize(("window", "runs"), WINDOWS.values(), ids=WINDOWS)
    def test_what_was_announced_is_left_out(self, book, write, window, runs):
        write(insert_results, [result(AT - DAY), result(AT - DAY + 90)])
        write(add_window, window)
        (found,) = book.counts("acme-es", ["checkout"], AT, 240, 7)
        assert found.runs == runs

    def test_who_knows_the_checks_knows_for_which_tag_a_window_was(self, daemon_book, store, write):
        write(insert_results, [result(AT - DAY)])
        window = Window(0, "maintenance", *HELD, tags=("b2c",))
        write(add_window, window)
        assert len(daemon_book.counts("acme-es", ["checkout"], AT, 240, 7)) == 1
        assert StoreBook(store.path).counts("acme-es", ["checkout"], AT, 240, 7) == ()


class TestStanding:
    def test_a_check_stood_as_its_last_change_says(self, book, write):
        for at, before, after in ((NOW, Status.UP, Status.DOWN), (NOW + 60, Status.DOWN, Status.UP)):
            change = Change(CHECK.id, before, after, at, at - 9, 4, None, None, "", "", "down.confirmed")
            write(save_change, change)
        stood = [book.standing("acme-es", ["checkout", "home"], NOW + at) for at in (-1, 0, 59, 60)]
        assert stood == [
            {"checkout": Status.UP},
            {"checkout": Status.DOWN},
            {"checkout": Status.DOWN},
            {"checkout": Status.UP},
        ]


class TestGates:
    def test_what_it_said_is_kept_with_who_went_through_all_the_same(self, book):
        ruling = Ruling("gate.freeze", "acme-es", holds=False, text="frozen until Monday")
        closed = GateDecision(
            "acme-es", "v812", NOW, "closed", "frozen", (ruling,), by="dee", override="a fix"
        )
        first = book.note_gate(closed)
        second = book.note_gate(replace(closed, version="v813", value="open", override=""))
        assert book.gates("acme-es") == [second, first]
        assert book.gates("acme-es", "v812") == [replace(closed, id=first.id)]
        assert book.gates("acme-es", limit=1) == [second]


class TestJson:
    def test_half_a_character_of_a_page_spoils_nothing(self, make_seen):
        seen = make_seen()
        broken = replace(seen, smoke=(replace(seen.smoke[0], message="half \ud83d"),))
        assert decoded(encoded(broken)).smoke[0].message.startswith("half ")

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            pytest.param("{", "Expecting", id="no JSON"),
            pytest.param("[]", "no verification", id="no object"),
            pytest.param('{"format": 9}', "newer techrun wrote it", id="newer"),
            pytest.param("[" * 100_000, "nested|recursion", id="deep"),
            pytest.param('{"id": "x"}', "shop: ", id="incomplete"),
        ],
    )
    def test_what_is_no_verification_is_told(self, text, why):
        with pytest.raises(ValueError, match=why):
            decoded(text)

    def test_no_secret_of_the_settings_is_kept(self, make_seen):
        text = encoded(make_seen()).decode()
        assert "the-token" not in text
        assert "secret-path" not in text
        assert json.loads(text)["settings"]["smoke"] == ["guest-checkout"]


def test_without_a_store_nothing_is_known_and_the_first_claim_makes_one(tmp_path, make_seen):
    book = StoreBook(tmp_path / "own" / "techrun.db")
    assert book.release("acme-es", "v812") is None
    assert book.releases("acme-es", 0) == []
    assert book.verifications() == []
    assert book.accepted("acme-es", NOW, 5) == []
    assert book.counts("acme-es", ["checkout"], NOW, 240, 7) == ()
    assert book.standing("acme-es", ["checkout"], NOW) == {}
    assert not (tmp_path / "own").exists()
    book.save(make_seen())
    assert [one.id for one in book.verifications()] == ["first"]
