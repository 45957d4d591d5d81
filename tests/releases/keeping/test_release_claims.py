"""One release has one verification at a time: by real processes that race, die and fall silent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from techrun.app.remote_book import RemoteBook
from techrun.oncall import TakenError, UnknownError
from techrun.releases.keeping.claims import ALIVE
from techrun.releases.keeping.process import is_gone, this_process
from techrun.releases.keeping.store_book import StoreBook

OPERATE = "operate-token-0123456789"
CLAIM = """
import sys, time
from pathlib import Path
from techrun.oncall import TakenError
from techrun.releases.keeping.store_book import StoreBook
from techrun.app.remote_book import RemoteBook
from techrun.releases.records import Verification

where, number = sys.argv[1:]
book = RemoteBook(where, "operate-token-0123456789") if "://" in where else StoreBook(Path(where))
now = time.time()
one = Verification(number, "acme-es", 1, "v812", "a1b9f3e", now, now, now, by=f"process {number}")
print("ready", flush=True)
sys.stdin.readline()
try:
    book.claim(one)
except TakenError as error:
    print(f"taken: {error}", flush=True)
else:
    print("claimed", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def process(store):
    """A program that claims the release when it is told to, and goes on; `where` is the store or a server."""
    running = []

    def start(number, where=None):
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", CLAIM, str(where or store.path), number],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield start
    for one in running:
        one.kill()
        one.communicate()


def told_to_claim(*processes):
    """What each of them says: all were ready before the first was told."""
    for one in processes:
        assert one.stdout.readline() == "ready\n"
    for one in processes:
        one.stdin.write("go\n")
        one.stdin.flush()
    return [one.stdout.readline().strip() for one in processes]


def later(store, seconds):
    return StoreBook(store.path, clock=lambda: time.time() + seconds)


def at(store, moment):
    """The book as somebody uses it right then, however long this machine takes."""
    return StoreBook(store.path, clock=lambda: moment)


@pytest.mark.parametrize("remote", [False, True], ids=["store", "server"])
def test_of_many_that_begin_at_once_one_does(begin, process, store, server, remote):
    begin()
    where = server.url if remote else None
    said = told_to_claim(*(process(f"p{number}", where) for number in range(5)))
    assert said.count("claimed") == 1, said
    winner = f"process p{said.index('claimed')}"
    assert all(f"{winner} verifies v812 of acme-es already" in one for one in said if one != "claimed")
    running = [one for one in StoreBook(store.path).verifications() if one.state == "running"]
    assert [one.by for one in running] == [winner]


def test_of_many_that_take_over_a_dead_one_at_once_one_does(begin, process, store, make_seen):
    begin()
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    line = of_number(ended.pid)
    ended.wait()
    StoreBook(store.path).claim_for(make_seen("dead", ""), "", line)
    said = told_to_claim(*(process(f"p{number}") for number in range(5)))
    assert said.count("claimed") == 1, said
    states = [(one.id, one.state) for one in StoreBook(store.path).verifications()]
    assert states == [(f"p{said.index('claimed')}", "running"), ("dead", "abandoned")]


@pytest.mark.parametrize("remote", [False, True], ids=["store", "server"])
def test_one_whose_process_was_killed_is_taken_over_at_once(begin, process, store, server, make_seen, remote):
    begin()
    where = server.url if remote else None
    killed = process("killed", where)
    assert told_to_claim(killed) == ["claimed"]
    book = RemoteBook(server.url, OPERATE) if remote else StoreBook(store.path)
    with pytest.raises(TakenError, match=r"since .*; see techrun release show v812 --shop acme-es"):
        book.claim(make_seen(value=""))
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    book.claim(make_seen(value=""))
    running, abandoned = book.verifications()
    assert (running.id, running.state) == ("first", "running")
    assert (abandoned.id, abandoned.state, abandoned.verdict) == ("killed", "abandoned", "")
    assert abandoned.summary == "its process died before there was a verdict"
    assert book.release("acme-es", "v812").verdict == ""
    with pytest.raises(UnknownError, match="has no verdict: its process died"):
        book.verification("killed")


def test_one_that_was_stopped_is_taken_over_when_it_is_silent_for_long_and_learns_it(
    begin, process, store, make_seen
):
    """A machine that sleeps: its process is there, and says nothing."""
    begin()
    stopped = process("stopped")
    assert told_to_claim(stopped) == ["claimed"]
    os.kill(stopped.pid, signal.SIGSTOP)
    with pytest.raises(TakenError):
        later(store, ALIVE - 5).claim(make_seen(value=""))
    later(store, ALIVE + 2).claim(make_seen(value=""))
    os.kill(stopped.pid, signal.SIGCONT)
    book = StoreBook(store.path)
    with pytest.raises(TakenError, match="somebody else took over"):
        book.alive("stopped")
    with pytest.raises(TakenError, match="is not kept: somebody else took over"):
        book.save(make_seen("stopped"))
    assert book.release("acme-es", "v812").verdict == ""
    book.save(make_seen())
    assert book.release("acme-es", "v812").verdict == "pass"


def test_who_gives_signs_of_life_keeps_it(begin, store, make_seen):
    begin()
    now = time.time()
    at(store, now).claim_for(make_seen(value=""), "", "another machine 1 1")
    at(store, now + 60).alive("first")
    with pytest.raises(TakenError):
        at(store, now + 60 + ALIVE - 1).claim(make_seen("second", ""))
    at(store, now + 60 + ALIVE + 1).claim(make_seen("second", ""))
    assert StoreBook(store.path).verifications()[1].summary == "it gave no sign of life for 16s"


def test_a_clock_that_was_set_back_does_not_keep_a_release_for_ever(begin, store, make_seen):
    begin()
    later(store, 3600).claim_for(make_seen(value=""), "", "another machine 1 1")
    StoreBook(store.path).claim(make_seen("second", ""))


def test_two_releases_are_verified_at_the_same_time(begin, store, make_seen):
    begin()
    begin("v813", 60)
    book = StoreBook(store.path)
    book.claim(make_seen(value=""))
    book.claim(make_seen("second", "", release=2, version="v813"))
    assert {one.state for one in book.verifications()} == {"running"}


def test_an_id_is_used_once(begin, store, make_seen):
    begin()
    book = StoreBook(store.path)
    book.save(make_seen())
    with pytest.raises(TakenError, match="a verification first already"):
        book.claim(make_seen(value=""))


class TestProcess:
    def test_this_one_is_there(self):
        assert not is_gone(this_process())

    def test_one_that_ended_is_gone_and_so_is_one_that_nobody_waited_for(self):
        ended = subprocess.Popen([sys.executable, "-c", "pass"])
        try:
            line = of_number(ended.pid)
            if sys.platform == "linux":  # elsewhere it counts as there until somebody waits for it
                os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
                assert is_gone(line)
        finally:
            ended.wait()
        assert is_gone(line)

    def test_a_number_that_was_given_anew_is_another_process(self):
        machine, number, _ = this_process().split(" ")
        if is_gone(f"{machine} {number} ?"):
            pytest.fail("where the system does not say when it began nobody is gone")
        if this_process().endswith("?"):
            pytest.skip("the system does not say when a process began")
        assert is_gone(f"{machine} {number} 1")

    @pytest.mark.parametrize(
        "line",
        ["", "x", "elsewhere 1 1", "elsewhere 999999999 1"],
        ids=["nothing", "a word", "another machine", "another machine, no such number"],
    )
    def test_nobody_knows_of_another_machine(self, line):
        assert not is_gone(line)

    @pytest.mark.parametrize("number", ["-1", "0x1", "99999999999999999999"])
    def test_what_is_no_number_is_not_gone(self, number):
        assert not is_gone(f"{this_process().split(' ')[0]} {number} 1")


def of_number(number):
    """The line of a child."""
    from techrun.releases.keeping import process

    return f"{this_process().split(' ')[0]} {number} {process._beginning(number)}"
