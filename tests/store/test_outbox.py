"""The outbox: claimed once, in order for each incident, never stuck behind another one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from techrun.standing import Message, Receipt
from techrun.store.outbox import Backlog, Outbox, add_message, backlog, release_claims, told_channels

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


@pytest.fixture
def put(store):
    def put(incident=1, event="opened", channel="oncall"):
        message = Message(incident, event, channel, "title", "body", NOW - 60, "page")
        store.write(lambda connection: add_message(connection, message)).result()

    return put


def test_a_message_is_claimed_as_it_was_put(outbox, put):
    put()
    claimed = outbox.claim("oncall")
    assert claimed == Message(1, "opened", "oncall", "title", "body", NOW - 60, "page", id=1, attempt=1)
    assert claimed.key == "1-opened-oncall"


def test_a_message_is_claimed_by_one_of_many(outbox, put):
    put()
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: outbox.claim("oncall"), range(8)))
    assert len([message for message in claimed if message]) == 1


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


def test_another_incident_and_another_channel_do_not_wait(outbox, put):
    put(incident=1)
    put(incident=2)
    put(incident=1, channel="chat")
    outbox.settle(outbox.claim("oncall"), REFUSED, NOW + 300)
    assert outbox.claim("oncall").incident == 2
    assert outbox.claim("chat").incident == 1


def test_a_message_that_was_given_up_holds_up_nothing_and_owes_no_end(outbox, put, store):
    put(event="opened")
    put(event="recovered")
    with store.read() as connection:
        assert told_channels(connection, 1) == ["oncall"]
    outbox.settle(outbox.claim("oncall"), REFUSED, None)
    assert outbox.claim("oncall").event == "recovered"
    with store.read() as connection:
        assert told_channels(connection, 1) == []


def test_what_was_being_sent_when_the_last_daemon_ended_waits_again(outbox, put, store):
    put()
    outbox.claim("oncall")
    assert outbox.claim("oncall") is None
    assert store.write(release_claims).result() == 1
    assert outbox.claim("oncall").attempt == 2


def test_a_late_receipt_of_an_earlier_attempt_settles_nothing(outbox, put, store):
    put()
    first = outbox.claim("oncall")
    store.write(release_claims).result()
    second = outbox.claim("oncall")
    outbox.settle(first, REFUSED, None)
    outbox.settle(second, TAKEN, None)
    with store.read() as connection:
        assert connection.execute("SELECT state FROM outbox").fetchall() == [("sent",)]
        assert connection.execute("SELECT attempt, ok FROM receipts").fetchall() == [(1, 0), (2, 1)]
