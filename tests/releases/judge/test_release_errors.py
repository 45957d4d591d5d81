"""Failures of a bake against the same hours of earlier days."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.config.releases import JudgeSettings, Releases
from techrun.model import Status
from techrun.releases.judge.errors import ALL
from techrun.releases.judge.verdict import judge
from techrun.releases.records import Sample

DEFAULT = Releases()


def errors(verdict, subject="checkout"):
    return next(each for each in verdict.rulings if each.rule == "errors.more" and each.subject == subject)


@pytest.mark.parametrize(
    ("failed", "value"),
    [((), "pass"), ((4,), "pass"), ((4, 5, 6), "pass"), ((4, 9), "fail"), ((4, 9, 10, 20, 28), "fail")],
    ids=["none", "one", "a hiccup of three", "two", "five"],
)
def test_two_separate_failures_of_thirty_fail_where_none_failed_before(verified, runs_of, failed, value):
    assert judge(verified(*runs_of(failed=failed)), [], DEFAULT).value == value


def test_a_failure_is_told_with_its_step_its_moments_and_what_is_usual(verified, runs_of, hours):
    given = verified(*runs_of(failed=(4, 9, 10, 20, 28)), before=hours(failed=(0, 0, 1, 0, 0, 0, 0)))
    told = errors(judge(given, [], DEFAULT)).text
    assert told == (
        "5 of 30 runs failed at 4 separate times (payment: HTTP 500), usually 0.24 % (1 of 420);"
        " chance alone does that almost never"
    )


def test_what_is_usual_is_no_reason_to_fail(verified, runs_of, hours):
    """2 of 30 are 6.7 %: nothing new in a check that fails in 5 % of its runs."""
    often = hours(failed=(3, 2, 4, 3, 3, 2, 4))
    assert judge(verified(*runs_of(failed=(4, 9)), before=often), [], DEFAULT).value == "pass"


def test_failures_below_the_floor_do_not_fail_a_release(verified, runs_of):
    lenient = Releases(judge=JudgeSettings(errors="20%"))
    given = verified(*runs_of(failed=(4, 9, 20)))
    assert (judge(given, [], DEFAULT).value, judge(given, [], lenient).value) == ("fail", "pass")


def test_an_outage_last_tuesday_hides_no_broken_release(verified, runs_of, hours):
    outage = hours(failed=(0, 0, 60, 0, 0, 0, 0))
    verdict = judge(verified(*runs_of(failed=(2, 7, 12, 17, 25)), before=outage), [], DEFAULT)
    assert verdict.value == "fail"
    assert "usually 0 % (0 of 360)" in errors(verdict).text


def test_a_single_failure_in_a_short_part_of_an_hour_is_no_outage(verified, runs_of, hours):
    parts = (*hours()[:6], *(type(hours()[0])("checkout", 600000.0 + at, 4, 1) for at in range(1)))
    assert "(1 of 364)" in errors(judge(verified(*runs_of(), before=parts), [], DEFAULT)).text


def test_first_releases_are_judged_without_any_baseline(verified, runs_of):
    few, many = runs_of(failed=(4, 9)), runs_of(failed=(4, 9, 15, 22))
    assert judge(verified(*few, before=()), [], DEFAULT).value == "pass"
    assert judge(verified(*many, before=()), [], DEFAULT).value == "fail"


def test_checks_that_each_fail_a_little_fail_the_release_together(verified, runs_of):
    names = ("home", "search", "cart", "checkout", "account", "login")
    samples = [
        each for at, name in enumerate(names) for each in runs_of(name, failed=(3 * at + 1,), first=60.0 + at)
    ]
    verdict = judge(verified(*samples), [], DEFAULT)
    assert verdict.value == "fail"
    assert [each.subject for each in verdict.rulings if each.holds is False] == [ALL]


def test_a_hiccup_of_all_checks_at_once_fails_nothing(verified, runs_of):
    samples = [
        each for name in ("home", "search", "cart", "checkout") for each in runs_of(name, failed=(7, 8))
    ]
    assert judge(verified(*samples), [], DEFAULT).value == "pass"


def test_runs_before_the_settle_time_was_over_do_not_count(verified, runs_of):
    early = runs_of(failed=(0, 2, 4, 6), count=7, first=0.0, settling=True)
    assert judge(verified(*early, *runs_of()), [], DEFAULT).value == "pass"


@pytest.mark.parametrize("status", [Status.BLOCKED, Status.UNKNOWN], ids=str)
def test_blocked_runs_and_our_own_errors_are_no_failures_and_no_successes(verified, runs_of, status):
    silent = tuple(Sample("checkout", 400.0 + at, 400.0, status, 0.1) for at in range(9))
    assert errors(judge(verified(*runs_of(), *silent), [], DEFAULT)).samples == 30


def test_moments_at_which_the_control_check_failed_too_do_not_count(verified, runs_of):
    named = Releases(judge=JudgeSettings(control="status"))
    checkout = runs_of("acme/checkout", failed=(4, 12))
    network = runs_of("acme/status", failed=(4, 12))
    given = verified(*checkout, *network, judged=("acme/checkout",))
    assert judge(given, [], DEFAULT).value == "fail"
    verdict = judge(given, [], named)
    assert verdict.value == "pass"
    hidden = next(each for each in verdict.rulings if each.rule == "errors.hidden")
    assert (hidden.holds, hidden.text) == (
        True,
        "2 of 30 runs do not count: the control check failed at the same time",
    )


def test_nothing_can_be_told_where_the_control_check_hides_most_of_one_check(verified, runs_of):
    """A slow journey that meets each of its failures: of the others most counts."""
    named = Releases(judge=JudgeSettings(control="status"))
    quick = [run for name in ("home", "search", "cart") for run in runs_of(name)]
    slow = tuple(replace(each, duration=50.0) for each in runs_of("checkout")[::6])
    given = verified(
        *quick,
        *slow,
        *runs_of("status", failed=(3, 9, 15, 21, 27)),
        judged=("home", "search", "cart", "checkout"),
    )
    verdict = judge(given, [], named)
    assert verdict.value == "inconclusive"
    assert verdict.rulings[0].rule == "errors.hidden"


def test_nothing_can_be_told_where_the_control_check_hides_most_of_the_bake(verified, runs_of):
    named = Releases(judge=JudgeSettings(control="status"))
    given = verified(*runs_of(), *runs_of("status", failed=range(0, 30, 2)), judged=("checkout",))
    assert judge(given, [], named).value == "inconclusive"
