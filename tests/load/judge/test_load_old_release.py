"""An old release that is down makes every new one look good: then nothing is compared, and nothing passes for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.load.judge.verdict import judge, wants_more

ERRORS = [{"errors": "0.5%"}]


def cells(make, *, down=range(0), arm="old", failed=10):
    return [
        make.cell(at, arm=each, failed=failed if each == arm and at in down else 0)
        for at in range(60)
        for each in ("new", "old")
    ]


@pytest.mark.parametrize(
    "down",
    [range(60), range(30, 60), range(20, 32)],
    ids=["from the start", "from the middle", "for a while"],
)
def test_an_old_release_that_is_down_is_told_and_nothing_passes(make, down):
    verdict = judge(make.run(two=True, cells=cells(make, down=down), old_host="http://old"), ERRORS, [])
    assert verdict.value == "inconclusive"
    assert "v1 at http://old did not answer, so nothing can be compared" in verdict.summary
    assert not verdict.comparison.contrasts
    assert not wants_more(verdict)


def test_a_new_release_that_fails_beside_one_that_is_down_fails(make):
    both = [make.cell(at, arm=arm, failed=10) for at in range(60) for arm in ("new", "old")]
    assert judge(make.run(two=True, cells=both), ERRORS, []).value == "fail"


@pytest.mark.parametrize(("down", "failed"), [(range(0), 0), (range(60), 3)], ids=["well", "fails at times"])
def test_an_old_release_that_answers_is_compared_with(make, down, failed):
    verdict = judge(make.run(two=True, cells=cells(make, down=down, failed=failed)), ERRORS, [])
    assert verdict.value == "pass"
    assert verdict.comparison.contrasts


def test_the_room_that_an_old_release_fills_is_not_the_new_one_s_fault(make):
    run = make.run(two=True, cells=cells(make, down=range(60)))
    crowded = replace(run, traffic=tuple(replace(each, started=10, dropped=10) for each in run.traffic))
    assert judge(crowded, ERRORS, []).value == "inconclusive"
