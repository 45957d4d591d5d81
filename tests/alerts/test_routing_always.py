"""Whatever happens to an incident, in whatever order: nobody is told twice, and everybody is told the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from techrun.alerts.policy import Policy
from techrun.alerts.routing import Case, Recipients, owed
from techrun.handling import Acknowledgement
from techrun.model import CheckId
from techrun.standing import Hold, Incident, Member, Told

T = 1_790_000_000.0
LOUDER = {"info": "ticket", "ticket": "page", "page": "page"}
CHANNELS = ["a", "b", "c", "d"]
ENDS = {"recovered", "withdrawn"}

happenings = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([1.0, 5.0, 61.0, 601.0, 1801.0, 90000.0, -40.0])),
        st.tuples(st.just("hold"), st.booleans()),
        st.tuples(st.just("deliver"), st.sampled_from(["sending", "waiting", "sent", "given_up"])),
        st.tuples(st.just("raise"), st.none()),
        st.tuples(st.just("acknowledge"), st.none()),
        st.tuples(st.just("join"), st.sampled_from(CHANNELS)),
        st.tuples(st.just("storm"), st.sampled_from([None, 7])),
        st.tuples(st.just("lead recovers"), st.none()),
        st.tuples(st.just("withdraw"), st.none()),
        st.tuples(st.just("close"), st.none()),
    ),
    max_size=25,
)
routings = st.tuples(
    st.lists(st.sampled_from(CHANNELS), unique=True, min_size=1, max_size=2),
    st.lists(st.sampled_from(CHANNELS), unique=True, max_size=2),
    st.dictionaries(st.sampled_from(CHANNELS), st.sampled_from(CHANNELS), max_size=3),
    st.sampled_from(["page", "ticket", "info"]),
)


@dataclass
class Keeper:
    """Asks as techrun does, and writes what is owed."""

    case: Case
    policy: Policy
    now: float = T
    tellings: list = field(default_factory=list)

    def look(self):
        verdict = owed(self.case, self.policy, self.now)
        for each in verdict.owed:
            severity = self.case.incident.severity
            row = Told(1, each.event, each.nth, each.channel, severity, self.now, stands_for=each.stands_for)
            self.case = replace(self.case, told=(*self.case.told, row))
            self.tellings.append((each, self.case.holds, self.case.over))
        return verdict

    def settle(self, happens, value):  # noqa: C901  a table of all that may happen
        """Something happens: to the incident, to the messages, to the time."""
        incident = self.case.incident
        match happens:
            case "wait":
                self.now += value
            case "hold":
                self.case = replace(self.case, holds=(Hold("held.silence"),) if value else ())
            case "deliver":
                self.deliver(value)
            case "acknowledge":
                self.case = replace(self.case, acknowledged=Acknowledgement(1, self.now, "dee"))
            case "join":
                first = tuple(dict.fromkeys([*self.case.recipients.first, value]))
                self.case = replace(self.case, recipients=replace(self.case.recipients, first=first))
            case "withdraw":
                self.case = replace(self.case, withdrawn=True)
            case "raise":
                incident = replace(incident, severity=LOUDER[incident.severity])
            case "storm":
                incident = replace(incident, storm=value)
            case "lead recovers":
                incident = incident.with_member(replace(incident.lead, recovered=self.now))
            case "close":
                incident = replace(incident, closed=incident.closed or self.now)
        self.case = replace(self.case, incident=incident)

    def deliver(self, state):
        """What is still under way comes one state further; what is settled stays."""
        self.case = replace(
            self.case,
            told=tuple(
                replace(row, state=state, attempts=row.attempts + 1)
                if row.state in {"waiting", "sending"}
                else row
                for row in self.case.told
            ),
        )


def make_keeper(routing):
    first, chain, fallback, severity = routing
    members = tuple(Member(CheckId("acme-es", name), severity, T - 35, T) for name in ("home", "cart"))
    incident = Incident(1, "outage", "acme-es", severity, "it fails", T - 35, T, members)
    recipients = Recipients(tuple(first), tuple(one for one in chain if one not in first))
    return Keeper(Case(incident, recipients), Policy(fallback=fallback))


def play(routing, happenings):
    keeper = make_keeper(routing)
    for happens, value in happenings:
        keeper.settle(happens, value)
        keeper.look()
    return keeper


@given(routings, happenings)
@settings(max_examples=400, deadline=None)
def test_no_message_is_owed_twice_nor_two_to_a_channel_at_once(routing, happenings):
    keeper = make_keeper(routing)
    for happens, value in happenings:
        keeper.settle(happens, value)
        channels = [each.channel for each in keeper.look().owed]
        assert len(set(channels)) == len(channels)
    keys = Counter((row.event, row.nth, row.channel) for row in keeper.case.told)
    assert [key for key, count in keys.items() if count > 1] == []


@given(routings, happenings)
@settings(max_examples=400, deadline=None)
def test_while_it_is_held_nothing_is_told_but_the_end(routing, happenings):
    for each, holds, _ in play(routing, happenings).tellings:
        assert not holds or each.event in ENDS


@given(routings, happenings)
@settings(max_examples=400, deadline=None)
def test_after_the_end_only_the_end_is_told_and_to_a_fallback_the_beginning(routing, happenings):
    for each, _, over in play(routing, happenings).tellings:
        assert (each.event in ENDS) <= over
        if over and each.event not in ENDS:
            assert (each.event, each.rule) == ("opened", "owed.fallback")


@given(routings, happenings)
@settings(max_examples=400, deadline=None)
def test_an_acknowledged_incident_neither_reminds_nor_escalates(routing, happenings):
    keeper = make_keeper(routing)
    for happens, value in happenings:
        keeper.settle(happens, value)
        events = {each.event for each in keeper.look().owed}
        assert keeper.case.acknowledged is None or events.isdisjoint({"reminder", "escalated"})


@given(routings, happenings, st.booleans())
@settings(max_examples=400, deadline=None)
def test_whoever_heard_of_it_hears_the_end_exactly_once(routing, happenings, is_withdrawn):
    """However long channels fail, in the end all that is owed has been written, and one end to each."""
    keeper = play(routing, happenings)
    keeper.settle("withdraw" if is_withdrawn else "close", None)
    for _ in range(len(CHANNELS) * 3):
        keeper.look()
        keeper.settle("wait", 61.0)
        keeper.deliver("sent")
    assert keeper.look().owed == ()
    told = keeper.case.told
    heard = {row.channel for row in told if row.event not in ENDS and row.state != "given_up"}
    ends = Counter(row.channel for row in told if row.event in ENDS)
    stood_in = {row.channel for row in told if row.event in ENDS and row.stands_for}
    assert heard <= set(ends)
    assert set(ends) <= {row.channel for row in told if row.event not in ENDS} | stood_in
    assert set(ends.values()) <= {1}


@given(routings, happenings)
@settings(max_examples=400, deadline=None)
def test_every_recipient_of_an_incident_that_goes_on_has_heard_as_soon_as_nothing_holds(routing, happenings):
    keeper = play(routing, [each for each in happenings if each[0] not in {"close", "withdraw"}])
    keeper.settle("hold", value=False)
    keeper.settle("storm", None)
    keeper.settle("wait", 10 * 90000.0)
    keeper.look()
    keeper.look()
    reached = {row.channel for row in keeper.case.told if row.event in {"opened", "escalated"}}
    assert set(keeper.case.recipients.first) <= reached


@given(routings, happenings, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_a_restart_finds_the_same_owed_in_whatever_order_the_messages_are_read(routing, happenings, random):
    keeper = play(routing, happenings)
    keeper.now += 700.0
    rows = list(keeper.case.told)
    random.shuffle(rows)
    again = owed(replace(keeper.case, told=tuple(rows)), keeper.policy, keeper.now)
    before = owed(keeper.case, keeper.policy, keeper.now)
    assert {(each.event, each.nth, each.channel) for each in again.owed} == {
        (each.event, each.nth, each.channel) for each in before.owed
    }
    assert again.next_escalation == before.next_escalation
