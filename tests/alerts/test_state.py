"""When failed runs become an outage: tables of runs and the rules that must decide, and laws for all runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.alerts.state import TURNS, Decision, Fact, advance, fact_of
from techrun.model import Check, CheckId, Confirmation, Order, Outcome, Reason, Result, Status, Step
from techrun.standing import CheckState

CHECK = CheckId("acme-es", "order")
RUNS = {
    "up": {"status": Status.UP},
    "degraded": {"status": Status.DEGRADED},
    "down": {"status": Status.DOWN, "reason": Reason.STATUS, "step": "cart", "message": "got 502"},
    "blocked": {"status": Status.BLOCKED},
    "unknown": {"status": Status.UNKNOWN},
    "fixture": {"status": Status.UNKNOWN, "reason": Reason.FIXTURE},
    "uplink": {"status": Status.UNKNOWN, "reason": Reason.UPLINK},
    "interrupted": {"status": Status.UNKNOWN, "reason": Reason.INTERRUPTED},
    "order-fails": {"status": Status.DOWN, "step": "place-order", "order_failed": True},
    "short-up": {"status": Status.UP, "trigger": "confirmation", "reached": frozenset({"home", "cart"})},
    "short-down": {"status": Status.DOWN, "step": "home", "reached": frozenset({"home"})},
    "manual-down": {"status": Status.DOWN, "trigger": "manual"},
    "release-down": {"status": Status.DOWN, "trigger": "release"},
}
EVERY = 30.0
BLINDING = {"blocked", "unknown", "fixture"}
NOISE = BLINDING | {"uplink", "interrupted", "manual-down", "release-down"}


def facts(runs):
    return [
        Fact(CHECK, started=1000 + number * EVERY, ended=1001 + number * EVERY, **RUNS[run])
        for number, run in enumerate(runs)
    ]


def played(runs, state=None, confirmation=None):
    """The state at the end, the changes, and the rule that decided each run."""
    state, changes, decisions = state or CheckState(), [], []
    for fact in facts(runs):
        state, change, decision = advance(state, fact, confirmation or Confirmation())
        decisions.append(decision)
        if change:
            changes.append(change)
    return state, changes, decisions


TABLE = {
    "the first good run is believed": ("up", "first.good"),
    "a degraded first run is a good one": ("degraded", "first.good"),
    "three failures are no outage": (
        "up down down down up",
        "first.good failure.counted failure.counted failure.counted failure.forgotten",
    ),
    "the fourth failure in a row is": (
        "up down down down down down",
        "first.good failure.counted failure.counted failure.counted down.confirmed down.continues",
    ),
    "a shop that was never seen well needs four as well": (
        "down down down down",
        "failure.counted failure.counted failure.counted down.confirmed",
    ),
    "two good runs are a recovery, a degraded one counts": (
        "down down down down up degraded",
        "failure.counted failure.counted failure.counted down.confirmed recovery.counted recovered.confirmed",
    ),
    "a failure between them begins the recovery anew": (
        "down down down down up down up up",
        (
            "failure.counted failure.counted failure.counted down.confirmed recovery.counted down.continues "
            "recovery.counted recovered.confirmed"
        ),
    ),
    "blocked and unknown hold the streak of failures": (
        "down down blocked unknown down down",
        "failure.counted failure.counted held.blocked held.unknown failure.counted down.confirmed",
    ),
    "test data and our own network are told apart": (
        "up fixture uplink unknown",
        "first.good held.fixture held.uplink held.unknown",
    ),
    "a run that was interrupted says nothing": ("up interrupted", "first.good ignored.interrupted"),
    "blocked and unknown hold the recovery": (
        "down down down down up blocked up",
        (
            "failure.counted failure.counted failure.counted down.confirmed recovery.counted held.blocked "
            "recovered.confirmed"
        ),
    ),
    "degraded is confirmed apart from down": (
        "up degraded degraded degraded degraded",
        "first.good degraded.counted degraded.counted degraded.counted degraded.confirmed",
    ),
    "a check is well again after two runs that are up": (
        "degraded up degraded up up",
        "first.good improvement.counted good.continues improvement.counted improved.confirmed",
    ),
    "two failed orders are an outage": (
        "up order-fails order-fails",
        "first.good failure.counted down.order_confirmed",
    ),
    "a run that stopped before the order forgets no failed order": (
        "up order-fails short-up short-up order-fails",
        "first.good failure.counted held.not_reached held.not_reached down.order_confirmed",
    ),
    "nor does one that failed before it": (
        "up order-fails short-down short-up order-fails",
        "first.good failure.counted failure.counted held.not_reached down.order_confirmed",
    ),
    "a run that stopped before the order is no recovery of it": (
        "order-fails order-fails short-up short-up up short-up up",
        (
            "failure.counted down.order_confirmed held.not_reached held.not_reached recovery.counted "
            "held.not_reached recovered.confirmed"
        ),
    ),
    "a run that stopped after the step that failed is": (
        "down down down down short-up short-up",
        "failure.counted failure.counted failure.counted down.confirmed recovery.counted recovered.confirmed",
    ),
    "one failed order and one that works are nothing": (
        "up order-fails up order-fails",
        "first.good failure.counted failure.forgotten failure.counted",
    ),
    "failures elsewhere do not make a failed order an outage": (
        "up down order-fails up",
        "first.good failure.counted failure.counted failure.forgotten",
    ),
    "what a person or a release runs says nothing": (
        "up manual-down release-down",
        "first.good ignored.manual ignored.release",
    ),
}


@pytest.mark.parametrize(("runs", "expected"), TABLE.values(), ids=TABLE.keys())
def test_a_rule_decides_each_run(runs, expected):
    _, _, decisions = played(runs.split())
    assert decisions == expected.split()


def test_every_rule_that_has_a_name_decides_somewhere_in_the_table():
    seen = {decision for runs, _ in TABLE.values() for decision in played(runs.split())[2]}
    assert seen == set(Decision.__args__)


def test_an_outage_is_told_from_its_first_failed_run():
    _, changes, _ = played(["up", "up", "down", "down", "down", "down"])
    outage = changes[-1]
    assert (outage.before, outage.after) == (Status.UP, Status.DOWN)
    assert outage.since == 1000 + 2 * EVERY
    assert outage.last_good == 1000 + EVERY
    assert outage.at == 1001 + 5 * EVERY
    assert (outage.runs, outage.step, outage.message, outage.reason) == (4, "cart", "got 502", Reason.STATUS)
    assert outage.decision == "down.confirmed"


def test_a_recovery_is_told_from_its_first_good_run():
    _, changes, _ = played(["down", "down", "down", "down", "degraded", "up"])
    recovery = changes[-1]
    assert (recovery.before, recovery.after) == (Status.DOWN, Status.UP)
    assert recovery.since == 1000 + 4 * EVERY
    assert recovery.runs == 2


def test_each_check_says_itself_how_a_failure_is_confirmed():
    _, changes, decisions = played(["down", "up"], confirmation=Confirmation(fail_after=1, recover_after=1))
    assert decisions == ["down.confirmed", "recovered.confirmed"]
    assert len(changes) == 2


def test_the_facts_are_taken_from_the_result():
    check = Check(CHECK, "journey", 60, 30)
    outcome = Outcome(
        Status.DOWN,
        Reason.STATUS,
        "got 502 \ud800",
        step="place-order",
        steps=(Step("home", Status.UP), Step("place-order", Status.DOWN)),
        orders=(Order("place-order", "", "unconfirmed"),),
        order_failed=True,
        not_run="stopped",
        trace_id="9f2c",
    )
    fact = fact_of(Result(check, outcome, "r1", started=10, duration=2, lateness=0, trigger="confirmation"))
    assert fact == Fact(
        CHECK,
        Status.DOWN,
        started=10,
        ended=12,
        trigger="confirmation",
        reason=Reason.STATUS,
        step="place-order",
        message="got 502 ?",
        order_failed=True,
        reached=frozenset({"home", "place-order"}),
        trace_id="9f2c",
    )


@pytest.mark.parametrize(
    ("not_run", "trigger"),
    [("", "schedule"), ("", "confirmation"), ("stopped before place-order", "schedule")],
    ids=["whole", "whole-confirmation", "scheduled"],
)
def test_a_run_that_did_all_it_had_to_is_evidence_for_every_step(not_run, trigger):
    """A scheduled run that leaves out a step does so by its settings: it must be able to recover."""
    outcome = Outcome(Status.UP, not_run=not_run)
    result = Result(Check(CHECK, "http", 60, 30), outcome, "r1", 10, 2, 0, trigger=trigger)
    assert fact_of(result).reached is None


some_runs = st.lists(st.sampled_from(sorted(RUNS)), max_size=40)


@given(some_runs)
def test_a_change_comes_exactly_with_the_decisions_that_turn_the_status(runs):
    state = CheckState()
    for fact in facts(runs):
        after, change, decision = advance(state, fact, Confirmation())
        assert (change is not None) == (decision in TURNS) == (after.status is not state.status)
        if change:
            assert (change.before, change.after) == (state.status, after.status)
        state = after


@given(some_runs)
def test_an_outage_needs_four_failures_or_two_failed_orders_since_the_last_good_run(runs):
    state, failures, orders = CheckState(), 0, 0
    for fact in facts(runs):
        state, change, decision = advance(state, fact, Confirmation())
        if decision.startswith(("held", "ignored")):
            continue
        good = fact.status is not Status.DOWN
        failures, orders = (0, 0) if good else (failures + 1, orders + fact.order_failed)
        if change and change.after is Status.DOWN:
            assert failures >= 4 or orders == 2
        assert not (state.status is not Status.DOWN and (failures >= 4 or orders >= 2))


@given(some_runs, some_runs)
def test_blocked_unknown_and_manual_runs_change_nothing_but_how_long_it_is_blind(runs, later):
    state, _, _ = played(runs)
    noise = [run for run in later if run in NOISE]
    after = played(noise, state=state)[0]
    assert after.blind_runs == state.blind_runs + sum(run in BLINDING for run in noise)
    sight = {name: getattr(state, name) for name in ("blind_runs", "blind_since", "blind_reason", "last_run")}
    assert replace(after, **sight) == state


def test_how_long_a_check_is_blind_is_counted_from_its_first_run_without_a_verdict():
    state, _, _ = played(["up", "blocked", "unknown", "fixture"])
    assert (state.blind_runs, state.blind_since, state.blind_reason) == (3, 1000 + EVERY, Reason.FIXTURE)


@pytest.mark.parametrize("verdict", ["up", "degraded", "down"])
def test_any_verdict_ends_it(verdict):
    state, _, _ = played(["up", "blocked", "blocked", verdict])
    assert state.blind_runs == 0


def test_while_our_own_network_is_gone_no_check_counts_as_blind():
    assert played(["up", "uplink", "uplink"])[0].blind_runs == 0


@given(some_runs)
def test_two_good_whole_runs_always_end_an_outage(runs):
    state, _, _ = played(runs)
    assert played(["up", "up"], state=state)[0].status in {Status.UP, Status.DEGRADED}


@given(some_runs, some_runs)
def test_a_restart_in_the_middle_changes_nothing(runs, later):
    """The state is all that is carried over: it is the same after being taken apart and put together."""
    whole = played([*runs, *later])[0]
    kept = replace(played(runs)[0])
    facts_of_all = facts([*runs, *later])[len(runs) :]
    for fact in facts_of_all:
        kept, _, _ = advance(kept, fact, Confirmation())
    assert kept == whole
