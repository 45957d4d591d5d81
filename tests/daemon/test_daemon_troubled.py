"""A real daemon in trouble of its own: its disk is full, its messages are stuck. It says so, and still pages."""

from __future__ import annotations

import pytest

CONFIGURATION = """
shop: acme
url: {shop.url}
channels: {{oncall: {{url: "json://127.0.0.1:{receiver.port}/oncall"}}}}
notify: {{page: [oncall]}}
alerting: {{group_wait: {{page: 100ms}}}}
heartbeat: {{url: "{pulse.url}/beat-token-0123", every: 1s}}
checks:
  - name: home
    http: /
    every: 1s
    severity: page
    confirmation: {{fail_after: 3, recover_after: 2, delays: [200ms]}}
"""


@pytest.fixture
def beating(daemon, shop, receiver, witness, small_disk):
    """A daemon whose store is on a small disk and whose heartbeat somebody hears; it has begun to beat."""
    daemon.pulse = witness
    folder, daemon.disk = small_disk
    daemon.store = folder / "store.db"
    daemon.inside.append("from techrun.app import heartbeat; heartbeat.STUCK = 3.0")
    daemon.configure(CONFIGURATION.format(shop=shop, receiver=receiver, pulse=witness))
    daemon.start()
    beats_on(daemon)
    return daemon


def beats(daemon):
    return daemon.pulse.asked["GET /beat-token-0123"]


def beats_on(daemon):
    before = beats(daemon)
    daemon.wait(lambda: beats(daemon) > before + 1, "the heart to beat")


def beats_no_more(daemon, why):
    daemon.wait(lambda: why in daemon.log.read_text(), f"the heartbeat to stop: {why}")
    before, runs = beats(daemon), daemon.runs("home", "up") + daemon.runs("home", "down")
    daemon.wait(lambda: daemon.runs("home", "up") + daemon.runs("home", "down") > runs + 4, "runs")
    assert beats(daemon) == before


def test_with_a_full_disk_it_says_so_pages_once_and_goes_on_when_there_is_room(
    beating, shop, receiver
) -> None:
    daemon = beating
    daemon.disk.fill()
    beats_no_more(daemon, "the heartbeat stops: the store cannot be written")
    assert daemon.metric("techrun_store_writable") == 0
    shop.broken = {"/": 502}
    assert receiver.next()["title"].startswith("[PAGE]")
    failures = daemon.runs("home", "down")
    daemon.wait(lambda: daemon.runs("home", "down") > failures + 3, "more failures")
    shop.broken = {}
    assert receiver.next()["title"].startswith("[OK]")
    assert "states and messages are kept in memory until the store can be written" in daemon.log.read_text()
    daemon.disk.empty()
    beats_on(daemon)
    assert daemon.metric("techrun_store_writable") == 1
    daemon.wait(lambda: daemon.metric("techrun_outbox_messages", channel="oncall") == 0, "the receipts")
    daemon.restart()
    daemon.wait(lambda: daemon.runs("home", "up") > 3, "good runs")
    shown = daemon.techrun("incidents", "list", "--since", "1d", "--format", "json").stdout
    assert '"id": 1' in shown
    assert len(receiver.all) == 2


def test_messages_that_nobody_takes_stop_the_heartbeat_until_they_are_taken(beating, shop, receiver) -> None:
    receiver.statuses = [500] * 100
    shop.broken = {"/": 502}
    beats_no_more(beating, "to be delivered")
    receiver.statuses = []
    assert receiver.next()["title"].startswith("[PAGE]")
    beats_on(beating)
    assert len(receiver.all) == 1


def test_a_start_on_a_full_disk_is_refused_in_words_and_the_next_one_knows_all(
    beating, shop, receiver
) -> None:
    """Without its states it would tell again of all that is down; the heartbeat is silent meanwhile."""
    daemon = beating
    shop.broken = {"/": 502}
    assert receiver.next()["title"].startswith("[PAGE]")
    assert daemon.stop() == 0
    daemon.disk.fill()
    with pytest.raises(AssertionError):
        daemon.start()
    assert daemon.process.poll() == 5
    assert "the room on its disk" in daemon.log.read_text()
    daemon.disk.empty()
    daemon.start()
    shop.broken = {}
    assert receiver.next()["title"].startswith("[OK]")
    assert len(receiver.all) == 2
