"""The message, as a person reads it: its golden files are the specification."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.alerts.incidents import close_incident, leak_incident, open_incident, severity_of
from techrun.alerts.message import (
    BODY,
    TITLE,
    clock_text,
    compose,
    duration_text,
    title_of,
    trial_message,
    with_attempt,
)
from techrun.model import Check, CheckId, Order, Outcome, Reason, Result, Shop, Status
from techrun.standing import Change

GOLDEN = Path(__file__).parent.parent / "golden" / "alerts"
SINCE = 1_789_953_125.0  # 2026-09-21 03:12:05 in Madrid
CHECK = Check(CheckId("acme-es", "checkout"), "journey", 60, 30, severity="page", notify=("oncall",))
SHOP = Shop(
    "acme-es",
    "https://www.acme.es",
    owner="shop-ops",
    runbook="https://wiki.example/acme",
    rollback="dep rollback production",
    timezone="Europe/Madrid",
)
OUTAGE = Change(
    CHECK.id,
    Status.UP,
    Status.DOWN,
    at=SINCE + 36,
    since=SINCE,
    runs=4,
    last_good=SINCE - 63,
    reason=Reason.STATUS,
    step="payment",
    message="expected 200, got 502",
    decision="down.confirmed",
    trace_id="9f2c0a51b1d24e0f8f0c2f7a5f1f4c33",
)


def incident_of(change=OUTAGE, check=CHECK, shop=SHOP):
    return open_incident(4711, change, check, shop)


ORDER = Order("place-order", "order_id=1000042", "leaked")
ORDERED = Result(CHECK, Outcome(Status.UP, orders=(ORDER,), trace_id="9f2c"), "r1", SINCE, 12, 0)
BARE_SHOP = Shop("acme-es", "https://www.acme.es")
BARE = replace(OUTAGE, step="", message="", reason=Reason.TIMEOUT, last_good=None, trace_id="")
MESSAGES = {
    "opened": compose("opened", incident_of(), SHOP, "oncall", SINCE + 36),
    "opened-bare": compose("opened", incident_of(BARE, shop=BARE_SHOP), BARE_SHOP, "oncall", SINCE + 36),
    "opened-retried": replace(compose("opened", incident_of(), SHOP, "oncall", SINCE + 36), attempt=3),
    "recovered": compose(
        "recovered",
        close_incident(incident_of(), SINCE + 750, "recovered.confirmed"),
        SHOP,
        "oncall",
        SINCE + 780,
    ),
    "leaked": compose("leaked", leak_incident(4712, ORDER, ORDERED, SHOP), SHOP, "oncall", SINCE + 12),
    "trial": trial_message("oncall", SINCE),
    "withdrawn": compose(
        "withdrawn",
        close_incident(incident_of(), SINCE + 9000, "closed.check_gone"),
        SHOP,
        "oncall",
        SINCE + 9000,
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_reads_as_its_golden_file(name):
    message = MESSAGES[name]
    assert f"{message.title}\n\n{with_attempt(message)}\n" == (GOLDEN / f"{name}.txt").read_text()


def test_every_golden_file_belongs_to_a_message():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(MESSAGES)


def test_a_title_names_severity_shop_check_step_and_what_was_found():
    assert title_of("page", OUTAGE) == '[PAGE] acme-es: checkout fails at "payment" (expected 200, got 502)'


@pytest.mark.parametrize(
    ("env", "severity", "expected"),
    [
        ("production", "page", "page"),
        ("production", "ticket", "ticket"),
        ("staging", "page", "ticket"),
        ("staging", "info", "info"),
    ],
)
def test_outside_production_nothing_pages(env, severity, expected):
    assert severity_of(replace(CHECK, severity=severity), replace(SHOP, env=env)) == expected


@given(st.text(), st.text())
def test_whatever_a_shop_says_title_and_text_stay_bounded_and_the_title_one_line(step, said):
    incident = incident_of(replace(OUTAGE, step=step, message=said))
    message = compose("opened", incident, SHOP, "oncall", SINCE)
    assert len(message.title) <= TITLE
    assert len(message.body) <= BODY
    assert message.title.isprintable()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (45.4, "45s"), (60, "1m 0s"), (750, "12m 30s"), (11100, "3h 05m"), (187200, "2d 4h")],
)
def test_a_duration_is_told_as_people_say_it(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Madrid", "2026-09-21 03:12:05 CEST (01:12:05 UTC)"),
        ("UTC", "2026-09-21 01:12:05 UTC"),
        ("No/Such", "2026-09-21 01:12:05 UTC"),
    ],
)
def test_a_moment_is_told_by_the_clock_of_the_shop(zone, text):
    assert clock_text(SINCE, zone) == text
