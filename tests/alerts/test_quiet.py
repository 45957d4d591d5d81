"""Blind is not silent: when a check that is not down is an incident all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.alerts.policy import Policy
from techrun.alerts.quiet import Quiet, quiet_member, quiet_rule
from techrun.handling import Release
from techrun.model import Check, CheckId, Reason, Shop, Status
from techrun.standing import CheckState

SHOP = Shop("acme-es", "https://www.acme.es")
CHECK = Check(CheckId("acme-es", "home"), "http", 60, 30, severity="page")
NOW = 1_790_000_000.0
MINUTE = 60.0


def blind(minutes, reason=Reason.INTERNAL, runs=None):
    return CheckState(
        Status.UP,
        blind_runs=minutes if runs is None else runs,
        blind_since=NOW - minutes * MINUTE,
        blind_reason=reason,
    )


def released(minutes_before_the_first_blind_run, blind_for=5):
    begun = NOW - (blind_for + minutes_before_the_first_blind_run) * MINUTE
    return Release(1, "acme-es", "v812", begun)


DEGRADED = CheckState(Status.DEGRADED, since=NOW - 15 * MINUTE, runs=15)
BLOCKED = Reason.BLOCKED
TABLE = {
    "fourteen minutes are not told": (blind(14), {}, None),
    "fifteen minutes are a ticket": (blind(15), {}, ("blind.confirmed", "ticket")),
    "one run is no blindness": (blind(60, runs=1), {}, None),
    "two runs of an hourly check are": (blind(60, runs=2), {}, ("blind.confirmed", "ticket")),
    "blocked for a while is a ticket": (blind(15, BLOCKED), {}, ("blind.confirmed", "ticket")),
    "blocked for five minutes is nothing": (blind(5, BLOCKED), {}, None),
    "blocked right after a release pages": (
        blind(5, BLOCKED),
        {"release": released(29)},
        ("blind.blocked_after_release", "page"),
    ),
    "but not after a first blocked run": (blind(3, BLOCKED), {"release": released(1, 3)}, None),
    "a release half an hour ago is not blamed": (blind(5, BLOCKED), {"release": released(31)}, None),
    "nor is one that came later": (blind(5, BLOCKED), {"release": released(-1)}, None),
    "unknown after a release does not page": (blind(5), {"release": released(1)}, None),
    "blocked on every path pages": (
        blind(4, BLOCKED),
        {"blocked_everywhere": True},
        ("blind.blocked_everywhere", "page"),
    ),
    "test data that fail four times are a ticket": (
        blind(4, Reason.FIXTURE),
        {},
        ("fixture.confirmed", "ticket"),
    ),
    "test data that fail three times are nothing": (blind(3, Reason.FIXTURE), {}, None),
    "degraded for a while is a ticket": (DEGRADED, {}, ("degraded.lasts", "ticket")),
    "degraded for a short while is nothing": (replace(DEGRADED, since=NOW - 14 * MINUTE), {}, None),
    "what works is nothing": (CheckState(Status.UP), {}, None),
    "what is down is told otherwise": (CheckState(Status.DOWN, since=NOW - 3600), {}, None),
}


@pytest.mark.parametrize(("state", "around", "expected"), TABLE.values(), ids=TABLE.keys())
def test_a_check_that_is_not_down_is_an_incident_once_it_lasts(state, around, expected):
    found = quiet_rule(state, CHECK, SHOP, Policy(), Quiet(NOW, "what was said", **around))
    assert ((found.rule, found.severity) if found else None) == expected


def test_outside_production_nothing_pages():
    staging = replace(SHOP, env="staging")
    found = quiet_rule(blind(5, BLOCKED), CHECK, staging, Policy(), Quiet(NOW, blocked_everywhere=True))
    assert found.severity == "ticket"


def test_a_check_that_only_informs_stays_quiet_when_it_is_poor():
    quiet = replace(CHECK, severity="info")
    assert quiet_rule(DEGRADED, quiet, SHOP, Policy(), Quiet(NOW)).severity == "info"


def test_blind_checks_of_different_reasons_are_different_incidents():
    causes = {
        quiet_rule(blind(20, reason), CHECK, SHOP, Policy(), Quiet(NOW)).cause
        for reason in (Reason.BLOCKED, Reason.INTERNAL, Reason.ORDER_CAP)
    }
    assert len(causes) == 3


def test_the_member_tells_since_when_and_why():
    state = blind(20, BLOCKED)
    found = quiet_rule(state, CHECK, SHOP, Policy(), Quiet(NOW, "a captcha"))
    member = quiet_member(state, CHECK, NOW, found)
    assert (member.since, member.reason, member.message, member.runs) == (
        NOW - 20 * MINUTE,
        BLOCKED,
        "a captcha",
        20,
    )
