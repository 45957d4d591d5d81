"""The traps of a green Locust run: each must be told as what it is. Real Locust children against a small shop."""

import os
import signal
import ssl
import subprocess
import threading
import time
from dataclasses import replace

import pytest

from techrun.load.histogram import share_within
from techrun.load.tally import Tally


def test_a_target_that_never_answers_gives_only_failures_and_never_no_requests(
    shop, place, carried_out, told
):
    over = threading.Event()
    shop.answer = lambda exchange: over.wait(10)
    place.write(deadline="20s", scenario='rate="10/s", ramp="0", warm_up="0", measure="1s", drain="1s"')
    tally = carried_out(place.job())
    over.set()
    assert told.steps(tally) == (10, {"timeout": 10})
    assert tally.counts["visits_cut"] == 10


def test_visits_in_flight_at_the_end_are_waited_for(shop, place, carried_out, told):
    def slow(exchange):
        time.sleep(1.5)
        exchange.say()

    shop.answer = slow
    place.write(deadline="20s", scenario='rate="10/s", ramp="0", warm_up="0", measure="1s", drain="5s"')
    tally = carried_out(place.job())
    assert told.steps(tally) == (10, {})


def test_a_plain_locust_without_a_shop_ends_with_words_and_exit_code_3(place):
    (place.folder / "techrun.yaml").unlink()
    run = place.locust("--headless")
    output, _ = run.communicate(timeout=30)
    assert run.returncode == 3
    assert "techrun.yaml" in output


def test_a_terminated_generating_process_stops_arrivals_drains_tells_everything_and_why(
    shop, place, load, told
):
    from techrun.load.generator.parent import LoadError

    place.write(scenario='rate="20/s", ramp="0", warm_up="0", measure="30s", drain="3s"')
    generator, tally = load(place.job()), Tally()
    generator.prepare()
    generator.begin()

    def watch() -> None:
        for number, report in enumerate(generator.reports()):
            tally.add(report)
            if number == 1:
                os.kill(generator._child.pid, signal.SIGTERM)

    with pytest.raises(LoadError, match="was terminated"):
        watch()
    count, failed = told.steps(tally)
    assert count == shop.paths["/"]
    assert not failed
    assert 15 < count < 100


def test_a_killed_generating_process_is_told_and_leaves_no_process(shop, place, load, told):
    from techrun.load.generator.parent import LoadError

    place.write(scenario='rate="20/s", ramp="0", warm_up="0", measure="30s", drain="3s"')
    generator = load(place.job(workers=2))
    generator.prepare()
    generator.begin()
    assert shop.arrived.wait(10)
    workers = told.workers_of(generator)
    os.kill(generator._child.pid, signal.SIGKILL)
    with pytest.raises(LoadError, match="SIGKILL"):
        list(generator.reports())
    generator.close()
    assert len(workers) == 2
    assert not told.alive(workers)


def test_when_the_commanding_process_is_killed_nobody_loads_the_shop_any_more(shop, place):
    place.write(scenario='rate="20/s", ramp="0", warm_up="0", measure="60s", drain="3s"')
    (place.folder / "job.txt").write_text(place.job(workers=2).scenario)
    commander = subprocess.Popen(
        [os.sys.executable, "-c", COMMANDER, str(place.folder / "job.txt"), shop.url]
    )
    assert shop.arrived.wait(20)
    commander.kill()
    commander.wait()
    quiet = _quiet_after(shop, 8)
    assert quiet, "visitors still come"


COMMANDER = """
import sys
from pathlib import Path
from techrun.load.generator.parent import LocustGenerator
from techrun.load.job import Job
generator = LocustGenerator(Job(Path(sys.argv[1]).read_text(), "look", {"new": sys.argv[2]}, workers=2))
generator.prepare()
generator.begin()
list(generator.reports())
"""


def _quiet_after(shop, seconds):
    """Whether nothing is asked for a second, within so many."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        before = len(shop.asked)
        time.sleep(1)
        if len(shop.asked) == before:
            return True
    return False


def test_a_worker_that_dies_is_told_and_its_visits_are_missed(shop, place, carried_out, told):
    def kill_one(generator):
        told.workers_of(generator)[0].kill()

    place.write(scenario='rate="20/s", ramp="0", warm_up="0", measure="5s", drain="2s"')
    tally = carried_out(place.job(workers=2), kill_one)
    due = sum(window.due for window in tally.traffic.values())
    started = sum(window.started for window in tally.traffic.values())
    assert tally.workers == 1
    assert due == 100
    assert 50 <= started < 90
    assert all(window.closed for window in tally.traffic.values())


def test_a_certificate_that_nobody_vouches_for_fails_every_step(shop, place, carried_out, told, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    shop.server.socket = context.wrap_socket(
        shop.server.socket, server_side=True, do_handshake_on_connect=False
    )
    url = shop.url.replace("http:", "https:")
    place.write(scenario='rate="10/s", ramp="0", warm_up="0", measure="1s", drain="3s"')
    tally = carried_out(replace(place.job(), hosts={"new": url}))
    assert told.steps(tally) == (10, {"tls": 10})


def test_settings_that_lie_around_for_locust_change_nothing_and_numbers_in_addresses_make_no_names(
    shop, place, carried_out, told, monkeypatch
):
    (place.folder / "pyproject.toml").write_text(
        '[tool.locust]\nusers = 9\nhost = "http://127.0.0.1:1"\nunknown = 1'
    )
    (place.folder / ".locust.conf").write_text("users = 9\nheadless = false\n")
    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("HOME", str(place.folder))
    monkeypatch.setenv("LOCUST_USERS", "9")
    monkeypatch.setenv("LOCUST_HOST", "http://127.0.0.1:1")
    monkeypatch.setenv("LOCUST_RUN_TIME", "1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    place.write(path="/item/${run.id}")
    tally = carried_out(place.job())
    assert told.steps(tally) == (20, {})
    assert len(shop.paths) == 20
    names = {(cell.journey, cell.step) for cell in told.cells(tally)}
    assert names == {("look", "home"), ("look", ""), ("control", "control")}


def test_a_generator_that_was_frozen_starts_late_and_says_so(shop, place, carried_out, told):
    def freeze(generator):
        os.kill(generator._child.pid, signal.SIGSTOP)
        time.sleep(1)
        os.kill(generator._child.pid, signal.SIGCONT)

    place.write(scenario='rate="20/s", ramp="0", warm_up="0", measure="2s", drain="3s"')
    tally = carried_out(place.job(), freeze)
    late = sum(window.late for window in tally.traffic.values())
    assert sum(window.started for window in tally.traffic.values()) == 40
    assert 15 <= late <= 30
    assert max(health.lag for health in tally._health) > 0.5


def test_a_shop_that_freezes_meets_the_visitors_that_come_meanwhile(shop, place, carried_out, told):
    begun = threading.Event()

    def freeze_once(exchange):
        if not begun.is_set():
            begun.set()
            frozen.acquire()
            time.sleep(1)
            frozen.release()
        with frozen:
            exchange.say()

    frozen = threading.Lock()
    shop.answer = freeze_once
    place.write(scenario='rate="20/s", ramp="0", warm_up="0", measure="2s", drain="3s"')
    tally = carried_out(place.job())
    cells = [cell for cell in told.cells(tally) if cell.step == "home"]
    within = sum(share_within(cell.buckets, 0.3) * sum(cell.buckets.values()) for cell in cells)
    waited = sum(cell.count for cell in cells) - within
    assert waited >= 12, "most of the 20 visitors of the frozen second waited for over 0.3 s"
    late = sum(window.late for window in tally.traffic.values())
    assert late <= 5, "nobody came later because the shop was frozen; a busy machine may delay a few"


def test_visits_that_an_interrupted_run_cuts_off_before_their_time_say_nothing_of_the_shop(
    shop, place, carried_out, told
):
    over = threading.Event()
    shop.answer = lambda exchange: over.wait(10)
    place.write(deadline="20s", scenario='rate="10/s", ramp="0", warm_up="0", measure="30s", drain="20s"')
    tally = carried_out(place.job(), lambda generator: generator.stop("interrupted", 0.3))
    over.set()
    assert told.steps(tally) == (0, {})
    assert tally.counts["visits_cut"] >= 10
