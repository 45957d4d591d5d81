"""The outbox: claimed once, in order for each incident, never stuck behind another one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from techrun.standing import Message, Receipt, Told
from techrun.store._unwritten import Attempt, Unwritten
from techrun.store.messages import ORPHANED, claim_row, write_standing
from techrun.store.outbox import (
    WRITE_AGAIN,
    Backlog,
    Outbox,
    add_message,
    backlog,
    give_up_orphans,
    release_claims,
    told,
)
from techrun.store.state import next_incident

NOW = 1_790_000_000.0
TAKEN = Receipt(ok=True, elapsed=0.1, answer="accepted")
REFUSED = Receipt(ok=False, elapsed=0.1, answer="error=500")


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outbox(store, clock):
    return Outbox(store, clock)


def a_message(incident=1, event="opened", channel="oncall", **more):
    return Message(incident, event, channel, "title", "body", NOW - 60, "page", **more)


@pytest.fixture
def put(store):
    def put(*args, **more):
        store.write(lambda connection: add_message(connection, a_message(*args, **more))).result()

    return put


@pytest.fixture
def rows(store):
    """What these columns of all messages say, oldest first."""

    def rows(columns):
        with store.read() as connection:
            return connection.execute(f"SELECT {columns} FROM outbox ORDER BY id").fetchall()

    return rows


@pytest.fixture
def receipts(store):
    """What was noted of each attempt: the message's key, the attempt, what was answered."""

    def receipts():
        with store.read() as connection:
            return connection.execute(
                "SELECT incident || '-' || event, attempt, answer FROM receipts"
                " JOIN outbox ON outbox.id = receipts.message ORDER BY receipts.id"
            ).fetchall()

    return receipts


def test_a_message_is_claimed_as_it_was_put(outbox, put):
    put(html="<p>body", nth=2, stands_for="chat")
    assert outbox.claim("oncall") == a_message(html="<p>body", nth=2, stands_for="chat", id=1, attempt=1)


def test_a_message_is_claimed_by_one_of_many(outbox, put):
    put()
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: outbox.claim("oncall"), range(8)))
    assert len([message for message in claimed if message]) == 1


def test_a_claim_compares_before_it_sets(store, put):
    """Whatever two workers read before: only one of them gets the message."""
    put()
    message = a_message(attempt=1)
    claims = [store.write(lambda connection: claim_row(connection, message)) for _ in range(2)]
    assert [claim.result() for claim in claims] == [True, False]


def test_the_same_event_is_put_only_once(outbox, put, store):
    put()
    put()
    with store.read() as connection:
        assert backlog(connection) == [Backlog("oncall", 1, NOW - 60)]


def test_what_was_taken_is_not_claimed_again(outbox, put):
    put()
    outbox.settle(outbox.claim("oncall"), TAKEN, None)
    assert outbox.claim("oncall") is None
    assert outbox.next_due("oncall") is None


def test_what_was_refused_waits_until_it_is_due(outbox, put, clock):
    put()
    outbox.settle(outbox.claim("oncall"), REFUSED, NOW + 2)
    assert outbox.claim("oncall") is None
    assert outbox.next_due("oncall") == NOW + 2
    clock.now += 2
    assert outbox.claim("oncall").attempt == 2


def test_what_was_refused_does_not_wait_for_a_clock_that_was_set_back(outbox, put, clock):
    put()
    outbox.settle(outbox.claim("oncall"), REFUSED, NOW + 2)
    clock.now -= 3600
    assert outbox.claim("oncall").attempt == 2


def test_messages_of_an_incident_keep_their_order_on_each_channel(outbox, put, clock):
    put(event="opened")
    put(event="recovered")
    outbox.settle(outbox.claim("oncall"), REFUSED, NOW + 2)
    assert outbox.claim("oncall") is None
    clock.now += 2
    opened = outbox.claim("oncall")
    assert opened.event == "opened"
    assert outbox.claim("oncall") is None
    outbox.settle(opened, TAKEN, None)
    assert outbox.claim("oncall").event == "recovered"


def test_a_page_does_not_wait_behind_tickets(outbox, store, put):
    for incident, severity in ((1, "info"), (2, "ticket"), (3, "page")):
        message = replace(a_message(incident=incident), severity=severity)
        store.write(lambda connection, message=message: add_message(connection, message)).result()
    put(incident=1, event="recovered")
    came = []
    while message := outbox.claim("oncall"):
        came.append((message.incident, message.event))
        outbox.settle(message, TAKEN, None)
    assert came == [(3, "opened"), (2, "opened"), (1, "opened"), (1, "recovered")]


def test_another_incident_and_another_channel_do_not_wait(outbox, put):
    put(incident=1)
    put(incident=2)
    put(incident=1, channel="chat")
    outbox.settle(outbox.claim("oncall"), REFUSED, NOW + 300)
    assert outbox.claim("oncall").incident == 2
    assert outbox.claim("chat").incident == 1


def test_a_message_that_was_given_up_holds_up_nothing(outbox, put):
    put(event="opened")
    put(event="recovered")
    outbox.settle(outbox.claim("oncall"), REFUSED, None)
    assert outbox.claim("oncall").event == "recovered"


def test_a_message_behind_one_that_waits_for_its_retry_wakes_nobody(outbox, put):
    put(event="opened")
    put(event="recovered")
    outbox.settle(outbox.claim("oncall"), REFUSED, NOW + 300)
    assert outbox.next_due("oncall") == NOW + 300


def test_what_was_told_of_an_incident_is_known_with_what_became_of_it(outbox, put, store):
    put()
    put(event="reminder", nth=2, channel="chat", stands_for="oncall")
    put(incident=2)
    outbox.settle(outbox.claim("oncall"), REFUSED, None)
    outbox.claim("chat")
    with store.read() as connection:
        assert told(connection, [1, 3], shadow=False) == {
            1: [
                Told(1, "opened", 1, "oncall", "page", NOW - 60, "given_up", 1),
                Told(1, "reminder", 2, "chat", "page", NOW - 60, "sending", 1, "oncall"),
            ],
            3: [],
        }


def test_a_shadow_is_recorded_and_never_claimed(outbox, put, store):
    put(shadow=True)
    assert outbox.claim("oncall") is None
    with store.read() as connection:
        assert backlog(connection) == []
        assert [one.state for one in told(connection, [1], shadow=True)[1]] == ["sent"]


def test_a_daemon_that_is_no_longer_a_shadow_tells_what_its_shadow_told(outbox, put, store):
    put(shadow=True)
    with store.read() as connection:
        assert told(connection, [1], shadow=False) == {1: []}
    put()
    assert outbox.claim("oncall").key == "1-opened-oncall"


def test_what_was_being_sent_when_the_last_daemon_ended_waits_again(outbox, put, store):
    put()
    outbox.claim("oncall")
    assert outbox.claim("oncall") is None
    assert store.write(release_claims).result() == 1
    assert outbox.claim("oncall").attempt == 2


def test_a_late_receipt_of_an_earlier_attempt_settles_nothing(outbox, put, store, rows, receipts):
    put()
    first = outbox.claim("oncall")
    store.write(release_claims).result()
    second = outbox.claim("oncall")
    outbox.settle(first, REFUSED, None)
    outbox.settle(second, TAKEN, None)
    assert rows("state, attempts") == [("sent", 2)]
    assert receipts() == [("1-opened", 1, "error=500"), ("1-opened", 2, "accepted")]


# --- channels that are gone ---------------------------------------------------------------------------


def test_what_waits_for_a_channel_that_is_gone_is_given_up_and_says_so(store, put, rows, receipts):
    put(channel="chat")
    put(channel="oncall")
    put(channel="chat", shadow=True)
    assert store.write(lambda connection: give_up_orphans(connection, ["oncall"], NOW)).result() == 1
    assert rows("channel, shadow, state, settled") == [
        ("chat", 0, "given_up", NOW),
        ("oncall", 0, "waiting", None),
        ("chat", 1, "sent", NOW - 60),
    ]
    assert receipts() == [("1-opened", 1, ORPHANED)]


def test_what_is_being_sent_while_its_channel_goes_may_still_arrive(outbox, put, rows):
    put()
    message = outbox.claim("oncall")
    outbox.serve(["chat"])
    assert rows("state") == [("sending",)]
    outbox.settle(message, TAKEN, None)
    assert rows("state") == [("sent",)]


def test_what_is_not_taken_while_its_channel_goes_is_given_up(outbox, put, rows, receipts):
    put()
    message = outbox.claim("oncall")
    outbox.serve(["chat"])
    outbox.settle(message, REFUSED, NOW + 2)
    assert rows("state") == [("given_up",)]
    assert receipts() == [("1-opened", 1, f"error=500 / {ORPHANED}")]


def test_what_waits_in_memory_for_a_channel_that_goes_is_given_up(outbox, disk, rows):
    disk.fill()
    outbox.keep([a_message()])
    outbox.serve(["chat"])
    assert outbox.claim("oncall") is None
    disk.empty()
    outbox.write_back()
    assert rows("state") == [("given_up",)]


# --- a disk that takes nothing ------------------------------------------------------------------------


def test_what_is_on_a_full_disk_is_sent_once_and_noted_when_there_is_room(outbox, put, disk, rows, receipts):
    put()
    disk.fill()
    message = outbox.claim("oncall")
    assert message.attempt == 1
    assert outbox.claim("oncall") is None
    outbox.settle(message, TAKEN, None)
    assert outbox.claim("oncall") is None
    assert outbox.backlog() == []
    disk.empty()
    assert outbox.write_back() == 0
    assert rows("state, attempts, settled") == [("sent", 1, NOW)]
    assert receipts() == [("1-opened", 1, "accepted")]


def test_what_never_reached_the_disk_is_sent_from_memory_in_its_order(outbox, put, disk):
    put(event="opened")
    disk.fill()
    outbox.keep([a_message(event="update"), a_message(event="recovered"), a_message(incident=2)])
    came = []
    while message := outbox.claim("oncall"):
        came.append(message.key)
        outbox.settle(message, TAKEN, None)
    assert came == ["1-opened-oncall", "1-update-oncall", "1-recovered-oncall", "2-opened-oncall"]


def test_what_was_kept_is_kept_once(outbox, disk):
    disk.fill()
    for _ in range(2):
        outbox.keep([a_message(), a_message(shadow=True, channel="chat")])
    assert outbox.backlog() == [Backlog("oncall", 1, NOW - 60)]
    outbox.settle(outbox.claim("oncall"), TAKEN, None)
    outbox.keep([a_message()])
    assert outbox.claim("oncall") is None


def test_what_is_refused_while_the_disk_is_full_waits_for_its_time(outbox, disk, clock, rows, receipts):
    disk.fill()
    outbox.keep([a_message()])
    outbox.settle(outbox.claim("oncall"), REFUSED, NOW + 1)
    assert outbox.claim("oncall") is None
    assert outbox.next_due("oncall") == NOW + 1
    clock.now += 1
    disk.empty()
    assert outbox.claim("oncall").attempt == 2
    assert rows("state, attempts") == [("sending", 2)]
    assert receipts() == [("1-opened", 1, "error=500")]


@pytest.mark.parametrize("first", ["sink", "outbox"])
def test_what_was_sent_from_memory_is_not_sent_again_when_its_row_is_written(outbox, put, disk, rows, first):
    """The sink offers the same row to the disk again; either may come first."""
    disk.fill()
    outbox.keep([a_message()])
    outbox.settle(outbox.claim("oncall"), TAKEN, None)
    disk.empty()
    if first == "sink":
        put()
    assert outbox.claim("oncall") is None
    put()
    outbox.write_back()
    assert outbox.claim("oncall") is None
    assert rows("state, attempts") == [("sent", 1)]


def test_what_has_a_row_is_not_kept(outbox, put, disk):
    """A write that failed for others may have held what the disk knew already."""
    put()
    outbox.settle(outbox.claim("oncall"), TAKEN, None)
    disk.fill()
    outbox.keep([a_message()])
    assert outbox.claim("oncall") is None


def test_what_is_sent_while_the_disk_fills_up_is_noted_later(outbox, put, disk, rows):
    put()
    message = outbox.claim("oncall")
    disk.fill()
    outbox.settle(message, TAKEN, None)
    assert outbox.write_back() == 1
    assert outbox.unwritten() == [Told(1, "opened", 1, "oncall", "page", NOW - 60, "sent", 1)]
    disk.empty()
    assert outbox.next_due("oncall") == NOW + WRITE_AGAIN
    assert outbox.claim("oncall") is None
    assert rows("state") == [("sent",)]


def test_a_message_that_can_never_be_written_holds_back_no_other(outbox, disk, rows, caplog):
    disk.fill()
    outbox.keep([a_message(), replace(a_message(incident=2), body="\ud800")])
    disk.empty()
    assert outbox.write_back() == 0
    assert rows("incident") == [(1,)]
    assert "message 2-opened-oncall could not be noted" in caplog.text


def test_a_disk_that_hangs_holds_up_no_message(outbox, put, store, rows, monkeypatch):
    monkeypatch.setattr("techrun.store.outbox.DISK_HANGS", 0.05)
    put()
    woken = threading.Event()
    store.write(lambda _: woken.wait(20), urgent=True)
    outbox.keep([a_message(incident=2)])
    for number in (1, 2):
        message = outbox.claim("oncall")
        assert (message.incident, message.attempt) == (number, 1)
        outbox.settle(message, TAKEN, None)
    assert outbox.claim("oncall") is None
    woken.set()
    store.flush()
    assert outbox.write_back() == 0
    assert rows("incident, state, attempts") == [(1, "sent", 1), (2, "sent", 1)]


def test_what_has_a_row_is_not_kept_while_the_disk_hangs(outbox, put, store, monkeypatch):
    monkeypatch.setattr("techrun.store.outbox.DISK_HANGS", 0.05)
    put()
    outbox.settle(outbox.claim("oncall"), TAKEN, None)
    woken = threading.Event()
    store.write(lambda _: woken.wait(20), urgent=True)
    outbox.keep([a_message()])
    assert outbox.claim("oncall") is None
    woken.set()


def test_what_is_written_twice_after_the_disk_hung_is_noted_once(store, rows, receipts):
    one = Unwritten(a_message(), "sending", 1).after(Attempt(1, NOW, TAKEN), None)
    for _ in range(2):
        store.write(lambda connection: write_standing(connection, one)).result()
    assert rows("state, attempts") == [("sent", 1)]
    assert receipts() == [("1-opened", 1, "accepted")]


def test_a_number_that_was_told_is_given_to_no_other_incident(store, put):
    """The daemon was killed after it had sent from memory, before the incident itself could be written."""
    put(incident=7)
    with store.read() as connection:
        assert next_incident(connection) == 8


def test_a_store_whose_file_is_gone_still_sends_what_was_kept(outbox, store, tmp_path):
    outbox.keep([a_message()])
    for file in tmp_path.glob("techrun.db*"):
        file.rename(file.with_suffix(".gone"))
    assert outbox.claim("oncall").key == "1-opened-oncall"
