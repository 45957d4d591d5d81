"""Simulated months: no false page, each real outage paged in time. The short form of `python -m benchmarks.months`."""

from __future__ import annotations

import pytest

from benchmarks._months_judge import Strike, judge
from benchmarks._months_plan import Planner
from benchmarks._months_run import Months
from benchmarks._months_world import TIMEOUT, World

WITHIN = 40.0
"""Seconds from the first failed run to the page."""
LEAVES = 50.0
"""Seconds of an outage after its first failed run that are enough to confirm it, time-outs included."""


def late(strikes: list[Strike]) -> list[str]:
    """Outages whose page took too long; of a shop that hangs the first time-out itself is not counted."""
    return [
        f"{strike.to_page:.1f} s: {strike.trouble}"
        for strike in strikes
        if strike.to_page is not None and strike.to_page > WITHIN + (TIMEOUT if strike.hangs else 0.0)
    ]


def missed(strikes: list[Strike]) -> list[str]:
    """Outages that nobody heard of although they lasted long enough after the first failed run."""
    return [
        str(strike.trouble)
        for strike in strikes
        if strike.paged is None and strike.first is not None and strike.trouble.end - strike.first >= LEAVES
    ]


def never_seen(strikes: list[Strike]) -> list[str]:
    """Outages of more than a minute into which no run fell."""
    return [str(strike.trouble) for strike in strikes if strike.first is None and strike.trouble.length > 60]


def pages_as_promised(world: World, days: float) -> list[str]:
    """Asserts all but the false pages, and gives those."""
    verdict = judge(world, Months(world).play(days))
    outages = verdict.of("outage")
    assert outages
    assert missed(outages) == []
    assert never_seen(outages) == []
    assert late(outages) == []
    assert all(strike.paged is not None for strike in verdict.of("bad release", "waf everywhere"))
    assert (verdict.pages, verdict.repeated) == (verdict.recovered, 0)
    return verdict.false_pages


@pytest.mark.timeout(240)  # 20 s of work, on a machine that may do much else
@pytest.mark.parametrize("seed", [1, 2])
def test_a_simulated_day_has_no_false_page_and_every_outage_is_paged_in_time(seed):
    assert pages_as_promised(Planner(shops=4, days=1, seed=seed).world(), days=1) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_simulated_month_pages_every_outage_in_time_and_nearly_nothing_else():
    """Where three runs meet a blip of nearly 25 s and the fourth fails by itself, it pages: of 1,200 blips two or
    three do."""
    false_pages = pages_as_promised(Planner(shops=20, days=30, seed=1).world(), days=30)
    assert [page for page in false_pages if not page.startswith("blip: ")] == []
    assert len(false_pages) <= 4


def test_failures_that_come_alone_tell_nobody_anything():
    """0.5 % of the runs of 40 checks, a day."""
    played = Months(World(4, [], [], seed=1)).play(1)
    assert played.decisions["failure.counted"] > 200
    assert played.sent == []
