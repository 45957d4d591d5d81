"""Each trap of Apprise 2.2 that is known: what techrun does instead, with real plugins and real servers.

Those of redirects, the shared pool, hanging services and secrets in a URL are in test_notify.py.
"""

from __future__ import annotations

import email
import email.policy
import logging
import subprocess
import sys
import time
from email.utils import format_datetime

import pytest
import urllib3.util.connection
from apprise.common import PersistentStoreMode
from apprise.manager_plugins import NotificationManager

from techrun.alerts import _apprise_answer, _apprise_pager, notify
from techrun.alerts.notify import Channel, check_url
from techrun.redact import Redactor

HTML = "<html><body><p>Found: <b>2 &lt; 3</b> &amp; more</p></body></html>"
PAGERDUTY = "pagerduty://integrationkey0@apikey000000"
OPSGENIE = "opsgenie://00000000-0000-4000-8000-000000000000"
JIRA = "jira://00000000-0000-4000-8000-000000000000"
DISCORD = "discord://000000000000000000/discord-token-000000000000"
TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/12345"
TWILIO = (
    "twilio://AC00000000000000000000000000000000:00000000000000000000000000000000@15555550000/15555551111"
)


# --- a pager resolves what was opened there -------------------------------------------------------

# Service: URL, status of success, and of its request the field of the key, what opens and what resolves.
PAGERS = {
    "pagerduty": (PAGERDUTY, 202, "dedup_key", "event_action", "trigger", "resolve"),
    "pagerduty eu": (f"{PAGERDUTY}?region=eu", 202, "dedup_key", "event_action", "trigger", "resolve"),
    "splunk": (
        "splunk://route@00000000-0000-4000-8000-000000000000",
        200,
        "entity_id",
        "message_type",
        "CRITICAL",
        "RECOVERY",
    ),
    "pagertree": ("pagertree://int_0000000000", 201, "id", "event_type", "create", "resolve"),
    "signl4": ("signl4://secretsecret", 201, "X-S4-ExternalID", "X-S4-Status", None, "resolved"),
    "incident.io": (
        "incidentio://01ARZ3NDEKTSV4RRFFQ69G5FAV/token00000000",
        202,
        "deduplication_key",
        "status",
        "firing",
        "resolved",
    ),
    "ilert": ("ilert://il1api0000000000000000", 202, "alertKey", "eventType", "ALERT", "RESOLVE"),
    "squadcast": (
        "squadcast://00000000000000000000000000000000",
        202,
        "event_id",
        "status",
        "trigger",
        "resolve",
    ),
    "firehydrant": ("firehydrant://token0000000000000", 202, "idempotency_key", "status", "OPEN", "CLOSED"),
    "goalert": (
        "goalerts://goalert.example/00000000-0000-4000-8000-000000000000",
        204,
        "dedup",
        "action",
        None,
        "close",
    ),
}


@pytest.mark.parametrize("pager", PAGERS)
def test_all_messages_about_an_incident_meet_the_same_incident_at_a_pager(far, make_message, pager):
    """Also those after a restart, which are sent by another object; its end resolves it."""
    url, status, key, deed, opens, resolves = PAGERS[pager]
    far.answers = [(status, {})]
    assert check_url(url) == ""
    for event in ("opened", "raised", "update", "reminder", "escalated", "recovered"):
        receipt = Channel("oncall", url, installation="ours").send(make_message(event=event))
        assert receipt.ok, receipt.answer
    assert [body.get(deed) for body in far.bodies()] == [opens] * 5 + [resolves]
    (name,) = {body[key] for body in far.bodies()}
    assert name.startswith("techrun-")
    assert name.endswith("-7-oncall")


@pytest.mark.parametrize("event", ["recovered", "withdrawn"])
@pytest.mark.parametrize(
    ("url", "alerts"),
    [
        (OPSGENIE, "https://api.opsgenie.com/v2/alerts"),
        (f"{OPSGENIE}/?region=eu", "https://api.eu.opsgenie.com/v2/alerts"),
        (f"{OPSGENIE}/#ops", "https://api.opsgenie.com/v2/alerts"),
        (JIRA, "https://api.atlassian.com/jsm/ops/integration/v2/alerts"),
    ],
    ids=["opsgenie", "opsgenie-eu", "opsgenie-team", "jira"],
)
def test_opsgenie_closes_an_alert_by_its_alias_also_after_a_restart(far, make_message, url, alerts, event):
    """Apprise would have forgotten its number, send nothing and call that a success."""
    assert check_url(url) == ""
    Channel("oncall", url, installation="ours").send(make_message())
    closing = make_message(event=event, title="[OK] acme-es works again", body="12 min")
    assert Channel("oncall", url, installation="ours").send(closing).ok
    (host, path, headers, opened), (host2, path2, headers2, closed) = far.requests
    alias = opened["alias"]
    assert f"https://{host}{path}" == alerts
    assert f"https://{host2}{path2}" == f"{alerts}/{alias}/close?identifierType=alias"
    assert headers2["Authorization"] == headers["Authorization"]
    assert headers["Authorization"].startswith("GenieKey 0000")
    text = f"[OK] acme-es works again\n12 min\nmessage 7-{event}-oncall, attempt 1"
    assert closed == {"note": text, "source": "techrun"}


@pytest.mark.parametrize("url", [PAGERDUTY, OPSGENIE], ids=["pagerduty", "opsgenie"])
def test_what_is_no_longer_watched_is_resolved_too(far, make_message, url):
    """To these services a mere piece of information would open an incident, or be a note to none."""
    assert Channel("oncall", url).send(make_message(event="withdrawn")).ok
    ((_, path, _, body),) = far.requests
    assert body.get("event_action") == "resolve" or "/close" in path


@pytest.mark.parametrize("url", [PAGERDUTY, OPSGENIE], ids=["pagerduty", "opsgenie"])
def test_a_trial_really_reaches_a_pager(far, make_message, url):
    trial = make_message(event="trial", incident=0, severity="info")
    assert Channel("oncall", url).send(trial).ok
    ((_, path, _, body),) = far.requests
    assert body.get("event_action") == "trigger" or path == "/v2/alerts"


def test_a_failed_close_is_a_failure(far, make_message):
    far.answers = [(503, {})]
    assert not Channel("oncall", OPSGENIE).send(make_message(event="recovered")).ok


def test_two_installations_and_two_channels_share_no_incident_at_a_pager(far, make_message):
    for installation, name in (("ours", "oncall"), ("theirs", "oncall"), ("ours", "second")):
        Channel(name, PAGERDUTY, installation=installation).send(make_message())
    assert len({body["dedup_key"] for body in far.bodies()}) == 3


def test_two_incidents_are_two_at_a_pager(far, make_message):
    channel = Channel("oncall", PAGERDUTY)
    for incident in (7, 8):
        channel.send(make_message(incident=incident))
    assert len({body["dedup_key"] for body in far.bodies()}) == 2


@pytest.mark.parametrize(
    ("url", "word"),
    [
        (f"{PAGERDUTY}?dedup=mine", "dedup"),
        (f"{PAGERDUTY}?region=eu&action=trigger", "action"),
        (f"{OPSGENIE}?alias=mine", "alias"),
        ("signl4://secretsecret?external_id=mine", "external_id"),
    ],
    ids=["dedup", "action", "alias", "external_id"],
)
def test_a_url_that_names_incidents_itself_is_refused(url, word):
    """All incidents would be one there, and the end of one would resolve the others."""
    assert f"leave out `{word}`" in check_url(url)


def test_a_url_may_say_what_is_done_anyway():
    assert check_url(f"{PAGERDUTY}?action=map&region=eu") == ""


def test_every_service_of_apprise_that_tells_incidents_apart_is_known():
    """Fails when a new version of Apprise brings another one: add it to the table."""
    manager = NotificationManager()
    manager.load_modules()
    keyed = {
        _apprise_pager.service_of(plugin)
        for plugin in manager.plugins()
        if {"dedup", "alias", "entity_id"} & set(plugin.template_args)
    }
    assert keyed == set(_apprise_pager._KEY_NAMES)


def test_apprise_is_told_once_more_what_it_must_not_do():
    """Each of these has a test of what happens without it, but where another setting stands in for it."""
    loaded, _ = notify._load("json://127.0.0.1/x", Redactor())
    assert (loaded.asset.async_mode, loaded.asset.http_redirects) == (False, False)


# --- one message, not several ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "status", "text_of", "limit"),
    [
        (PAGERDUTY, 202, lambda body: body["payload"]["summary"], 1024),
        (DISCORD, 200, lambda body: body["content"], 2000),
        (TWILIO, 201, lambda body: body, 2000),
        (f"{DISCORD}?overflow=split", 200, lambda body: body["content"], 2000),
        (TELEGRAM, 200, lambda body: body["text"], 4096),
    ],
    ids=["pagerduty", "discord", "sms", "although the URL asks for it", "telegram"],
)
def test_a_long_text_is_cut_not_split(far, make_message, url, status, text_of, limit):
    """PagerDuty would make four incidents of it."""
    far.answers = [(status, {})]
    assert Channel("oncall", url).send(make_message(body="long text " * 2000)).ok
    (body,) = far.bodies()
    assert "acme-es" in text_of(body)
    assert len(text_of(body)) <= limit


@pytest.mark.parametrize(
    "url",
    [
        "mailto://127.0.0.1?from=a@ops.example&to=b@ops.example,c@ops.example",
        "mailto://127.0.0.1?from=a@ops.example&to=b@ops.example&cc=c@ops.example",
        "mailto://127.0.0.1?from=a@ops.example&to=b@ops.example&bcc=c@ops.example",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#a/#b",
        "tgram://123456789:abcdefg_hijklmnop/12345/67890",
        "ntfy://ntfy.example/a/b",
        f"{TWILIO}/15555552222",
        f"{OPSGENIE}/@one/@two",
    ],
    ids=["mail", "cc", "bcc", "slack", "telegram", "ntfy", "sms", "opsgenie"],
)
def test_a_url_with_several_targets_is_refused(url):
    """One that fails would be a failure for all, and a retry would tell the others twice."""
    assert "make a channel of each" in check_url(url)


def test_a_pager_may_have_several_responders_to_one_alert():
    assert check_url(f"{OPSGENIE}/@one/@two?batch=yes") == ""


def test_a_failed_attempt_is_one_attempt_whatever_the_url_says(make_service, make_message):
    """Apprise would send it four times at a constant pace; the outbox retries by rules of its own."""
    service = make_service(500)
    Channel("oncall", service.url(query="?retry=3&wait=0")).send(make_message())
    assert len(service.received) == 1


def test_no_redirect_is_followed_although_the_url_asks_for_it(make_service, make_message):
    service = make_service("redirect")
    assert not Channel("oncall", service.url(query="?redirect=yes")).send(make_message()).ok
    assert service.gets == []


def test_a_burst_of_mails_is_not_slowed_down(mailbox, make_message):
    """Apprise would sleep 5.5 s before each but the first, longer than this deadline: a minute for twelve."""
    channel = Channel("mail", mailbox.url(), deadline=5)
    assert all(channel.send(make_message(incident=number)).ok for number in range(12))
    assert len(mailbox.mails) == 12


def test_a_process_that_was_forked_after_a_message_can_send(make_service):
    """Apprise's pool would have no threads in it, and wait for them."""
    service = make_service()
    script = f"""
import os
from techrun.alerts.notify import Channel
from techrun.standing import Message
def send(incident):
    message = Message(incident, "opened", "oncall", "title", "body", 0.0)
    return Channel("oncall", {service.url()!r}, deadline=20).send(message).ok
assert send(1)
child = os.fork()
if not child:
    os._exit(0 if send(2) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "0\n"
    assert len(service.received) == 2


def test_apprise_keeps_nothing_on_the_disk():
    loaded, _ = notify._load("json://127.0.0.1/x", Redactor())
    assert loaded[0].store.mode == PersistentStoreMode.MEMORY


# --- what it looks like ---------------------------------------------------------------------------


def parsed(mail):
    return email.message_from_bytes(mail.content, policy=email.policy.default)


def test_a_mail_has_the_html_and_the_same_as_text(mailbox, make_message):
    assert Channel("mail", mailbox.url()).send(make_message(html=HTML)).ok
    mail = parsed(mailbox.mails[0])
    assert mail.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in mail.iter_parts())
    assert "<p>Found: <b>2 &lt; 3</b> &amp; more</p>" in html
    assert "message 7-opened-oncall" in html
    assert "Found: 2 < 3 & more" in text
    assert "message 7-opened-oncall" in text


def test_a_mail_without_html_is_plain_text(mailbox, make_message):
    assert Channel("mail", mailbox.url()).send(make_message(body="Found: <b>2 < 3</b> & more")).ok
    mail = parsed(mailbox.mails[0])
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines()[0] == "Found: <b>2 < 3</b> & more"


@pytest.mark.parametrize("html", ["", HTML], ids=["text", "html"])
def test_a_title_arrives_as_it_was_written(mailbox, make_message, html):
    """Services without a key tell incidents apart by it."""
    title = '[PAGE] acme-es: "payment" fails (<b>2 < 3</b> & *more* für 5 €)'
    assert Channel("mail", mailbox.url()).send(make_message(title=title, html=html)).ok
    assert parsed(mailbox.mails[0])["Subject"] == title


def test_a_service_that_shows_html_gets_it(far, make_message):
    url = "sendgrid://apikey0000000000:from@ops.example/to@ops.example"
    assert Channel("mail", url).send(make_message(html=HTML)).ok
    (content,) = far.bodies()[0]["content"]
    assert content["type"] == "text/html"
    assert "<b>2 &lt; 3</b>" in content["value"]


def test_a_service_that_shows_html_alone_gets_a_text_as_html(far, make_message):
    url = "sendgrid://apikey0000000000:from@ops.example/to@ops.example"
    assert Channel("mail", url).send(make_message(body="2 < 3")).ok
    assert "2&nbsp;&lt;&nbsp;3<br/>" in far.bodies()[0]["content"][0]["value"]


def test_a_service_that_takes_a_few_tags_alone_gets_the_text(far, make_message):
    """Telegram refuses a message with any other tag."""
    far.answers = [(200, {})]
    assert Channel("chat", TELEGRAM).send(make_message(body="2 < 3", html=HTML)).ok
    assert "2 &lt; 3" in far.bodies()[0]["text"]
    assert "Found" not in far.bodies()[0]["text"]


@pytest.mark.parametrize(
    ("query", "words"), [("", "Since 03:12:05"), ("?format=html", "<b>2 &lt; 3</b>")], ids=["text", "html"]
)
def test_a_webhook_gets_text_unless_its_url_asks_for_html(make_service, make_message, query, words):
    service = make_service()
    assert Channel("hook", service.url(query=query)).send(make_message(html=HTML)).ok
    assert words in service.received[0]["message"]


def test_a_message_says_who_sends_it_and_shows_no_picture_of_others(far, make_message):
    Channel("oncall", PAGERDUTY).send(make_message())
    (body,) = far.bodies()
    assert body["client"] == "techrun"
    assert "images" not in body


# --- what the service says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("", None), ("soon", None), ("-3", None), ("99999999999", None)],
)
def test_a_wait_is_read_from_retry_after(far, make_message, header, seconds):
    far.answers = [(429, {"Retry-After": header} if header else {})]
    receipt = Channel("oncall", DISCORD).send(make_message())
    assert (receipt.ok, receipt.retry_after, receipt.refused) == (False, seconds, False)


@pytest.mark.parametrize(("ahead", "seconds"), [(90, 90.0), (-90, 0.0)], ids=["ahead", "past"])
def test_a_wait_may_be_told_as_a_date(ahead, seconds):
    now = 1_790_000_000.0
    date = format_datetime(_utc(now + ahead), usegmt=True)
    assert _apprise_answer.seconds_of(date, now) == seconds


def test_a_date_in_retry_after_is_read_from_a_real_answer(far, make_message):
    far.answers = [(503, {"Retry-After": format_datetime(_utc(time.time() + 3600), usegmt=True)})]
    assert 3000 < Channel("oncall", DISCORD).send(make_message()).retry_after <= 3600


def _utc(moment):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(moment), UTC)


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        *[(400, True), (401, True), (403, True), (404, True), (410, True)],
        *[(408, False), (425, False), (429, False), (302, False), (500, False), (503, False)],
    ],
)
def test_a_refusal_for_good_is_told_from_one_for_now(far, make_message, status, refused):
    far.answers = [(status, {})]
    receipt = Channel("oncall", PAGERDUTY).send(make_message())
    assert (receipt.ok, receipt.refused) == (False, refused)


def test_a_refusal_of_an_earlier_message_says_nothing_of_a_later_one(far, make_message, monkeypatch):
    far.answers = [(404, {"Retry-After": "9"})]
    channel = Channel("oncall", PAGERDUTY)
    assert channel.send(make_message()).refused
    unplug(monkeypatch)
    receipt = channel.send(make_message())
    assert (receipt.refused, receipt.retry_after) == (False, None)


@pytest.mark.parametrize("kind", ["refused", "busy"])
def test_a_mailbox_that_is_not_there_is_told_from_one_that_is_busy(mailbox, make_message, kind):
    getattr(mailbox, kind).add("dee@ops.example")
    receipt = Channel("mail", mailbox.url()).send(make_message())
    assert (receipt.ok, receipt.refused) == (False, kind == "refused")
    assert ("550" if kind == "refused" else "450") in receipt.answer


# --- nothing leaks --------------------------------------------------------------------------------

TOKENS = {
    "pagerduty": (PAGERDUTY, ["apikey000000", "integrationkey0"]),
    "discord": (DISCORD, ["discord-token-000000000000"]),
    "telegram": (TELEGRAM, ["abcdefg_hijklmnop"]),
    "opsgenie": (OPSGENIE, ["00000000-0000-4000-8000-000000000000"]),
    "header": ("jsons://discord.com/?+Authorization=Bearer%20sekret%2Btoken", ["sekret+token"]),
    "payload": ("jsons://discord.com/?:token=sekret%2Btoken", ["sekret+token"]),
    "parameter": ("jsons://discord.com/?-apikey=sekret%2Btoken", ["sekret+token"]),
    "password": ("jsons://probe:sekret%2Btoken@discord.com/x", ["sekret+token"]),
}


@pytest.mark.parametrize("event", ["opened", "recovered"])
@pytest.mark.parametrize("trouble", ["none", "refused", "unplugged"])
@pytest.mark.parametrize("service", TOKENS)
def test_no_token_is_in_a_receipt_or_in_any_line_of_a_log(
    far, make_message, monkeypatch, every_line, service, trouble, event
):
    """Not plain, not URL-encoded, not as base64; PagerDuty's plugin warns with its key on a lost connection."""
    url, tokens = TOKENS[service]
    far.answers = (
        [(200 if service in ("discord", "telegram") else 202, {})] if trouble == "none" else [(400, {})]
    )
    far.echoes = 1
    if trouble == "unplugged":
        unplug(monkeypatch)
    receipt = Channel("oncall", url).send(make_message(event=event))
    assert receipt.ok == (trouble == "none"), receipt.answer
    told = "\n".join([receipt.answer, *every_line])
    assert len(every_line) > 2
    assert [spelling for token in tokens for spelling in _spellings(token) if spelling in told] == []


def _spellings(token):
    from base64 import b64encode
    from urllib.parse import quote

    return {token, quote(token, safe=""), b64encode(token.encode()).decode().rstrip("=")}


def test_the_tail_of_an_answer_that_apprise_cut_shows_no_part_of_a_token(far, make_message):
    """Masks take little room, so that the end of what Apprise kept comes into sight: there, half a token."""
    token = "k3y-" + "".join(f"{number:04}" for number in range(200, 300))
    far.answers, far.echoes = [(500, {})], 20
    receipt = Channel("oncall", f"jsons://discord.com/{token}").send(make_message())
    assert "k3y-0200" not in receipt.answer


@pytest.fixture
def every_line():
    """What any handler, at any level, would write of the loggers involved."""
    lines = []
    handler = logging.Handler(level=0)
    handler.emit = lambda record: lines.append(handler.format(record))
    loggers = [logging.getLogger(name) for name in ("", "apprise", "urllib3.connectionpool")]
    level = logging.root.level
    logging.root.setLevel(logging.DEBUG)
    for logger in loggers:
        logger.addHandler(handler)
    yield lines
    logging.root.setLevel(level)
    for logger in loggers:
        logger.removeHandler(handler)


def unplug(monkeypatch):
    def refuse(*_, **__):
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(urllib3.util.connection, "create_connection", refuse)
