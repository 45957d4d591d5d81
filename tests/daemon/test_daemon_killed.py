"""A real daemon is killed while something is under way: started again, it tells what is owed, once."""

from __future__ import annotations

import pytest

SETTINGS = """
channels:
  oncall: {{url: "json://127.0.0.1:{receiver.port}/oncall"}}
  second: {{url: "json://127.0.0.1:{receiver.port}/second"}}
  desk: {{url: "json://127.0.0.1:{receiver.port}/desk"}}
owner: {{name: techrun-ops, notify: [desk]}}
alerting:
  group_wait: {{page: {group_wait}, ticket: 100ms}}
  escalate: [second]
  escalate_after: {escalate_after}
  blind_after: 4s
  storm: {{shops: 3, within: 1m}}
defaults: {{confirmation: {{fail_after: {fail_after}, recover_after: 2, delays: [200ms]}}}}
shops: [acme-*.yaml]
"""
SHOP = """
shop: {name}
url: {url}
notify: {{page: [oncall], ticket: [desk]}}
checks:
  - {{name: home, http: /{name}, every: 1s, severity: page}}
"""
SHOPS = ("acme-at", "acme-de", "acme-es", "acme-fr")
ES = ("acme-es",)
CAPTCHA = b"<html><title>Are you human?</title><div class=h-captcha></div></html>"


@pytest.fixture
def watching(daemon, shop, receiver):
    """Starts a daemon on these shops and waits until all are well."""

    def start(names=ES, *, fail_after=3, escalate_after="1h", group_wait="100ms"):
        daemon.configure(
            SETTINGS.format(
                receiver=receiver,
                fail_after=fail_after,
                escalate_after=escalate_after,
                group_wait=group_wait,
            )
        )
        for name in names:
            (daemon.folder / f"{name}.yaml").write_text(SHOP.format(name=name, url=shop.url))
        daemon.start()
        for name in names:
            daemon.wait(lambda name=name: runs(daemon, name, "up"), f"{name} to be well")
        return daemon

    return start


def runs(daemon, shop, status):
    return daemon.metric("techrun_check_runs_total", shop=shop, status=status) or 0


def more(daemon, shop, status, count=3):
    """Wait for so many more runs that end like this."""
    before = runs(daemon, shop, status)
    daemon.wait(lambda: runs(daemon, shop, status) >= before + count, f"{shop} to be {status}")


def receipts(daemon):
    """Wait until all that was sent is noted as sent."""
    daemon.wait(
        lambda: (
            not any(
                daemon.metric("techrun_outbox_messages", channel=channel)
                for channel in ("oncall", "second", "desk")
            )
        ),
        "the receipts",
    )


def breaks(shop, *names):
    shop.broken = {f"/{name}": 502 for name in names}


def test_an_outage_that_is_not_yet_confirmed_goes_on_being_confirmed(watching, shop, receiver) -> None:
    daemon = watching(fail_after=6)
    breaks(shop, *ES)
    more(daemon, *ES, "down", 3)
    daemon.restart()
    assert receiver.next()["title"].startswith("[PAGE] acme-es")
    more(daemon, *ES, "down")
    assert receiver.messages.empty()


def test_an_outage_that_ends_while_it_is_not_there_is_told_to_be_over(watching, shop, receiver) -> None:
    daemon = watching()
    breaks(shop, *ES)
    assert receiver.next()["title"].startswith("[PAGE]")
    receipts(daemon)
    daemon.process.kill()
    daemon.process.wait()
    breaks(shop)
    daemon.start()
    assert receiver.next()["title"].startswith("[OK]")
    more(daemon, *ES, "up")
    assert receiver.messages.empty()


def test_a_check_that_is_removed_while_it_is_not_there_is_withdrawn(watching, shop, receiver) -> None:
    daemon = watching(("acme-es", "acme-at"))
    breaks(shop, *ES)
    assert receiver.next()["title"].startswith("[PAGE]")
    receipts(daemon)
    daemon.process.kill()
    daemon.process.wait()
    (daemon.folder / "acme-es.yaml").unlink()
    daemon.start()
    assert receiver.next()["title"].startswith("[CLOSED] acme-es")
    more(daemon, "acme-at", "up")
    assert receiver.messages.empty()


def test_a_silence_stays_in_force_and_the_alert_goes_out_at_its_end(watching, shop, receiver) -> None:
    daemon = watching()
    daemon.techrun("silence", "acme-es", "--for", "1h", "--reason", "the PSP is down")
    breaks(shop, *ES)
    daemon.wait(lambda: daemon.metric("techrun_incidents_open", shop="acme-es", severity="page"), "incident")
    daemon.restart()
    more(daemon, *ES, "down")
    assert receiver.all == []
    daemon.techrun("silence", "end", "1")
    assert receiver.next()["title"].startswith("[PAGE]")
    more(daemon, *ES, "down")
    assert receiver.messages.empty()


@pytest.mark.parametrize("acknowledged", [False, True], ids=["nobody", "somebody"])
def test_a_page_that_nobody_acknowledged_escalates_after_the_kill(
    watching, shop, receiver, acknowledged
) -> None:
    daemon = watching(escalate_after="5s")
    breaks(shop, *ES)
    assert receiver.next()["channel"] == "oncall"
    receipts(daemon)
    if acknowledged:
        daemon.techrun("ack", "1", "--note", "on it")
    daemon.restart()
    if not acknowledged:
        told = receiver.next()
        assert (told["channel"], told["title"][:6]) == ("second", "[PAGE]")
    more(daemon, *ES, "down", 8)
    assert receiver.messages.empty()


def test_the_time_that_a_check_is_blind_is_counted_over_the_kill(watching, shop, receiver) -> None:
    daemon = watching()
    shop.broken, shop.page = {"/acme-es": 403}, CAPTCHA
    more(daemon, *ES, "blocked", 2)
    daemon.restart()
    told = receiver.next()
    assert (told["channel"], told["title"][:8]) == ("desk", "[TICKET]")
    more(daemon, *ES, "blocked")
    assert receiver.messages.empty()


def test_a_storm_that_was_told_stays_one_message_and_so_does_its_end(watching, shop, receiver) -> None:
    daemon = watching(SHOPS, group_wait="5s")
    breaks(shop, *SHOPS)
    assert "3 shops or more" in receiver.next()["title"]
    receipts(daemon)
    daemon.restart()
    for name in SHOPS:
        more(daemon, name, "down")
    breaks(shop)
    assert receiver.next()["title"].startswith("[OK] 3 shops or more")
    for name in SHOPS:
        more(daemon, name, "up")
    assert receiver.messages.empty()
