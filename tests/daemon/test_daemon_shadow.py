"""A daemon in the shadow of another tool, and two persons at one daemon."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

CONFIGURATION = """
shop: acme
url: {shop.url}
owner: shop-ops
channels:
  oncall: {{url: "json://127.0.0.1:{receiver.port}/oncall"}}
  second: {{url: "json://127.0.0.1:{receiver.port}/second"}}
notify: {{page: [oncall]}}
alerting: {{group_wait: {{page: 100ms}}, escalate: [second], escalate_after: {escalate_after}}}
web:
  url: http://127.0.0.1:{daemon.port}
  tokens: {{read: [look-token-0123456789], operate: [act-token-0123456789]}}
defaults: {{confirmation: {{fail_after: 3, recover_after: 2, delays: [200ms]}}}}
checks:
  - {{name: home, http: /, every: 1s, severity: page}}
  - {{name: search, http: /search, every: 1s, severity: page}}
"""


@pytest.fixture
def start(daemon, shop, receiver):
    def begin(*words, escalate_after="1h"):
        daemon.words = words
        text = CONFIGURATION.format(
            daemon=daemon, shop=shop, receiver=receiver, escalate_after=escalate_after
        )
        daemon.configure(text)
        daemon.start()
        daemon.wait(lambda: any(shop.asked.values()), "a run")
        return daemon

    return begin


def more(daemon, check, status):
    before = daemon.runs(check, status)
    daemon.wait(lambda: daemon.runs(check, status) > before + 3, f"{check} to be {status}")


def test_a_shadow_tells_nobody_and_reports_what_it_would_have_sent(start, shop, receiver) -> None:
    daemon = start("--shadow")
    more(daemon, "home", "up")
    shop.broken = {"/": 502}
    more(daemon, "home", "down")
    shop.broken = {"/search": 404}
    more(daemon, "home", "up")
    report = daemon.wait(lambda: shadow(daemon, 3), "three messages in the shadow")
    titles = sorted(one["title"].partition(" (")[0] for one in report)
    assert titles == ["[OK] acme: home is down", "[PAGE] acme: home is down", "[PAGE] acme: search is down"]
    assert receiver.all == []
    assert daemon.stop() == 0
    daemon.words = ()
    daemon.start()
    told = receiver.next()
    assert told["title"].startswith("[PAGE] acme: search is down")
    more(daemon, "search", "down")
    assert receiver.messages.empty(), "what was over before is nobody's business"
    shop.broken = {}
    assert receiver.next()["title"].startswith("[OK] acme: search is down")


def shadow(daemon, count):
    found = json.loads(daemon.techrun("shadow", "report", "--format", "json").stdout)
    return found if len(found) >= count else None


def asked(daemon, path, token, body=None):
    """What the API answers: its status and its body."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{daemon.url}/api/v1/{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_one_person_acknowledges_by_the_link_while_another_silences(start, shop, receiver) -> None:
    daemon = start(escalate_after="8s")
    more(daemon, "home", "up")
    shop.broken = {"/": 502}
    link = re.search(r"http://\S+/ack/1/[\w-]+", receiver.next()["message"])
    form = urllib.parse.urlencode({"author": "Kim", "note": "on it"}).encode()
    urllib.request.urlopen(link[0], form, timeout=10).close()
    assert daemon.techrun("silence", "acme/home", "--for", "1h", "--reason", "the host moves").returncode == 0
    more(daemon, "home", "down")
    status = daemon.techrun("status")
    assert status.returncode == 1, "silenced is still down"
    assert "Kim" in status.stdout
    assert "silence" in status.stdout
    shop.broken = {"/search": 404}
    told = [receiver.next()["title"] for _ in range(2)]
    assert {title.partition(" ")[0] for title in told} == {"[OK]", "[PAGE]"}, "another outage is no silence's"
    second = receiver.next()
    assert (second["channel"], second["title"][:6]) == ("second", "[PAGE]"), "nobody acknowledged that one"
    shop.broken = {}
    assert [receiver.next()["title"][:4] for _ in range(2)] == ["[OK]", "[OK]"]
    assert receiver.messages.empty()


def test_a_token_that_operates_silences(start) -> None:
    daemon = start()
    silence = {"selectors": ["acme"], "for": "1h", "reason": "the host moves"}
    assert asked(daemon, "silences", "act-token-0123456789", silence)[0] in {200, 201}
    ((_, (window,)),) = [asked(daemon, "silences", "look-token-0123456789")]
    assert window["selectors"] == ["acme"]


@pytest.mark.parametrize(
    ("token", "looks", "acts"),
    [("", 401, 401), ("wrong-token-0123456789", 401, 401), ("look-token-0123456789", 200, 403)],
    ids=["none", "a wrong one", "one that reads"],
)
def test_who_has_no_token_for_it_changes_nothing(start, token, looks, acts) -> None:
    daemon = start()
    silence = {"selectors": ["acme"], "for": "1h", "reason": "no"}
    assert asked(daemon, "incidents", token)[0] == looks
    assert asked(daemon, "silences", token, silence)[0] == acts
    assert asked(daemon, "silences", "look-token-0123456789") == (200, [])
