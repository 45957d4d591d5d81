"""Each fact is told where it has something to say, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.alerts.facts import facts_of
from techrun.alerts.samples import (
    CHECKOUT,
    CLOSED,
    FULL,
    OPENED,
    OUTAGE,
    OVER,
    PAYMENT,
    SAMPLES,
    SINCE,
    incident_of,
)
from techrun.handling import Acknowledgement, Annotation, Release
from techrun.model import CheckId, Reason
from techrun.standing import Hold

CALM = replace(PAYMENT, severity="ticket")
NO_ANSWER = replace(PAYMENT, reason=Reason.TIMEOUT)
HELD = Hold("held.silence", None, "silence #4 by dee")
GATHERED = Hold("held.group_wait", None, "waits for what belongs to it", since=SINCE)


def told(fact, event="opened", incident=OUTAGE, now=OPENED, **context):
    return getattr(facts_of(event, incident, replace(FULL, **context), now), fact)


def release(before, **fields):
    return Release(1, "acme-es", "v812", SINCE - before, **fields)


NETWORK = {
    "ok": ({}, "ok"),
    "lost": ({"own_network": "lost"}, "lost"),
    "unknown": ({"own_network": "unknown"}, ""),
    "unknown-and-no-answer": (
        {"own_network": "unknown", "incident": incident_of("outage", NO_ANSWER)},
        "unknown (no witness)",
    ),
    "fixture": ({"incident": incident_of("fixture", CALM)}, ""),
    "over": ({"event": "recovered", "incident": CLOSED}, ""),
}


@pytest.mark.parametrize(("given", "fact"), NETWORK.values(), ids=NETWORK)
def test_the_own_network_is_told_where_it_may_be_the_cause(given, fact):
    assert told("own_network", **given) == fact


CHANGED = {
    "minutes": (release(430), "release v812 7 min before"),
    "whole": (
        release(430, commit="a1b9f3e0" * 5, author="dee"),
        "release v812 (a1b9f3e0a1b9) by dee, 7 min before",
    ),
    "a-day": (release(86_400), "release v812 24 h before"),
    "long-ago": (release(3 * 86_400), "no release for 3 d (last: v812)"),
    "later": (release(-120), "release v812 2 min after it began"),
    "none": (None, ""),
}


@pytest.mark.parametrize(("last", "fact"), CHANGED.values(), ids=CHANGED)
def test_what_changed_is_the_release_before_it(last, fact):
    assert told("changed", release=last) == fact


def test_a_leaked_order_has_nothing_to_do_with_a_release():
    assert told("changed", incident=incident_of("leak", CALM)) == ""


ROLLBACK = {
    "page": ({}, "dep rollback production"),
    "reminder": ({"event": "reminder"}, "dep rollback production"),
    "ticket": ({"incident": incident_of("outage", CALM)}, ""),
    "over": ({"event": "recovered", "incident": CLOSED}, ""),
    "no-shop": ({"shop": None}, ""),
}


@pytest.mark.parametrize(("given", "fact"), ROLLBACK.values(), ids=ROLLBACK)
def test_the_roll_back_is_printed_in_pages(given, fact):
    assert told("rollback", **given) == fact


MONEY = {
    "known": ({}, ("180-420 EUR/h", "")),
    "unknown": ({"per_hour": None}, ("unknown", "")),
    "ticket": ({"incident": incident_of("outage", CALM), "per_hour": None}, ("", "")),
    "blind": ({"incident": incident_of("blind", PAYMENT)}, ("", "")),
    "later": ({"now": SINCE + 300}, ("180-420 EUR/h", "38-88 EUR")),
    "reminder": ({"event": "reminder"}, ("180-420 EUR/h", "38-88 EUR")),
    "over": ({"event": "recovered", "incident": CLOSED}, ("", "38-88 EUR")),
    "over-unknown": ({"event": "recovered", "incident": CLOSED, "lost": None}, ("", "")),
    "many-shops": ({"incident": incident_of("storm", shop=""), "shop": None, "per_hour": None}, ("", "")),
}


@pytest.mark.parametrize(("given", "facts"), MONEY.values(), ids=MONEY)
def test_money_is_told_in_pages_by_which_orders_are_lost(given, facts):
    assert (told("at_risk", **given), told("lost", **given)) == facts


REPEAT = {
    "journey": ({}, "techrun check acme-es/checkout --until payment --curl"),
    "quoted": (
        {
            "incident": incident_of("outage", replace(PAYMENT, step="to pay")),
            "check": replace(CHECKOUT, steps=("to pay",)),
        },
        "techrun check acme-es/checkout --until 'to pay' --curl",
    ),
    "fragment": ({"check": replace(CHECKOUT, steps=())}, "techrun check acme-es/checkout --curl"),
    "tls": ({"check": replace(CHECKOUT, kind="tls", steps=())}, "techrun check acme-es/checkout"),
    "leak": ({"incident": incident_of("leak", CALM)}, ""),
    "gone": ({"check": None}, ""),
    "over": ({"event": "recovered", "incident": CLOSED}, ""),
}


@pytest.mark.parametrize(("given", "fact"), REPEAT.values(), ids=REPEAT)
def test_the_command_to_repeat_it_is_told_where_there_is_something_to_repeat(given, fact):
    assert told("repeat", **given) == fact


HOLDS = {
    "none": ({}, ""),
    "gathering": ({"holds": (GATHERED,), "now": SINCE + 600}, ""),
    "since-it-opened": ({"holds": (GATHERED, HELD), "now": OPENED + 720}, "for 12m (silence #4 by dee)"),
    "since-it-was-held": (
        {"holds": (replace(HELD, since=SINCE),), "now": SINCE + 60},
        "for 1m (silence #4 by dee)",
    ),
    "hardly": ({"holds": (replace(HELD, since=SINCE),), "now": SINCE + 29}, ""),
    "nobody-knows-since-when": ({"holds": (HELD,), "event": "update"}, "by silence #4 by dee"),
    "in-the-end": ({"held_for": 120, "event": "recovered", "incident": CLOSED}, "for 2m"),
    "without-words": ({"holds": (Hold("held.parent"),), "event": "update"}, "by held.parent"),
}


@pytest.mark.parametrize(("given", "fact"), HOLDS.values(), ids=HOLDS)
def test_a_message_that_waited_says_for_how_long_and_why(given, fact):
    assert told("held", **given) == fact


ORDERS = {
    "none": ({}, "none"),
    "some": ({"test_orders": ("order_id=1", "order_id=2")}, "order_id=1, order_id=2"),
    "no-orders": ({"check": replace(CHECKOUT, places_orders=False)}, ""),
    "others-of-the-shop": ({"check": None, "test_orders": ("order_id=1",)}, "order_id=1"),
    "over": ({"event": "recovered", "incident": CLOSED, "test_orders": ("order_id=1",)}, ""),
}


@pytest.mark.parametrize(("given", "fact"), ORDERS.values(), ids=ORDERS)
def test_test_orders_that_stand_are_told_while_it_goes_on(given, fact):
    assert told("test_orders", **given) == fact


FOUND = {
    "in-the-title": ({}, ""),
    "cut-in-the-title": (
        {"incident": incident_of("outage", replace(PAYMENT, message="x" * 90))},
        f'at "payment": {"x" * 90}',
    ),
    "over": ({"event": "recovered", "incident": CLOSED}, 'at "payment": expected 200, got 502'),
    "reason-alone": (
        {"event": "recovered", "incident": incident_of("outage", replace(NO_ANSWER, message="", step=""))},
        "timeout",
    ),
    "nobody-looked": ({"incident": incident_of("reported", text="client phoned")}, ""),
}


@pytest.mark.parametrize(("given", "fact"), FOUND.values(), ids=FOUND)
def test_what_was_found_is_told_where_the_title_does_not(given, fact):
    assert told("found", **given) == fact


OTHER = replace(PAYMENT, check=CheckId("acme-es", "search"), step="", message="")
MENDED = replace(OTHER, check=CheckId("acme-pt", "home"), recovered=SINCE + 60)
SEVERAL = replace(OUTAGE, members=(PAYMENT, OTHER, MENDED))
ALL_MENDED = replace(
    CLOSED, members=(replace(PAYMENT, recovered=OVER), replace(OTHER, recovered=OVER), MENDED)
)


def test_other_checks_of_the_incident_are_told_of_other_shops_with_their_shop():
    assert told("also_failing", incident=SEVERAL) == "search (status)"
    assert told("works_again", incident=SEVERAL) == "acme-pt/home"


def test_another_check_that_found_the_same_is_not_told_twice_over():
    same = replace(PAYMENT, check=CheckId("acme-es", "order"))
    assert told("also_failing", incident=replace(OUTAGE, members=(PAYMENT, same))) == "order (the same)"


def test_the_end_names_the_checks_where_there_were_several():
    assert told("works_again", "recovered", ALL_MENDED) == "checkout, search, acme-pt/home"
    assert told("works_again", "recovered", CLOSED) == ""


def test_of_many_failing_checks_the_first_are_named():
    others = tuple(replace(OTHER, check=CheckId("acme-es", f"c{number}")) for number in range(9))
    failing = told("also_failing", incident=replace(OUTAGE, members=(PAYMENT, *others)))
    assert failing.endswith("c5 (status) and 3 more")


MEANING = {
    "outage": (OUTAGE, ""),
    "blocked": (
        incident_of("blind", replace(CALM, reason=Reason.BLOCKED)),
        "A captcha or firewall stops the probe; whether customers get through is not known.",
    ),
    "our-own-error": (
        incident_of("blind", replace(CALM, reason=Reason.INTERNAL)),
        "techrun cannot tell whether it works; the fault is probably its own.",
    ),
    "reported-long": (
        incident_of("reported", text="client phoned: " + "x" * 90),
        "client phoned: " + "x" * 90,
    ),
    "reported-short": (incident_of("reported", text="client phoned"), ""),
}


@pytest.mark.parametrize(("incident", "fact"), MEANING.values(), ids=MEANING)
def test_what_a_kind_means_is_told_where_the_title_leaves_it_open(incident, fact):
    assert told("meaning", incident=incident) == fact


TAKEN = Acknowledgement(4711, SINCE + 480, "dee", "calling the PSP")


def test_once_acknowledged_it_says_by_whom_and_escalates_no_more():
    assert told("acknowledged", acknowledged=TAKEN) == "by dee 03:20: calling the PSP"
    assert told("escalation", acknowledged=TAKEN) == ""
    assert told("escalation") == "not acked by 03:22 -> phone"
    assert "Nobody" not in told("news", "reminder", acknowledged=TAKEN)


def test_the_runbook_of_the_check_goes_before_that_of_the_shop():
    own = "https://wiki.example/checkout"
    assert told("runbook", check=replace(CHECKOUT, runbook=own)) == own
    assert told("runbook") == "https://wiki.example/acme"


def test_what_persons_added_is_told():
    notes = (Annotation(4711, OVER, "dee", "wrong key", "release"), Annotation(4711, OVER, "kim", "mended"))
    assert told("notes", annotations=notes) == "release: wrong key; mended"


def test_how_it_was_confirmed_is_told_once():
    assert told("runs") == "4 of 4 runs"
    assert told("runs", "reminder") == ""


def test_no_good_run_is_known():
    assert told("last_good", incident=incident_of("outage", replace(PAYMENT, last_good=None))) == "not known"


def test_a_degraded_run_counts_as_good_so_the_last_good_one_says_nothing():
    assert told("last_good", incident=incident_of("degraded", CALM)) == ""


def test_many_shops_at_once_are_told_by_the_titles_of_the_first():
    facts = facts_of("opened", SAMPLES["storm-opened"].incident, SAMPLES["storm-opened"].context, OPENED)
    assert len(facts.parts) == 9
    assert facts.parts[0] == OUTAGE.title
    assert facts.parts[-1] == "and 15 more"
