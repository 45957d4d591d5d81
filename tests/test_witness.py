"""Whether our own network is there: witnesses on loopback that answer, refuse, hang and come back."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field

import pytest

from techrun.engine import Engine, EngineSettings
from techrun.fetch import Fetcher, FetchSettings
from techrun.model import Check, CheckId, Confirmation, Outcome, Phases, Reason, Shop, Status, Step
from techrun.probes.tcp import Spec
from techrun.schedule import SystemClock
from techrun.witness import NO_ANSWER, Patience, Witness

QUICK = Patience(answer=0.3, trust=0.2, again=0.05)
SLOW = Patience(answer=0.3, trust=60.0, again=60.0)
REFUSED = Outcome(Status.DOWN, Reason.CONNECT, "acme.invalid refuses connections")


@dataclass
class Site:
    """A well-known site that can be switched off and on again at the same address."""

    answer: bytes | None = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    """None: it takes the request and says nothing."""
    port: int = 0
    asked: int = 0
    _server: asyncio.Server | None = None
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def on(self) -> Site:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def off(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        if self.answer is None:
            await reader.read()
        else:
            writer.write(self.answer)
        writer.close()


@pytest.fixture
async def site():
    """Starts a witness: `await site()` is up, `None` hangs, any bytes are its answer."""
    sites = []

    async def make(*answer) -> Site:
        sites.append(await Site(*answer).on())
        return sites[-1]

    yield make
    for one in sites:
        await one.off()


@dataclass
class Told:
    """What the witness tells of its own accord."""

    states: list = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, state, at):
        self.states.append(state)
        self.news.set()

    async def until(self, *states):
        while self.states != list(states):
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 5)


@pytest.fixture
async def ask():
    """Makes a witness of these URLs; it and its fetcher are closed at the end."""
    made = []

    def make(*urls, patience=QUICK, told=None, **fetch) -> Witness:
        fetcher = Fetcher(FetchSettings(**fetch))
        witness = Witness(urls, fetcher, SystemClock(), told or Told(), patience=patience)
        made.append((witness, fetcher))
        return witness

    yield make
    for witness, fetcher in made:
        await witness.close()
        await fetcher.close()


def now():
    return SystemClock().elapsed()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def nowhere():
    """A URL at which nothing listens."""
    return f"http://127.0.0.1:{free_port()}/"


class TestWhoIsToBlame:
    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 301 Moved\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
        ],
        ids=["up", "answers 500", "redirects"],
    )
    async def test_a_witness_that_says_anything_leaves_the_failure_to_the_shop(self, answer, site, ask):
        witness = ask((await site(answer)).url)
        assert await witness.doubt(REFUSED, now()) is REFUSED
        assert witness.own_network == "ok"

    @pytest.mark.parametrize(
        "answer", [None, b"no HTTP at all\r\n\r\n", b""], ids=["hangs", "talks nonsense", "hangs up"]
    )
    async def test_a_witness_that_does_not_answer_makes_the_failure_ours(self, answer, site, ask):
        witness = ask((await site(answer)).url)
        assert (await witness.doubt(REFUSED, now())).reason is Reason.UPLINK
        assert witness.own_network == "lost"

    async def test_where_none_can_be_reached_the_outcome_says_so_and_keeps_what_was_seen(self, ask):
        step = Step("cart", Status.DOWN, Reason.CONNECT, "refused")
        before = Step("home", Status.UP)
        failed = Outcome(
            Status.DOWN,
            Reason.CONNECT,
            "acme.invalid refuses connections",
            "cart",
            Phases(0.1),
            steps=(before, step),
            order_failed=True,
        )
        found = await ask(nowhere(), nowhere()).doubt(failed, now())
        assert (found.status, found.reason) == (Status.UNKNOWN, Reason.UPLINK)
        assert found.message == (
            "techrun's own network is gone: none of 2 witnesses can be reached; acme.invalid refuses connections"
        )
        assert (found.step, found.phases, found.order_failed) == ("cart", Phases(0.1), False)
        assert [(one.status, one.reason) for one in found.steps] == [
            (Status.UP, None),
            (Status.UNKNOWN, Reason.UPLINK),
        ]

    async def test_a_name_server_that_is_gone_is_our_own_network(self, ask):
        witness = ask("http://witness.invalid/", nameservers=(f"127.0.0.1:{free_port()}",))
        assert (await witness.doubt(REFUSED, now())).reason is Reason.UPLINK

    async def test_one_of_several_is_enough_and_the_hanging_one_is_not_waited_for(self, site, ask):
        witness = ask((await site(None)).url, nowhere(), (await site()).url, patience=Patience(answer=30.0))
        assert await witness.doubt(REFUSED, now()) is REFUSED

    async def test_without_witnesses_nothing_is_known_and_nothing_changes(self, ask):
        witness = ask()
        witness.start()
        assert await witness.doubt(REFUSED, now()) is REFUSED
        assert witness.own_network == "unknown"

    @pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in NO_ANSWER])
    async def test_a_shop_that_was_reached_is_not_doubted(self, reason, ask):
        outcome = Outcome(Status.DOWN, reason, "it said something")
        witness = ask(nowhere())
        assert await witness.doubt(outcome, now()) is outcome
        assert witness.own_network == "unknown"

    async def test_a_run_that_began_while_the_network_was_lost_is_ours_although_it_is_back(self, site, ask):
        there = await site()
        witness, began = ask(there.url), now()
        await there.off()
        await witness.doubt(REFUSED, began)
        await there.on()
        await asyncio.wait_for(until(lambda: witness.own_network == "ok"), 5)
        assert (await witness.doubt(REFUSED, began)).reason is Reason.UPLINK
        assert await witness.doubt(REFUSED, now()) is REFUSED


async def until(condition):
    while not condition():  # noqa: ASYNC110  the state is told by a callback that other tests use
        await asyncio.sleep(0.005)


class TestHowOftenTheyAreAsked:
    async def test_until_it_is_seen_to_be_back_it_counts_as_lost(self, site, ask):
        """A run that began after the last question in vain may have met the lost network as well."""
        witness_site = await site()
        await witness_site.off()
        told = Told()
        witness = ask(witness_site.url, told=told)
        await witness.doubt(REFUSED, now())
        began = now()
        await witness_site.on()
        await told.until("lost", "ok")
        assert (await witness.doubt(REFUSED, began)).reason is Reason.UPLINK

    async def test_a_hundred_failures_at_once_ask_once(self, site, ask):
        there = await site()
        witness = ask(there.url)
        await asyncio.gather(*(witness.doubt(REFUSED, now()) for _ in range(100)))
        assert there.asked == 1

    async def test_an_answer_holds_for_a_while(self, site, ask):
        there = await site()
        witness = ask(there.url, patience=SLOW)
        for _ in range(3):
            await witness.doubt(REFUSED, now())
        assert there.asked == 1

    async def test_a_bad_answer_holds_for_a_while_also_for_runs_that_began_since(self, site, ask):
        hanging = await site(None)
        witness = ask(hanging.url, patience=SLOW)
        for _ in range(3):
            assert (await witness.doubt(REFUSED, now())).reason is Reason.UPLINK
        assert hanging.asked == 1

    async def test_an_old_answer_is_asked_for_anew(self, site, ask):
        there = await site()
        witness = ask(there.url, patience=Patience(trust=0.0))
        assert await witness.doubt(REFUSED, now()) is REFUSED
        await there.off()
        assert (await witness.doubt(REFUSED, now())).reason is Reason.UPLINK

    async def test_who_gives_up_waiting_does_not_end_the_question_for_the_others(self, site, ask):
        there = await site(None)
        witness = ask(there.url)
        impatient = asyncio.create_task(witness.doubt(REFUSED, now()))
        patient = asyncio.create_task(witness.doubt(REFUSED, now()))
        await until(lambda: there.asked)
        impatient.cancel()
        assert (await patient).reason is Reason.UPLINK


class TestTurns:
    async def test_the_start_tells_how_it_stands(self, site, ask):
        told = Told()
        ask((await site()).url, told=told).start()
        await told.until("ok")

    async def test_each_turn_is_told_once_and_the_return_without_any_further_failure(self, site, ask):
        there, told = await site(), Told()
        witness = ask(there.url, told=told)
        await witness.doubt(REFUSED, now())
        await there.off()
        await asyncio.sleep(QUICK.trust)
        await asyncio.gather(*(witness.doubt(REFUSED, now()) for _ in range(5)))
        await told.until("ok", "lost")
        await there.on()
        await told.until("ok", "lost", "ok")

    async def test_closed_it_asks_no_more(self, ask):
        witness = ask(nowhere())
        await witness.doubt(REFUSED, now())
        await witness.close()
        assert witness._watching.done()


@dataclass
class Sink:
    """Keeps the last result of each check of an engine."""

    engine: Engine | None = None
    last: dict = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def configure(self, checks, shops):
        pass

    def accept(self, result):
        self.last[result.check.id.name] = result
        self.news.set()

    def close(self):
        pass

    async def until(self, statuses):
        while {name: result.outcome.status for name, result in self.last.items()} != statuses:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 5)


@pytest.fixture
async def watch(ask):
    """Runs an engine over tcp checks of these ports, five times a second, with a doubt or none."""
    engines, loops = [], []

    async def start(doubt, **ports) -> Sink:
        sink = Sink()
        checks = [
            Check(
                CheckId("acme", name),
                "tcp",
                every=0.2,
                deadline=1.0,
                prepared=Spec(tcp=f"127.0.0.1:{port}"),
                confirmation=Confirmation(delays=()),
            )
            for name, port in ports.items()
        ]
        shops, settings = [Shop("acme", "http://shop.invalid")], EngineSettings(patience=0.2, grace=0.2)
        fetcher = Fetcher()
        engine = Engine(checks, shops, fetcher, None, sinks=[sink], settings=settings, doubt=doubt)
        sink.engine = engine
        engines.append((engine, fetcher))
        loops.append(asyncio.create_task(engine.run_forever()))
        return sink

    yield start
    for engine, fetcher in engines:
        await engine.stop()
        await fetcher.close()
    await asyncio.gather(*loops)


class TestInTheEngine:
    async def test_a_shop_is_down_while_the_witness_answers_and_unknown_while_it_does_not(
        self, site, ask, watch
    ):
        there, home = await site(), await site()
        sink = await watch(ask(there.url).doubt, home=home.port, cart=free_port(), stock=free_port())
        up, down, unknown = Status.UP, Status.DOWN, Status.UNKNOWN
        await sink.until({"home": up, "cart": down, "stock": down})
        await there.off()
        await sink.until({"home": up, "cart": unknown, "stock": unknown})
        assert sink.last["cart"].outcome.message.startswith("techrun's own network is gone: none of 1 ")
        await there.on()
        await sink.until({"home": up, "cart": down, "stock": down})

    async def test_the_witness_takes_none_of_the_shops_time(self, site, ask, watch):
        hanging = await site(None)
        sink = await watch(ask(hanging.url).doubt, cart=free_port())
        await sink.until({"cart": Status.UNKNOWN})
        assert sink.last["cart"].duration < QUICK.answer

    async def test_a_doubt_that_fails_by_itself_leaves_the_outcome_as_it_is(self, watch, caplog):
        async def broken(outcome, began):
            raise RuntimeError("nobody knows")

        sink = await watch(broken, cart=free_port())
        await sink.until({"cart": Status.DOWN})
        assert "could not be doubted" in caplog.text

    async def test_a_doubt_that_hangs_is_given_up(self, watch, monkeypatch):
        monkeypatch.setattr("techrun.engine.DOUBTING", 0.05)

        async def hang(outcome, began):
            await asyncio.Event().wait()

        sink = await watch(hang, cart=free_port())
        await sink.until({"cart": Status.DOWN})

    async def test_a_run_that_is_doubted_while_techrun_stops_counts_against_nobody(self, watch):
        doubting = asyncio.Event()

        async def hang(outcome, began):
            doubting.set()
            await asyncio.Event().wait()

        sink = await watch(hang, cart=free_port())
        await asyncio.wait_for(doubting.wait(), 5)
        await sink.engine.stop()
        assert sink.last["cart"].outcome.reason is Reason.INTERRUPTED
