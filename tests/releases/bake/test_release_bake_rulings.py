"""What a bake says by itself, from the record that is kept of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.model import Reason, Status
from techrun.releases.bake import bake_rulings
from techrun.releases.records import Sample, Verification
from techrun.wire import from_json, to_json

BLANK = Verification("1", "acme", 1, "v812", "", begun=0.0, started=0.0, ended=400.0)


def baked(*samples: Sample, judged: tuple[str, ...] = ("acme/home",), **others) -> Verification:
    return replace(BLANK, samples=samples, judged=judged, wanted=30, **others)


def runs(number: int, check: str = "acme/home", **settings) -> tuple[Sample, ...]:
    usual = {"status": Status.UP, "duration": 0.5}
    return tuple(Sample(check, 8.0 * turn, 60 + 8.0 * turn, **(usual | settings)) for turn in range(number))


DOWN = {"status": Status.DOWN, "reason": Reason.STATUS, "step": "shipping", "message": "got 500"}
SURE = replace(runs(1, **DOWN)[0], decision="down.confirmed")


def test_a_bake_that_was_never_down_holds_and_says_how_many_failed() -> None:
    (ruling,) = bake_rulings(baked(*runs(28), *runs(2, **DOWN)))
    assert (ruling.rule, ruling.subject, ruling.holds) == ("bake.down", "acme/home", True)
    assert ruling.text == "was never down for sure in 30 runs, of which 2 failed"


def test_a_check_that_is_down_for_sure_fails_and_nothing_else_is_missed() -> None:
    """The bake ended for it: that the other checks have few runs is no finding."""
    rulings = bake_rulings(baked(*runs(3), *runs(3, **DOWN), SURE, judged=("acme/home", "acme/search")))
    assert [(one.subject, one.holds, one.warns) for one in rulings] == [("acme/home", False, False)]
    assert rulings[0].text == "is down, 4 runs in a row failed: shipping: got 500"
    assert rulings[0].step == "shipping"


@pytest.mark.parametrize(
    ("standing", "warns", "told"),
    [
        ({}, True, "nobody knows how it was before"),
        ({"acme/other": Status.DOWN}, True, "it was before the release, too"),
        ({"acme/other": Status.UP}, False, "got 500"),
    ],
    ids=["nobody knows", "down before", "well before"],
)
def test_a_check_that_is_not_judged_fails_a_release_only_if_it_was_well_before(standing, warns, told) -> None:
    down = runs(3, "acme/other", **DOWN)
    samples = (*runs(30), *down, replace(SURE, check="acme/other"))
    found = {one.subject: one for one in bake_rulings(baked(*samples, standing=standing))}
    assert found["acme/other"].holds is False
    assert found["acme/other"].warns is warns
    assert told in found["acme/other"].text


def test_one_that_recovered_meanwhile_is_told_so() -> None:
    back = replace(runs(1, "acme/other")[0], decision="recovered.confirmed")
    samples = (*runs(30), *runs(3, "acme/other", **DOWN), replace(SURE, check="acme/other"), back)
    told = {one.subject: one.text for one in bake_rulings(baked(*samples))}
    assert told["acme/other"].startswith("was down for a while, 4 runs in a row failed")


@pytest.mark.parametrize(
    ("samples", "others", "told"),
    [
        (runs(12), {}, "12 of 30 runs: one takes 0.5 s; bake longer"),
        (runs(12), {"cut": "interrupted (SIGINT)"}, "it ended before its time, interrupted (SIGINT)"),
        (runs(12), {"superseded": "v813"}, "it ended before its time, v813 began"),
        ((), {}, "0 of 30 runs: it never ran"),
        (
            (*runs(12), *runs(18, status=Status.BLOCKED, message="captcha page")),
            {},
            "12 of 30 runs: 18 were blocked by a firewall or captcha (at last: captcha page)",
        ),
        (runs(30, status=Status.UNKNOWN, message="no stock"), {}, "0 of 30 runs: 30 failed by techrun's own"),
        (runs(40, settling=True), {}, "it never ran"),
    ],
    ids=["slow", "interrupted", "superseded", "never", "blocked", "own fault", "only settling"],
)
def test_too_few_runs_tell_nothing_and_say_why(samples, others, told) -> None:
    missing = [one for one in bake_rulings(baked(*samples, **others)) if one.rule == "bake.too_few"]
    assert [one.holds for one in missing] == [None]
    assert told in missing[0].text


def test_runs_that_tell_nothing_are_never_held_to_be_good() -> None:
    (only,) = bake_rulings(baked(*runs(30, status=Status.BLOCKED, message="captcha page")))
    assert only.holds is None


def test_without_a_bake_nothing_is_said() -> None:
    assert bake_rulings(BLANK) == ()


def test_a_kept_record_is_judged_alike() -> None:
    kept = baked(*runs(3), *runs(3, **DOWN), SURE, standing={"acme/home": Status.UP})
    assert bake_rulings(from_json(Verification, to_json(kept))) == bake_rulings(kept)
