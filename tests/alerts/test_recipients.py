"""Who hears of an incident: routes, the shop's own channels, techrun's owner; never nobody, nobody twice."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from techrun.alerts.policy import Hours, Policy, Route
from techrun.alerts.recipients import Recipients, in_hours, recipients
from techrun.model import Check, CheckId, Shop
from techrun.standing import Incident, Member

NOW = 1_790_000_000.0
SHOP = Shop("acme-es", "https://acme.example", client="acme", timezone="Europe/Madrid")
CHANNELS = {
    ("acme-es", "page"): ("oncall",),
    ("acme-es", "ticket"): ("slack",),
    ("acme-fr", "page"): ("oncall", "pager-fr"),
    ("acme-fr", "ticket"): ("slack-fr",),
}
CHECKS = {
    name: Check(
        CheckId(*name.split("/")),
        kind,
        60,
        30,
        severity=severity,
        notify=notify,
        client="acme",
        env=env,
        tags=tags,
    )
    for name, kind, severity, notify, env, tags in [
        ("acme-es/checkout", "journey", "page", ("oncall",), "production", ("money",)),
        ("acme-es/search", "http", "ticket", ("slack",), "production", ()),
        ("acme-es/feed", "http", "ticket", ("feeds",), "production", ("feeds",)),
        ("acme-es/login", "http", "page", ("logins", "oncall"), "production", ()),
        ("acme-es/mute", "http", "ticket", (), "production", ()),
        ("acme-es/vip", "journey", "page", ("vip",), "production", ()),
        ("acme-fr/checkout", "journey", "page", ("oncall", "pager-fr"), "production", ()),
        ("acme-test/home", "http", "ticket", ("slack-test",), "staging", ()),
        ("bare/home", "http", "page", ("own",), "production", ()),
    ]
}


def hear(*members, kind="outage", severity="page", shop=SHOP, now=NOW, **policy):
    """The recipients of an incident with these members, each `name`, `name severity` or `name severity well`."""
    made = []
    for text in members:
        name, *more = text.split()
        level = more[0] if more else severity
        made.append(
            Member(CheckId(*name.split("/")), level, NOW - 60, NOW, recovered=NOW if "well" in more else None)
        )
    about = shop.name if shop else ""
    incident = Incident(1, kind, about, severity, "it fails", NOW - 60, NOW, tuple(made))
    policy.setdefault("severity_channels", CHANNELS)
    return recipients(incident, {check.id: check for check in CHECKS.values()}, shop, Policy(**policy), now)


# ---- without routes


@pytest.mark.parametrize(
    ("members", "severity", "expected"),
    [
        (["acme-es/checkout"], "page", ("oncall",)),
        (["acme-es/search"], "ticket", ("slack",)),
        (["acme-es/search", "acme-es/feed"], "ticket", ("slack", "feeds")),
        (["acme-es/login", "acme-es/checkout"], "page", ("logins", "oncall")),
        (["acme-es/feed ticket", "acme-es/vip page"], "page", ("vip",)),
        (["acme-es/feed", "acme-es/search ticket well"], "ticket", ("feeds",)),
        (["acme-es/feed ticket well", "acme-es/search ticket well"], "ticket", ("feeds", "slack")),
        (["acme-es/feed ticket", "acme-es/checkout page well"], "page", ("oncall",)),
        (["acme-es/gone"], "page", ("oncall",)),
    ],
    ids=[
        "the check's",
        "by its severity",
        "of all members, in their order",
        "each once",
        "of the loud ones only",
        "of those that still fail",
        "of all when none fails any more",
        "the shop's, when only quieter ones still fail",
        "the shop's, when the check is gone",
    ],
)
def test_the_channels_of_the_failing_checks_hear_of_an_outage(members, severity, expected):
    assert hear(*members, severity=severity).first == expected


@pytest.mark.parametrize(
    ("kind", "member", "expected"),
    [
        ("degraded", "acme-es/checkout", ("slack",)),
        ("fixture", "acme-es/checkout", ("slack",)),
        ("leak", "acme-es/checkout", ("slack",)),
        ("fixture", "acme-es/login", ("slack",)),
        ("degraded", "acme-es/feed", ("feeds",)),
        ("reported", None, ("slack",)),
        ("blind", "acme-es/checkout", ("me",)),
        ("uplink", None, ("me",)),
    ],
)
def test_a_ticket_goes_to_the_shops_tickets_or_to_techruns_owner(kind, member, expected):
    members = [member] if member else []
    assert hear(*members, kind=kind, severity="ticket", owner=("me",)).first == expected


def test_what_a_person_reports_goes_by_the_severity_that_the_person_names():
    assert hear(kind="reported", severity="page").first == ("oncall",)


def test_a_check_that_is_blind_and_pages_is_told_to_the_shops_pagers_and_to_the_owner():
    assert hear("acme-es/login", kind="blind", owner=("me", "oncall")).first == ("logins", "oncall", "me")


def test_techruns_own_network_pages_the_owner():
    assert hear(kind="uplink", severity="page", shop=None, owner=("me",)).first == ("me",)


def test_a_storm_goes_to_everyone_who_would_have_heard_of_one_of_its_shops():
    found = hear(
        "acme-es/login",
        "acme-fr/checkout",
        kind="storm",
        shop=None,
        shop_escalate={"acme-es": ("boss",), "acme-fr": ("oncall", "chef")},
        escalate=("nobody",),
    )
    assert found == Recipients(("logins", "oncall", "pager-fr"), ("boss", "chef"))


def test_a_storm_follows_the_route_of_each_of_its_shops():
    routes = (Route(selectors=("acme-fr",), notify=("france",)),)
    found = hear("acme-es/login", "acme-fr/checkout", kind="storm", shop=None, routes=routes)
    assert found.first == ("logins", "oncall", "france")


# ---- never nobody


@pytest.mark.parametrize(
    ("kind", "severity", "channels", "policy", "expected"),
    [
        ("blind", "ticket", {"page": "p", "ticket": "t"}, {}, ("t",)),
        ("blind", "ticket", {"page": "p"}, {}, ("p",)),
        ("blind", "page", {"ticket": "t"}, {"owner": ("me",)}, ("t", "me")),
        ("fixture", "ticket", {"page": "p"}, {}, ("p",)),
        ("fixture", "ticket", {}, {"owner": ("me",)}, ("me",)),
        ("outage", "info", {"page": "p", "ticket": "t"}, {}, ("t",)),
        ("outage", "page", {"ticket": "t"}, {}, ("t",)),
        ("outage", "page", {}, {"owner": ("me",)}, ("me",)),
        ("outage", "page", {}, {"escalate": ("boss",)}, ("boss",)),
        ("outage", "page", {}, {}, ()),
    ],
)
def test_somebody_hears_as_long_as_there_is_anybody(kind, severity, channels, policy, expected):
    by_severity = {("acme-es", level): (name,) for level, name in channels.items()}
    found = hear("acme-es/mute", kind=kind, severity=severity, severity_channels=by_severity, **policy)
    assert found.first == expected


def test_a_check_with_channels_of_its_own_hears_also_where_the_shop_has_none():
    bare = Shop("bare", "https://bare.example")
    found = hear(
        "bare/home", kind="fixture", severity="ticket", shop=bare, severity_channels={}, owner=("me",)
    )
    assert found.first == ("own",)


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (CHANNELS, ("slack", "slack-fr")),
        ({("acme-es", "page"): ("oncall",), ("acme-fr", "page"): ("oncall", "fr")}, ("oncall", "fr")),
        ({}, ()),
    ],
    ids=["tickets of all shops", "pages of all shops", "nobody is there"],
)
def test_without_an_owner_all_shops_hear_that_the_network_is_gone(channels, expected):
    assert hear(kind="uplink", shop=None, severity_channels=channels).first == expected


# ---- routes


@pytest.mark.parametrize(
    ("route", "is_taken"),
    [
        ({}, True),
        ({"selectors": ("acme-es/checkout",)}, True),
        ({"selectors": ("acme-es/search", "acme-*/check*")}, True),
        ({"selectors": ("acme-es/search",)}, False),
        ({"clients": ("beta", "acme")}, True),
        ({"clients": ("beta",)}, False),
        ({"environments": ("production",)}, True),
        ({"environments": ("staging",)}, False),
        ({"tags": ("money", "b2b")}, True),
        ({"tags": ("b2b",)}, False),
        ({"severities": ("page", "info")}, True),
        ({"severities": ("ticket",)}, False),
        ({"selectors": ("acme-es",), "tags": ("b2b",)}, False),
    ],
    ids=str,
)
def test_a_route_is_taken_where_all_that_it_names_matches(route, is_taken):
    found = hear("acme-es/checkout", routes=(Route(**route, notify=("routed",)),))
    assert found.first == (("routed",) if is_taken else ("oncall",))


def test_a_route_matches_by_any_failing_check_but_not_by_pieces_of_two():
    routed = Route(selectors=("acme-es/login",), tags=("money",), notify=("routed",))
    assert hear("acme-es/search", "acme-es/login", "acme-es/checkout", routes=(routed,)).first != ("routed",)
    routed = Route(selectors=("acme-es/checkout",), tags=("money",), notify=("routed",))
    assert hear("acme-es/login", "acme-es/checkout", routes=(routed,)).first == ("routed",)
    assert hear("acme-es/login", "acme-es/checkout page well", routes=(routed,)).first != ("routed",)


def test_the_first_route_that_matches_decides():
    routes = (
        Route(severities=("ticket",), notify=("a",)),
        Route(clients=("acme",), notify=("b",)),
        Route(notify=("c",)),
    )
    assert hear("acme-es/checkout", routes=routes).first == ("b",)


def test_what_is_about_a_whole_shop_is_routed_by_the_shop():
    routes = (
        Route(selectors=("acme-es/checkout",), notify=("checkout",)),
        Route(selectors=("acme-es",), clients=("acme",), environments=("production",), notify=("shop",)),
    )
    assert hear(kind="reported", severity="page", routes=routes).first == ("shop",)


def test_a_check_that_is_gone_is_routed_by_its_name_and_its_shop():
    routes = (Route(selectors=("acme-es/gone",), clients=("acme",), notify=("routed",)),)
    assert hear("acme-es/gone", routes=routes).first == ("routed",)


@pytest.mark.parametrize(("kind", "severity"), [("blind", "ticket"), ("uplink", "page")])
def test_techruns_own_matters_take_no_route(kind, severity):
    routes = (Route(notify=("client",), escalate=("clients-boss",)),)
    members = ["acme-es/checkout"] if kind == "blind" else []
    found = hear(*members, kind=kind, severity=severity, routes=routes, owner=("me",))
    assert found == Recipients(("me",), ())


def test_a_route_without_channels_leaves_them_as_they_are():
    routes = (Route(escalate=("boss",)),)
    assert hear("acme-es/checkout", routes=routes) == Recipients(("oncall",), ("boss",))


# ---- who hears next


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, ()),
        ({"escalate": ("second", "boss")}, ("second", "boss")),
        ({"escalate": ("second",), "shop_escalate": {"acme-es": ("third",)}}, ("third",)),
        ({"escalate": ("second",), "shop_escalate": {"acme-es": ()}}, ()),
        ({"escalate": ("second",), "shop_escalate": {"acme-fr": ("third",)}}, ("second",)),
        ({"shop_escalate": {"acme-es": ("third",)}, "routes": (Route(escalate=("fourth",)),)}, ("fourth",)),
        ({"shop_escalate": {"acme-es": ("third",)}, "routes": (Route(escalate=()),)}, ()),
        ({"shop_escalate": {"acme-es": ("third",)}, "routes": (Route(notify=("oncall",)),)}, ("third",)),
        ({"escalate": ("oncall", "second", "second")}, ("second",)),
    ],
    ids=[
        "nobody",
        "the policy's",
        "the shop's",
        "the shop wants none",
        "another shop's",
        "the route's",
        "the route wants none",
        "the route says nothing of it",
        "nobody twice",
    ],
)
def test_the_chain_is_the_routes_else_the_shops_else_the_policys(policy, expected):
    assert hear("acme-es/checkout", **policy).chain == expected


# ---- the time of day


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Madrid")).timestamp()


OFFICE = Hours(frozenset(range(5)), time(9), time(18))
NIGHT = Hours(frozenset({4}), time(22), time(6))
ALL_FRIDAY = Hours(frozenset({4}))


@pytest.mark.parametrize(
    ("hours", "moment", "is_in"),
    [
        (OFFICE, "2026-09-04T08:59:59", False),
        (OFFICE, "2026-09-04T09:00:00", True),
        (OFFICE, "2026-09-04T17:59:59", True),
        (OFFICE, "2026-09-04T18:00:00", False),
        (OFFICE, "2026-09-05T12:00:00", False),
        (NIGHT, "2026-09-04T21:59:59", False),
        (NIGHT, "2026-09-04T22:00:00", True),
        (NIGHT, "2026-09-05T05:59:59", True),
        (NIGHT, "2026-09-05T06:00:00", False),
        (NIGHT, "2026-09-04T05:00:00", False),
        (NIGHT, "2026-09-05T23:00:00", False),
        (ALL_FRIDAY, "2026-09-03T23:59:59", False),
        (ALL_FRIDAY, "2026-09-04T00:00:00", True),
        (ALL_FRIDAY, "2026-09-04T23:59:59", True),
        (ALL_FRIDAY, "2026-09-05T00:00:00", False),
        (Hours(), "2026-09-05T00:00:00", True),
        (OFFICE, "2026-10-23T09:00:00", True),
        (OFFICE, "2026-10-26T08:59:59", False),
        (OFFICE, "2026-10-26T09:00:00", True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hours_are_by_the_shops_clock_and_a_night_belongs_to_the_day_it_begins_on(hours, moment, is_in):
    """2026-09-04 is a Friday; in Madrid the clocks change on 2026-10-25."""
    assert in_hours(hours, at(moment), "Europe/Madrid") is is_in


@pytest.mark.parametrize(
    ("night", "hours_of_it"), [("2026-03-29", 7), ("2026-10-25", 9)], ids=["shorter night", "longer night"]
)
def test_the_night_of_the_change_has_its_real_hours(night, hours_of_it):
    hours = Hours(start=time(22), end=time(6))
    noon = at(f"{night}T12:00")
    assert sum(in_hours(hours, noon - 3600 * back, "Europe/Madrid") for back in range(1, 18)) == hours_of_it


def test_a_route_by_hours_goes_by_the_clock_of_the_shop():
    routes = (Route(hours=OFFICE, notify=("desk",)),)
    morning = at("2026-09-04T09:30")
    utc = Shop("acme-es", "", client="acme", timezone="UTC")
    assert hear("acme-es/checkout", routes=routes, now=morning).first == ("desk",)
    assert hear("acme-es/checkout", routes=routes, now=morning, shop=utc).first == ("oncall",)
