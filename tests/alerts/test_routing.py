"""What is owed of an incident now: a table for each rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.alerts.policy import Policy
from techrun.alerts.routing import Case, Recipients, owed
from techrun.handling import Acknowledgement
from techrun.model import CheckId
from techrun.standing import Hold, Incident, Member, Told

T = 1_790_000_000.0
"""When the incident was opened."""
HOME, CART = CheckId("acme-es", "home"), CheckId("acme-es", "cart")
SILENCE = Hold("held.silence", T + 3600)
ACKNOWLEDGED = Acknowledgement(1, T + 5, "dee")
POLICY = Policy(fallback={"oncall": "spare"})


def make_incident(**changes):
    values = {
        "id": 1,
        "kind": "outage",
        "shop": "acme-es",
        "severity": "page",
        "title": "customers cannot place orders",
        "since": T - 35,
        "opened": T,
        "members": (Member(HOME, "page", T - 35, T),),
    }
    return Incident(**(values | changes))


def told(event="opened", channel="oncall", at=0.0, **changes):
    """A message that was written so many seconds after the opening, and sent."""
    values = {"nth": 1, "severity": "page", "state": "sent", "attempts": 1}
    return Told(1, event, channel=channel, created=T + at, **(values | changes))


def ask(
    *rows, at=10.0, first=("oncall",), chain=(), policy=POLICY, acknowledged=None, withdrawn=False, **changes
):
    """The verdict so many seconds after the opening."""
    holds = changes.pop("holds", ())
    incident = make_incident(**changes)
    case = Case(incident, Recipients(first, chain), rows, holds, acknowledged, withdrawn)
    return owed(case, policy, T + at)


def names(verdict):
    """`event.nth channel`, with the channel that it stands for, as one reads them."""
    return [
        f"{each.event}{f'.{each.nth}' if each.nth > 1 else ''} {each.channel}"
        f"{f' for {each.stands_for}' if each.stands_for else ''}"
        for each in verdict.owed
    ]


def rules(verdict):
    return [each.rule for each in verdict.owed]


# ---- opened


@pytest.mark.parametrize(
    ("severity", "at", "is_owed"),
    [
        ("page", 0.0, False),
        ("page", 1.9, False),
        ("page", 2.0, True),
        ("ticket", 59.0, False),
        ("ticket", 60.0, True),
        ("info", 59.0, False),
        ("info", 60.0, True),
        ("page", -30.0, True),
    ],
)
def test_an_incident_waits_for_what_belongs_to_it_and_never_longer_when_the_clock_is_set_back(
    severity, at, is_owed
):
    verdict = ask(severity=severity, at=at)
    assert names(verdict) == (["opened oncall"] if is_owed else [])
    wait = {"page": 2, "ticket": 60, "info": 60}[severity]
    assert verdict.holds == (() if is_owed else (Hold("held.group_wait", T + wait),))


def test_every_recipient_hears_that_it_opened_once():
    first = ("oncall", "slack")
    assert names(ask(first=first)) == ["opened oncall", "opened slack"]
    assert rules(ask(first=first)) == ["owed.opened", "owed.opened"]
    assert names(ask(told(), first=first)) == ["opened slack"]
    assert names(ask(told(), told(channel="slack"), first=first)) == []


@pytest.mark.parametrize("state", ["waiting", "sending", "sent", "given_up"])
def test_what_was_written_is_not_owed_again_whatever_became_of_it(state):
    assert names(ask(told(state=state), policy=Policy())) == []


def test_who_becomes_a_recipient_later_hears_at_once_and_the_rule_says_so():
    verdict = ask(told(at=0), first=("oncall", "team"), at=1)
    assert (names(verdict), rules(verdict)) == (["opened team"], ["owed.joined"])


def test_who_heard_by_escalation_and_becomes_a_recipient_is_not_told_that_it_opened():
    assert ask(told(), told("escalated", "second"), first=("oncall", "second"), at=700).owed == ()


def test_nobody_hears_of_an_incident_that_was_over_before_anybody_was_told():
    assert ask(closed=T + 9).owed == ()
    assert ask(closed=T + 1, at=0.5) == ask(closed=T + 1, at=99)


def test_a_leaked_order_is_told_though_it_is_closed_and_nobody_hears_of_its_end():
    leak = {"kind": "leak", "severity": "ticket", "closed": T, "first": ("slack",)}
    assert names(ask(**leak, at=0)) == ["opened slack"]
    row = told(channel="slack", severity="ticket")
    assert ask(row, **leak, at=99 * 86400).owed == ()
    assert ask(row, **leak, withdrawn=True).owed == ()
    failed = replace(row, channel="oncall", state="given_up")
    assert names(ask(failed, **(leak | {"first": ("oncall",)}))) == ["opened spare for oncall"]


# ---- holds


EVERYTHING_DUE = {
    "rows": (
        told(at=0, severity="ticket"),
        told(channel="slack", severity="ticket"),
        told(channel="mail", state="given_up"),
    ),
    "at": 90000.0,
    "first": ("oncall", "slack", "team"),
    "chain": ("second",),
    "policy": Policy(fallback={"mail": "spare"}),
    "members": (
        Member(HOME, "page", T - 35, T, recovered=T + 60),
        Member(CART, "page", T - 35, T),
    ),
}


def test_a_hold_keeps_every_kind_of_news_back_and_is_named():
    case = dict(EVERYTHING_DUE)
    rows = case.pop("rows")
    assert len(ask(*rows, **case).owed) >= 4
    verdict = ask(*rows, **case, holds=(SILENCE,))
    assert verdict.owed == ()
    assert verdict.holds == (SILENCE,)
    assert verdict.next_escalation is None


def test_what_was_held_is_told_when_the_hold_ends_and_it_still_fails():
    assert ask(holds=(SILENCE,), at=3599).owed == ()
    assert names(ask(at=3600)) == ["opened oncall"]


def test_holds_add_up():
    assert ask(holds=(SILENCE,), at=1).holds == (SILENCE, Hold("held.group_wait", T + 2))


def test_of_an_incident_in_a_storm_only_the_storm_tells():
    verdict = ask(storm=7)
    assert verdict.owed == ()
    assert [(hold.rule, hold.detail) for hold in verdict.holds] == [("held.storm", "incident #7 tells of it")]
    assert ask(told(), storm=7, at=99999, chain=("second",)).owed == ()
    assert ask(storm=7, closed=T + 100, at=200) == ask(closed=T + 100, at=200)


def test_who_heard_before_the_storm_came_hears_the_end():
    assert names(ask(told(), storm=7, closed=T + 100)) == ["recovered oncall"]


# ---- raised


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (["ticket"], "page", ["raised oncall"]),
        (["info"], "ticket", ["raised oncall"]),
        (["info", "ticket"], "page", ["raised.2 oncall"]),
        (["page"], "page", []),
        (["page"], "ticket", []),
        (["ticket", "page"], "page", []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_a_channel_hears_when_it_is_worse_than_it_was_told_and_only_then(before, now, expected):
    rows = [
        told("raised" if count else "opened", severity=severity, nth=max(count, 1))
        for count, severity in enumerate(before)
    ]
    verdict = ask(*rows, severity=now)
    assert names(verdict) == expected
    assert set(rules(verdict)) <= {"owed.raised"}


def test_who_hears_only_because_it_is_worse_now_hears_that_it_opened():
    verdict = ask(told(channel="slack", severity="ticket"), first=("oncall",), at=1)
    assert names(verdict) == ["opened oncall"]
    assert rules(verdict) == ["owed.raised"]


def test_who_is_no_recipient_any_more_does_not_hear_that_it_is_worse_but_hears_the_end():
    rows = (told(channel="slack", severity="ticket"), told(severity="page"))
    assert names(ask(*rows)) == []
    assert names(ask(*rows, closed=T + 10)) == ["recovered slack", "recovered oncall"]


def test_that_it_is_worse_is_told_though_it_is_acknowledged():
    assert names(ask(told(severity="ticket"), acknowledged=ACKNOWLEDGED)) == ["raised oncall"]


# ---- recovered, withdrawn


@pytest.mark.parametrize("event", ["opened", "raised", "update", "reminder", "escalated"])
@pytest.mark.parametrize("state", ["waiting", "sending", "sent"])
def test_whoever_may_have_heard_of_it_hears_the_end_at_once_whatever_holds(event, state):
    rows = (told(channel="slack"), told(event, "old", state=state))
    verdict = ask(*rows, closed=T + 9, at=9, holds=(SILENCE,), acknowledged=ACKNOWLEDGED)
    assert names(verdict) == ["recovered slack", "recovered old"]
    assert set(rules(verdict)) == {"owed.recovered"}


@pytest.mark.parametrize("state", ["waiting", "sent", "given_up"])
@pytest.mark.parametrize("end", ["recovered", "withdrawn"])
@pytest.mark.parametrize("withdrawn", [True, False])
def test_the_end_is_told_once(state, end, withdrawn):
    rows = (told(), told(end, at=9, state=state))
    assert ask(*rows, closed=T + 9, withdrawn=withdrawn, policy=Policy()).owed == ()


def test_who_never_heard_does_not_hear_the_end():
    assert names(ask(told(), closed=T + 9, first=("oncall", "slack"), chain=("second",))) == [
        "recovered oncall"
    ]
    lost = told(state="given_up", attempts=9)
    assert ask(lost, closed=T + 9, policy=Policy()).owed == ()


def test_who_heard_a_later_message_hears_the_end():
    rows = (told(state="given_up"), told("reminder", nth=2, at=1800))
    assert names(ask(*rows, closed=T + 2000, policy=Policy())) == ["recovered oncall"]


def test_what_is_no_longer_watched_is_withdrawn():
    verdict = ask(told(), withdrawn=True, holds=(SILENCE,))
    assert (names(verdict), rules(verdict)) == (["withdrawn oncall"], ["owed.withdrawn"])
    assert names(ask(told(), withdrawn=True, closed=T + 9)) == ["withdrawn oncall"]
    assert ask(withdrawn=True).owed == ()


# ---- update


def two_members(lead_recovered=60.0, other_recovered=None):
    return (
        Member(HOME, "page", T - 35, T, recovered=None if lead_recovered is None else T + lead_recovered),
        Member(CART, "page", T - 35, T, recovered=other_recovered),
    )


@pytest.mark.parametrize(
    ("rows", "members", "at", "is_owed"),
    [
        ([told()], two_members(), 179, False),
        ([told()], two_members(), 180, True),
        ([told()], two_members(lead_recovered=None), 180, False),
        ([told()], two_members(other_recovered=T + 9), 180, False),
        ([told()], two_members()[:1], 180, False),
        ([told()], (), 180, False),
        ([told(), told("update", at=180)], two_members(), 181, False),
        ([told(), told("update", at=180)], two_members(lead_recovered=300), 999, False),
        ([told(at=181)], two_members(), 190, False),
        ([told(), told("raised", at=185)], two_members(), 190, False),
        ([told("escalated")], two_members(), 180, True),
        ([], two_members(), 180, False),
    ],
    ids=[
        "not yet",
        "lead well for 120 s",
        "lead still fails",
        "all well",
        "no other",
        "without members",
        "was told",
        "was told of an earlier recovery",
        "heard of it only later",
        "heard what is now",
        "heard by escalation",
        "never heard",
    ],
)
def test_when_what_the_title_tells_of_is_well_and_others_fail_that_is_told_once(rows, members, at, is_owed):
    verdict = ask(*rows, members=members, at=at, first=(), acknowledged=ACKNOWLEDGED)
    assert names(verdict) == (["update oncall"] if is_owed else [])
    assert set(rules(verdict)) <= {"owed.update"}


# ---- reminders


@pytest.mark.parametrize(
    ("rows", "severity", "at", "expected"),
    [
        ([told()], "page", 1799, []),
        ([told()], "page", 1800, ["reminder.2 oncall"]),
        ([told()], "page", 99999, ["reminder.2 oncall"]),
        ([told(), told("reminder", at=1800, nth=2)], "page", 3599, []),
        ([told(), told("reminder", at=1800, nth=2)], "page", 3600, ["reminder.3 oncall"]),
        ([told(severity="ticket"), told("raised", at=1000)], "page", 2799, []),
        ([told(severity="ticket"), told("raised", at=1000)], "page", 2800, ["reminder.2 oncall"]),
        ([told(severity="ticket")], "ticket", 86399, []),
        ([told(severity="ticket")], "ticket", 86400, ["reminder.2 oncall"]),
        ([told(severity="info")], "info", 9e6, []),
        ([told("escalated", "second")], "page", 1800, ["reminder.2 second"]),
        ([told("reminder", "spare", stands_for="oncall")], "page", 9999, []),
    ],
    ids=[
        "not yet",
        "in time",
        "one only, after a long time",
        "not yet again",
        "again",
        "counted from the last message",
        "and then told",
        "a ticket, not yet",
        "a ticket",
        "info: never",
        "who heard by escalation",
        "not who stood in for a reminder",
    ],
)
def test_as_long_as_it_goes_on_it_is_told_again(rows, severity, at, expected):
    verdict = ask(*rows, severity=severity, at=at, first=(), policy=Policy())
    assert names(verdict) == expected
    assert set(rules(verdict)) <= {"owed.reminder"}


def test_reminders_can_be_switched_off():
    assert ask(told(), at=9e6, policy=Policy(remind={"page": 0.0})).owed == ()


def test_an_acknowledgement_stops_reminders():
    assert ask(told(), at=9e6, acknowledged=ACKNOWLEDGED).owed == ()


def test_one_message_says_it_all_the_reminder_waits_its_time_again():
    verdict = ask(told(severity="ticket"), at=9000, members=two_members())
    assert names(verdict) == ["raised oncall"]


def test_a_channel_that_gave_up_is_tried_again_by_a_reminder_unless_another_stands_in_for_it():
    lost = told(state="given_up")
    assert names(ask(lost, at=1800, policy=Policy())) == ["reminder.2 oncall"]
    stood_in = told(channel="spare", at=1, stands_for="oncall")
    assert names(ask(lost, stood_in, at=1801)) == ["reminder.2 spare"]


def test_who_stands_in_for_a_slow_channel_hears_reminders_only_by_it():
    rows = (told(), told(channel="spare", at=60, stands_for="oncall"))
    assert names(ask(*rows, at=1860)) == ["reminder.2 oncall"]


# ---- escalation


@pytest.mark.parametrize(
    ("rows", "at", "expected", "next_one"),
    [
        ([told(at=2)], 601, [], ("second", 602)),
        ([told(at=2)], 602, ["escalated second"], ("boss", 1202)),
        ([told(at=2), told("escalated", "second", at=602)], 1201, [], ("boss", 1202)),
        ([told(at=2), told("escalated", "second", at=602)], 1202, ["escalated boss"], None),
        ([told(at=2)], 1300, ["escalated second", "escalated boss"], None),
        ([told(at=2), told(channel="second", at=90)], 602, [], ("boss", 1202)),
        ([told(at=2), told(channel="second", at=62, stands_for="x")], 700, [], ("boss", 1202)),
        ([told(at=2, state="given_up")], 602, ["escalated second"], ("boss", 1202)),
        ([told(at=2, severity="ticket"), told("raised", at=500)], 900, [], ("second", 1100)),
        ([told(at=2, severity="ticket"), told("raised", at=500)], 1100, ["escalated second"], ("boss", 1700)),
    ],
    ids=[
        "not yet",
        "the first of the chain",
        "the second not yet",
        "the second",
        "both after a long time",
        "one who knows is passed over and keeps the place",
        "one who stands in knows",
        "counted also when nobody was reached",
        "counted from when it pages",
        "and then told",
    ],
)
def test_what_nobody_acknowledges_goes_to_one_channel_of_the_chain_after_the_other(
    rows, at, expected, next_one
):
    verdict = ask(*rows, at=at, chain=("second", "boss"), policy=Policy())
    assert names(verdict) == expected
    assert verdict.next_escalation == (next_one and (next_one[0], T + next_one[1]))
    assert set(rules(verdict)) <= {"owed.escalated"}


def test_the_first_message_can_say_who_hears_next_and_when():
    assert ask(at=2, chain=("second",)).next_escalation == ("second", T + 602)
    assert ask(at=1, chain=("second",)).next_escalation is None


@pytest.mark.parametrize(
    "changes",
    [
        {"acknowledged": ACKNOWLEDGED},
        {"severity": "ticket"},
        {"holds": (SILENCE,)},
        {"closed": T + 700},
        {"kind": "leak"},
        {"chain": ()},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_nothing_escalates(changes):
    """When it is acknowledged, no page, held, over, only told once, or there is nobody more."""
    verdict = ask(told(at=2), at=1300, **({"chain": ("second", "boss")} | changes))
    assert [each for each in verdict.owed if each.event == "escalated"] == []
    assert verdict.next_escalation is None


# ---- fallback


@pytest.mark.parametrize(
    ("row", "at", "is_owed"),
    [
        (told(state="waiting", attempts=1), 59, False),
        (told(state="waiting", attempts=1), 60, True),
        (told(state="sending", attempts=2), 60, True),
        (told(state="sending", attempts=1), 61, True),
        (told(state="waiting", attempts=0), 600, False),
        (told(state="given_up", attempts=1), 1, True),
        (told(state="sent", attempts=9), 600, False),
        (told(channel="slack", state="given_up"), 600, False),
    ],
    ids=[
        "not yet",
        "waits too long",
        "is tried too long",
        "hangs",
        "was never tried",
        "given up",
        "sent in the end",
        "has no fallback",
    ],
)
def test_what_a_channel_does_not_take_is_told_to_its_fallback(row, at, is_owed):
    verdict = ask(row, at=at, first=(row.channel,))
    assert names(verdict) == (["opened spare for oncall"] if is_owed else [])
    assert set(rules(verdict)) <= {"owed.fallback"}


@pytest.mark.parametrize("event", ["opened", "raised", "update", "reminder", "escalated"])
def test_every_event_falls_back_with_its_count_once(event):
    rows = (told(), told(event, nth=3, state="given_up"))
    verdict = ask(*rows)
    assert names(verdict) == [f"{event}.3 spare for oncall"]
    stood_in = told(event, "spare", nth=3, stands_for="oncall")
    assert ask(*rows, stood_in).owed == ()
    assert ask(*rows, replace(stood_in, stands_for="")).owed == ()


@pytest.mark.parametrize(("event", "withdrawn"), [("recovered", False), ("withdrawn", True)])
def test_the_end_falls_back_too_whatever_holds_also_to_one_who_heard_nothing_before(event, withdrawn):
    rows = (told(), told(event, at=9, state="given_up"))
    over = {"closed": T + 9, "withdrawn": withdrawn, "holds": (SILENCE,)}
    assert names(ask(*rows, **over)) == [f"{event} spare for oncall"]
    assert ask(*rows, told("recovered", "spare", at=10), **over).owed == ()


def test_who_stood_in_for_the_beginning_hears_the_end_as_a_stand_in():
    rows = (told(state="given_up"), told(channel="spare", at=60, stands_for="oncall"))
    assert names(ask(*rows, closed=T + 99)) == ["recovered spare for oncall"]
    own = told(channel="spare", at=0)
    assert names(ask(rows[0], own, closed=T + 99)) == ["recovered spare"]


def test_after_the_end_a_fallback_hears_how_it_began_but_nothing_in_between():
    began = told(state="given_up")
    assert names(ask(began, closed=T + 9)) == ["opened spare for oncall"]
    between = (told(), told("reminder", nth=2, state="given_up"))
    assert names(ask(*between, closed=T + 9)) == ["recovered oncall"]


def test_an_acknowledgement_stops_reminders_and_escalations_on_the_fallback_too():
    for event in ("reminder", "escalated"):
        assert ask(told(), told(event, nth=2, state="given_up"), acknowledged=ACKNOWLEDGED).owed == ()
    assert names(ask(told(state="given_up"), acknowledged=ACKNOWLEDGED)) == ["opened spare for oncall"]


def test_a_fallback_that_fails_has_a_fallback_and_a_circle_ends():
    policy = Policy(fallback={"oncall": "spare", "spare": "oncall", "a": "b", "b": "c"})
    lost = {"state": "given_up"}
    assert ask(told(**lost), told(channel="spare", stands_for="oncall", **lost), policy=policy).owed == ()
    rows = (told(channel="a", **lost), told(channel="b", stands_for="a", **lost))
    assert names(ask(*rows, first=("a",), policy=policy)) == ["opened c for b"]


def test_two_channels_with_the_same_fallback_tell_it_once():
    policy = Policy(fallback={"oncall": "spare", "slack": "spare"})
    rows = (told(state="given_up"), told(channel="slack", state="given_up"))
    assert names(ask(*rows, first=("oncall", "slack"), policy=policy)) == ["opened spare for oncall"]
