"""What is wrong, in one line: impact first, then where and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.alerts.titles import PART, TITLE, headline_of, title_of
from techrun.model import Check, CheckId, Reason
from techrun.standing import Incident, Member

JOURNEY = Check(CheckId("acme-es", "checkout"), "journey", 60, 30)
ORDERS = replace(JOURNEY, places_orders=True)
HOME = Check(CheckId("acme-es", "home"), "http", 60, 30)
SAID = replace(HOME, symptom="customers cannot reach the shop")


def member_of(check, **found):
    return Member(check.id, "page", 0, 0, **found)


AT_PAYMENT = {"step": "payment", "message": "expected 200, got 502"}
TITLES = {
    "orders": (
        "outage",
        ORDERS,
        AT_PAYMENT,
        'customers cannot place orders - "payment" fails (expected 200, got 502)',
    ),
    "orders-no-step": ("outage", ORDERS, {}, "customers cannot place orders - checkout fails"),
    "journey": (
        "outage",
        JOURNEY,
        AT_PAYMENT,
        'customers cannot complete "checkout" - "payment" fails (expected 200, got 502)',
    ),
    "journey-no-step": (
        "outage",
        JOURNEY,
        {"reason": Reason.DNS},
        'customers cannot complete "checkout" (dns)',
    ),
    "symptom": (
        "outage",
        SAID,
        {"message": "timed out"},
        "customers cannot reach the shop - home fails (timed out)",
    ),
    "symptom-before-orders": (
        "outage",
        replace(ORDERS, symptom="nobody can pay"),
        AT_PAYMENT,
        'nobody can pay - "payment" fails (expected 200, got 502)',
    ),
    "plain": ("outage", HOME, {"reason": Reason.TIMEOUT}, "home is down (timeout)"),
    "degraded": ("degraded", SAID, {"message": "took 4 s"}, "home is slow or poor (took 4 s)"),
    "degraded-step": (
        "degraded",
        JOURNEY,
        AT_PAYMENT,
        'checkout is slow or poor, at "payment" (expected 200, got 502)',
    ),
    "blind": ("blind", HOME, {"message": "a captcha"}, "home cannot be watched (a captcha)"),
    "fixture": (
        "fixture",
        JOURNEY,
        {"step": "cart", "message": "PROBE-1 is out of stock"},
        'the probe data of checkout are at fault, at "cart" (PROBE-1 is out of stock)',
    ),
    "leak": (
        "leak",
        ORDERS,
        {"message": "order_id=1000042"},
        "a test order stands in the shop (order_id=1000042)",
    ),
    "lines": ("outage", HOME, {"message": "one\n two\tthree\x00"}, "home is down (one two three)"),
}


@pytest.mark.parametrize(("kind", "check", "found", "title"), TITLES.values(), ids=TITLES)
def test_a_title_says_the_impact_then_where_and_why(kind, check, found, title):
    assert title_of(kind, "acme-es", member_of(check, **found), check) == f"acme-es: {title}"


def test_a_check_that_is_no_longer_watched_is_down():
    assert title_of("outage", "acme-es", member_of(ORDERS), None) == "acme-es: checkout is down"


@pytest.mark.parametrize(
    ("kind", "shop", "text", "title"),
    [
        ("uplink", "", "", "techrun's own network is gone"),
        ("storm", "", "23 shops are down at once", "23 shops are down at once"),
        ("storm", "", "", "many shops are down at once"),
        ("reported", "acme-es", "client phoned", "acme-es: client phoned"),
        ("reported", "acme-es", "", "acme-es: something is wrong"),
        ("leak", "acme-es", "order_id=1", "acme-es: a test order stands in the shop (order_id=1)"),
    ],
)
def test_what_no_check_found_is_told_in_its_own_words(kind, shop, text, title):
    assert title_of(kind, shop, None, None, text) == title


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("x" * 200, f"acme-es: home is down ({'x' * 67}…)"),
        ("y" * 68, f"acme-es: home is down ({'y' * 68})"),
    ],
)
def test_a_long_reason_is_cut_so_that_the_rest_stays_whole(said, title):
    assert title_of("outage", "acme-es", member_of(HOME, message=said), HOME) == title
    assert len(title) == PART


def test_a_reason_for_which_there_is_hardly_room_is_left_out():
    check = replace(HOME, symptom="s" * 60)
    title = title_of("outage", "acme-es", member_of(check, message="a rather long reason"), check)
    assert title == f"acme-es: {'s' * 60} - home fails"


@given(
    st.text(),
    st.text(),
    st.text(),
    st.sampled_from(["outage", "degraded", "blind", "fixture", "leak", "reported"]),
)
def test_a_title_is_one_bounded_line_and_the_same_in_every_message(name, step, said, kind):
    check = replace(JOURNEY, id=CheckId("acme-es", name), symptom=said)
    title = title_of(kind, "acme-es", member_of(check, step=step, message=said), check, said)
    incident = Incident(1, kind, "acme-es", "ticket", title, 0, 0, closed=86_400 * 999)
    assert title.isprintable()
    for event in ("opened", "raised", "update", "reminder", "escalated", "recovered"):
        headline = headline_of(event, incident, 0)
        assert len(headline) <= TITLE
        assert title in headline


@pytest.mark.parametrize(
    ("event", "title"),
    [
        ("opened", "[PAGE] acme-es: home is down"),
        ("reminder", "[PAGE] acme-es: home is down"),
        ("recovered", "[OK] acme-es: home is down - over after 12m30s"),
        ("withdrawn", "[CLOSED] acme-es: home is down - no longer watched"),
    ],
)
def test_a_message_wears_its_severity_or_how_it_ended(event, title):
    incident = Incident(1, "outage", "acme-es", "page", "acme-es: home is down", 0, 36, closed=750)
    assert headline_of(event, incident, 800) == title
