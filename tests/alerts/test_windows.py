"""Whom a window covers, when the windows of a calendar are, and what they hold."""

from __future__ import annotations

from datetime import UTC, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from techrun.alerts.policy import Planned
from techrun.alerts.windows import covers, grace_of, hold_of, occurrences
from techrun.handling import Release, Window
from techrun.model import Check, CheckId
from techrun.standing import Incident, Member

MADRID = ZoneInfo("Europe/Madrid")
HOUR = 3600.0
DAY = 24 * HOUR
NOW = 1_790_000_000.0


def make_check(name="acme-es/checkout", **changes):
    shop, _, short = name.partition("/")
    values = {"kind": "http", "every": 60, "deadline": 30, "client": "acme", "tags": ("b2b", "money")}
    return Check(CheckId(shop, short), **(values | changes))


def make_window(**changes):
    values = {"id": 4, "kind": "silence", "selectors": (), "starts": NOW - HOUR, "ends": NOW + HOUR}
    return Window(**(values | changes))


def make_incident(*failing, recovered=()):
    members = [
        Member(CheckId(*name.split("/")), "page", since=NOW - 60, joined=NOW - 30, recovered=well)
        for names, well in ((failing, None), (recovered, NOW - 5))
        for name in names
    ]
    return Incident(1, "outage", "acme-es", "page", "it fails", NOW - 60, NOW - 30, tuple(members))


def hold_by(*windows, failing=("acme-es/checkout",), recovered=(), watched=None, now=NOW):
    watched = (*failing, *recovered) if watched is None else watched
    checks = {check.id: check for check in map(make_check, watched)}
    return hold_of(windows, make_incident(*failing, recovered=recovered), checks, now)


# ---- whom a window covers


@pytest.mark.parametrize(
    ("changes", "is_covered"),
    [
        ({}, True),
        ({"selectors": ("acme-es/checkout",)}, True),
        ({"selectors": ("acme-es",)}, True),
        ({"selectors": ("acme-*/check*",)}, True),
        ({"selectors": ("other/home", "acme-es/checkout")}, True),
        ({"selectors": ("acme-es/home",)}, False),
        ({"selectors": ("acme-fr",)}, False),
        ({"client": "acme"}, True),
        ({"client": "beta"}, False),
        ({"client": "beta", "selectors": ("acme-es",)}, False),
        ({"tags": ("b2b",)}, True),
        ({"tags": ("seo", "money")}, True),
        ({"tags": ("seo",)}, False),
        ({"tags": ("b2b",), "selectors": ("acme-fr",)}, False),
        ({"starts": 0.0, "ends": 1.0}, True),
    ],
    ids=str,
)
def test_a_window_covers_the_checks_that_it_selects_whenever_it_is(changes, is_covered):
    assert covers(make_window(**changes), make_check()) is is_covered


def test_the_name_of_a_for_each_covers_all_its_combinations():
    window = make_window(selectors=("acme-es/categories",))
    assert covers(window, make_check("acme-es/categories/es-epi"))


# ---- the grace of a release


def test_a_release_gives_its_shop_grace_from_its_beginning():
    release = Release(id=3, shop="acme-es", version="v812", begun=NOW, author="dee")
    window = grace_of(release, 120)
    assert (window.kind, window.selectors, window.starts, window.ends) == (
        "grace",
        ("acme-es",),
        NOW,
        NOW + 120,
    )
    assert (window.source, window.author) == ("release v812", "dee")


# ---- the calendar


def planned(**changes):
    values = {
        "name": "nightly import",
        "kind": "maintenance",
        "selectors": ("acme-es",),
        "lasts": HOUR,
        "timezone": "Europe/Madrid",
    }
    return Planned(**(values | changes))


def at(text, zone=MADRID):
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def begins(plan, since, until, zone=MADRID):
    """The local beginnings, as a person would write them."""
    found = occurrences(plan, at(since), at(until))
    return [f"{datetime.fromtimestamp(window.starts, zone):%a %Y-%m-%d %H:%M%z}" for window in found]


@pytest.mark.parametrize(
    ("since", "until", "is_found"),
    [
        (NOW - DAY, NOW + DAY, True),
        (NOW + 10, NOW + 20, True),
        (NOW - 10, NOW + 1, True),
        (NOW + HOUR - 1, NOW + DAY, True),
        (NOW - DAY, NOW, False),
        (NOW + HOUR, NOW + DAY, False),
    ],
    ids=["around it", "within it", "over its beginning", "over its end", "before it", "after it"],
)
def test_a_single_window_is_there_while_any_of_it_is_in_the_time_asked_for(since, until, is_found):
    single = planned(starts=NOW, ends=NOW + HOUR)
    assert bool(occurrences(single, since, until)) is is_found


def test_an_occurrence_says_what_it_is_and_where_it_comes_from():
    plan = planned(starts=NOW, ends=NOW + HOUR, reason="stock", client="acme", tags=("b2b",))
    (window,) = occurrences(plan, NOW, NOW + 1)
    assert window == Window(
        id=0,
        kind="maintenance",
        selectors=("acme-es",),
        starts=NOW,
        ends=NOW + HOUR,
        reason="stock",
        client="acme",
        tags=("b2b",),
        source="calendar: nightly import",
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=TU", ["Tue 2026-09-01 03:00+0200", "Tue 2026-09-08 03:00+0200"]),
        ("FREQ=WEEKLY;BYDAY=TU,SA", ["Tue 2026-09-01", "Sat 2026-09-05", "Tue 2026-09-08", "Sat 2026-09-12"]),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=-1", ["Wed 2026-09-02", "Wed 2026-09-09"]),
        ("FREQ=MONTHLY;BYMONTHDAY=1", ["Tue 2026-09-01"]),
        ("FREQ=MONTHLY;BYDAY=2TH", ["Thu 2026-09-10"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=3", ["Thu 2026-09-03"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-21", ["Thu 2026-09-10"]),
        ("FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=3", ["Thu 2026-09-03"]),
        ("FREQ=YEARLY;BYWEEKNO=37;BYDAY=MO", ["Mon 2026-09-07"]),
        ("FREQ=DAILY;BYDAY=SA,SU", ["Sat 2026-09-05", "Sun 2026-09-06", "Sat 2026-09-12", "Sun 2026-09-13"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=3", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_recurs_by_the_clock_of_the_zone(rule, expected):
    found = begins(planned(rule=rule, at=time(3)), "2026-09-01T00:00", "2026-09-14T00:00")
    assert [text[: len(want)] for text, want in zip(found, expected, strict=True)] == expected
    assert all(" 03:00" in text for text in found)


def test_a_recurrence_is_the_same_however_the_time_is_cut():
    """The calendar is asked for an hour at a time: no occurrence is lost or doubled, also at a year's end."""
    plan = planned(rule="FREQ=WEEKLY;BYDAY=WE,TH,FR;BYSETPOS=1", at=time(12), lasts=60)
    start, end = at("2025-12-20T00:00"), at("2026-01-20T00:00")
    whole = [window.starts for window in occurrences(plan, start, end)]
    seams = [start + HOUR * hours for hours in range(int((end - start) / HOUR) + 1)]
    pieces = [
        window.starts
        for since, until in pairwise(seams)
        for window in occurrences(plan, since, until)
        if since <= window.starts
    ]
    assert pieces == whole
    assert len(whole) == 4


def test_a_window_that_began_yesterday_is_found_while_it_lasts():
    plan = planned(rule="FREQ=DAILY", at=time(23), lasts=3 * HOUR)
    assert begins(plan, "2026-09-02T01:30", "2026-09-02T01:31") == ["Tue 2026-09-01 23:00+0200"]
    assert begins(plan, "2026-09-02T02:00", "2026-09-02T02:01") == []


def test_a_window_of_several_days_is_found_on_its_last():
    plan = planned(rule="FREQ=MONTHLY;BYMONTHDAY=1", at=time(0), lasts=5 * DAY)
    assert begins(plan, "2026-09-05T12:00", "2026-09-05T12:01") == ["Tue 2026-09-01 00:00+0200"]


# ---- the clocks change: in Madrid on 2026-03-29 02:00 → 03:00 and on 2026-10-25 03:00 → 02:00


def test_an_hour_that_the_night_leaves_out_begins_as_late_after_it_and_keeps_its_length():
    plan = planned(rule="FREQ=DAILY", at=time(2, 30))
    (window,) = occurrences(plan, at("2026-03-29T00:00"), at("2026-03-29T12:00"))
    assert window.starts == datetime(2026, 3, 29, 1, 30, tzinfo=UTC).timestamp()
    assert window.ends - window.starts == HOUR
    assert begins(plan, "2026-03-28T00:00", "2026-03-31T00:00") == [
        "Sat 2026-03-28 02:30+0100",
        "Sun 2026-03-29 03:30+0200",
        "Mon 2026-03-30 02:30+0200",
    ]


def test_of_an_hour_that_comes_twice_a_daily_window_takes_the_first():
    plan = planned(rule="FREQ=DAILY", at=time(2, 30))
    assert begins(plan, "2026-10-24T00:00", "2026-10-27T00:00") == [
        "Sat 2026-10-24 02:30+0200",
        "Sun 2026-10-25 02:30+0200",
        "Mon 2026-10-26 02:30+0100",
    ]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"], ids=["shorter night", "longer night"])
def test_a_window_over_the_change_of_clocks_lasts_its_real_seconds(day):
    plan = planned(rule="FREQ=DAILY", at=time(1), lasts=4 * HOUR)
    (window,) = occurrences(plan, at(f"{day}T00:00"), at(f"{day}T12:00"))
    assert (window.starts, window.ends - window.starts) == (at(f"{day}T01:00"), 4 * HOUR)


def test_a_time_of_a_zone_that_this_machine_does_not_know_is_utc():
    plan = planned(rule="FREQ=DAILY", at=time(3), timezone="Nowhere/City")
    assert begins(plan, "2026-09-02T00:00", "2026-09-02T12:00", zone=UTC) == ["Wed 2026-09-02 03:00+0000"]


def test_a_rule_that_cannot_be_read_is_an_error():
    with pytest.raises(ValueError, match="FORTNIGHTLY"):
        occurrences(planned(rule="FREQ=FORTNIGHTLY"), NOW, NOW + DAY)


# ---- what a window holds


@pytest.mark.parametrize(
    ("kind", "rule"),
    [("silence", "held.silence"), ("maintenance", "held.maintenance"), ("grace", "held.deploy_grace")],
)
def test_a_window_holds_an_incident_by_the_rule_of_its_kind(kind, rule):
    hold = hold_by(make_window(kind=kind))
    assert (hold.rule, hold.until) == (rule, NOW + HOUR)


@pytest.mark.parametrize(
    ("changes", "is_held"),
    [
        ({"starts": NOW}, True),
        ({"starts": NOW + 1}, False),
        ({"ends": NOW}, False),
        ({"ended": NOW}, False),
        ({"ended": NOW + 1}, True),
        ({"selectors": ("acme-fr",)}, False),
    ],
    ids=str,
)
def test_a_window_holds_from_its_beginning_to_before_its_end(changes, is_held):
    assert (hold_by(make_window(**changes)) is not None) is is_held


def test_a_window_over_some_of_the_failing_checks_holds_nothing():
    window = make_window(selectors=("acme-es/checkout",))
    assert hold_by(window, failing=("acme-es/checkout", "acme-es/home")) is None


def test_two_windows_that_cover_the_failing_checks_together_hold_until_the_first_of_them_ends():
    windows = [
        make_window(id=1, selectors=("acme-es/checkout",), ends=NOW + 300),
        make_window(id=2, selectors=("acme-es/home",), ends=NOW + 100),
    ]
    hold = hold_by(*windows, failing=("acme-es/checkout", "acme-es/home"))
    assert (hold.until, hold.detail) == (NOW + 100, "silence #2")


def test_two_windows_over_the_same_check_hold_until_the_last_of_them_ends():
    windows = [
        make_window(kind="grace", ends=NOW + 60),
        make_window(kind="maintenance", ends=NOW + 900, ended=NOW + 300),
        make_window(kind="silence", ends=NOW + 120),
    ]
    hold = hold_by(*windows)
    assert (hold.rule, hold.until) == ("held.maintenance", NOW + 300)


def test_a_check_that_recovered_need_not_be_covered():
    window = make_window(selectors=("acme-es/home",))
    assert hold_by(window, failing=("acme-es/home",), recovered=("acme-es/checkout",)) is not None


def test_a_check_that_is_no_longer_watched_does_not_undo_a_hold():
    window = make_window(selectors=("acme-es/home",))
    failing = ("acme-es/home", "acme-es/gone")
    assert hold_by(window, failing=failing, watched=("acme-es/home",)) is not None


def test_what_is_not_about_checks_is_not_held():
    assert hold_by(make_window(), failing=()) is None
    assert hold_by(make_window(), watched=()) is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"author": "dee", "reason": "new PSP"}, 'silence #4 by dee: "new PSP"'),
        ({"author": "dee"}, "silence #4 by dee"),
        (
            {"kind": "maintenance", "source": "calendar: stock", "id": 9},
            "maintenance #9 (calendar: stock)",
        ),
        ({"kind": "grace", "source": "release v812", "id": 0}, "release v812"),
        (
            {"kind": "grace", "source": "release acme-es v812", "author": "ci", "selectors": ("acme-es",)},
            "release v812 by ci",
        ),
    ],
    ids=["with a reason", "without", "of the calendar", "of a release", "of a release that is known"],
)
def test_a_hold_says_for_people_what_holds(changes, text):
    assert hold_by(make_window(**changes)).detail == text
