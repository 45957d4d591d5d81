"""What a real daemon makes of failures: parents are asked, our own network is told apart, a pause changes nothing."""

from __future__ import annotations

import signal
import time

import pytest

HEAD = """
shop: acme
url: {shop.url}
owner: {{name: shop-ops, notify: [desk]}}
channels:
  oncall: {{url: "json://127.0.0.1:{receiver.port}/oncall"}}
  desk: {{url: "json://127.0.0.1:{receiver.port}/desk"}}
notify: {{page: [oncall], ticket: [desk]}}
alerting: {{group_wait: {{page: 100ms, ticket: 100ms}}}}
"""
FAMILY = """
defaults: {{confirmation: {{fail_after: 2, recover_after: 1, delays: [200ms]}}}}
checks:
  - {{name: home, http: /, every: 1h, severity: page}}
  - {{name: search, http: /search, every: 1s, severity: page, depends_on: [home]}}
"""
HOURLY_CHECKS_BEGIN_SOON = """
import time
from techrun import schedule
schedule._share = lambda check: ((time.time() + 1) % 3600) / 3600
"""


@pytest.fixture
def family(daemon, shop, receiver):
    """A daemon whose parent looks once an hour, and its child each second."""
    daemon.inside.append(HOURLY_CHECKS_BEGIN_SOON)
    daemon.configure((HEAD + FAMILY).format(shop=shop, receiver=receiver))
    daemon.start()
    daemon.wait(lambda: daemon.runs("home", "up") and daemon.runs("search", "up"), "both to be well")
    return daemon


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ({"/": 502, "/search": 502}, "[PAGE] acme: home is down"),
        ({"/search": 404}, "[PAGE] acme: search is down"),
    ],
    ids=["the parent is down", "the parent is well"],
)
def test_a_parent_is_asked_at_once_and_one_message_names_who_is_down(
    family, shop, receiver, broken, named
) -> None:
    """Without being asked the parent would say nothing for an hour, and hold the child's page for 45 s."""
    before = family.runs("home", "up") + family.runs("home", "down")
    shop.broken = broken
    assert receiver.next()["title"].startswith(named)
    assert family.runs("home", "up") + family.runs("home", "down") > before
    failures = family.runs("search", "down")
    family.wait(lambda: family.runs("search", "down") > failures + 3, "more failures")
    assert receiver.messages.empty()


WITNESS = """
witness: ["{witness.url}/"]
defaults: {{confirmation: {{fail_after: 3, recover_after: 1, delays: [200ms, 200ms]}}}}
checks:
  - {{name: home, http: /, every: 1s, severity: page}}
  - {{name: search, http: /search, every: 1s, severity: page}}
"""
IMPATIENT_WITNESS = """
from techrun import witness
from techrun.sinks import _fleet
witness.Patience.__init__.__defaults__ = (1.0, 0.1, 0.5)
_fleet.UPLINK_LOST = 1.0
"""


@pytest.fixture
def witnessed(daemon, shop, witness, receiver):
    """A daemon with somebody to ask whether its own network is there."""
    daemon.inside.append(IMPATIENT_WITNESS)
    daemon.configure((HEAD + WITNESS).format(shop=shop, receiver=receiver, witness=witness))
    daemon.start()
    daemon.wait(lambda: daemon.runs("home", "up") and daemon.runs("search", "up"), "both to be well")
    return daemon


def test_when_shop_witness_and_pager_are_gone_at_once_nobody_is_paged_and_the_owner_hears_of_it(
    witnessed, shop, witness, receiver
) -> None:
    for place in (shop, witness, receiver):
        place.die()
    witnessed.wait(lambda: witnessed.runs("home", "unknown") > 5, "runs that say nothing")
    witnessed.wait(lambda: witnessed.metric("techrun_outbox_messages", channel="desk"), "a ticket that waits")
    assert witnessed.metric("techrun_incidents_open", shop="acme", severity="page") == 0
    for place in (receiver, witness, shop):
        place.rise()
    good = witnessed.runs("home", "up")
    witnessed.wait(lambda: witnessed.runs("home", "up") > good + 2, "good runs")
    told = [receiver.next(), receiver.next()]
    assert [one["channel"] for one in told] == ["desk", "desk"]
    assert [one["title"][:8] for one in told] == ["[TICKET]", "[OK] tec"]
    assert receiver.messages.empty()


def test_when_the_shop_alone_is_gone_it_pages(witnessed, shop, receiver) -> None:
    shop.die()
    told = receiver.next()
    assert (told["channel"], told["title"][:12]) == ("oncall", "[PAGE] acme:")
    assert "Own network: ok" in told["message"]
    shop.rise()
    assert receiver.next()["title"].startswith("[OK] acme:")
    assert receiver.messages.empty()


PAUSED = """
defaults: {{confirmation: {{fail_after: 3, recover_after: 2, delays: [300ms, 300ms]}}, deadline: 1s}}
checks:
  - {{name: home, http: /, every: 1s, severity: page}}
  - {{name: search, http: /search, every: 1s, severity: page}}
"""
PAUSE = 8.0


@pytest.mark.parametrize("while_down", [True, False], ids=["during an outage", "while all is well"])
def test_a_daemon_that_was_stopped_for_a_while_pages_for_nothing_and_doubles_nothing(
    daemon, shop, receiver, while_down
) -> None:
    """As a virtual machine is that its host does not run: connections under way are cut, deadlines are long over."""
    daemon.configure((HEAD + PAUSED).format(shop=shop, receiver=receiver))
    daemon.start()
    daemon.wait(lambda: daemon.runs("home", "up") > 1, "good runs")
    if while_down:
        shop.broken = {"*": 502}
        assert receiver.next()["title"].startswith("[PAGE]")
    daemon.process.send_signal(signal.SIGSTOP)
    time.sleep(PAUSE)
    daemon.process.send_signal(signal.SIGCONT)
    status = "down" if while_down else "up"
    before = daemon.runs("home", status)
    daemon.wait(lambda: daemon.runs("home", status) > before + 5, "runs after the pause")
    assert receiver.messages.empty()
    if while_down:
        shop.broken = {}
        assert receiver.next()["title"].startswith("[OK]")
    assert receiver.messages.empty()
