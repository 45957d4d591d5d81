"""A configuration that is read again while checks run."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
import threading
from contextlib import ExitStack

import pytest

from techrun.app import daemon as module
from techrun.app.daemon import Daemon, Watch
from techrun.app.loading import load
from techrun.app.reloading import SWITCH, Reloads
from techrun.engine import Engine

SHOP = """
shop: demo
url: http://127.0.0.1:1
checks: [{name: home, http: /, every: 1s}]
"""


@pytest.fixture
def reading():
    """Reads that go on until they are let go: how many began, the event that lets them, their reloads."""
    began, go_on, threads = [], threading.Event(), []

    def read() -> str:
        began.append(sys.getswitchinterval())
        threads.append(threading.current_thread())
        assert go_on.wait(5)
        return "wrong"

    yield began, go_on, Reloads(read)
    go_on.set()
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join(5)


def test_a_storm_of_signals_is_one_reload_after_the_one_under_way(reading) -> None:
    began, go_on, reloads = reading
    before = threading.active_count()
    for _ in range(200):
        reloads.soon()
    assert threading.active_count() <= before + 2
    go_on.set()
    assert reloads.now() == "wrong"
    assert len(began) <= 3


def test_while_the_files_are_read_the_probe_loop_gets_the_interpreter_sooner(reading) -> None:
    began, go_on, reloads = reading
    usual = sys.getswitchinterval()
    go_on.set()
    reloads.now()
    assert began == [pytest.approx(SWITCH)]
    assert sys.getswitchinterval() == usual


@pytest.fixture
async def inside(tmp_path):
    """A daemon inside this process, with the event that stops it."""
    (tmp_path / "techrun.yaml").write_text("version: 1\n" + SHOP)
    with ExitStack() as stack:
        wish = Watch(listen="127.0.0.1:0", store=tmp_path / "store.db")
        stopping = asyncio.Event()
        yield Daemon(load(tmp_path), wish, stack), stopping
        stopping.set()


async def test_a_reload_that_fails_by_our_own_fault_is_told_and_the_old_configuration_goes_on(
    inside, monkeypatch
) -> None:
    daemon, stopping = inside
    running = asyncio.create_task(daemon.run(stopping))
    await asyncio.sleep(0)

    def fail(*_) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(module, "load", fail)
    assert "a fault of ours" in await asyncio.to_thread(daemon._reloads.now)
    metrics = b"".join(daemon._metrics.metrics())
    assert b"techrun_config_last_reload_successful 0.0" in metrics
    stopping.set()
    await asyncio.wait_for(running, 10)


async def test_an_engine_that_ends_by_itself_ends_the_daemon(inside, monkeypatch) -> None:
    daemon, stopping = inside

    async def fail(_) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Engine, "run_forever", fail)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        await asyncio.wait_for(daemon.run(stopping), 10)


def test_a_reload_asked_for_while_techrun_starts_does_not_end_it(daemon) -> None:
    """SIGHUP ends a program that has not said otherwise: here it comes while the store is opened."""
    daemon.configure(SHOP)
    starting = threading.Thread(target=daemon.start)
    with sqlite3.connect(daemon.folder / "store.db", isolation_level=None) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        starting.start()
        daemon.wait((daemon.folder / "store.db.lock").exists, "the store to be opened")
        daemon.process.send_signal(signal.SIGHUP)
        holder.execute("ROLLBACK")
    holder.close()
    starting.join()
    assert daemon.stop() == 0


def test_a_reload_of_the_same_files_changes_nothing_and_asks_for_no_restart(daemon) -> None:
    daemon.configure(SHOP)
    daemon.start()
    for _ in range(50):
        daemon.process.send_signal(signal.SIGHUP)
    daemon.wait(lambda: "the new configuration runs" in daemon.log.read_text(), "a reload")
    assert daemon.stop() == 0
    assert "takes effect at the next start" not in daemon.log.read_text()


JOURNEYS = """
fragment: shared
steps: [{step: page, get: /, expect: {text: {contains: hello}}}]
---
fragment: wrapped
steps: [{step: in, use: shared}]
---
journey: mine
steps: [{step: begin, use: wrapped}]
---
journey: other
steps: [{step: page, get: /other, expect: {text: {contains: hello}}}]
"""


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        pytest.param("/other", "/another", False, id="a journey it does not use"),
        pytest.param("get: /,", "get: /home,", True, id="a fragment of a fragment"),
        pytest.param("step: begin", "step: start", True, id="its journey"),
        pytest.param("every: 5s", "every: 6s", True, id="its interval"),
    ],
)
def test_a_check_is_changed_by_what_it_uses_and_by_nothing_else(tmp_path, before, after, changed) -> None:
    """A check that is not changed keeps its timer over a reload, and its run under way counts."""
    shop = "version: 1\nshop: demo\nurl: http://127.0.0.1:1\ninclude: [journeys/*.yaml]\n"
    shop += "checks: [{name: mine, journey: mine, every: 5s}]\n"
    digests = []
    for edit in (str, lambda text: text.replace(before, after)):
        (tmp_path / "journeys").mkdir(exist_ok=True)
        for number, text in enumerate(edit(JOURNEYS).split("---")):
            (tmp_path / "journeys" / f"{number}.yaml").write_text(text)
        (tmp_path / "techrun.yaml").write_text(edit(shop))
        digests.append(load(tmp_path).checks[0].digest)
    assert (digests[0] != digests[1]) is changed
