"""From results to what arrives, seen from outside: nothing missing, nothing late, nothing unexpected."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest

from techrun.alerts.delivery import Backoff
from techrun.alerts.notify import Channel
from techrun.alerts.policy import Policy
from techrun.model import Check, CheckId, Outcome, Reason, Result, Shop, Status
from techrun.sinks.incidents import IncidentSink
from techrun.store.database import Store, read_store

FAST = Backoff(first=0.02, longest=0.05)
SHOP = Shop("acme-es", "https://www.acme.es", runbook="https://wiki.example/acme")
OUTCOMES = {
    "d": Outcome(Status.DOWN, Reason.STATUS, "expected 200, got 502", step="payment"),
    "u": Outcome(Status.UP),
}
POLICY = Policy(group_wait={})


# --- the collector itself -----------------------------------------------------------------------------


def post(collector, key, channel="oncall"):
    body = json.dumps({"title": "[PAGE] acme-es", "message": f"text\nmessage {key}, attempt 1"}).encode()
    urllib.request.urlopen(urllib.request.Request(f"http{collector.url(channel)[4:]}", body)).close()


def test_the_collector_is_content_with_what_was_wanted(collector):
    collector.want("oncall", r"PAGE.*1-opened")
    collector.want("oncall", r"1-recovered")
    post(collector, "1-opened-oncall")
    post(collector, "1-recovered-oncall")
    collector.check()


@pytest.mark.parametrize(
    ("wanted", "came", "says"),
    [
        ([("1-opened", 0, 0.2)], [], "missing: oncall: 1-opened until 0.2 s"),
        ([("1-opened", 0, 0)], ["1-opened"], "late \\(wanted until 0 s\\): .*oncall: "),
        ([("1-opened", 30, 60)], ["1-opened"], "early \\(wanted from 30 s\\): "),
        ([("1-opened", 0, 20)], ["1-opened", "1-opened"], "unexpected: .*1-opened"),
        ([("1-opened", 0, 0.2)], ["2-opened"], "missing: .*\n *unexpected: .*2-opened"),
        ([], ["1-opened"], "unexpected: "),
    ],
    ids=["missing", "late", "early", "doubled", "another", "none wanted"],
)
def test_the_collector_fails_on_every_difference(collector, wanted, came, says):
    for pattern, after, within in wanted:
        collector.want("oncall", pattern, after=after, within=within)
    collector.QUIET = 0.05
    for key in came:
        post(collector, key)
    with pytest.raises(AssertionError, match=says):
        collector.check()


# --- scenarios ----------------------------------------------------------------------------------------


class Watch:
    """A sink on the store of a test, whose channels end at the collector."""

    def __init__(self, path, collector):
        self._path, self._collector = path, collector
        self._channels = ()
        self._parts = []
        self.runs = 0

    def __call__(self, runs):
        """Feed these runs; do what the other words say."""
        for word in runs.split():
            name, _, value = word.partition(":")
            if name in ("open", "reload"):
                getattr(self, name)(value.split(","))
            elif name == "told":
                self.told(int(value))
            elif name == "close":
                self.close()
            else:
                self.feed(word)

    def open(self, names):
        self._channels = names
        store = Store(self._path)
        sink = IncidentSink(store, self._senders(), policy=POLICY, backoff=FAST)
        self._parts = [sink, store]
        sink.configure([self._check()], [SHOP])

    def reload(self, names):
        """The configuration is read again: new channels of these names."""
        self._channels = names
        self.sink.configure([self._check()], [SHOP])
        self.sink.replace_alerting(self._senders(), POLICY, self.sink._teller.voice)

    def feed(self, letters):
        for letter in letters:
            self.runs += 1
            now = time.time()
            self.sink.accept(Result(self._check(), OUTCOMES[letter], f"r{self.runs}", now, 0.01, 0.0))

    def told(self, count):
        """Wait until so many messages arrived."""
        self._collector.wait_for(count)

    def close(self):
        for part in self._parts:
            part.close()
        self._parts = []

    def rows(self, columns):
        """What these columns of the outbox say, oldest first."""
        with read_store(self._path) as connection:
            return connection.execute(f"SELECT {columns} FROM outbox ORDER BY id").fetchall()

    @property
    def sink(self):
        return self._parts[0]

    def _senders(self):
        return [Channel(name, self._collector.url(name)) for name in self._channels]

    def _check(self):
        names = tuple(self._channels)
        return Check(CheckId("acme-es", "checkout"), "journey", 60, 30, severity="page", notify=names)


@pytest.fixture
def make_watch(monkeypatch, collector):
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 0.01)
    watches = []

    def make(folder):
        watches.append(Watch(folder / "techrun.db", collector))
        return watches[-1]

    yield make
    for watch in watches:
        watch.close()


@pytest.fixture
def watch(tmp_path, make_watch):
    return make_watch(tmp_path)


@pytest.mark.parametrize(
    ("story", "wants"),
    [
        ("open:oncall dddd", ["oncall PAGE.*1-opened"]),
        ("open:oncall dddduu", ["oncall PAGE.*1-opened", "oncall OK.*1-recovered"]),
        ("open:oncall dddudddudddu", []),
        ("open:oncall dddduddduddd", ["oncall 1-opened"]),
        (
            "open:oncall dddduu dddd",
            ["oncall 1-opened", "oncall 1-recovered", "oncall 2-opened"],
        ),
        (
            "open:oncall,chat dddduu",
            ["oncall 1-opened", "oncall 1-recovered", "chat 1-opened", "chat 1-recovered"],
        ),
        ("open:oncall dddd told:1 reload:oncall dddd uu", ["oncall 1-opened", "oncall 1-recovered"]),
        (
            "open:oncall dddd told:1 reload:chat dddd told:2 uu",
            ["oncall 1-opened", "chat 1-opened", "chat 1-recovered"],
        ),
        ("open:oncall dddd close open:oncall uu", ["oncall 1-opened", "oncall 1-recovered"]),
        ("open:oncall ddd close open:oncall d told:1 close open:oncall dddd", ["oncall 1-opened"]),
    ],
    ids=[
        "an outage",
        "its end",
        "flapping",
        "flapping while down",
        "down again",
        "two channels",
        "reload",
        "reload to another channel",
        "restart",
        "restart while failing",
    ],
)
def test_what_happens_is_told_once_and_in_time(watch, collector, story, wants):
    for want in wants:
        collector.want(*want.split(" ", 1))
    watch(story)
    collector.check()


def test_one_channel_that_fails_doubles_nothing_at_the_other(watch, collector):
    collector.answers["chat"] = [500, 502, 503]
    for channel in ("oncall", "chat"):
        collector.want(channel, "1-opened")
        collector.want(channel, "1-recovered")
    watch("open:oncall,chat dddduu")
    collector.check()
    assert collector.attempts == {"oncall": 2, "chat": 5}


def test_a_full_disk_holds_up_no_alert_and_doubles_none(small_disk, make_watch, collector):
    folder, disk = small_disk
    watch = make_watch(folder)
    watch("open:oncall,chat dd")
    collector.answers["chat"] = [500]
    disk.fill()
    for channel in ("oncall", "chat"):
        collector.want(channel, "1-opened")
    watch("dd")
    collector.check()
    assert "could not be written" in watch.sink.snapshot().problem
    disk.empty()
    for channel in ("oncall", "chat"):
        collector.want(channel, "1-recovered", within=40)
    watch("uu told:4 close open:oncall,chat uu")
    collector.check()
    assert watch.rows("event, channel, state, attempts") == [
        ("opened", "oncall", "sent", 1),
        ("opened", "chat", "sent", 2),
        ("recovered", "oncall", "sent", 1),
        ("recovered", "chat", "sent", 1),
    ]


def test_an_end_while_the_disk_is_full_says_what_is_not_noted(watch, collector, disk, caplog):
    watch("open:oncall dd")
    disk.fill()
    watch("dd told:1 close")
    assert "1 messages could not be written: they are lost, or sent again after the start" in caplog.text
    assert "the last states could not be written" in caplog.text
    disk.empty()
    collector.want("oncall", "1-opened")
    collector.want("oncall", "1-opened")
    watch("open:oncall dddd")
    collector.check()
