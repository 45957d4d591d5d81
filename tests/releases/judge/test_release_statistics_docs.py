"""docs/release-statistics.md: its figures are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from techrun.config.releases import JudgeSettings
from techrun.releases.judge import errors, latency, moments
from techrun.releases.judge.rules import RULES
from techrun.statistics import clustered, rates

PAGE = (Path(__file__).parents[3] / "docs" / "release-statistics.md").read_text()
DEFAULT = JudgeSettings()


@pytest.mark.parametrize(
    "sentence",
    [
        f"within {moments.NEAR:g} s of each other",
        f"any false alarm in a verdict is below {errors.ALPHA:.0%}".replace("%", " %"),
        f"{latency.ALPHA:.0%} for the whole verdict".replace("%", " %"),
        f"one run in {sum(rates.UNKNOWN):.0f} is taken to fail",
        f"higher than usual by {100 * DEFAULT.errors:g} percentage points",
        f"the median from {latency.NEEDED[0.5]} good answers on, the p95 from {latency.NEEDED[0.95]}",
        f"slower by {100 * DEFAULT.slower:g} % *and* by {1000 * DEFAULT.slower_by:g} ms",
        f"counts like {clustered.WEIGHT} more of them",
        f"and {100 * clustered.APART:g} % between releases",
        "Fewer than three are no baseline",
    ],
)
def test_a_constant_in_the_page_is_that_of_the_code(sentence):
    assert latency.FEWEST == 3
    assert sentence in PAGE


@pytest.mark.parametrize("rule", ["errors.more", "latency.slower", "degraded.more"])
def test_the_page_names_the_rules_that_it_explains(rule):
    assert rule in RULES
    assert f"`{rule}`" in PAGE


@pytest.mark.parametrize(("now", "before", "told"), [((2, 30), (0, 30), 0.25), ((2, 30), (0, 420), 0.004)])
def test_the_example_of_the_long_baseline_is_true(now, before, told):
    from scipy import stats

    exact = stats.fisher_exact([[now[0], 28], [before[0], before[1]]], alternative="greater").pvalue
    assert exact == pytest.approx(told, rel=0.1)
    assert f"p = {told:g}" in PAGE


@pytest.mark.parametrize(
    "row",
    [
        "| 0.8 | 30 |",
        "| 0 % | 60 % |",
        "| 0.5 % | 60 % |",
        "| 5 | 100 % ",
        "| +50 % | 0.8 |",
        "| ten checks, ",
    ],
)
def test_the_page_has_every_table_of_the_benchmark(row):
    assert f"\n{row}" in PAGE
