"""Whether failures in a row are an outage, run by run."""

from __future__ import annotations

import pytest

from techrun.model import Check, CheckId, Confirmation, Outcome, Reason, Result, Status
from techrun.releases.bake.confirming import Watched, noted

CHECK = Check(CheckId("acme", "home"), "http", every=60.0, deadline=10.0)
OUTCOMES = {
    "u": Outcome(Status.UP),
    "d": Outcome(Status.DOWN, Reason.STATUS, "got 500"),
    "b": Outcome(Status.BLOCKED, Reason.BLOCKED, "captcha"),
    "?": Outcome(Status.UNKNOWN, Reason.UPLINK, "no network"),
}


def watch(runs: str, confirmation: Confirmation, every: float = 8.0) -> list[str]:
    """The decisions of runs every so many seconds, such as `udd`."""
    watched, decisions = Watched(), []
    for turn, letter in enumerate(runs):
        result = Result(CHECK, OUTCOMES[letter], "1", 1000.0 + turn * every, 0.1, 0.0, trigger="release")
        watched, decision = noted(watched, result, confirmation)
        decisions.append(decision)
    return decisions


def test_failures_count_only_at_the_pace_of_the_checks_own_confirmation() -> None:
    """Every 8 s and after 5, 10 and 15 s: the outage is sure after as many seconds as with the schedule's runs."""
    assert watch("uddddd", Confirmation()) == [
        "first.good",
        "failure.counted",
        "failure.counted",
        "failure.repeated",
        "failure.counted",
        "failure.repeated",
    ]
    assert watch("udddddd", Confirmation())[-1] == "down.confirmed"


def test_a_hiccup_of_some_seconds_is_no_outage() -> None:
    decisions = watch("udddduuuu", Confirmation(), every=2.0)
    assert "down.confirmed" not in decisions
    assert decisions[-1] == "good.continues"


def test_a_good_run_forgets_what_failed_before_it() -> None:
    assert "down.confirmed" not in watch("dddu" * 5, Confirmation())


@pytest.mark.parametrize("letter", ["b", "?"], ids=["blocked", "own network"])
def test_what_tells_nothing_of_the_shop_neither_counts_nor_forgets(letter) -> None:
    assert "down.confirmed" not in watch(letter * 20, Confirmation())
    assert watch(f"dd{letter}ddd", Confirmation(delays=(1.0, 1.0, 1.0)))[-2] == "down.confirmed"


def test_a_check_that_wants_no_confirmation_is_down_at_once() -> None:
    assert watch("ud", Confirmation(fail_after=1)) == ["first.good", "down.confirmed"]
    assert watch("dd", Confirmation(fail_after=2, delays=())) == ["failure.counted", "down.confirmed"]


def test_more_failures_than_delays_come_at_the_pace_of_the_last() -> None:
    assert watch("ddddd", Confirmation(fail_after=5, delays=(8.0,)))[-1] == "down.confirmed"


def test_a_confirmation_is_wanted_after_the_checks_own_delay() -> None:
    result = Result(CHECK, OUTCOMES["d"], "1", 1000.0, 0.1, 0.0, trigger="release")
    watched, _ = noted(Watched(), result, Confirmation())
    assert watched.confirm_at == 1005.0
    again, _ = noted(watched, Result(CHECK, OUTCOMES["u"], "2", 1005.0, 0.1, 0.0), Confirmation())
    assert again.confirm_at is None
