"""Numbers of a Prometheus: what is asked, what comes back, and what the limits say of it."""

from __future__ import annotations

import pytest

from techrun.config.releases import PrometheusSource, Query
from techrun.fetch import Fetcher
from techrun.releases import figures
from techrun.releases.figures import ask, figure_rulings, scope_of
from techrun.releases.records import Figure, Verification

RATIO = 'sum(shop_errors_total{version="${release.version}"}) / sum(shop_requests_total{version="${release.version}"})'


def query(text="x", **limits):
    return Query.model_validate({"name": "errors", "query": text} | (limits or {"max": 1}))


def verification(version="v812", commit="abc"):
    return Verification("v-1", "demo", 7, version, commit, 0.0, 0.0, 0.0)


async def asked(url, *queries, version="v812", **source):
    fetcher = Fetcher()
    try:
        known = PrometheusSource.model_validate(
            {"url": url, "queries": [{"name": "x", "query": "x", "max": 1}]}
        )
        known = known.model_copy(update={"queries": queries, **source})
        return await ask(known, scope_of(verification(version)), fetcher)
    finally:
        await fetcher.close()


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr(figures, "PAUSES", (0.01, 0.01))


@pytest.mark.system("prometheus")
@pytest.mark.parametrize(
    ("text", "version", "value"),
    [
        (RATIO, "v812", 0.031),
        (RATIO, "v811", 201 / 100_005),
        (RATIO, 'v"8\\12', 0.0),
        ("scalar(sum(shop_requests_total{version='${release.version}'}))", "v812", 1000.0),
        ("1e-3", "v812", 0.001),
        ("sum(shop_requests_total{commit='${release.commit}'}) or vector(7)", "v812", 7.0),
    ],
    ids=["by version", "another version", "a version with quotes", "scalar", "number", "by commit"],
)
async def test_a_real_prometheus_gives_the_number_of_a_version(prometheus, text, version, value):
    (found,) = await asked(prometheus, query(text), version=version)
    assert (found.value, found.failure) == (pytest.approx(value), "")


@pytest.mark.system("prometheus")
@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ('shop_requests_total{version="never"}', "no data: no series is like this"),
        ("shop_requests_total", "the query gives 5 numbers, not one: wrap it, as in `sum(…)` or `max(…)`"),
        ("shop_errors_total{version='idle'} / shop_requests_total", "no data: the query gives NaN"),
        ("shop_requests_total{version='v812'} / 0", "no data: the query gives +Inf"),
        ("shop_requests_total[5m]", "the query gives a matrix, not one number: wrap it"),
        ("sum(", "refused: "),
        ('"text"', "the query gives a string, not one number"),
    ],
    ids=["no series", "several", "0/0", "x/0", "range", "no PromQL", "text"],
)
async def test_whatever_is_no_number_is_no_data_and_says_why(prometheus, text, failure):
    (found,) = await asked(prometheus, query(text))
    assert found.value is None
    assert found.failure.startswith(failure)


@pytest.mark.system("prometheus")
async def test_a_number_is_held_against_another(prometheus):
    baseline = 'sum(shop_errors_total{version="v811"}) / sum(shop_requests_total{version="v811"})'
    (found,) = await asked(prometheus, query(RATIO, baseline=baseline, worse="50%", floor=0.005))
    assert found.baseline == pytest.approx(201 / 100_005)
    (ruling,) = figure_rulings([found], [query(RATIO, baseline=baseline, worse="50%", floor=0.005)])
    assert (ruling.rule, ruling.holds) == ("figures.worse", False)
    assert ruling.text == "0.031, before it was 0.00201"


@pytest.mark.system("prometheus")
async def test_one_query_that_fails_takes_no_other_along(prometheus):
    found = await asked(prometheus, query("sum("), query(RATIO))
    assert [one.value is None for one in found] == [True, False]


async def test_a_prometheus_that_is_not_there_is_told(no_pauses):
    (found,) = await asked("http://127.0.0.1:1", query())
    assert found.value is None
    assert found.failure.startswith("no answer: ")


@pytest.mark.system("prometheus")
async def test_what_is_no_prometheus_is_told(prometheus):
    (found,) = await asked(f"{prometheus}/graph-of-another", query())
    assert found.failure == "the answer (404) is none of Prometheus: check `url` and `token`"


@pytest.mark.parametrize(
    ("value", "limits", "rule", "holds"),
    [
        (0.01, {"max": 0.01}, "figures.max", True),
        (0.011, {"max": 0.01}, "figures.max", False),
        (0.9, {"min": 1}, "figures.min", False),
        (1.0, {"min": 1}, "figures.min", True),
        (None, {"max": 1}, "figures.no_data", None),
    ],
    ids=["at most", "too much", "too little", "enough", "no data"],
)
def test_limits(value, limits, rule, holds):
    (ruling,) = figure_rulings([Figure("errors", value)], [query(**limits)])
    assert (ruling.rule, ruling.holds, ruling.warns, ruling.subject) == (rule, holds, False, "errors")


@pytest.mark.parametrize(
    ("value", "baseline", "holds"),
    [
        (0.0, 0.0, True),
        (0.011, 0.01, True),
        (0.013, 0.01, True),
        (0.031, 0.01, False),
        (0.004, 0.0, True),
        (0.006, 0.0, False),
        (0.0, 0.01, True),
        (-0.5, -1.0, False),
        (1.0, None, None),
    ],
    ids=[
        "both nought",
        "a little more",
        "much more by share, little by number",
        "more by both",
        "below the floor against nought",
        "above the floor against nought",
        "better",
        "below nought",
        "no baseline",
    ],
)  # fmt: skip
def test_worse_takes_both_a_share_and_a_number(value, baseline, holds):
    found = query(baseline="y", worse="20%", floor=0.005)
    (ruling,) = figure_rulings([Figure("errors", value, baseline)], [found])
    assert (ruling.rule, ruling.holds) == ("figures.worse", holds)


@pytest.mark.parametrize(
    ("extra", "warns"),
    [({}, False), ({"optional": True}, True), ({"warn": True}, True)],
    ids=["wanted", "optional", "warns"],
)
def test_no_data_leaves_the_verdict_open_unless_it_is_optional_or_only_warns(extra, warns):
    (ruling,) = figure_rulings([Figure("errors", None, failure="no data")], [query(max=1, **extra)])
    assert (ruling.holds, ruling.warns, ruling.text) == (None, warns, "no data")


def test_an_optional_query_with_data_decides():
    (ruling,) = figure_rulings([Figure("errors", 2.0)], [query(max=1, optional=True)])
    assert (ruling.holds, ruling.warns) == (False, False)


def test_a_query_that_was_never_asked_cannot_be_told():
    (ruling,) = figure_rulings([], [query()])
    assert (ruling.holds, ruling.text) == (None, "not asked")


def test_each_limit_of_a_query_is_ruled_apart():
    found = figure_rulings([Figure("errors", 0.5, 0.4)], [query(max=1, min=0.6, baseline="y")])
    assert [(one.rule, one.holds) for one in found] == [
        ("figures.max", True),
        ("figures.min", False),
        ("figures.worse", False),
    ]
