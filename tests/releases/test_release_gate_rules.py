"""What a gate makes of what is known: every rule, and what they come to together."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.errors import ExitCode
from techrun.releases.gate import (
    PERIOD,
    Budget,
    Closure,
    Facts,
    GateWish,
    LoadFact,
    OtherRelease,
    Trouble,
    decide,
    exit_code,
)

NOW = datetime.fromisoformat("2026-12-20T12:00+01:00").timestamp()
HOUR, DAY = 3600.0, 86400.0
WISH = GateWish("acme", "v812")
FREEZE = Closure("freeze", "Christmas", NOW - DAY, NOW + DAY / 2, "Europe/Madrid", "nobody is here")
QUIET = Facts(troubles=(), heard=NOW - 30)
"""A shop that is watched and well."""


def rulings(facts: Facts, wish: GateWish = WISH) -> list[tuple[str, bool | None, str]]:
    return [(one.rule, one.holds, one.text) for one in decide(wish, facts, NOW).rulings]


@pytest.mark.parametrize(
    ("facts", "rule", "holds", "text"),
    [
        pytest.param(
            Facts(closures=(FREEZE,)),
            "gate.freeze",
            False,
            'the freeze "Christmas" (nobody is here) lasts until 2026-12-21 00:00 Europe/Madrid',
            id="within a freeze",
        ),
        pytest.param(
            Facts(closures=(Closure("campaign", "Sales", NOW - 1, NOW + 60, "UTC"),)),
            "gate.campaign",
            False,
            'the campaign "Sales" lasts until 2026-12-20 11:01 UTC',
            id="within a campaign",
        ),
        pytest.param(
            Facts(closures=(Closure("freeze", "Easter", NOW - DAY, NOW, "UTC"),)),
            "gate.freeze",
            True,
            "no freeze of the calendar is in force",
            id="at the end of a freeze",
        ),
        pytest.param(
            Facts(closures=(Closure("freeze", "Easter", NOW, NOW + DAY, "UTC"),)),
            "gate.freeze",
            False,
            'the freeze "Easter" lasts until 2026-12-21 11:00 UTC',
            id="at the beginning of a freeze",
        ),
        pytest.param(
            Facts(budgets=(Budget("acme/home", 0.999, 43_150, 43, 60),)),
            "gate.budget",
            True,
            "acme/home has spent 43 of the 43.2 failed runs that 99.9 % of 30 days allow",
            id="an error budget nearly spent",
        ),
        pytest.param(
            Facts(budgets=(Budget("acme/home", 0.999, 43_150, 44, 60),)),
            "gate.budget",
            False,
            "acme/home has spent 44 of the 43.2 failed runs that 99.9 % of 30 days allow",
            id="an error budget spent",
        ),
        pytest.param(
            Facts(budgets=(Budget("acme/home", 0.99, 50, 3, 60),)),
            "gate.budget",
            True,
            "acme/home has spent 3 of the 432 failed runs that 99 % of 30 days allow",
            id="a check that is new has the budget of 30 days",
        ),
        pytest.param(
            Facts(budgets=(Budget("acme/home", 0.999, 999_000, 500, 60),)),
            "gate.budget",
            True,
            "acme/home has spent 500 of the 999.5 failed runs that 99.9 % of 30 days allow",
            id="a check that ran more often has the budget of its runs",
        ),
        pytest.param(
            Facts(budgets=(Budget("acme/home", 1.0, 100, 0, 60),)),
            "gate.budget",
            True,
            "acme/home has spent 0 of the 0 failed runs that 100 % of 30 days allow",
            id="nothing failed where nothing may",
        ),
        pytest.param(
            Facts(budgets=(Budget("acme/home", 1.0, 100, 1, 60),)),
            "gate.budget",
            False,
            "acme/home has spent 1 of the 0 failed runs that 100 % of 30 days allow",
            id="something failed where nothing may",
        ),
        pytest.param(
            Facts(budgets=(Budget("acme/home", 0.999, 0, 0, 60),)),
            "gate.budget",
            None,
            "acme/home has no run with a verdict in 30 days, so its error budget is not known",
            id="an error budget that nobody knows",
        ),
        pytest.param(
            Facts(troubles=(Trouble(12, "acme: customers cannot pay", NOW - 5400),), heard=NOW),
            "gate.incident",
            False,
            "incident #12 has been open for 1h30m: acme: customers cannot pay",
            id="an open incident",
        ),
        pytest.param(QUIET, "gate.incident", True, "acme has no open incident that pages", id="all is well"),
        pytest.param(
            Facts(troubles=(), heard=None),
            "gate.incident",
            None,
            "no check of acme ever ran, so nobody knows of incidents; start the daemon: techrun run",
            id="a shop that was never watched",
        ),
        pytest.param(
            Facts(troubles=(), heard=NOW - 2 * DAY),
            "gate.incident",
            None,
            "no check of acme has run for 2d, so nobody knows of incidents; see that techrun run goes on",
            id="a shop that is no longer watched",
        ),
        pytest.param(
            Facts(troubles=(), heard=NOW, blind="techrun's own network is lost"),
            "gate.incident",
            None,
            "techrun's own network is lost",
            id="nobody can see incidents",
        ),
        pytest.param(
            Facts(loads=(LoadFact("checkout"),)),
            "gate.load",
            False,
            "v812 has no load test checkout: techrun load run checkout --shop acme --release v812",
            id="a load test that is missing",
        ),
        pytest.param(
            Facts(loads=(LoadFact("acme-staging/checkout"),)),
            "gate.load",
            False,
            "v812 has no load test acme-staging/checkout:"
            " techrun load run checkout --shop acme-staging --release v812",
            id="a load test of a copy that is missing",
        ),
        pytest.param(
            Facts(loads=(LoadFact("checkout", "r-1", "fail", NOW - 60, "p95 was 900 ms."),)),
            "gate.load",
            False,
            "the load test checkout of v812 failed (r-1): p95 was 900 ms",
            id="a load test that failed",
        ),
        pytest.param(
            Facts(loads=(LoadFact("checkout", "r-1", "inconclusive", NOW - 60, "too few visits"),)),
            "gate.load",
            None,
            "the load test checkout of v812 is inconclusive (r-1): too few visits",
            id="a load test that told nothing",
        ),
        pytest.param(
            Facts(loads=(LoadFact("checkout", "r-1", "", NOW - 60),)),
            "gate.load",
            None,
            "the load test checkout of v812 was not judged (r-1)",
            id="a load test that nobody judged",
        ),
        pytest.param(
            Facts(loads=(LoadFact("checkout", under_way=True),)),
            "gate.load",
            None,
            "the load test checkout of v812 is still under way",
            id="a load test under way",
        ),
        pytest.param(
            Facts(loads=(LoadFact("checkout", "r-1", "pass", NOW - 60, "All holds."),)),
            "gate.load",
            True,
            "the load test checkout of v812 passed (r-1)",
            id="a load test that passed",
        ),
    ],
)
def test_a_rule_says_what_it_found(facts, rule, holds, text) -> None:
    assert rulings(facts) == [(rule, holds, text)]


def test_what_comes_soon_or_goes_on_beside_it_is_told_and_decides_nothing() -> None:
    soon = Closure("freeze", "Easter", NOW + 1500, NOW + DAY, "UTC")
    later = Closure("freeze", "Sales", NOW + 2 * HOUR, NOW + DAY, "UTC")
    other = OtherRelease("v811", NOW - 720)
    facts = Facts(closures=(soon, later), others=(other, OtherRelease("v812", NOW - 60)))
    decision = decide(WISH, facts, NOW)
    assert decision.value == "open"
    assert [one.text for one in decision.rulings if one.warns] == [
        'the freeze "Easter" begins in 25m, at 2026-12-20 11:25 UTC',
        "v811 began 12m ago and has not ended: incidents could be of either (techrun release end v811 --shop acme)",
    ]


@pytest.mark.parametrize(
    ("facts", "value", "code"),
    [
        pytest.param(QUIET, "open", 0, id="all holds"),
        pytest.param(Facts(), "cannot-tell", 4, id="nothing was looked at"),
        pytest.param(
            Facts(others=(OtherRelease("v811", NOW - 60),)), "cannot-tell", 4, id="only a warning was found"
        ),
        pytest.param(Facts(closures=(FREEZE,), troubles=(), heard=NOW), "closed", 1, id="one does not hold"),
        pytest.param(Facts(troubles=(), heard=None), "cannot-tell", 4, id="nothing can be told"),
        pytest.param(
            Facts(troubles=(), heard=None, closures=(FREEZE,)),
            "closed",
            1,
            id="one fails, one cannot be told",
        ),
        pytest.param(
            Facts(budgets=(Budget("acme/home", 0.9, 0, 0, 60),), troubles=(), heard=NOW),
            "cannot-tell",
            4,
            id="one holds, one cannot be told",
        ),
    ],
)
def test_what_the_rules_come_to(facts: Facts, value: str, code: int) -> None:
    decision = decide(WISH, facts, NOW, by="ci")
    assert (decision.value, exit_code(decision), decision.by) == (value, code, "ci")
    assert exit_code(decision, report_only=True) is ExitCode.OK


def test_what_decides_stands_first_and_in_the_summary() -> None:
    facts = Facts(
        closures=(FREEZE,),
        budgets=(Budget("acme/home", 0.9, 0, 0, 60),),
        troubles=(),
        heard=NOW,
        others=(OtherRelease("v811", NOW - 60),),
    )
    decision = decide(WISH, facts, NOW)
    assert [one.rule for one in decision.rulings] == [
        "gate.freeze",
        "gate.budget",
        "gate.underway",
        "gate.incident",
    ]
    assert decision.summary == (
        'v812 of acme may not begin: the freeze "Christmas" (nobody is here)'
        " lasts until 2026-12-21 00:00 Europe/Madrid."
    )
    assert decision.evaluated == 2


def test_a_person_goes_through_a_gate_that_is_not_open() -> None:
    wish = GateWish("acme", "v812", override="fixes the payment")
    decision = decide(wish, Facts(closures=(FREEZE,)), NOW, by="dee")
    assert (decision.value, decision.overridden, exit_code(decision)) == ("closed", True, ExitCode.OK)
    assert not decide(wish, QUIET, NOW).overridden


@pytest.mark.parametrize(
    ("facts", "passes", "fails"),
    [
        pytest.param(Facts(), 4, 1, id="nothing evaluated never passes"),
        pytest.param(
            Facts(loads=(LoadFact("checkout", "r", "inconclusive"),), troubles=(), heard=NOW),
            0,
            1,
            id="what cannot be told beside what holds",
        ),
        pytest.param(Facts(closures=(FREEZE,)), 1, 1, id="closed stays closed"),
        pytest.param(QUIET, 0, 0, id="open stays open"),
    ],
)
def test_a_pipeline_may_say_what_inconclusive_comes_to(facts: Facts, passes: int, fails: int) -> None:
    decision = decide(WISH, facts, NOW)
    assert exit_code(decision, on_inconclusive="pass") == passes
    assert exit_code(decision, on_inconclusive="fail") == fails


def test_the_budget_is_that_of_thirty_days() -> None:
    assert PERIOD == 30 * DAY


MOMENTS = st.integers(-40, 40).map(lambda hours: NOW + hours * HOUR)
FACTS = st.builds(
    Facts,
    closures=st.none()
    | st.lists(
        st.builds(
            lambda kind, starts, hours: Closure(kind, "x", starts, starts + hours * HOUR, "UTC"),
            st.sampled_from(["freeze", "campaign"]),
            MOMENTS,
            st.integers(1, 50),
        ),
        max_size=3,
    ).map(tuple),
    budgets=st.none()
    | st.lists(
        st.builds(
            Budget,
            st.just("acme/home"),
            st.sampled_from([0.9, 0.999, 1.0]),
            st.integers(0, 50_000),
            st.integers(0, 100),
            st.sampled_from([1.0, 60.0, 3600.0]),
        ),
        max_size=3,
    ).map(tuple),
    troubles=st.none()
    | st.lists(st.builds(Trouble, st.just(1), st.just("x"), MOMENTS), max_size=2).map(tuple),
    loads=st.lists(
        st.builds(
            LoadFact,
            st.just("checkout"),
            st.sampled_from(["", "r-1"]),
            st.sampled_from(["pass", "fail", "inconclusive", "invalid", ""]),
            under_way=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    others=st.lists(st.builds(OtherRelease, st.sampled_from(["v811", "v812"]), MOMENTS), max_size=2).map(
        tuple
    ),
    heard=st.none() | MOMENTS,
)


@given(FACTS, st.sampled_from([None, "pass", "fail"]))
def test_whatever_is_known_it_opens_only_where_something_holds_and_nothing_speaks_against(facts, comes_to):
    decision = decide(WISH, facts, NOW)
    deciding = [one.holds for one in decision.rulings if not one.warns]
    assert (decision.value == "open") == (bool(deciding) and all(deciding))
    assert (decision.value == "closed") == (False in deciding)
    code = exit_code(decision, on_inconclusive=comes_to)
    if code is ExitCode.OK:
        assert decision.evaluated > 0
        assert False not in deciding
    assert decision.summary.endswith(".")
