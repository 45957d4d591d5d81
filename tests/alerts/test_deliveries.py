"""From results to real services, and what of it survives `kill -9`."""

from __future__ import annotations

import email
import email.policy
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from techrun.alerts.delivery import Backoff
from techrun.alerts.notify import Channel
from techrun.alerts.policy import Policy
from techrun.model import Check, CheckId, Outcome, Reason, Result, Shop, Status
from techrun.sinks.incidents import IncidentSink
from techrun.store.database import Store, read_store

SHOP = Shop("acme-es", "https://www.acme.es", runbook="https://wiki.example/acme")
TITLE = 'acme-es: customers cannot complete "checkout" - "payment" fails (expected 200, got 502)'
BROKEN = Outcome(Status.DOWN, Reason.STATUS, "expected 200, got 502", step="payment")
FAST = Backoff(first=0.02, longest=0.05)


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 0.01)
    return tmp_path / "techrun.db"


def check_for(*channels):
    return Check(
        CheckId("acme-es", "checkout"),
        "journey",
        60,
        30,
        severity="page",
        notify=channels,
        steps=("payment",),
    )


@pytest.fixture
def watch(path):
    """Feeds these outcomes to a sink with real channels."""
    opened = []

    def feed(channels, *outcomes):
        store = Store(path)
        sink = IncidentSink(store, channels, policy=Policy(group_wait={}), backoff=FAST)
        opened.extend((sink, store))
        check = check_for(*(channel.name for channel in channels))
        sink.configure([check], [SHOP])
        for number, outcome in enumerate(outcomes):
            sink.accept(Result(check, outcome, f"r{number}", 1_790_000_000 + 30 * number, 0.5, 0.0))

    yield feed
    for part in opened:
        part.close()


def test_an_outage_and_its_end_arrive_at_an_http_endpoint(watch, make_service):
    service = make_service()
    watch([Channel("oncall", service.url())], *[BROKEN] * 4, Outcome(Status.UP), Outcome(Status.UP))
    service.wait_for(2)
    assert service.titles() == [
        f"[PAGE] {TITLE}",
        f"[OK] {TITLE} - over after 2m",
    ]
    assert "Runbook https://wiki.example/acme" in service.received[0]["message"]
    assert [body["type"] for body in service.received] == ["failure", "success"]


def test_an_outage_arrives_by_mail(watch, mailbox, make_service):
    service = make_service()
    watch([Channel("mail", mailbox.url()), Channel("oncall", service.url())], *[BROKEN] * 4)
    service.wait_for(1)
    while not mailbox.mails:
        time.sleep(0.01)
    mail = email.message_from_bytes(mailbox.mails[0].content, policy=email.policy.default)
    for form in ("plain", "html"):
        text = mail.get_body((form,)).get_content()
        assert "techrun check acme-es/checkout --until payment --curl" in text
        assert "https://wiki.example/acme" in text
        assert "message 1-opened-mail, attempt 1" in text


def test_a_service_that_fails_twice_gets_the_message_at_the_third_attempt(watch, make_service):
    service = make_service(500, "redirect", 200)
    watch([Channel("oncall", service.url())], *[BROKEN] * 4)
    bodies = service.wait_for(3)
    assert bodies[0]["message"].endswith("message 1-opened-oncall, attempt 1")
    assert "message 1-opened-oncall, attempt 3, first tried" in bodies[2]["message"]


# --- kill -9 at the two points that matter; test_crashes.py has all --------------------------------------

# What is fed is written when the child ends; a child that is fed nothing ends when all is delivered.
CHILD = textwrap.dedent("""
    import itertools, sys, time
    from techrun.alerts.delivery import Backoff
    from techrun.alerts.notify import Channel
    from techrun.alerts.policy import Policy
    from techrun.model import Check, CheckId, Outcome, Reason, Result, Shop, Status
    from techrun.sinks.incidents import IncidentSink
    from techrun.store.database import Store

    path, url, runs = sys.argv[1:]
    store = Store(path)
    backoff, policy = Backoff(first=0.05, longest=0.1), Policy(group_wait={})
    sink = IncidentSink(store, [Channel("oncall", url)], policy=policy, backoff=backoff)
    check = Check(CheckId("acme-es", "checkout"), "journey", 60, 30, severity="page", notify=("oncall",))
    sink.configure([check], [Shop("acme-es", "https://www.acme.es")])
    print("ready", flush=True)
    outcomes = {"d": Outcome(Status.DOWN, Reason.STATUS, "got 502", step="payment"), "u": Outcome(Status.UP)}
    for letter in itertools.cycle(runs[:-1]) if runs.endswith("*") else runs:
        sink.accept(Result(check, outcomes[letter], "r", time.time(), 0.01, 0.0))
        time.sleep(0.01)
    while any(count for count, _ in sink.snapshot().waiting.values()):
        time.sleep(0.02)
    sink.close()
    store.close()
""")


@pytest.fixture
def start(path):
    children = []

    def start_child(url, runs):
        command = [sys.executable, "-c", CHILD, str(path), url, runs]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        children.append(child)
        assert child.stdout.readline() == "ready\n"
        return child

    yield start_child
    for child in children:
        child.kill()
        child.wait()
        child.stdout.close()


def kill(child):
    os.kill(child.pid, signal.SIGKILL)
    child.wait()


def keys(service):
    """The key of each message that came, in the order of their coming."""
    return [body["message"].rpartition("message ")[2].partition(",")[0] for body in service.received]


def test_a_message_that_was_written_and_not_sent_is_sent_once_after_the_kill(start, path, make_service):
    """Nobody listens until the daemon is dead."""
    child = start("json://127.0.0.1:1/x", "d*")
    while not receipts(path):
        time.sleep(0.01)
    kill(child)
    service = make_service()
    assert start(service.url(), "").wait(30) == 0
    assert keys(service) == ["1-opened-oncall"]


def receipts(path):
    with read_store(path) as connection:
        return connection.execute("SELECT count(*) FROM receipts").fetchone()[0]


def test_a_kill_between_sending_and_noting_sends_again_with_the_same_key(start, make_service):
    service = make_service("hang", 200)
    child = start(service.url(query="?rto=60"), "d*")
    service.wait_for(1)
    kill(child)
    assert start(service.url(), "").wait(30) == 0
    assert keys(service) == ["1-opened-oncall", "1-opened-oncall"]
    assert "attempt 2" in service.received[1]["message"]
