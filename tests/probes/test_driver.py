"""How a journey is driven: deadlines, interruption, cleanup, orders. Journey and session are ours to fake."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from techrun.exchange import Failure, Interrupted, Request, Response, Wait
from techrun.model import Order, Outcome, Reason, Status
from techrun.probes._driver import OFF_LOOP, Driver

PAGE = Request("GET", "http://shop.invalid/")
ORDER = Request("POST", "http://shop.invalid/order", places_order=True, step="place-order")
UNDO = Request("POST", "http://shop.invalid/cancel", cleanup=True)


class Session:
    """Answers every request with `answer`, after `takes` seconds; an endless one is an Event."""

    def __init__(self, answer=None, takes=0.0):
        self.answer, self.takes = answer or Response(200), takes
        self.requests, self.timeouts = [], []
        self.asked = asyncio.Event()

    async def exchange(self, request, limit):
        self.requests.append(request)
        self.timeouts.append(limit)
        self.asked.set()
        if not request.cleanup:
            await asyncio.sleep(min(self.takes, limit))
            if self.takes > limit:
                return Failure(Reason.TIMEOUT, "no answer in time")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Journey:
    """Asks for these steps, then for this cleanup; tells what it was answered."""

    def __init__(self, *steps, cleanup=(), orders=()):
        self.steps, self.cleanup, self.orders = steps, cleanup, orders
        self.answers, self.cleanup_answers, self.interruptions, self.threads = [], [], [], []

    def run(self):
        reason = None
        try:
            for step in self.steps:
                self.answers.append((yield step))
                self.threads.append(threading.get_ident())
        except Interrupted as interruption:
            self.interruptions.append(interruption)
            reason = interruption.reason
        try:
            for step in self.cleanup:
                self.cleanup_answers.append((yield step))
        except Interrupted as interruption:
            self.interruptions.append(interruption)
        return Outcome(Status.DOWN if reason else Status.UP, reason, orders=tuple(self.orders))


async def drive(journey, session, run):
    return await Driver(journey.run(), session, run).drive()


async def test_each_request_is_one_exchange_and_its_answer_goes_back(make_run):
    journey, session = Journey(PAGE, PAGE), Session()
    outcome = await drive(journey, session, make_run())
    assert outcome.status is Status.UP
    assert session.requests == [PAGE, PAGE]
    assert journey.answers == [session.answer, session.answer]


async def test_a_wait_lets_time_pass_and_is_answered_with_nothing(make_run):
    journey = Journey(Wait(0.05))
    began = time.monotonic()
    await drive(journey, Session(), make_run())
    assert time.monotonic() - began >= 0.05
    assert journey.answers == [None]


class TestDeadline:
    async def test_an_exchange_gets_no_more_time_than_is_left(self, make_run):
        session = Session()
        slow = Request("GET", "http://shop.invalid/", timeout=30.0)
        quick = Request("GET", "http://shop.invalid/", timeout=0.5)
        await drive(Journey(slow, quick), session, make_run(deadline=5.0))
        assert 4.0 < session.timeouts[0] <= 5.0
        assert session.timeouts[1] == 0.5

    async def test_an_exchange_that_runs_into_it_reports_how_far_it_came(self, make_run):
        journey = Journey(PAGE, PAGE)
        outcome = await drive(journey, Session(takes=9.0), make_run(deadline=0.05))
        assert [answer.reason for answer in journey.answers] == [Reason.TIMEOUT]
        assert outcome.reason is Reason.TIMEOUT
        assert journey.interruptions[0].message == "the deadline of 0.05 s is spent"

    async def test_a_session_that_overstays_is_cut_off(self, make_run):
        class Stuck(Session):
            async def exchange(self, request, limit):
                await asyncio.Event().wait()

        journey = Journey(PAGE)
        outcome = await asyncio.wait_for(drive(journey, Stuck(), make_run(deadline=0.05)), 2)
        assert outcome.reason is Reason.TIMEOUT

    async def test_it_ends_a_wait(self, make_run):
        journey = Journey(Wait(60.0), PAGE)
        outcome = await asyncio.wait_for(drive(journey, Session(), make_run(deadline=0.05)), 2)
        assert outcome.reason is Reason.TIMEOUT

    async def test_cleanup_runs_after_it_under_a_deadline_of_its_own(self, make_run):
        journey, session = Journey(PAGE, PAGE, cleanup=[UNDO]), Session(takes=9.0)
        await drive(journey, session, make_run(deadline=0.05, cleanup_deadline=3.0))
        assert session.requests[-1] == UNDO
        assert 2.0 < session.timeouts[-1] <= 3.0
        assert len(journey.cleanup_answers) == 1

    async def test_a_cleanup_that_takes_too_long_is_ended(self, make_run):
        journey = Journey(cleanup=[UNDO, Wait(60.0, cleanup=True), UNDO])
        run = make_run(deadline=5.0, cleanup_deadline=0.05)
        await asyncio.wait_for(drive(journey, Session(), run), 2)
        assert journey.interruptions[0].message == "the cleanup deadline of 0.05 s is spent"


class TestStop:
    async def test_the_steps_are_interrupted_and_the_cleanup_runs(self, make_run):
        journey, session = Journey(PAGE, PAGE, cleanup=[UNDO]), Session(takes=4.0)
        task = asyncio.create_task(drive(journey, session, make_run()))
        await session.asked.wait()
        task.cancel()
        outcome = await task
        assert outcome.reason is Reason.INTERRUPTED
        assert session.requests == [PAGE, UNDO]
        assert task.cancelling() == 0

    async def test_a_cleanup_under_way_is_not_disturbed(self, make_run):
        answered = asyncio.Event()

        class Slow(Session):
            async def exchange(self, request, limit):
                self.asked.set()
                await asyncio.sleep(0.05)
                answered.set()
                return Response(200)

        journey, session = Journey(cleanup=[UNDO, UNDO]), Slow()
        task = asyncio.create_task(drive(journey, session, make_run()))
        await session.asked.wait()
        task.cancel()
        await task
        assert answered.is_set()
        assert [answer.status for answer in journey.cleanup_answers] == [200, 200]

    async def test_an_order_under_way_is_answered_first_so_that_it_can_be_taken_back(self, make_run):
        journey, session = Journey(ORDER, cleanup=[UNDO]), Session(takes=0.05)
        task = asyncio.create_task(drive(journey, session, make_run(allow_orders=True)))
        await session.asked.wait()
        task.cancel()
        await task
        assert journey.answers == [session.answer]
        assert session.requests == [ORDER, UNDO]


class TestOrders:
    async def test_an_order_is_recorded_before_it_is_sent_and_settled_after(self, make_run, ledger):
        order = Order("place-order", "order_id=7", "cancelled")
        sent_when_recorded = []
        session = Session()

        async def begin(shop, check, run_id, step):
            sent_when_recorded.append(list(session.requests))
            return ""

        ledger.begin = begin
        await drive(Journey(ORDER, orders=[order]), session, make_run(allow_orders=True))
        assert sent_when_recorded == [[]]
        assert ledger.settled == [(order,)]

    async def test_an_order_that_time_ran_out_for_was_never_sent_and_is_not_told(self, make_run, ledger):
        order = Order("place-order", "", "unconfirmed")
        session = Session()
        outcome = await drive(
            Journey(ORDER, orders=[order]), session, make_run(allow_orders=True, deadline=0)
        )
        assert session.requests == []
        assert outcome.reason is Reason.TIMEOUT
        assert outcome.orders == ()
        assert ledger.settled == []

    async def test_a_stop_while_settling_loses_neither_the_record_nor_the_outcome(self, make_run, ledger):
        settling, go_on = asyncio.Event(), asyncio.Event()

        async def settle(*_):
            settling.set()
            await go_on.wait()
            ledger.settled.append("done")

        ledger.settle = settle
        task = asyncio.create_task(drive(Journey(ORDER), Session(), make_run(allow_orders=True)))
        await settling.wait()
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        outcome = await task
        assert outcome.status is Status.UP
        assert ledger.settled == ["done"]

    @pytest.mark.parametrize(
        ("allowed", "refusal", "said"),
        [
            pytest.param(True, "the cap of 24 orders a day is reached", "the cap of 24", id="cap"),
            pytest.param(False, "", "this run may not place orders", id="not allowed"),
        ],
    )
    async def test_a_refused_order_is_not_sent(self, make_run, ledger, allowed, refusal, said):
        ledger.refusal = refusal
        journey, session = Journey(ORDER), Session()
        await drive(journey, session, make_run(allow_orders=allowed))
        assert session.requests == []
        assert journey.answers[0].reason is Reason.ORDER_CAP
        assert said in journey.answers[0].message
        assert ledger.settled == []

    async def test_an_order_that_cannot_be_recorded_is_not_sent(self, make_run, ledger, caplog):
        async def begin(*_):
            raise OSError("disk full")

        ledger.begin = begin
        journey, session = Journey(ORDER), Session()
        await drive(journey, session, make_run(allow_orders=True))
        assert session.requests == []
        assert "could not be recorded" in journey.answers[0].message

    async def test_a_disk_that_hangs_is_no_time_out_of_the_shop(self, make_run, ledger, monkeypatch):
        monkeypatch.setattr(ledger, "begin", lambda *_: asyncio.Event().wait())
        journey, session = Journey(ORDER), Session()
        await drive(journey, session, make_run(deadline=0.2, allow_orders=True))
        assert session.requests == []
        assert journey.interruptions == []
        assert journey.answers[0].reason is Reason.ORDER_CAP
        assert ledger.settled == []

    async def test_a_ledger_that_cannot_settle_costs_no_outcome(self, make_run, ledger, caplog):
        async def settle(*_):
            raise OSError("disk full")

        ledger.settle = settle
        outcome = await drive(Journey(ORDER), Session(), make_run(allow_orders=True))
        assert outcome.status is Status.UP


async def test_a_session_that_raises_is_a_failure_and_cleanup_runs(make_run, caplog):
    journey, session = Journey(PAGE, cleanup=[UNDO]), Session(answer=RuntimeError("bug"))
    await drive(journey, session, make_run())
    assert journey.answers[0].reason is Reason.INTERNAL
    assert session.requests == [PAGE, UNDO]


class TestLargeBodies:
    @pytest.mark.parametrize(
        ("size", "on_loop"), [(OFF_LOOP, True), (OFF_LOOP + 1, False)], ids=["small", "large"]
    )
    async def test_a_large_body_is_parsed_off_the_loop(self, make_run, size, on_loop):
        journey = Journey(PAGE)
        await drive(journey, Session(Response(200, body=b"x" * size)), make_run())
        assert (journey.threads[0] == threading.get_ident()) is on_loop

    async def test_a_stop_while_parsing_waits_for_the_parser_and_then_cleans_up(self, make_run):
        parsing, go_on = threading.Event(), threading.Event()

        class Parsing(Journey):
            def run(self):
                try:
                    yield PAGE
                    parsing.set()
                    go_on.wait(5)
                    yield PAGE
                except Interrupted as interruption:
                    self.interruptions.append(interruption)
                yield UNDO
                return Outcome(Status.UNKNOWN, Reason.INTERRUPTED)

        journey, session = Parsing(), Session(Response(200, body=b"x" * (OFF_LOOP + 1)))
        task = asyncio.create_task(drive(journey, session, make_run()))
        await asyncio.to_thread(parsing.wait, 5)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        outcome = await task
        assert outcome.reason is Reason.INTERRUPTED
        assert journey.interruptions[0].reason is Reason.INTERRUPTED
        assert session.requests == [PAGE, UNDO]
