"""A real daemon reads its configuration again while an outage is open: nothing is lost, nothing told twice."""

from __future__ import annotations

import signal

import pytest

CONFIGURATION = """
shop: acme
url: {shop.url}
owner: {{name: shop-ops, notify: [desk]}}
channels:
  oncall: {{url: "json://127.0.0.1:{receiver.port}/oncall"}}
  desk: {{url: "json://127.0.0.1:{receiver.port}/desk"}}
notify: {{page: [oncall], ticket: [desk]}}
alerting: {{group_wait: {{page: 100ms, ticket: 100ms}}, remind: {{page: 1h}}}}
witness: ["{witness.url}/"]
defaults: {{confirmation: {{fail_after: 3, recover_after: 2, delays: [200ms]}}}}
checks:
  - {{name: home, http: /, every: 1s, severity: page}}
  - {{name: search, http: /search, every: 1s, severity: page}}
"""


@pytest.fixture
def open_outage(daemon, shop, receiver, witness):
    """A daemon that has told of an outage of `home`."""
    daemon.text = CONFIGURATION.format(shop=shop, receiver=receiver, witness=witness)
    daemon.configure(daemon.text)
    daemon.start()
    daemon.wait(lambda: daemon.runs("home", "up") and daemon.runs("search", "up"), "good runs")
    shop.broken = {"/": 502}
    assert receiver.next()["title"].startswith("[PAGE]")
    daemon.wait(lambda: daemon.metric("techrun_outbox_messages", channel="oncall") == 0, "the receipt")
    return daemon


def reload(daemon, way, *edits):
    """Write the configuration with these edits, and let the daemon read it."""
    text = daemon.text
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    daemon.configure(text)
    if way == "POST":
        return daemon.post("/-/reload")[0]
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait(lambda: "the new configuration" in daemon.log.read_text(), "a reload")
    return 200


def more(daemon, status, check="home"):
    before = daemon.runs(check, status)
    daemon.wait(lambda: daemon.runs(check, status) > before + 3, f"{check} to be {status}")


def said(message):
    return f"{message['channel']} {message['title'].partition(' ')[0]}"


@pytest.mark.parametrize(
    ("way", "edit", "wants"),
    [
        pytest.param("POST", ("/oncall", "/other"), {"other [OK]"}, id="another URL"),
        pytest.param(
            "SIGHUP", ("severity: page", "severity: ticket"), {"oncall [OK]"}, id="another severity"
        ),
        pytest.param("SIGHUP", ("every: 1s", "every: 2s"), {"oncall [OK]"}, id="another interval"),
        pytest.param("POST", ("page: [oncall]", "page: [desk]"), {"oncall [OK]", "desk [OK]"}, id="others"),
    ],
)
def test_an_open_outage_goes_on_under_the_new_configuration(
    open_outage, shop, receiver, way, edit, wants
) -> None:
    assert reload(open_outage, way, edit) == 200
    if "desk [OK]" in wants:
        assert said(receiver.next()) == "desk [PAGE]"
    more(open_outage, "down")
    shop.broken = {}
    assert {said(receiver.next()) for _ in wants} == wants
    more(open_outage, "up")
    assert receiver.messages.empty()


def test_a_new_policy_counts_for_an_outage_that_is_open(open_outage, receiver) -> None:
    reload(open_outage, "POST", ("page: 1h", "page: 2s"))
    for number in (2, 3):
        assert f"message 1-reminder.{number}-oncall" in receiver.next()["message"]


def test_a_check_that_leaves_is_told_to_be_no_longer_watched(open_outage, receiver) -> None:
    line = "  - {name: home, http: /, every: 1s, severity: page}\n"
    assert reload(open_outage, "POST", (line, "")) == 200
    assert said(receiver.next()) == "oncall [CLOSED]"
    more(open_outage, "up", "search")
    assert receiver.messages.empty()


def test_a_broken_configuration_and_one_that_needs_a_restart_are_named_and_the_outage_goes_on(
    open_outage, shop, receiver
) -> None:
    assert reload(open_outage, "POST", ("severity: page", "severity: loud")) == 500
    assert open_outage.metric("techrun_config_last_reload_successful") == 0
    assert reload(open_outage, "POST", ("witness: ", "location: elsewhere\nwitness: ")) == 200
    assert reload(open_outage, "POST", ('/"]', '/other"]')) == 200
    log = open_outage.log.read_text()
    assert "`location` changed: that takes effect at the next start" in log
    assert "`witness` changed: that takes effect at the next start" in log
    more(open_outage, "down")
    shop.broken = {}
    assert said(receiver.next()) == "oncall [OK]"
    assert receiver.messages.empty()
