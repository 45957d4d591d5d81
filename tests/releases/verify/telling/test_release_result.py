"""What a verification that is over looks like on a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from techrun.cli.show.release_result import show_verification
from techrun.load.report.words import TIMES
from techrun.releases.records import Expectation, Ruling


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("✗ Failed  v812 of acme", id="the verdict first"),
        pytest.param("not live everywhere", id="its sentence"),
        pytest.param("✗ 127.0.0.3 old version v811", id="a node that is behind"),
        pytest.param("✗ 127.0.0.3: still serves v811 (asked 12 times)  [identity.old_version]", id="why it is behind"),
        pytest.param("? not seen: ::1: no route", id="what was not seen"),
        pytest.param("✗ down look through the front (300 ms)", id="a smoke run"),
        pytest.param("test order cancelled (order_id=7)", id="what became of the order"),
        pytest.param("acme/home 30 4 112 ms 2 of 1440 failed", id="the samples that count"),
        pytest.param(f'4 {TIMES} acme/home: at "home": expected 200, got 502 [status]', id="the failures"),
        pytest.param("✗ acme/home: 4 of 30 runs failed, 2 of 1440 before  [errors.more]", id="what decided"),
        pytest.param("! error rate: no data: no series is like this  [figures.no_data]", id="a warning"),
        pytest.param("✓ 1 rule held (techrun release show v812 -v tells them)", id="what held, counted"),
        pytest.param("It could have seen acme/home: 7 points more failures.", id="what could have been seen"),
        pytest.param("Baseline: the same hours of the last 7 days.", id="the baseline"),
        pytest.param("✗ command dep rollback (2.00 s)", id="what was done"),
        pytest.param("    no such host", id="and what that said"),
        pytest.param("took 5m30s, live since", id="the times"),
        pytest.param("Ask again: techrun release verify v812 --shop acme", id="what to do once it is mended"),
        pytest.param("techrun release end v812 --shop acme --rolled-back", id="what to do once it is gone"),
    ],
)  # fmt: skip
def test_the_result_tells(failed, plain, text) -> None:
    told = plain(show_verification, failed)
    assert text in told or text in " ".join(told.split())


def test_a_run_while_the_caches_were_cold_counts_nowhere(failed, plain) -> None:
    assert "cold" not in plain(show_verification, failed)


def test_rules_that_held_are_told_when_asked_for(failed, plain) -> None:
    told = plain(show_verification, failed, verbose=True)
    assert "✓ look: 3 of 3 runs are up  [smoke.passed]" in told
    assert "rule held" not in told


def test_what_is_the_same_of_several_places_is_told_once(failed, plain) -> None:
    front, node = (
        Ruling("smoke.failed", f"look {where}", holds=False, text="article: expected 200, got 500")
        for where in ("through the front", "on 127.0.0.2")
    )
    told = plain(show_verification, replace(failed, verdict=replace(failed.verdict, rulings=(front, node))))
    assert told.count("expected 200, got 500") == 1
    assert (
        "✗ look through the front, look on 127.0.0.2: article: expected 200, got 500  [smoke.failed]" in told
    )


def test_a_further_line_of_a_rule_begins_below_its_text(failed) -> None:
    out = io.StringIO()
    long = Ruling("errors.more", "acme/home", holds=False, text="failed " * 20)
    one = replace(failed, verdict=replace(failed.verdict, rulings=(long,)))
    show_verification(one, Console(file=out, width=60, no_color=True))
    lines = out.getvalue().splitlines()
    first = next(turn for turn, line in enumerate(lines) if line.startswith("✗ acme/home"))
    assert lines[first + 1].startswith("  failed")


def test_places_compared_by_their_version_alone_say_so_once(failed, plain) -> None:
    identity = replace(failed.identity, expected=Expectation("v812"))
    told = plain(show_verification, replace(failed, identity=identity))
    assert told.count("by the version alone: this release began without --commit") == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("pass", "Close it: techrun release end v812 --shop acme"),
        ("inconclusive", "Ask again: techrun release verify v812 --shop acme"),
    ],
)
def test_the_result_ends_with_what_is_to_be_done(failed, plain, value, text) -> None:
    one = replace(failed, actions=(), verdict=replace(failed.verdict, value=value))
    assert plain(show_verification, one).splitlines()[-1] == text
    assert text not in plain(show_verification, one, ended=True)


def test_what_ended_early_says_why(failed, plain) -> None:
    assert "It ended early: interrupted (SIGTERM)." in plain(
        show_verification, replace(failed, cut="interrupted (SIGTERM)")
    )


def test_one_that_saw_nothing_is_told_without_empty_tables(failed, plain) -> None:
    blank = replace(
        failed, identity=None, smoke=(), samples=(), judged=(), before=(), actions=(), verdict=None
    )
    told = plain(show_verification, blank)
    assert "Not judged  v812 of acme" in told
    assert "samples" not in told
