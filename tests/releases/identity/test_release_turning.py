"""What becomes of the places of a shop, told from their answers: stories of seconds, without any clock."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from techrun.config.releases import IdentitySettings
from techrun.model import Reason
from techrun.releases.identity.matching import Question
from techrun.releases.identity.rulings import identity_rulings
from techrun.releases.identity.telling import identity_of
from techrun.releases.identity.turning import places
from techrun.releases.records import FRONT, Expectation, Sighting

SETTINGS = {"within": "20s", "drain": "10s", "in_a_row": 3, "front": 4, "every": "1s"}
RELEASE = Expectation("v812", "a1b9f3e")
NODE, OTHER = "10.0.0.1", "10.0.0.2"
ANSWERS: Mapping[str, dict[str, object]] = {
    "n": {"version": "v812", "commit": "a1b9f3e"},
    "o": {"version": "v811", "commit": "0811aaa"},
    "w": {"version": "v812", "commit": "bbbbbbb"},
    "b": {"version": "v812"},
    "x": {"failure": "connection refused", "reason": Reason.CONNECT},
    "t": {"failure": "certificate has expired", "reason": Reason.TLS},
    "u": {"failure": "json $.version of /release.json matched nothing", "reason": Reason.EXTRACTION},
    "6": {"failure": "this machine has no way to IPv6 addresses", "reason": Reason.UPLINK},
    "e": {"version": "v812", "commit": "a1b9f3e", "edge": "Cloudflare"},
    "c": {"version": "v811", "commit": "0811aaa", "age": 314.0},
    "m": {"version": "1731500000"},
}
"""One letter for each second: new, old, wrong commit, no connection, TLS refused, unreadable, …"""


def question(expected=RELEASE, *, commit=True, **settings):
    made = IdentitySettings.model_validate(SETTINGS | settings)
    return Question(expected, made, 0.0, reads_version=True, reads_commit=commit)


def seen(nodes, past, through=None, *, at=None, unnamed=None, asked=None):
    """The places after stories such as `ooonnn`; each letter is one answer, a second apart."""
    sightings = [
        Sighting(float(second), via, by_cache, **ANSWERS[letter])
        for (via, by_cache), story in {
            **{(via, False): story for via, story in nodes.items()},
            (FRONT, False): past,
            (FRONT, True): past if through is None else through,
        }.items()
        for second, letter in enumerate(story)
    ]
    now = float(max(len(story) for story in (*nodes.values(), past))) if at is None else at
    return places(asked or question(), tuple(nodes), sightings, now, unnamed or {})


def told(*args, **options):
    """State and text of every place, and what is decided."""
    identity = identity_of(seen(*args, **options))
    return {one.via: one for one in identity.findings}, identity


def rules(identity):
    return {(one.rule, one.subject): one.holds for one in identity_rulings(identity)}


def test_all_is_new_when_each_node_and_the_front_have_matched_often_enough():
    stories = seen({NODE: "oonnnn", OTHER: "nnnnnn"}, "nnnnnn")
    assert stories.over
    findings, identity = told({NODE: "oonnnn", OTHER: "nnnnnn"}, "nnnnnn")
    assert {one.state for one in findings.values()} == {"new"}
    assert identity.live == 2.0
    assert set(rules(identity).values()) == {True}


@pytest.mark.parametrize(
    ("nodes", "past", "through"),
    [
        ({NODE: "nn"}, "nnnn", "nnnn"),
        ({NODE: "nnnn"}, "nnn", "nnnn"),
        ({NODE: "nnnn"}, "nnnn", "nnn"),
        ({NODE: "nnnx"}, "nnnn", "nnnn"),
        ({NODE: "xxxx"}, "nnnn", "nnnn"),
        ({NODE: "ooooo"}, "nnnnn", "nnnnn"),
        ({}, "nno", "nnn"),
    ],
    ids=[
        "too few of a node",
        "too few past the cache",
        "too few through it",
        "a node that fell silent",
        "a node that was never there",
        "a node that is old",
        "no node at all",
    ],
)
def test_nothing_is_over_while_there_is_time_and_a_place_has_not_turned(nodes, past, through):
    assert not seen(nodes, past, through).over
    assert identity_of(seen(nodes, past, through)).live is None


@pytest.mark.parametrize(
    ("story", "state", "rule", "holds", "words"),
    [
        (
            "o" * 21,
            "old",
            "old_version",
            False,
            "10.0.0.1 still runs v811 (asked 21 times in 20s, last 1s ago)",
        ),
        ("w" * 21, "wrong-commit", "wrong_commit", False, "v812 of another commit: bbbbbbb, not a1b9f3e"),
        ("no" * 10 + "o", "mixed", "mixed", False, "v811 in 11 and v812 in 10 of 21 answers, in turns"),
        (
            "b" * 21,
            "unreadable",
            "unreadable",
            None,
            "10.0.0.1 runs v812 and names no commit: write it there",
        ),
        ("x" * 21, "unreachable", "unreachable", None, "cannot be reached: connection refused"),
        ("t" * 21, "unreachable", "tls", None, "refuses a secure connection: certificate has expired"),
        ("u" * 21, "unreadable", "unreadable", None, "does not tell its version: json $.version"),
        ("n" * 12 + "x" * 9, "unreachable", "unreachable", None, "it said v812 before"),
    ],
    ids=[
        "old",
        "wrong commit",
        "in turns",
        "no commit",
        "unreachable",
        "TLS",
        "unreadable",
        "was new, is gone",
    ],
)
def test_each_way_not_to_turn_has_a_state_a_rule_and_words_of_its_own(story, state, rule, holds, words):
    findings, identity = told({NODE: story, OTHER: "n" * 21}, "n" * 21)
    assert seen({NODE: story, OTHER: "n" * 21}, "n" * 21).over
    assert findings[NODE].state == state
    assert words in findings[NODE].text
    assert rules(identity)[f"identity.{rule}", NODE] is holds
    assert identity.live is None


def test_an_old_node_fails_when_its_time_is_over_and_not_before():
    assert not seen({NODE: "o" * 20}, "n" * 20, at=19.9).over
    assert seen({NODE: "o" * 20}, "n" * 20, at=20.0).over


def test_a_place_that_turns_late_may_show_the_old_version_for_the_drain_time():
    story = "o" * 15 + "non"  # new for the first time at 15: the old one may be seen until 25
    assert not seen({NODE: "n" * 18}, story, at=24.0).over
    assert seen({NODE: "n" * 18}, story + "o" * 8, at=26.0).over


def test_what_comes_after_the_time_is_over_buys_no_more_time():
    assert seen({NODE: "o" * 21 + "xxx"}, "n" * 24).over


def test_a_place_that_is_just_turning_gets_the_answers_that_it_needs():
    assert not seen({NODE: "o" * 19 + "nn"}, "n" * 21).over
    assert seen({NODE: "o" * 19 + "nno"}, "n" * 22, at=30.0).over


def test_where_old_and_new_came_in_turns_more_matches_are_needed():
    assert seen({NODE: "nnn"}, "nnnn").good
    assert not seen({NODE: "nonnn"}, "nnnnn").good
    assert seen({NODE: "nonnnn"}, "nnnnnn").good


class TestANodeThatLeaves:
    def test_with_the_old_version_for_as_long_as_the_drain_time_is_drained(self):
        stories = {NODE: "ooo" + "x" * 10, OTHER: "n" * 13}
        assert not seen(stories, "n" * 13, at=12.0).over, "it may only be restarting"
        assert seen(stories, "n" * 13, at=13.0).over
        findings, identity = told(stories, "n" * 13)
        assert findings[NODE].state == "drained"
        assert findings[NODE].text == "10.0.0.1 left with v811: it answers no more"
        assert identity.live == 0.0
        assert rules(identity)["identity.drained", NODE] is True

    def test_is_no_sign_of_the_new_version_where_every_known_node_did(self):
        """Blue left, and nobody said where green is: the front alone shows it."""
        _, identity = told({NODE: "ooo" + "x" * 20, OTHER: "oo" + "x" * 21}, "n" * 23)
        assert identity.not_seen == (
            "every node that is known left with the old version: add those of v812 to `nodes:`",
        )
        assert identity.live is None

    def test_and_comes_back_old_is_old(self):
        assert told({NODE: "ooo" + "x" * 10 + "o"}, "n" * 14)[0][NODE].state == "old"

    def test_is_no_good_while_the_shops_name_leads_there(self):
        findings, identity = told({NODE: "ooo" + "x" * 20}, "n" * 23, unnamed={NODE: None})
        assert findings[NODE].state == "unreachable"
        assert "and the shop's name leads there" in findings[NODE].text
        assert rules(identity)["identity.unreachable", NODE] is None

    def test_the_shops_name_alone_may_go_on_as_it_is(self):
        findings, _ = told({NODE: "o" * 23, OTHER: "n" * 23}, "n" * 23, unnamed={NODE: 5.0, OTHER: None})
        assert findings[NODE].state == "drained"
        assert "no longer leads there" in findings[NODE].text

    def test_does_not_excuse_a_front_that_still_shows_the_old_version(self):
        _, identity = told({NODE: "ooo" + "x" * 20}, "no" * 11 + "o")
        assert rules(identity)["identity.mixed", FRONT] is False


class TestTheFront:
    def test_that_is_old_through_the_cache_alone_is_a_cache(self):
        findings, identity = told({NODE: "n" * 31}, "n" * 31, "c" * 31)
        assert findings[FRONT].state == "old"
        assert findings[FRONT].text == (
            "the front serves v811 out of a cache, kept for 5m14s, though past the cache it is v812: purge the cache"
        )
        assert rules(identity)["identity.cached", FRONT] is False

    def test_that_is_old_past_the_cache_too_is_a_cache_if_the_answers_are_aged(self):
        findings, identity = told({NODE: "n" * 31}, "c" * 31, "c" * 31)
        assert "also to those who ask past it, though every node has turned" in findings[FRONT].text
        assert rules(identity)["identity.cached", FRONT] is False

    def test_that_shows_both_versions_past_the_cache_too_is_a_node_however_often_it_was_lucky(self):
        findings, _ = told({NODE: "n" * 31}, "nonnnonn" * 3 + "nnonnnn", "no" * 15 + "o")
        assert (findings[FRONT].state, findings[FRONT].cached) == ("mixed", False)

    def test_that_is_old_without_a_cache_has_a_node_that_nobody_named(self):
        findings, identity = told({NODE: "n" * 31}, "no" * 15 + "o")
        assert "another one answers, add it to `nodes:`" in findings[FRONT].text
        assert rules(identity)["identity.mixed", FRONT] is False

    def test_is_not_blamed_on_unknown_nodes_where_a_known_one_is_old(self):
        findings, _ = told({NODE: "o" * 31}, "no" * 15 + "o")
        assert "nodes:" not in findings[FRONT].text


class TestEdges:
    def test_are_no_origins_and_make_no_pass(self):
        findings, identity = told({NODE: "eeee", OTHER: "eeee"}, "eeee")
        assert findings[NODE].state == "new"
        assert "an edge of Cloudflare" in findings[NODE].text
        assert identity.not_seen == (
            "2 Cloudflare edges seen, 0 origins: set `nodes:`, or `origins: hidden` where nobody can reach them",
        )
        assert identity.live is None
        assert rules(identity)["identity.not_seen", "nodes"] is None

    def test_must_do_where_the_origins_are_said_to_be_hidden(self):
        asked = question(origins="hidden")
        _, identity = told({NODE: "eeee"}, "eeee", asked=asked)
        assert (identity.not_seen, identity.live) == ((), 0.0)

    def test_of_ipv6_cannot_be_reached_from_everywhere_and_only_warn(self):
        asked = question(origins="hidden")
        stories = {NODE: "eeee", "2001:db8::1": "6666"}
        assert seen(stories, "eeee", asked=asked).over, "waiting builds no way there"
        _, identity = told(stories, "eeee", asked=asked)
        (far,) = [one for one in identity_rulings(identity) if one.subject == "2001:db8::1"]
        assert (far.holds, far.warns) == (None, True)
        assert identity.live == 0.0

    def test_before_origins_that_cannot_be_reached_are_not_what_is_missing(self):
        _, identity = told({NODE: "x" * 21}, "e" * 21)
        assert identity.not_seen == ()
        assert rules(identity)["identity.unreachable", NODE] is None

    def test_before_named_origins_are_no_gap(self):
        _, identity = told({NODE: "nnnn"}, "eeee")
        assert (identity.not_seen, identity.live) == ((), 0.0)


def test_a_node_without_any_way_there_is_no_pass():
    _, identity = told({NODE: "nnnn", "2001:db8::1": "6666"}, "nnnn")
    (far,) = [one for one in identity_rulings(identity) if one.subject == "2001:db8::1"]
    assert (far.holds, far.warns) == (None, False)
    assert identity.live is None


def test_a_reader_that_finds_nothing_anywhere_is_taken_to_be_wrong():
    findings, _ = told({NODE: "u" * 21}, "u" * 21)
    assert findings[NODE].text.endswith("no place tells its version: is `version:` of this shop right?")


def test_no_node_at_all_is_not_good():
    _, identity = told({}, "nnnn")
    assert identity.not_seen == ("no node is known: the shop's name leads to no address",)
    assert identity.live is None


def test_a_version_that_differs_in_its_v_alone_is_not_the_same_and_the_way_out_is_told():
    asked = question(Expectation("811"))
    findings, _ = told({NODE: "o" * 21}, "o" * 21, asked=asked)
    assert "if v811 is the same, say so with `techrun release begin … --told v811`" in findings[NODE].text


def test_a_commit_that_is_not_known_of_the_release_is_not_compared_and_that_is_told():
    findings, identity = told({NODE: "wwww"}, "wwww", asked=question(Expectation("v812")))
    assert findings[NODE].state == "new"
    assert "by its version alone" in findings[NODE].text
    assert identity.live == 0.0


def test_the_time_of_magentos_files_tells_nothing_until_somebody_says_which_release_has_it():
    asked = question(commit=False)
    assert seen({NODE: "mmmm"}, "mmmm", asked=asked).over, "waiting tells nobody"
    findings, identity = told({NODE: "mmmm"}, "mmmm", asked=asked)
    assert (findings[NODE].state, identity.live) == ("unreadable", None)
    assert "--told" in findings[NODE].text
    asked = question(Expectation("v812", told="1731500000"), commit=False)
    assert told({NODE: "mmmm"}, "mmmm", asked=asked)[0][NODE].state == "new"
