"""What a bake could have seen, in figures that are true."""

from __future__ import annotations

import pytest

from techrun.config.releases import Releases
from techrun.releases.judge.verdict import judge

DEFAULT = Releases()
FIVE = ("home", "search", "product", "cart", "payment")


def limit(verdict):
    return verdict.could_see[-1]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ((), "in 81.6 % of cases by the 30 runs of checkout alone (one request each)"),
        (("home",), "in 81.6 % of cases by the 30 runs of checkout alone (one request each)"),
        (FIVE, "in over 99.9 % of cases by the 30 runs of checkout alone (5 requests each)"),
    ],
    ids=["single requests", "journeys of one step", "journeys of five steps"],
)
def test_the_limit_of_requests_that_fail_now_and_then_is_told(verified, runs_of, steps, told):
    verdict = judge(verified(*runs_of(steps=steps)), [], DEFAULT)
    assert limit(verdict) == f"a release that fails one request in ten, {told}"


def test_failures_that_would_have_been_found_are_told_of_one_check(verified, runs_of):
    verdict = judge(verified(*runs_of()), [], DEFAULT)
    assert verdict.could_see[0] == "failures in ≥ 9.7 % of the runs of checkout"


def test_several_checks_see_less_each_and_more_together(verified, runs_of):
    verdict = judge(verified(*runs_of(), *runs_of("home"), *runs_of("cart")), [], DEFAULT)
    assert verdict.could_see[:2] == (
        "failures in ≥ 14 % of the runs of any one check",
        "failures in ≥ 4.7 % of the runs of all checks together",
    )


def test_more_is_seen_where_less_fails_usually(verified, runs_of, hours):
    often = judge(verified(*runs_of(), before=hours(failed=(6,) * 7)), [], DEFAULT)
    assert often.could_see[0] == "failures in ≥ 32 % of the runs of checkout"


def test_a_tolerance_that_is_larger_is_what_could_have_been_seen(verified, runs_of):
    from techrun.config.releases import JudgeSettings

    lenient = Releases(judge=JudgeSettings(errors="50%"))
    assert judge(verified(*runs_of()), [], lenient).could_see[0].startswith("failures in ≥ 50 %")
