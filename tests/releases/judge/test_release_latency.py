"""Answer times of a bake against the same minutes after earlier accepted releases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from techrun.config.releases import JudgeSettings, Releases
from techrun.releases.judge.verdict import judge

FAIL = Releases(judge=JudgeSettings(latency="fail"))
WARN = Releases()


@pytest.fixture
def noisy(runs_of):
    """Runs of 400 ms that vary by 10 %, each bake in its own way."""

    def made(seed, *, factor=1.0, **more):
        draw = np.random.default_rng(seed)
        noise = np.exp(draw.normal(0, 0.1, 60))
        return runs_of(seconds=lambda run: 0.4 * factor * float(noise[run]), **more)

    return made


@pytest.fixture
def accepted(verified, noisy):
    """The last five accepted releases, the newest first."""
    return [verified(*noisy(seed)) for seed in range(5)]


def slower(verdict):
    return [each for each in verdict.rulings if each.rule == "latency.slower" and each.holds is False]


def test_a_release_that_is_half_slower_fails_where_that_is_asked_for(verified, noisy, accepted):
    verdict = judge(verified(*noisy(9, factor=1.5)), accepted, FAIL)
    assert verdict.value == "fail"
    assert verdict.summary.startswith("The release does not hold: checkout: median 3")
    assert {each.step for each in slower(verdict)} == {"", "cart", "payment"}


def test_by_default_it_passes_with_a_warning(verified, noisy, accepted):
    verdict = judge(verified(*noisy(9, factor=1.5)), accepted, WARN)
    assert verdict.value == "pass"
    assert verdict.summary.startswith("All limits hold, but checkout: median")
    assert all(each.warns for each in slower(verdict))


def test_where_it_is_off_times_are_not_looked_at(verified, noisy, accepted):
    off = Releases(judge=JudgeSettings(latency="off"))
    verdict = judge(verified(*noisy(9, factor=1.5)), accepted, off)
    assert not [each for each in verdict.rulings if each.rule.startswith("latency.")]
    assert verdict.baseline == "the same hours of earlier days"


def test_an_unchanged_release_passes_and_says_what_could_have_been_seen(verified, noisy, accepted):
    verdict = judge(verified(*noisy(9)), accepted, FAIL)
    assert verdict.value == "pass"
    assert "Could have seen failures in ≥ " in verdict.summary
    assert "and times ≥ +2" in verdict.summary
    assert verdict.baseline.startswith("the last 5 accepted releases")


@pytest.mark.parametrize(
    ("settings", "factor"),
    [({"slower": "60%"}, 1.5), ({"slower_by": "300ms"}, 1.5), ({}, 1.15)],
    ids=["less than the per cent that matter", "less than the time that matters", "15 %"],
)
def test_what_is_surely_slower_but_too_little_to_mind_holds(verified, noisy, accepted, settings, factor):
    asked = Releases(judge=JudgeSettings(latency="fail", **settings))
    assert judge(verified(*noisy(9, factor=factor)), accepted, asked).value == "pass"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_earlier_releases_are_no_baseline(verified, noisy, accepted, count):
    verdict = judge(verified(*noisy(9, factor=3.0)), accepted[:count], FAIL)
    assert (verdict.value, verdict.baseline) == ("pass", f"baseline recorded ({count + 1} of 5)")
    assert f"baseline recorded ({count + 1} of 5)" in verdict.summary


def test_earlier_releases_that_differ_much_from_each_other_prove_little(verified, noisy):
    """30 runs each agree with each other; five releases at 200 to 800 ms do not."""
    apart = [verified(*noisy(seed, factor=factor)) for seed, factor in enumerate((0.5, 0.7, 1.0, 1.4, 2.0))]
    assert judge(verified(*noisy(9, factor=1.5)), apart, FAIL).value == "pass"


def test_a_single_slow_moment_is_not_the_release(verified, runs_of, accepted):
    hiccup = runs_of(seconds=lambda run: 4.0 if 10 <= run < 13 else 0.4)
    assert judge(verified(*hiccup), accepted, FAIL).value == "pass"


def test_times_while_warming_up_and_while_confirming_do_not_count(verified, noisy, runs_of, accepted):
    extra = (
        *runs_of(count=9, seconds=5.0, first=60.5, warm_up=True),
        *runs_of(count=9, seconds=5.0, first=150.5, confirms=True),
    )
    assert judge(verified(*noisy(9), *extra), accepted, FAIL).value == "pass"


def test_only_the_same_minutes_after_earlier_releases_count(verified, noisy, runs_of):
    """Later on every release is warm: those times say nothing of the first minutes."""
    earlier = [verified(*noisy(seed), *runs_of(count=300, seconds=0.05, first=400.0)) for seed in range(5)]
    assert judge(verified(*noisy(9)), earlier, FAIL).value == "pass"


def test_times_from_another_place_are_not_compared(verified, noisy, accepted):
    """What a runner far away measures is no slower shop."""
    elsewhere = replace(verified(*noisy(9, factor=1.5)), location="far")
    verdict = judge(elsewhere, accepted, FAIL)
    assert (verdict.value, verdict.baseline) == ("pass", "baseline recorded (1 of 5)")


def test_times_of_a_check_that_changed_are_not_compared(verified, noisy, accepted):
    changed = [replace(each, digests={"checkout": "another"}) for each in accepted]
    verdict = judge(verified(*noisy(9, factor=3.0)), changed, FAIL)
    assert verdict.value == "pass"
    told = next(each for each in verdict.rulings if each.rule == "latency.changed")
    assert (
        told.text == "it was another check at 5 of the last 5 accepted releases: its times are not compared"
    )


def test_too_few_good_answers_are_told_and_compare_nothing(verified, noisy, accepted):
    verdict = judge(verified(*noisy(9, factor=3.0, count=7)), accepted, FAIL)
    assert [each.rule for each in verdict.rulings if each.rule.startswith("latency.")] == ["latency.too_few"]


def test_p95_needs_twenty_good_answers(verified, noisy, accepted):
    verdict = judge(verified(*noisy(9, count=12)), accepted, FAIL)
    texts = [each.text for each in verdict.rulings if each.rule == "latency.slower"]
    assert len(texts) == 3
    assert all(text.startswith("median") for text in texts)


def test_what_the_control_check_shows_too_is_the_network_and_not_the_release(verified, noisy, accepted):
    named = Releases(judge=JudgeSettings(latency="fail", control="status"))
    earlier = [
        verified(*each.samples, *noisy(20 + at, check="status"), judged=("checkout",))
        for at, each in enumerate(accepted)
    ]
    slow = verified(*noisy(9, factor=1.5), *noisy(30, factor=1.5, check="status"), judged=("checkout",))
    assert (judge(slow, earlier, FAIL).value, judge(slow, earlier, named).value) == ("fail", "pass")
