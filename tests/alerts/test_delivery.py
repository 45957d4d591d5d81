"""How long a message waits for its next attempt, and how the worker of a channel goes on."""

from __future__ import annotations

import threading
import time

import pytest

from techrun.alerts.delivery import Backoff, ChannelWorker
from techrun.standing import Receipt

CREATED = 1_790_000_000.0
FAILED = Receipt(ok=False, elapsed=0.1, answer="error=500")
REFUSED = Receipt(ok=False, elapsed=0.1, answer="error=401", refused=True)


def wait_after(message, receipt=FAILED, share=0.5, now=CREATED):
    due = Backoff().retry_at(message, receipt, now, share)
    return due and due - now


@pytest.mark.parametrize(
    ("attempt", "wait"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (1000, 300)], ids=str
)
def test_each_attempt_waits_twice_as_long_up_to_a_bound(make_message, attempt, wait):
    assert wait_after(make_message(attempt=attempt, created=CREATED)) == wait


@pytest.mark.parametrize(("attempt", "wait"), [(1, 60), (2, 120), (5, 900), (1000, 900)], ids=str)
def test_what_was_refused_is_tried_again_but_seldom(make_message, attempt, wait):
    """A person may mend the key or the channel; the message is owed until then."""
    assert wait_after(make_message(attempt=attempt, created=CREATED), REFUSED) == wait


def test_attempts_are_spread_so_that_channels_do_not_come_back_together(make_message):
    message = make_message(attempt=3, created=CREATED)
    assert wait_after(message, share=0.0) == 6
    assert wait_after(message, share=1.0) == 10


@pytest.mark.parametrize(
    ("asked", "attempt", "wait"),
    [(0.5, 3, 8), (120, 1, 126), (86_400, 1, 945)],
    ids=["shorter than ours", "longer than ours", "longer than anybody can wait"],
)
def test_a_service_that_asks_for_a_longer_wait_gets_it(make_message, asked, attempt, wait):
    receipt = Receipt(ok=False, elapsed=0.1, retry_after=asked)
    assert wait_after(make_message(attempt=attempt, created=CREATED), receipt) == wait


def test_a_message_that_is_a_day_old_is_given_up(make_message):
    message = make_message(attempt=200, created=CREATED)
    assert wait_after(message, now=CREATED + 86_000) is not None
    assert wait_after(message, now=CREATED + 86_300) is None


# --- the worker ---------------------------------------------------------------------------------------


class Queue:
    """An outbox in memory, without an order and without waits."""

    def __init__(self, *messages):
        self.messages = list(messages)
        self.settled = []
        self.changed = threading.Condition()

    def claim(self, channel):
        with self.changed:
            found = self.messages.pop(0) if self.messages else None
        if isinstance(found, Exception):
            raise found
        return found

    def settle(self, message, receipt, retry_at):
        with self.changed:
            self.settled.append((message.incident, receipt, retry_at))
            self.changed.notify_all()

    def next_due(self, channel):
        return None

    def wait_for(self, count, timeout=20):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.settled) >= count, timeout)


class Sender:
    """Answers with these receipts, and notes when it was asked; the last one stays."""

    name = "oncall"

    def __init__(self, *receipts):
        self.receipts = list(receipts)
        self.asked = []

    def send(self, message):
        self.asked.append(time.monotonic())
        receipt = self.receipts.pop(0) if len(self.receipts) > 1 else self.receipts[0]
        if isinstance(receipt, Exception):
            raise receipt
        return receipt


@pytest.fixture
def work(make_message):
    """A worker that delivers three messages, to a sender with these receipts."""
    workers = []

    def start(*receipts, backoff=None):
        queue = Queue(*(make_message(incident=number, created=CREATED) for number in (1, 2, 3)))
        worker = ChannelWorker(queue, Sender(*receipts), lambda: CREATED, backoff)
        workers.append(worker)
        return worker, queue

    yield start
    for worker in workers:
        worker.stop()
        assert worker.join(20)


def test_what_becomes_of_the_attempts_is_counted(work):
    worker, queue = work(Receipt(ok=True, elapsed=0.1), FAILED, backoff=Backoff(give_up_after=0))
    assert queue.wait_for(3)
    assert worker.counts == {"sent": 1, "given_up": 2}
    assert [retry_at for _, _, retry_at in queue.settled] == [None, None, None]


def test_a_service_that_asks_for_a_pause_gets_no_other_message_meanwhile(work):
    worker, queue = work(Receipt(ok=False, elapsed=0.0, retry_after=0.3), Receipt(ok=True, elapsed=0.0))
    assert queue.wait_for(3)
    first, second, third = worker._sender.asked
    assert second - first >= 0.3
    assert third >= second
    assert worker.counts == {"failed": 1, "sent": 2}


def test_a_worker_that_pauses_ends_at_once(work):
    worker, queue = work(Receipt(ok=False, elapsed=0.0, retry_after=3600.0))
    assert queue.wait_for(1)
    worker.stop()
    assert worker.join(20)


def test_a_fault_of_ours_with_one_message_is_a_failed_attempt(work, caplog):
    _, queue = work(ZeroDivisionError(), Receipt(ok=True, elapsed=0.0))
    assert queue.wait_for(3)
    assert [(receipt.ok, retry_at is None) for _, receipt, retry_at in queue.settled] == [
        (False, False),
        (True, True),
        (True, True),
    ]
    assert "message 1-opened-oncall could not be sent" in caplog.text


def test_a_fault_of_ours_in_the_outbox_does_not_end_the_channel(make_message, monkeypatch, caplog):
    monkeypatch.setattr("techrun.alerts.delivery.STORE_REST", 0.01)
    queue = Queue(make_message(incident=1), ZeroDivisionError(), make_message(incident=2))
    worker = ChannelWorker(queue, Sender(Receipt(ok=True, elapsed=0.0)), lambda: CREATED)
    assert queue.wait_for(2)
    worker.stop()
    assert worker.join(20)
    assert "the messages for oncall could not be handled" in caplog.text
