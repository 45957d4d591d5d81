"""All rulings together: pass, fail or inconclusive, and the sentence on top."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import techrun.releases
from techrun.config.releases import JudgeSettings, PrometheusSource, Query, Releases
from techrun.model import Reason, Status
from techrun.releases.judge.rules import RULES
from techrun.releases.judge.verdict import judge
from techrun.releases.records import Expectation, Figure, Identity, NodeFinding, SmokeResult

DEFAULT = Releases()
ASKED = Releases(
    prometheus=PrometheusSource(url="http://127.0.0.1", queries=(Query(name="errors", query="x", max=0.01),))
)
FAILS_BY_TIMES = Releases(judge=JudgeSettings(latency="fail"))


def finding(state, via="127.0.0.2"):
    return NodeFinding(via, state, f"{via} is {state}", samples=5)


def identity(*findings, not_seen=()):
    return Identity(Expectation("v812"), findings, not_seen=not_seen, live=0.0)


@pytest.mark.parametrize(
    ("change", "releases", "value", "decided_by"),
    [
        ({}, DEFAULT, "pass", None),
        ({"identity": None}, DEFAULT, "inconclusive", "identity.not_seen"),
        ({"identity": identity(finding("old"))}, DEFAULT, "fail", "identity.old_version"),
        ({"identity": identity(finding("unreachable"))}, DEFAULT, "inconclusive", "identity.unreachable"),
        (
            {"identity": identity(finding("new"), not_seen=("2 edges seen, 0 origins",))},
            DEFAULT,
            "inconclusive",
            "identity.not_seen",
        ),
        (
            {"smoke": (SmokeResult("checkout", "front", Status.DOWN, Reason.STATUS, message="HTTP 500"),)},
            DEFAULT,
            "fail",
            "smoke.failed",
        ),
        (
            {"smoke": (SmokeResult("checkout", "front", Status.BLOCKED, Reason.BLOCKED),)},
            DEFAULT,
            "inconclusive",
            "smoke.failed",
        ),
        ({"wanted": 60}, DEFAULT, "inconclusive", "bake.too_few"),
        ({"judged": ()}, DEFAULT, "inconclusive", "bake.nothing"),
        ({"cut": "interrupted (SIGTERM)"}, DEFAULT, "inconclusive", "release.cut"),
        ({"cut": "the release v813 began", "superseded": "v813"}, DEFAULT, "inconclusive", "release.superseded"),
        ({"superseded": "v813"}, DEFAULT, "pass", None),
        ({"unanswered": ("counts",)}, DEFAULT, "inconclusive", "judged.no_baseline"),
        ({"unanswered": ("accepted",)}, FAILS_BY_TIMES, "inconclusive", "judged.no_baseline"),
        ({"unanswered": ("standing", "went_live", "accepted")}, DEFAULT, "pass", None),
        ({}, ASKED, "inconclusive", "figures.no_data"),
        ({"figures": (Figure("errors", 0.5),)}, ASKED, "fail", "figures.max"),
        ({"figures": (Figure("errors", 0.001),)}, ASKED, "pass", None),
    ],
    ids=[
        "all holds", "nobody looked", "an old node", "an unreachable node", "hidden origins", "a smoke run failed",
        "a smoke run was blocked", "too few runs", "no check watched", "interrupted", "cut by a newer release",
        "a newer release, after the last run", "a book that is silent on failures", "a book that is silent on times",
        "a book that is silent on what decides nothing", "a query without an answer", "a query above its limit",
        "a query below its limit",
    ],
)  # fmt: skip
def test_each_stage_decides(verified, runs_of, change, releases, value, decided_by):
    verdict = judge(replace(verified(*runs_of()), **change), [], releases)
    assert verdict.value == value
    if decided_by:
        assert verdict.rulings[0].rule == decided_by


def test_a_silent_book_makes_no_first_release(verified, runs_of):
    """ "baseline recorded (1 of 5)" would be untrue where five are there and nobody could read them."""
    silent = judge(replace(verified(*runs_of()), unanswered=("accepted",)), [], DEFAULT)
    assert silent.baseline == "the same hours of earlier days alone"
    assert [each.warns for each in silent.rulings if each.rule == "judged.no_baseline"] == [True]


def test_an_empty_verification_is_never_a_pass(verified):
    verdict = judge(verified(identity=None), [], DEFAULT)
    assert (verdict.value, verdict.evaluated) == ("inconclusive", 0)
    assert "judged.nothing" in {each.rule for each in verdict.rulings}


def test_what_fails_comes_first_and_hides_what_was_not_begun_because_of_it(verified):
    """An old node ends the verification: that no check was watched then is no news."""
    verdict = judge(verified(identity=identity(finding("old")), judged=()), [], ASKED)
    assert verdict.summary == "The release does not hold: 127.0.0.2 is old."
    assert {each.rule for each in verdict.rulings} == {"identity.old_version"}


def test_a_failure_stands_also_where_the_bake_was_cut(verified, runs_of):
    given = verified(*runs_of(failed=(2, 6, 11), count=14), cut="interrupted (SIGINT)", wanted=30)
    assert judge(given, [], DEFAULT).value == "fail"


def test_a_check_that_is_down_for_sure_fails_whatever_is_usual(verified, runs_of, hours):
    samples = runs_of(failed=(5, 6, 7, 8), count=9)
    down = (*samples[:-1], replace(samples[-1], decision="down.confirmed"))
    verdict = judge(verified(*down, before=hours(failed=(30,) * 7), cut="checkout is down"), [], DEFAULT)
    assert (verdict.value, verdict.rulings[0].rule) == ("fail", "bake.down")
    assert "release.cut" not in {each.rule for each in verdict.rulings}


def test_degraded_runs_are_told_and_decide_nothing(verified, runs_of):
    slow = tuple(
        replace(each, status=Status.DEGRADED, reason=Reason.BUDGET) if at < 9 else each
        for at, each in enumerate(runs_of())
    )
    verdict = judge(verified(*slow), [verified(*runs_of())], DEFAULT)
    assert verdict.value == "pass"
    assert "9 of 30 runs were degraded (budget 9), 0 of 30 after earlier releases" in verdict.summary


def test_a_shop_that_was_degraded_before_is_no_news(verified, runs_of):
    expiring = tuple(replace(each, status=Status.DEGRADED, reason=Reason.CERTIFICATE) for each in runs_of())
    verdict = judge(verified(*expiring), [verified(*expiring)], DEFAULT)
    assert "degraded.more" not in {each.rule for each in verdict.rulings}


def test_the_same_record_gives_the_same_verdict(verified, runs_of):
    given = verified(*runs_of(failed=(3, 9)), *runs_of("home", seconds=lambda run: 0.1 + run / 100))
    earlier = [verified(*runs_of(), *runs_of("home", seconds=0.1))] * 5
    assert judge(given, earlier, DEFAULT) == judge(given, earlier, DEFAULT)


def test_only_as_many_earlier_releases_count_as_are_asked_for(verified, runs_of):
    earlier = [verified(*runs_of())] * 9
    asked = Releases(judge=JudgeSettings(releases=3))
    assert judge(verified(*runs_of()), earlier, asked).baseline.startswith("the last 3 accepted releases")


def test_every_rule_has_its_meaning_in_words():
    """Each name that some part of the verification writes into a ruling; the gate's are the gate's."""
    sources = Path(techrun.releases.__file__).parent.rglob("*.py")
    families = {rule.partition(".")[0] for rule in RULES}
    written = {
        name
        for source in sources
        for name in re.findall(r'uling\(\s*(?:rule=|query, )?"([a-z]+\.[a-z_]+)"', source.read_text())
        if name.partition(".")[0] in families
    }
    assert len(written) > 12
    assert written <= RULES.keys()


def test_only_a_release_that_passed_is_called_a_baseline(verified, runs_of):
    verdict = judge(verified(*runs_of(), identity=identity(finding("unreachable"))), (), DEFAULT)
    assert (verdict.value, verdict.baseline) == ("inconclusive", "too few earlier releases (0 of 5)")


def test_why_nobody_looked_is_told_once(verified, runs_of):
    unseen = identity(not_seen=("nothing says where this shop tells its version",))
    rulings = judge(verified(*runs_of(), identity=unseen), (), DEFAULT).rulings
    assert [one.rule for one in rulings if one.holds is None] == ["identity.not_seen"]
