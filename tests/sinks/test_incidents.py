"""From results to messages: the whole way through the store, with channels that behave and that do not."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from techrun.alerts.delivery import Backoff
from techrun.alerts.policy import Policy, Voice
from techrun.model import Check, CheckId, Order, Outcome, Reason, Result, Shop, Status
from techrun.sinks.incidents import IncidentSink
from techrun.standing import Receipt
from techrun.store.database import Store, read_store
from techrun.store.state import load_states, open_incidents, past_incidents

FAST = Backoff(first=0.02, longest=0.05)
SHOP = Shop("acme-es", "https://www.acme.es")
CHECK = Check(
    CheckId("acme-es", "checkout"), "journey", 60, 30, severity="page", notify=("oncall",), steps=("payment",)
)
WELL = Outcome(Status.UP)
BROKEN = Outcome(Status.DOWN, Reason.STATUS, "expected 200, got 502", step="payment")


@dataclass
class Recorder:
    """A channel that takes every message, unless it is told to refuse or to hang."""

    name: str = "oncall"
    refusals: int = 0
    hang: threading.Event | None = None
    taken: list = field(default_factory=list)
    attempts: list = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def send(self, message):
        if self.hang:
            self.hang.wait(20)
        with self.changed:
            self.attempts.append(message)
            refused = self.refusals > 0
            self.refusals -= refused
            if not refused:
                self.taken.append(message)
            self.changed.notify_all()
        return Receipt(not refused, 0.001, "refused" if refused else "accepted")

    def wait_for(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.taken) >= count, 20), self.taken
        return [(message.event, message.title) for message in self.taken]


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 0.01)
    return tmp_path / "techrun.db"


@pytest.fixture
def open_sink(path):
    """Opens a sink on the store of this test; closes all at the end, or when told to restart."""
    opened = []

    def close():
        while opened:
            for part in opened.pop():
                part.close()

    def start(*channels, checks=(CHECK,), backoff=FAST, **more):
        close()
        store = Store(path)
        sink = IncidentSink(store, channels, backoff=backoff, **more)
        sink.configure(checks, [SHOP])
        opened.append((sink, store))
        return sink

    yield start
    close()


class Runs:
    """Feeds results of a check, one a minute."""

    def __init__(self):
        self.count = defaultdict(int)

    def __call__(self, sink, *outcomes, check=CHECK):
        for outcome in outcomes:
            number = self.count[check.id]
            self.count[check.id] += 1
            sink.accept(Result(check, outcome, f"r{number}", 1_790_000_000 + 60 * number, 0.5, 0.0))


@pytest.fixture
def run():
    return Runs()


TITLE = 'acme-es: customers cannot complete "checkout" - "payment" fails (expected 200, got 502)'
OPENED = ("opened", f"[PAGE] {TITLE}")
RECOVERED = ("recovered", f"[OK] {TITLE} - over after 4m")


def test_four_failures_are_one_message_and_two_good_runs_another(open_sink, run):
    oncall = Recorder()
    sink = open_sink(oncall)
    run(sink, WELL, *[BROKEN] * 4, WELL, WELL, *[WELL] * 5)
    assert oncall.wait_for(2) == [OPENED, RECOVERED]
    sink.close()
    assert len(oncall.attempts) == 2


def test_the_log_tells_the_beginning_and_the_end_of_an_outage(open_sink, run, caplog):
    caplog.set_level(logging.INFO, "techrun")
    sink = open_sink()
    run(sink, WELL, *[BROKEN] * 6, WELL, WELL)
    sink.close()
    assert caplog.messages == [f"#1 [PAGE] {TITLE}", f"#1 over (recovered.confirmed): {TITLE}"]


def test_a_message_tells_what_a_person_needs(open_sink, run):
    oncall = Recorder()
    run(open_sink(oncall), WELL, *[BROKEN] * 4)
    oncall.wait_for(1)
    body = oncall.taken[0].body
    for words in (
        "(4 of 4 runs)",
        "last good 2026-09-21 14:13:20",
        "techrun check acme-es/checkout --until payment --curl",
        "https://www.acme.es",
    ):
        assert words in body


def test_three_failures_are_no_message(open_sink, run):
    oncall = Recorder()
    sink = open_sink(oncall)
    run(sink, WELL, *[BROKEN] * 3, WELL)
    sink.close()
    assert oncall.attempts == []


def test_a_streak_of_failures_goes_on_after_a_restart(open_sink, run):
    oncall = Recorder()
    run(open_sink(oncall), WELL, BROKEN, BROKEN)
    run(open_sink(oncall), BROKEN, BROKEN)
    assert oncall.wait_for(1) == [OPENED]
    assert "14:13:20" in oncall.taken[0].body


def test_an_outage_that_was_told_is_not_told_again_after_a_restart(open_sink, run):
    oncall = Recorder()
    run(open_sink(oncall), *[BROKEN] * 4)
    oncall.wait_for(1)
    again = open_sink(oncall)
    run(again, *[BROKEN] * 9)
    run(again, WELL, WELL)
    assert [event for event, _ in oncall.wait_for(2)] == ["opened", "recovered"]


def test_a_failing_channel_is_tried_until_it_takes_the_message(open_sink, run):
    oncall = Recorder(refusals=3)
    sink = open_sink(oncall)
    run(sink, *[BROKEN] * 4)
    oncall.wait_for(1)
    assert [message.attempt for message in oncall.attempts] == [1, 2, 3, 4]
    assert len({message.key for message in oncall.attempts}) == 1
    sink.close()
    assert sink.snapshot().notifications == {
        ("oncall", "sent"): 1,
        ("oncall", "failed"): 3,
        ("oncall", "given_up"): 0,
    }


def test_every_attempt_leaves_a_receipt(open_sink, run, path):
    oncall = Recorder(refusals=1)
    sink = open_sink(oncall)
    run(sink, *[BROKEN] * 4)
    oncall.wait_for(1)
    sink.close()
    with read_store(path) as connection:
        receipts = connection.execute("SELECT attempt, ok, answer FROM receipts ORDER BY id").fetchall()
    assert receipts == [(1, 0, "refused"), (2, 1, "accepted")]


def test_a_recovery_waits_behind_the_outage_that_a_channel_has_not_taken_yet(open_sink, run):
    oncall = Recorder(refusals=5)
    run(open_sink(oncall), *[BROKEN] * 4, WELL, WELL)
    assert [event for event, _ in oncall.wait_for(2)] == ["opened", "recovered"]


def test_a_hanging_channel_holds_up_no_other(open_sink, run):
    release = threading.Event()
    hanging, oncall = Recorder("slow", hang=release), Recorder()
    check = Check(CHECK.id, "journey", 60, 30, severity="page", notify=("slow", "oncall"))
    run(open_sink(hanging, oncall, checks=[check]), *[BROKEN] * 4, WELL, WELL, check=check)
    assert [event for event, _ in oncall.wait_for(2)] == ["opened", "recovered"]
    assert hanging.attempts == []
    release.set()
    assert [event for event, _ in hanging.wait_for(2)] == ["opened", "recovered"]


def test_another_incident_does_not_wait_behind_a_message_that_is_refused(open_sink, run):
    oncall = Recorder(refusals=1)
    other = Check(CheckId("acme-es", "search"), "http", 60, 30, notify=("oncall",))
    sink = open_sink(oncall, checks=[CHECK, other], backoff=Backoff(first=300, longest=300))
    run(sink, *[BROKEN] * 4)
    with oncall.changed:
        assert oncall.changed.wait_for(lambda: oncall.attempts, 20)
    run(sink, *[Outcome(Status.DOWN, Reason.EXPECTATION, "no price")] * 4, check=other)
    assert oncall.wait_for(1)[0][1].startswith("[TICKET] acme-es: search")


def test_the_recovery_is_owed_to_those_who_heard_of_the_outage(open_sink, run):
    """The check's channels were changed meanwhile: the new one hears of what goes on, both of the end."""
    oncall, chat = Recorder(), Recorder("chat")
    run(open_sink(oncall, chat), *[BROKEN] * 4)
    oncall.wait_for(1)
    moved = Check(CHECK.id, "journey", 60, 30, severity="page", notify=("chat",))
    sink = open_sink(oncall, chat, checks=[moved])
    chat.wait_for(1)
    run(sink, WELL, WELL, check=moved)
    assert [event for event, _ in oncall.wait_for(2)] == ["opened", "recovered"]
    assert [event for event, _ in chat.wait_for(2)] == ["opened", "recovered"]


def test_a_message_that_was_given_up_owes_no_recovery(open_sink, run, path):
    oncall = Recorder(refusals=99)
    sink = open_sink(oncall, backoff=Backoff(give_up_after=-1))
    run(sink, *[BROKEN] * 4)
    with oncall.changed:
        assert oncall.changed.wait_for(lambda: oncall.attempts, 20)
    oncall.refusals = 0
    sink = open_sink(oncall)
    run(sink, WELL, WELL)
    sink.close()
    assert len(oncall.attempts) == 1


def test_a_check_without_channels_is_recorded_only(open_sink, run, path):
    quiet = Check(CHECK.id, "journey", 60, 30)
    sink = open_sink(Recorder(), checks=[quiet])
    run(sink, *[BROKEN] * 4, check=quiet)
    sink.close()
    with read_store(path) as connection:
        (incident,) = open_incidents(connection)
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    assert (incident.lead.check, incident.severity, incident.lead.step) == (CHECK.id, "ticket", "payment")


def test_an_incident_keeps_its_title_when_the_failure_moves(open_sink, run, path):
    oncall = Recorder()
    sink = open_sink(oncall)
    run(sink, *[BROKEN] * 4)
    oncall.wait_for(1)
    run(sink, Outcome(Status.DOWN, Reason.DNS, "no such name", step="home"))
    sink.close()
    with read_store(path) as connection:
        assert [incident.title for incident in open_incidents(connection)] == [TITLE]


def test_an_incident_of_a_check_that_is_gone_is_closed_and_told(open_sink, run, path):
    oncall = Recorder()
    run(open_sink(oncall), *[BROKEN] * 4)
    oncall.wait_for(1)
    sink = open_sink(oncall, checks=[])
    assert oncall.wait_for(2)[1] == ("withdrawn", f"[CLOSED] {TITLE} - no longer watched")
    sink.close()
    with read_store(path) as connection:
        assert load_states(connection) == {}
        assert list(open_incidents(connection)) == []
        (incident,) = past_incidents(connection, 0)
    assert incident.closed_by == "closed.check_gone"


def test_a_late_result_of_a_check_that_is_gone_is_passed_over(open_sink, run, path):
    sink = open_sink(checks=[])
    run(sink, *[BROKEN] * 4)
    sink.close()
    assert sink.snapshot().states == {}


def test_a_test_order_that_was_not_taken_back_is_told_at_once_as_a_ticket(open_sink, run, path):
    oncall = Recorder()
    sink = open_sink(oncall)
    left = Outcome(Status.UP, orders=(Order("place-order", "order_id=7", "leaked"),))
    run(sink, left, Outcome(Status.UP, orders=(Order("place-order", "order_id=8", "cancelled"),)))
    sink.close()
    with read_store(path) as connection:
        assert connection.execute("SELECT event, severity, title FROM outbox").fetchall() == [
            ("opened", "ticket", "[TICKET] acme-es: a test order stands in the shop (order_id=7)")
        ]
        assert list(open_incidents(connection)) == []


def test_a_reload_delivers_through_the_new_channels_and_goes_on_counting(open_sink, run):
    oncall, moved = Recorder(), Recorder()
    sink = open_sink(oncall)
    run(sink, *[BROKEN] * 4)
    oncall.wait_for(1)
    sink.replace_alerting([moved], Policy(), Voice())
    run(sink, WELL, WELL)
    assert [event for event, _ in moved.wait_for(1)] == ["recovered"]
    sink.close()
    assert len(oncall.attempts) == 1
    assert sink.snapshot().notifications["oncall", "sent"] == 2


def test_messages_for_a_channel_that_is_gone_are_given_up_and_say_so(open_sink, run, path):
    oncall = Recorder(refusals=99)
    sink = open_sink(oncall)
    run(sink, *[BROKEN] * 4)
    with oncall.changed:
        assert oncall.changed.wait_for(lambda: oncall.attempts, 20)
    sink.replace_alerting([], Policy(), Voice())
    state = ""
    while state != "given_up":  # what is being sent ends first
        with read_store(path) as connection:
            (state,) = connection.execute("SELECT state FROM outbox").fetchone()
    sink.close()
    with read_store(path) as connection:
        answers = [answer for (answer,) in connection.execute("SELECT answer FROM receipts ORDER BY id")]
    assert "no channel of this name" in answers[-1]


def test_a_few_runs_without_a_verdict_make_no_message(open_sink, run):
    oncall = Recorder()
    sink = open_sink(oncall)
    run(sink, WELL, *[Outcome(Status.BLOCKED, Reason.BLOCKED), Outcome(Status.UNKNOWN, Reason.INTERNAL)] * 7)
    sink.close()
    assert oncall.attempts == []


def test_changes_are_kept_with_the_rule_that_decided(open_sink, run, path):
    sink = open_sink()
    run(sink, WELL, *[BROKEN] * 4, WELL, WELL)
    sink.close()
    with read_store(path) as connection:
        changes = connection.execute("SELECT before, after, decision FROM changes ORDER BY id").fetchall()
    assert changes == [
        ("unknown", "up", "first.good"),
        ("up", "down", "down.confirmed"),
        ("down", "up", "recovered.confirmed"),
    ]


def test_what_is_wrong_now_is_told_in_a_snapshot(open_sink, run):
    oncall = Recorder(refusals=99)
    sink = open_sink(oncall)
    run(sink, *[BROKEN] * 4)
    with oncall.changed:
        assert oncall.changed.wait_for(lambda: oncall.attempts, 20)
    now = sink.snapshot()
    assert now.incidents == {("acme-es", "page"): 1}
    assert [(channel, count) for channel, (count, _) in now.waiting.items()] == [("oncall", 1)]
    assert now.states[CHECK.id].status is Status.DOWN
    assert now.problem == ""


def test_what_is_well_is_told_as_zero(open_sink):
    now = open_sink(Recorder()).snapshot()
    assert now.waiting == {"oncall": (0, 0.0)}
    assert set(now.notifications.values()) == {0}


def test_alerts_go_out_while_the_disk_refuses_and_all_is_written_when_it_takes_it_again(
    open_sink, run, path, monkeypatch
):
    monkeypatch.setattr("techrun.sinks._scribe.WRITE_AGAIN", 0.02)
    oncall = Recorder()
    sink = open_sink(oncall)
    run(sink, WELL)
    sink._store.flush()
    store = sink._store
    rename = "ALTER TABLE {} RENAME TO {}".format
    store.write(lambda connection: connection.execute(rename("states", "away")), urgent=True).result()
    run(sink, *[BROKEN] * 4)
    assert oncall.wait_for(1) == [OPENED]
    store.write(lambda connection: connection.execute(rename("away", "states")), urgent=True).result()
    run(sink, WELL, WELL)
    assert [event for event, _ in oncall.wait_for(2)] == ["opened", "recovered"]
    sink.close()
    assert len(oncall.attempts) == 2
    with read_store(path) as connection:
        rows = connection.execute("SELECT event, state, attempts FROM outbox ORDER BY id").fetchall()
    assert rows == [("opened", "sent", 1), ("recovered", "sent", 1)]


def test_alerts_go_out_while_the_disk_hangs(open_sink, run, monkeypatch):
    monkeypatch.setattr("techrun.sinks._scribe.DISK_HANGS", 0.05)
    oncall, release = Recorder(), threading.Event()
    sink = open_sink(oncall)
    run(sink, WELL)
    sink._store.flush()
    hanging = sink._store.write(lambda connection: release.wait(20), urgent=True)
    run(sink, *[BROKEN] * 4)
    assert oncall.wait_for(1) == [OPENED]
    assert not hanging.done()
    release.set()
    sink.close()
    assert len(oncall.attempts) == 1


def test_a_result_that_breaks_our_own_code_ends_alerting_for_no_other(open_sink, run):
    oncall = Recorder()
    sink = open_sink(oncall)
    run(sink, Outcome(None))
    while sink._queue.qsize() or not sink._scribe.is_done:
        threading.Event().wait(0.01)
    run(sink, *[BROKEN] * 4)
    assert oncall.wait_for(1) == [OPENED]
