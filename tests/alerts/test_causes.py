"""Which incident a failing check belongs to: tables of what is open and who comes to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.alerts.incidents import ancestors, cause_of, leave, outage, refreshed, severity_of, strike
from techrun.alerts.state import Fact
from techrun.model import Check, CheckId, Reason, Shop, Status
from techrun.standing import Change

SHOP = Shop("acme-es", "https://www.acme.es")
START = 1_790_000_000.0


def check(name, severity="page", depends_on=(), **more):
    return Check(CheckId("acme-es", name), "http", 60, 30, severity=severity, depends_on=depends_on, **more)


HOME = check("home")
CHECKOUT = check("checkout", depends_on=("home",))
ORDER = check("order", depends_on=("checkout",), places_orders=True)
SEARCH = check("search", "ticket")
FEED = check("feed", "ticket")
CHECKS = {one.id: one for one in (HOME, CHECKOUT, ORDER, SEARCH, FEED)}


def down(one, after=0.0, reason=Reason.STATUS, http_status=502, step="", message="got 502"):
    return Change(
        one.id,
        Status.UP,
        Status.DOWN,
        at=START + after + 35,
        since=START + after,
        runs=4,
        reason=reason,
        step=step,
        message=message,
        http_status=http_status,
    )


WRONG_TEXT = {"reason": Reason.EXPECTATION, "http_status": 200, "message": "no price"}


def opened(one, **about):
    return outage(1, down(one, **about), one, SHOP)


def joined(incident, one, **about):
    return strike([incident], down(one, **about), one, SHOP, CHECKS)


CAUSES = {
    "no connection": ({"reason": Reason.CONNECT, "http_status": None}, "unavailable"),
    "a time-out": ({"reason": Reason.TIMEOUT, "http_status": None}, "unavailable"),
    "a 502": ({}, "unavailable"),
    "a maintenance page": ({"reason": Reason.MAINTENANCE, "http_status": 503}, "unavailable"),
    "a 404": ({"http_status": 404}, "status: home"),
    "a wrong text at a step": ({**WRONG_TEXT, "step": "pay"}, "expectation: pay"),
}


@pytest.mark.parametrize(("about", "cause"), CAUSES.values(), ids=CAUSES.keys())
def test_a_cause_is_what_checks_of_a_shop_fail_for_alike(about, cause):
    assert cause_of(down(HOME, **about)) == cause


def test_the_combinations_of_one_check_have_one_cause():
    shoes, hats = check("category/shoes", "ticket"), check("category/hats", "ticket")
    assert cause_of(down(shoes, **WRONG_TEXT)) == cause_of(down(hats, **WRONG_TEXT))


def test_ancestors_are_all_that_explain_a_failure():
    assert ancestors(ORDER.id, CHECKS) == {CHECKOUT.id, HOME.id}
    assert ancestors(CheckId("acme-es", "unknown"), CHECKS) == set()


def test_checks_that_depend_on_each_other_in_a_circle_end():
    one, other = check("one", depends_on=("other",)), check("other", depends_on=("one",))
    assert ancestors(one.id, {one.id: one, other.id: other}) == {one.id, other.id}


JOINS = {
    "a child joins its parent": (HOME, {}, CHECKOUT, {**WRONG_TEXT}, "joined.depends_on"),
    "a grandchild joins too": (HOME, {}, ORDER, {**WRONG_TEXT}, "joined.depends_on"),
    "a parent joins its child": (ORDER, {}, HOME, {**WRONG_TEXT}, "joined.parent_of"),
    "the same cause joins": (HOME, {}, SEARCH, {}, "joined.same_cause"),
    "hours later as well": (HOME, {}, SEARCH, {"after": 7200}, "joined.same_cause"),
    "another cause is another incident": (HOME, {}, SEARCH, WRONG_TEXT, None),
    "a louder check joins a young incident": (FEED, {}, HOME, {"after": 60}, "joined.same_cause"),
    "a louder check opens its own beside an old one": (FEED, {}, HOME, {"after": 7200}, None),
    "a child joins a quieter parent however old": (
        SEARCH,
        {},
        check("filter", depends_on=("search",)),
        {"after": 7200},
        "joined.depends_on",
    ),
}


@pytest.mark.parametrize(("first", "about", "then", "about_then", "rule"), JOINS.values(), ids=JOINS.keys())
def test_a_rule_with_a_name_says_where_a_check_belongs(first, about, then, about_then, rule):
    checks = {**CHECKS, then.id: then}
    found = strike([opened(first, **about)], down(then, **about_then), then, SHOP, checks)
    assert (found.member(then.id).joined_by if found else None) == rule


def test_a_check_of_another_shop_never_joins():
    stranger = replace(HOME, id=CheckId("acme-fr", "home"))
    assert strike([opened(HOME)], down(stranger), stranger, SHOP, CHECKS) is None


def test_a_parent_leads_as_long_as_nobody_was_told():
    incident = joined(opened(CHECKOUT, **WRONG_TEXT), HOME)
    assert incident.lead.check == HOME.id
    assert incident.title.startswith("acme-es: home is down")
    told = replace(opened(CHECKOUT, **WRONG_TEXT), told=START)
    kept = joined(told, HOME)
    assert (kept.lead.check, kept.title) == (CHECKOUT.id, told.title)


def test_the_loudest_member_makes_the_severity_and_it_never_falls():
    incident = joined(opened(FEED), HOME, after=10)
    assert (incident.severity, incident.lead.check) == ("page", HOME.id)
    assert leave(incident, HOME.id, START + 60, "recovered.confirmed").severity == "page"


def test_an_incident_is_over_when_its_last_member_recovered():
    incident = joined(opened(HOME), CHECKOUT)
    half = leave(incident, HOME.id, START + 60, "recovered.confirmed")
    assert half.closed is None
    over = leave(half, CHECKOUT.id, START + 90, "recovered.confirmed")
    assert (over.closed, over.closed_by) == (START + 90, "recovered.confirmed")
    assert leave(over, CHECKOUT.id, START + 120, "again") == over


def test_a_member_that_fails_again_is_failing_again():
    incident = leave(joined(opened(HOME), CHECKOUT), CHECKOUT.id, START + 60, "recovered.confirmed")
    again = joined(incident, CHECKOUT, after=120)
    assert [member.check for member in again.failing] == [HOME.id, CHECKOUT.id]
    assert len(again.members) == 2


def test_the_title_follows_the_lead_until_somebody_was_told():
    incident = opened(HOME)
    found = Fact(HOME.id, Status.DOWN, START + 60, START + 61, message="got 503")
    assert "got 503" in refreshed(incident, HOME, found, 5).title
    told = replace(incident, told=START + 1)
    assert refreshed(told, HOME, found, 5) is told


def test_one_more_failure_of_a_member_that_does_not_lead_is_no_news():
    incident = joined(opened(HOME), CHECKOUT)
    member = incident.member(CHECKOUT.id)
    same = Fact(
        CHECKOUT.id, Status.DOWN, START, START, reason=member.reason, step=member.step, message=member.message
    )
    assert refreshed(incident, CHECKOUT, same, 5) is incident
    other = refreshed(incident, CHECKOUT, replace(same, message="got 503"), 5)
    assert other.member(CHECKOUT.id).message == "got 503"
    assert other.title == incident.title


@pytest.mark.parametrize(
    ("env", "severity"), [("production", "page"), ("staging", "ticket")], ids=["production", "elsewhere"]
)
def test_outside_production_nothing_pages(env, severity):
    assert severity_of(HOME, replace(SHOP, env=env)) == severity
