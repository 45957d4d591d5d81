"""The dead man's switch beats while techrun really works, and only then."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field, replace

import pytest

from techrun.app import heartbeat
from techrun.app.heartbeat import Facts, Heartbeat, Inside, look_inside, works
from techrun.fetch import Fetcher
from techrun.model import Check, CheckId, Outcome, Reason, Result, Shop, Status
from techrun.sinks.incidents import IncidentSink
from techrun.standing import Receipt
from techrun.store.database import Store

HOME = Check(CheckId("acme", "home"), "http", every=60.0, deadline=30.0, severity="page", notify=("oncall",))
SHOP = Shop("acme", "https://acme.example")
WELL = Facts(quiet=20.0, allowed=210.0, runs=60, late=0, inside=Inside())
SECRET = "5f3c9a71-ping-key"


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        pytest.param(WELL, "", id="all is well"),
        pytest.param(replace(WELL, quiet=None), "no check has ended yet", id="just started"),
        pytest.param(replace(WELL, quiet=210.0), "", id="quiet as long as that is in order"),
        pytest.param(replace(WELL, quiet=211.0), "no check has ended for 3m31s", id="too quiet"),
        pytest.param(replace(WELL, runs=0), "", id="no run was due since the last beat"),
        pytest.param(replace(WELL, late=6), "", id="a few are late"),
        pytest.param(replace(WELL, late=7), "7 of 60 runs started more than 10s late", id="many are late"),
        pytest.param(
            replace(WELL, inside=Inside("no space left")), "the store cannot be written: no space left",
            id="disk full",
        ),
        pytest.param(replace(WELL, inside=Inside(oldest=900.0)), "", id="a message waits"),
        pytest.param(
            replace(WELL, inside=Inside(oldest=901.0)), "a message has waited for 15m1s to be delivered",
            id="a message waits for too long",
        ),
    ],
)  # fmt: skip
def test_it_works_while_checks_run_on_time_the_store_takes_and_the_outbox_drains(facts, why):
    assert works(facts) == why


@dataclass
class Service:
    """Whoever notices silence."""

    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n\r\nOK"
    requests: list = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def serve(self, reader, writer):
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        self.news.set()
        writer.write(self.answer)
        writer.close()

    async def beats(self, count):
        """Wait for so many more."""
        wanted = len(self.requests) + count
        while len(self.requests) < wanted:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 5)


@pytest.fixture
async def service():
    made = Service()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{SECRET}"
    yield made
    server.close()


class Clock:
    """Stands still unless it is told."""

    now = 1000.0

    def elapsed(self):
        return self.now

    def wall(self):
        return 1.7e9 + self.now


@dataclass
class Beating:
    """A heart with the knobs of its test."""

    heart: Heartbeat
    clock: Clock
    inside: list

    def run(self, lateness=0.0):
        self.heart.accept(Result(HOME, Outcome(Status.UP), "r", 1.7e9, 0.2, lateness))


@pytest.fixture
async def beating(service):
    """A heart that beats a hundred times a second, and has heard of one run."""
    clock, inside = Clock(), [Inside()]
    one = Beating(Heartbeat(service.url, 0.01, lambda: inside[0], clock=clock), clock, inside)
    one.heart.configure([HOME], [SHOP])
    fetcher = Fetcher()
    task = asyncio.create_task(one.heart.beat_forever(fetcher))
    yield one
    task.cancel()
    await asyncio.wait({task})
    await fetcher.close()


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  what is waited for is a line in the log
            await asyncio.sleep(0.005)


def said(caplog, part):
    return [message for message in caplog.messages if part in message]


class TestBeats:
    async def test_it_calls_the_service_again_and_again_without_cookies(self, beating, service):
        beating.run()
        await service.beats(3)
        assert all(request.startswith(f"GET /{SECRET} HTTP/1.1\r\n") for request in service.requests)
        assert "cookie" not in service.requests[-1].lower()

    async def test_before_the_first_result_it_is_silent(self, beating, service, caplog):
        await until(lambda: said(caplog, "the heartbeat stops: no check has ended yet"))
        assert service.requests == []
        beating.run()
        await service.beats(1)

    async def test_it_stops_when_techrun_does_not_work_and_says_so_once_each_way(
        self, beating, service, caplog
    ):
        beating.run()
        await service.beats(1)
        beating.inside[0] = Inside("no space left")
        await until(lambda: said(caplog, "the heartbeat stops"))
        silent_at = len(service.requests)
        await asyncio.sleep(0.1)
        assert len(service.requests) == silent_at
        beating.inside[0] = Inside()
        await service.beats(1)
        assert len(said(caplog, "the heartbeat stops: the store cannot be written: no space left")) == 1
        assert len(said(caplog, "the heartbeat goes on")) == 1

    async def test_checks_that_no_longer_end_stop_it(self, beating, service, caplog):
        beating.run()
        await service.beats(1)
        beating.clock.now += 211
        await until(lambda: said(caplog, "no check has ended for 3m31s"))
        beating.run()
        await service.beats(1)

    async def test_a_new_configuration_gets_its_time(self, beating, service):
        """A check that runs each hour was heard of long ago when one that runs each minute takes its place."""
        beating.heart.configure([replace(HOME, every=3600.0)], [SHOP])
        beating.run()
        beating.clock.now += 3000
        await service.beats(1)
        beating.heart.configure([HOME], [SHOP])
        await service.beats(2)

    async def test_runs_that_start_late_stop_it(self, beating, service, caplog):
        for lateness in (0.0, 0.0, 11.0):
            beating.run(lateness)
        await until(lambda: said(caplog, "the heartbeat stops: 1 of 3 runs started more than 10s late"))

    @pytest.mark.parametrize(
        ("answer", "problem"),
        [
            (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "it answered 500"),
            (b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", "it answered 302"),
            (b"", "closed the connection without answering"),
        ],
        ids=["500", "a redirect is not followed", "reset"],
    )
    async def test_a_beat_that_is_not_taken_is_said_once_and_tried_again(
        self, answer, problem, beating, service, caplog
    ):
        good, service.answer = service.answer, answer
        beating.run()
        await service.beats(3)
        assert len(said(caplog, "the heartbeat could not be sent")) == 1
        assert problem in caplog.text
        assert "/login" not in "".join(service.requests)
        service.answer = good
        await until(lambda: said(caplog, "the heartbeat is taken again"))
        assert SECRET not in caplog.text

    async def test_a_fault_of_ours_does_not_end_it(self, beating, service, caplog):
        beating.run()
        beating.inside[0] = None
        await until(lambda: said(caplog, "the heartbeat failed by itself"))
        beating.inside[0] = Inside()
        await service.beats(1)

    async def test_a_disk_that_hangs_holds_one_thread_and_no_beat_is_sent(self, service, monkeypatch, caplog):
        monkeypatch.setattr(heartbeat, "HANGS", 0.02)
        awake, asked = threading.Event(), []

        def hang():
            asked.append(1)
            awake.wait(10)
            return Inside()

        heart, fetcher = Heartbeat(service.url, 0.01, hang), Fetcher()
        heart.accept(Result(HOME, Outcome(Status.UP), "r", 1.7e9, 0.2, 0.0))
        task = asyncio.create_task(heart.beat_forever(fetcher))
        await until(lambda: said(caplog, "the disk does not answer"))
        await asyncio.sleep(0.15)
        assert len(asked) == 1
        assert service.requests == []
        awake.set()
        await service.beats(1)
        task.cancel()
        await asyncio.wait({task})
        await fetcher.close()


@pytest.mark.parametrize(
    ("checks", "allowed"),
    [
        ([], 120.0),
        ([replace(HOME, every=10.0, deadline=5.0)], 120.0),
        ([replace(HOME, every=3600.0)], 3 * 3600.0 + 30.0),
        ([replace(HOME, every=3600.0), HOME], 3 * 60.0 + 30.0),
        ([replace(HOME, every=60.0, deadline=300.0, cleanup_deadline=60.0)], 540.0),
    ],
    ids=["no checks", "often", "rarely", "the most frequent counts", "a run may take its time"],
)
def test_how_long_silence_may_last_follows_from_the_checks(checks, allowed):
    heart = Heartbeat("http://127.0.0.1/", 60.0, Inside)
    heart.configure(checks, [SHOP])
    assert heart._allowed == allowed


class Refusing:
    """A channel that takes nothing."""

    name = "oncall"

    def __init__(self):
        self.asked = threading.Event()

    def send(self, message):
        self.asked.set()
        return Receipt(ok=False, elapsed=0.001, answer="no")


class TestLookingInside:
    @pytest.fixture
    def store(self, tmp_path):
        made = Store(tmp_path / "techrun.db")
        yield made
        made.close()

    @pytest.fixture
    def incidents(self, store):
        self.channel, self.now = Refusing(), 1.7e9
        sink = IncidentSink(store, [self.channel], clock=lambda: self.now)
        sink.configure([HOME], [SHOP])
        yield sink
        sink.close()

    def test_a_store_that_takes_and_an_empty_outbox_are_well(self, store, incidents):
        assert look_inside(store, incidents) == Inside()

    def test_a_message_that_nobody_takes_waits(self, store, incidents):
        for minute in range(4):
            outcome = Outcome(Status.DOWN, Reason.STATUS, "expected 200, got 502")
            incidents.accept(Result(HOME, outcome, f"r{minute}", 1.7e9 + 60 * minute, 0.2, 0.0))
            self.now += 60
        assert self.channel.asked.wait(10)
        self.now += 900
        assert look_inside(store, incidents).oldest >= 900

    def test_a_store_that_is_gone_is_a_problem(self, store, incidents):
        incidents.close()
        store.close()
        assert "closed" in look_inside(store, incidents).problem

    def test_a_disk_that_hangs_is_a_problem(self, store, incidents, monkeypatch):
        monkeypatch.setattr(heartbeat, "HANGS", 0.05)
        awake = threading.Event()
        store.write(lambda _: awake.wait(10), urgent=True)
        problem = look_inside(store, incidents).problem
        awake.set()
        assert problem == "the disk does not answer"
