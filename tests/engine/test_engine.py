"""The loop with probes that behave in every way a probe can."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field, replace

import pytest

from techrun.engine import Engine, EngineSettings
from techrun.language.definition import Definition
from techrun.model import Check, CheckId, Outcome, Reason, Shop, Status
from techrun.probes import Kind
from techrun.redact import Redactor

UP = Outcome(Status.UP)
DOWN = Outcome(Status.DOWN, Reason.STATUS, "500")
SHOP = Shop("acme", "http://shop.invalid")
QUICK = EngineSettings(grace=0.05, patience=0.05)


@dataclass
class Sink:
    """Keeps what it is told; `fail` makes it raise instead."""

    fail: bool = False
    results: list = field(default_factory=list)
    configured: list = field(default_factory=list)
    closed: int = 0
    got: asyncio.Event = field(default_factory=asyncio.Event)

    def configure(self, checks, shops):
        self.configured.append(([check.id.name for check in checks], [shop.name for shop in shops]))
        self._maybe_fail()

    def accept(self, result):
        self._maybe_fail()
        self.results.append(result)
        self.got.set()

    def close(self):
        self.closed += 1
        self._maybe_fail()

    def _maybe_fail(self):
        if self.fail:
            raise RuntimeError("the disk is full")

    async def wait_for(self, count):
        while len(self.results) < count:
            self.got.clear()
            await asyncio.wait_for(self.got.wait(), 30)


def a_check(name="home", every=0.05, deadline=1.0, **settings):
    return Check(CheckId("acme", name), "fake", every=every, deadline=deadline, **settings)


@pytest.fixture
async def start():
    """Starts an engine whose only kind is this function; it is stopped at the end."""
    engines, loops = [], []

    def make(probe, *checks, run=True, **settings):
        kind = Kind("fake", Definition, probe, None, "A fake.")
        engine = Engine(
            checks or [a_check()],
            [SHOP],
            None,
            None,
            **({"settings": QUICK, "probes": {"fake": kind}} | settings),
        )
        if run:
            engines.append(engine)
            loops.append(asyncio.create_task(engine.run_forever()))
        return engine

    yield make
    for engine in engines:
        await engine.stop()
    await asyncio.gather(*loops)


async def until(condition):
    while not condition():  # noqa: ASYNC110  the engine has no event for what only a test wants to see
        await asyncio.sleep(0.005)


async def up(spec, run):
    return UP


async def hang(spec, run):
    await asyncio.Event().wait()


async def hang_for_ever(spec, run):
    """Swallows every cancellation until the test is over."""
    while not run.check.prepared.is_set():
        with contextlib.suppress(asyncio.CancelledError):
            await run.check.prepared.wait()
    return UP


class TestResults:
    async def test_a_result_is_stamped_with_what_only_the_engine_knows(self, start):
        sink = Sink()
        start(up, a_check(), sinks=[sink], settings=replace(QUICK, location="fra1"))
        await sink.wait_for(2)
        first, second = sink.results[:2]
        assert first.check.id == CheckId("acme", "home")
        assert first.run_id < second.run_id
        assert second.started > first.started
        assert first.duration >= 0
        assert first.lateness >= 0
        assert (first.trigger, first.location) == ("schedule", "fra1")

    async def test_every_sink_gets_every_result_also_beside_one_that_fails(self, start, caplog):
        broken, sound = Sink(fail=True), Sink()
        start(up, sinks=[broken, sound])
        await sound.wait_for(3)
        assert "the disk is full" in caplog.text

    async def test_a_failure_is_confirmed_without_placing_orders(self, start):
        seen = []

        async def down(spec, run):
            seen.append((run.trigger, run.allow_orders))
            return DOWN

        sink = Sink()
        check = a_check(every=2.0, places_orders=True)
        quick = replace(check.confirmation, delays=(0.01, 0.01))
        start(down, replace(check, confirmation=quick), sinks=[sink])
        await sink.wait_for(3)
        assert seen[:3] == [("schedule", True), ("confirmation", False), ("confirmation", False)]

    async def test_each_run_is_a_line_for_those_who_ask_for_everything(self, start, caplog):
        caplog.set_level(logging.DEBUG, "techrun.engine")
        sink = Sink()

        async def down(spec, run):
            return replace(DOWN, step="cart")

        start(down, sinks=[sink])
        await sink.wait_for(1)
        assert "acme/home schedule: down cart 500" in caplog.messages

    async def test_the_message_of_an_outcome_names_no_secret(self, start):
        async def tell(spec, run):
            return Outcome(Status.DOWN, Reason.STATUS, "refused: hunter2secret")

        engine = start(tell, run=False, redactor=Redactor(["hunter2secret"]))
        assert (await engine.run_once(a_check())).outcome.message == "refused: ***"

    async def test_a_hurried_check_runs_now_and_its_result_counts_as_a_confirmation(self, start):
        sink = Sink()
        checks = [a_check(name, every=3600.0, places_orders=True) for name in ("home", "cart")]
        engine = start(up, *checks, sinks=[sink])
        await asyncio.sleep(0)
        engine.hurry([CheckId("acme", "home"), CheckId("acme", "gone")])
        await sink.wait_for(1)
        assert [(result.check.id.name, result.trigger) for result in sink.results] == [
            ("home", "confirmation")
        ]


class TestBadProbes:
    async def test_a_probe_that_raises_is_unknown_and_its_secrets_are_redacted(self, start, caplog):
        async def broken(spec, run):
            raise ValueError("no value in hunter2secret")

        engine = start(broken, run=False, redactor=Redactor(["hunter2secret"]))
        outcome = (await engine.run_once(a_check())).outcome
        assert (outcome.status, outcome.reason) == (Status.UNKNOWN, Reason.INTERNAL)
        assert outcome.message == "the probe `fake` failed by itself: ValueError: no value in ***"
        assert "Traceback" in caplog.text
        assert "hunter2secret" not in caplog.text

    async def test_a_probe_that_returns_no_outcome_is_unknown(self, start, caplog):
        async def forgetful(spec, run):
            return None

        outcome = (await start(forgetful, run=False).run_once(a_check())).outcome
        assert (outcome.status, outcome.reason) == (Status.UNKNOWN, Reason.INTERNAL)
        assert "it returned None and no Outcome" in outcome.message

    async def test_a_check_that_cannot_be_started_does_not_end_the_others(self, start, caplog):
        """Its shop is missing, which the configuration never lets pass."""
        sink = Sink()
        lost = Check(CheckId("nowhere", "lost"), "fake", every=0.05, deadline=1.0)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        start(up, lost, a_check("fine"), sinks=[sink])
        await sink.wait_for(3)
        assert {result.check.id.name for result in sink.results} == {"fine"}

    async def test_a_hung_probe_is_a_failed_sample_and_is_ended(self, start):
        engine = start(hang, run=False)
        result = await engine.run_once(a_check(deadline=0.05))
        assert (result.outcome.status, result.outcome.reason) == (Status.UNKNOWN, Reason.INTERNAL)
        assert "did not return within 0.1 s" in result.outcome.message
        assert result.duration >= 0.1

    async def test_a_hung_probe_stalls_nobody_not_even_its_own_check(self, start):
        released = asyncio.Event()

        async def some_hang(spec, run):
            return await (hang_for_ever if run.check.id.name == "stuck" else up)(spec, run)

        sink = Sink()
        stuck = a_check("stuck", every=0.3, deadline=0.05, prepared=released)
        start(some_hang, stuck, a_check("fine"), sinks=[sink])
        while sum(result.check.id.name == "stuck" for result in sink.results) < 2:
            await sink.wait_for(len(sink.results) + 1)
        assert sum(result.check.id.name == "fine" for result in sink.results) >= 2
        released.set()

    async def test_a_hung_probe_with_cleanup_gets_both_deadlines(self, start):
        engine = start(hang, run=False)
        result = await engine.run_once(a_check(deadline=0.05, cleanup_deadline=0.2))
        assert "within 0.3 s" in result.outcome.message

    async def test_a_shop_with_hundreds_of_hanging_checks_stalls_no_other(self, start):
        release = asyncio.Event()

        async def hang_unless_other(spec, run):
            if run.check.id.name != "other":
                await release.wait()
            return UP

        sink = Sink()
        hanging = [a_check(f"hanging-{number}", deadline=50.0) for number in range(800)]
        start(
            hang_unless_other,
            *hanging,
            a_check("other"),
            sinks=[sink],
            settings=EngineSettings(patience=0.05),
        )
        await sink.wait_for(10)
        release.set()
        assert {result.check.id.name for result in sink.results[:10]} == {"other"}

    async def test_a_slow_check_is_not_overlapped_and_what_it_misses_is_counted(self, start):
        running = []

        async def slow(spec, run):
            running.append(len(running))
            assert len(running) == 1
            await asyncio.sleep(0.22)
            running.clear()
            return UP

        sink = Sink()
        start(slow, a_check(every=0.05), sinks=[sink])
        await sink.wait_for(2)
        assert sink.results[0].outcome.status is Status.UP
        assert sink.results[1].missed >= 3


class TestConcurrency:
    async def test_no_more_runs_at_a_time_than_allowed_and_waiting_is_lateness(self, start):
        running, most = set(), []

        async def note(spec, run):
            running.add(run.run_id)
            most.append(len(running))
            await asyncio.sleep(0.05)
            running.discard(run.run_id)
            return UP

        sink = Sink()
        checks = [a_check(f"check-{number}", every=0.5) for number in range(40)]
        start(note, *checks, sinks=[sink], settings=replace(QUICK, concurrency=2))
        await sink.wait_for(20)
        assert max(most) == 2
        assert max(result.lateness for result in sink.results) > 0.1


class TestRunOnce:
    async def test_the_result_of_a_manual_run_goes_to_no_sink(self, start):
        sink = Sink()
        engine = start(up, run=False, sinks=[sink])
        result = await engine.run_once(a_check())
        assert (result.trigger, result.missed, sink.results) == ("manual", 0, [])

    async def test_the_options_reach_the_probe(self, start):
        seen = []

        async def note(spec, run):
            seen.append((run.until, run.node, run.explain, run.allow_orders, run.trigger))
            return UP

        engine = start(note, run=False)
        options = {"until": "cart", "node": "127.0.0.1", "explain": True, "allow_orders": True}
        await engine.run_once(a_check(), trigger="release", **options)
        assert seen == [("cart", "127.0.0.1", True, True, "release")]

    async def test_cancelled_it_waits_for_the_cleanup(self, start):
        began, cleaned = asyncio.Event(), []

        async def careful(spec, run):
            try:
                began.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.sleep(0.02)
                cleaned.append(run.run_id)
                return UP

        engine = start(careful, run=False)
        once = asyncio.create_task(engine.run_once(a_check()))
        await began.wait()
        once.cancel()
        with pytest.raises(asyncio.CancelledError):
            await once
        assert len(cleaned) == 1


class TestStop:
    async def test_a_short_run_may_end(self, start):
        began = asyncio.Event()

        async def short(spec, run):
            began.set()
            await asyncio.sleep(0.02)
            return UP

        sink = Sink()
        engine = start(short, sinks=[sink])
        await began.wait()
        await engine.stop()
        assert [result.outcome.status for result in sink.results][-1] is Status.UP

    async def test_a_long_run_is_interrupted_and_its_outcome_still_counts(self, start):
        began = asyncio.Event()

        async def long(spec, run):
            began.set()
            await asyncio.Event().wait()

        sink = Sink()
        engine = start(long, a_check(deadline=30.0), sinks=[sink])
        await began.wait()
        await asyncio.wait_for(engine.stop(), 2)
        assert sink.results[-1].outcome.reason is Reason.INTERRUPTED

    async def test_a_probe_that_ignores_the_stop_ends_it_no_later_than_its_deadlines(self, start):
        released = asyncio.Event()
        sink = Sink()
        engine = start(hang_for_ever, a_check(deadline=0.2, prepared=released), sinks=[sink])
        await until(lambda: engine._active)
        await asyncio.wait_for(engine.stop(), 2)
        assert sink.results[-1].outcome.reason is Reason.INTERNAL
        released.set()

    async def test_nothing_starts_after_it_and_the_sinks_are_closed_once(self, start):
        sink = Sink()
        engine = start(up, sinks=[sink])
        await sink.wait_for(1)
        await engine.stop()
        count = len(sink.results)
        await asyncio.sleep(0.15)
        assert len(sink.results) == count
        assert sink.closed == 1

    async def test_a_sink_that_fails_to_close_does_not_keep_the_others_open(self, start, caplog):
        sinks = [Sink(fail=True), Sink()]
        await start(up, sinks=sinks).stop()
        assert [sink.closed for sink in sinks] == [1, 1]
        assert caplog.records[-1].levelno == logging.ERROR


class TestReload:
    async def test_new_checks_run_old_ones_do_not_and_the_sinks_are_told(self, start):
        sink = Sink()
        engine = start(up, a_check("old"), sinks=[sink])
        await sink.wait_for(1)
        engine.replace([a_check("new")], [SHOP])
        before = len(sink.results)
        await sink.wait_for(before + 2)
        assert {result.check.id.name for result in sink.results[before:]} == {"new"}
        assert sink.configured == [(["old"], ["acme"]), (["new"], ["acme"])]

    async def test_a_result_of_a_check_that_left_meanwhile_is_dropped(self, start):
        began, go_on = asyncio.Event(), asyncio.Event()

        async def wait(spec, run):
            began.set()
            await go_on.wait()
            return UP

        sink = Sink()
        engine = start(wait, a_check("gone"), sinks=[sink])
        await began.wait()
        engine.replace([], [SHOP])
        go_on.set()
        await engine.stop()
        assert sink.results == []

    async def test_what_ended_before_it_reaches_the_sinks_before_the_new_configuration(self, start):
        """Results are handed on some at a time; none may be lost to a sink that forgets its check."""
        sink = Sink()
        engine = start(up, a_check("old"), sinks=[sink])
        await until(lambda: engine._results)
        ended = len(engine._results)
        engine.replace([], [SHOP])
        assert len(sink.results) == ended

    async def test_a_run_that_waits_for_a_place_when_its_check_leaves_is_dropped(self, start):
        go_on, began = asyncio.Event(), []

        async def wait(spec, run):
            began.append(run.check.id.name)
            await go_on.wait()
            return UP

        checks = [a_check(f"check-{number}", every=0.1) for number in range(3)]
        engine = start(wait, *checks, settings=replace(QUICK, concurrency=1))
        await until(lambda: len(engine._waiting) == 2)
        engine.replace([], [SHOP])
        go_on.set()
        await asyncio.sleep(0.05)
        assert len(began) == 1
