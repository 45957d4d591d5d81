"""One text to one service through Apprise: real deliveries on the loopback, and every trap of Apprise."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

import pytest

from techrun.alerts._apprise_guard import secrets_of as _secrets_of
from techrun.alerts.notify import Channel, _load, check_url
from techrun.redact import Redactor


def test_a_message_arrives_with_its_title_text_and_kind(make_service, make_message):
    service = make_service()
    receipt = Channel("oncall", service.url()).send(make_message())
    assert (receipt.ok, receipt.answer) == (True, "accepted")
    (body,) = service.received
    assert body["title"] == '[PAGE] acme-es: checkout fails at "payment" (expected 200, got 502)'
    assert body["message"] == "Since 03:12:05\nmessage 7-opened-oncall, attempt 1"
    assert body["type"] == "failure"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"severity": "ticket"}, "warning"),
        ({"event": "recovered"}, "success"),
        ({"event": "withdrawn"}, "info"),
    ],
)
def test_the_service_is_told_what_kind_of_message_it_is(make_service, make_message, changes, kind):
    service = make_service()
    Channel("oncall", service.url()).send(make_message(**changes))
    assert service.received[0]["type"] == kind


def test_a_mail_arrives_with_the_text_as_it_is(mailbox, make_message):
    receipt = Channel("mail", mailbox.url()).send(make_message(body="Found: <b>2 < 3</b>"))
    assert receipt.ok
    (mail,) = mailbox.mails
    assert mail.rcpt_tos == ["dee@ops.example"]
    assert b"checkout" in mail.content
    assert b"Found: <b>2 < 3</b>" in mail.content


def test_a_second_mail_does_not_wait_for_the_pause_that_apprise_makes_up(mailbox, make_message):
    """Apprise would sleep 5.5 s before it: more than this channel's deadline."""
    channel = Channel("mail", mailbox.url(), deadline=4)
    assert channel.send(make_message()).ok
    assert channel.send(make_message(incident=8)).ok


def test_one_refused_recipient_of_two_is_a_failure_that_names_the_answer(mailbox, make_message):
    mailbox.refused.add("away@ops.example")
    receipt = Channel("mail", mailbox.url("dee@ops.example", "away@ops.example")).send(make_message())
    assert not receipt.ok
    assert "away@ops.example" in receipt.answer


def test_a_refusal_is_told_with_the_status_and_the_answer(make_service, make_message):
    receipt = Channel("oncall", make_service(500).url()).send(make_message())
    assert not receipt.ok
    assert "error=500" in receipt.answer
    assert "the service says" in receipt.answer


def test_a_redirect_to_a_login_page_is_no_delivery(make_service, make_message):
    service = make_service("redirect")
    assert not Channel("oncall", service.url()).send(make_message()).ok
    assert service.gets == []


def test_a_url_that_calls_itself_optional_still_fails_when_nothing_arrives(make_service, make_message):
    service = make_service(500)
    assert not Channel("oncall", service.url(query="?optional=yes")).send(make_message()).ok


def test_a_service_that_nobody_listens_at_is_a_failure(make_message):
    receipt = Channel("oncall", "json://127.0.0.1:1/x").send(make_message())
    assert not receipt.ok
    assert "Connection" in receipt.answer


def test_a_hanging_service_is_given_up_on_at_the_deadline(make_service, make_message):
    service = make_service("hang")
    receipt = Channel("oncall", service.url(query="?rto=30"), deadline=0.3).send(make_message())
    assert not receipt.ok
    assert "0.3 s; it may still arrive" in receipt.answer


def test_a_message_that_arrived_after_the_deadline_is_not_sent_again(make_service, make_message):
    service = make_service("hang")
    channel = Channel("oncall", service.url(query="?rto=30"), deadline=0.3)
    assert not channel.send(make_message()).ok
    service.release.set()
    patient = channel.send(make_message(attempt=2))
    assert patient.ok
    assert len(service.received) == 1


def test_another_message_waits_behind_one_that_hangs_and_is_then_sent(make_service, make_message):
    service = make_service("hang", 200)
    channel = Channel("oncall", service.url(query="?rto=30"), deadline=0.3)
    channel.send(make_message())
    assert "still busy" in channel.send(make_message(incident=8)).answer
    service.release.set()
    assert channel.send(make_message(incident=8)).ok
    assert len(service.received) == 2


def test_a_long_text_is_one_message_not_several(make_service, make_message):
    service = make_service()
    Channel("oncall", service.url()).send(make_message(body="x" * 100_000))
    assert len(service.received) == 1


def test_a_jammed_pool_of_apprise_does_not_matter(make_service, make_message):
    """Eight hanging services take Apprise's whole shared pool, where it is used."""
    hanging = make_service("hang")
    channels = [Channel(f"c{n}", hanging.url(query="?rto=30"), deadline=20) for n in range(8)]
    threads = [threading.Thread(target=channel.send, args=(make_message(),)) for channel in channels]
    for thread in threads:
        thread.start()
    hanging.wait_for(8)
    assert Channel("oncall", make_service().url(), deadline=5).send(make_message()).ok
    hanging.release.set()
    for thread in threads:
        thread.join()


def test_the_program_ends_although_a_service_hangs(make_service):
    script = f"""
import apprise  # else a slow machine would end the program in the middle of this import
from techrun.alerts.notify import Channel
from techrun.standing import Message
message = Message(1, "opened", "oncall", "title", "body", 0.0)
print(Channel("oncall", {make_service("hang").url(query="?rto=60")!r}, deadline=0.3).send(message).ok)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=50, check=True
    )
    assert done.stdout == "False\n"


# --- what a URL must be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["json://127.0.0.1/x", "mailto://127.0.0.1?from=a@ops.example&to=b@ops.example"]
)
def test_a_url_that_apprise_can_send_to_is_fine(url):
    assert check_url(url) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "Apprise"),
        ("oncall", "Unsupported URL"),
        ("jsom://127.0.0.1/x", "Unparseable URL"),
        ("pagerduty://", "https://appriseit.com/services/"),
        ("json://127.0.0.1/a, json://127.0.0.1/b", "make a channel of each"),
    ],
    ids=["empty", "no-url", "no-service", "incomplete", "two"],
)
def test_a_url_that_does_not_load_is_told_with_what_is_wrong(url, words):
    assert words in check_url(url)


def test_what_is_wrong_with_a_url_is_told_without_its_secrets():
    assert "hunter2" not in check_url("jsom://probe:hunter2hunter2@127.0.0.1/x")


def test_a_channel_whose_url_does_not_load_says_so_in_its_receipt(make_message):
    receipt = Channel("oncall", "jsom://127.0.0.1/x").send(make_message())
    assert not receipt.ok
    assert "Unparseable URL" in receipt.answer


# --- nothing leaks --------------------------------------------------------------------------------

SECRETS = {
    "path": "/sekret-in-path",
    "header": "/?+Authorization=sekret-in-header",
    "payload": "/?:token=sekret-in-payload",
    "parameter": "/?-apikey=sekret-in-parameter",
}


@pytest.mark.parametrize("answer", [200, 500, "redirect", "refused"])
@pytest.mark.parametrize("where", SECRETS)
def test_no_secret_of_a_url_is_in_receipts_or_logs(make_service, make_message, caplog, where, answer):
    service = make_service(200 if answer == "refused" else answer)
    port = 1 if answer == "refused" else service.port
    with every_line() as lines:
        channel = Channel("oncall", f"json://probe:sekret-password@127.0.0.1:{port}{SECRETS[where]}")
        receipt = channel.send(make_message())
    assert "sekret" not in receipt.answer
    assert "sekret" not in "\n".join(lines)


def test_a_key_that_stands_where_others_have_their_host_is_redacted_too():
    """On a connection error Apprise's own warning names the host, and here it is the key."""
    redactor = Redactor(_secrets_of("pagerduty://sekretintegration@sekretapikey"))
    _load("pagerduty://sekretintegration@sekretapikey", redactor)
    with every_line() as lines:
        logging.getLogger("apprise").warning("A Connection error occurred sending to %s", "sekretapikey")
    assert lines == ["A Connection error occurred sending to ***"]


def test_what_the_service_echoes_is_redacted(make_service, make_message):
    """The service's answer contains the token of its own URL."""
    receipt = Channel("oncall", make_service(500).url()).send(make_message())
    assert "the service says ***" in receipt.answer


def test_secrets_of_the_configuration_are_redacted_as_well(make_service, make_message):
    receipt = Channel("oncall", make_service(500).url(), Redactor(["service says"])).send(make_message())
    assert "service says" not in receipt.answer


class every_line:  # noqa: N801  reads as a phrase
    """Collects what any handler at the root of the log, at any level, would write."""

    def __enter__(self):
        self.lines = []
        self.handler = logging.Handler(level=0)
        self.handler.emit = lambda record: self.lines.append(self.handler.format(record))
        self.level = logging.root.level
        logging.root.setLevel(logging.DEBUG)
        for name in ("", "apprise", "urllib3.connectionpool"):
            logging.getLogger(name).addHandler(self.handler)
        return self.lines

    def __exit__(self, *_):
        logging.root.setLevel(self.level)
        for name in ("", "apprise", "urllib3.connectionpool"):
            logging.getLogger(name).removeHandler(self.handler)


def test_apprise_is_not_imported_before_something_is_sent():
    script = "import sys, techrun.alerts.notify, techrun.sinks.incidents; print('apprise' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
