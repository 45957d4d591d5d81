"""What a verification that is over looks like on a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.cli.show.release_result import show_verification
from techrun.load.report.words import TIMES


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("✗ Failed  v812 of acme", id="the verdict first"),
        pytest.param("not live everywhere", id="its sentence"),
        pytest.param("✗ 127.0.0.3 still serves v811 (asked 12 times)", id="a node that is behind"),
        pytest.param("? not seen: ::1: no route", id="what was not seen"),
        pytest.param('✗ down look through the front (300 ms): at "article": expected 200, got 500', id="a smoke run"),
        pytest.param("order_id=7 cancelled", id="what became of the order"),
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
