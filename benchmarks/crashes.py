"""Alerts under `kill -9`: the sink of incidents is killed at hundreds of points; what arrives, what is lost?

    python -m benchmarks.crashes [--kills 300] [--seed N]

Outages and recoveries are fed to two channels over a real store. A child is killed between each pair of
steps of the outbox (by itself, inside the step), while a service holds its message in its hands, and at
random. Afterwards each outage and recovery that the store knows of must have come to both channels, in
order. A message may come twice only where a kill fell between its sending and the note of it: that is
where the store, read after each kill, says `sending`. Exits with 1 where any of it does not hold.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks import _crash_child
from benchmarks._crash_child import CHANNELS, POINTS, Life
from techrun.store.database import read_store

KINDS = (*POINTS, "in flight", "random")
PATIENCE = 60.0
"""Seconds within which a child must come to its point, on the slowest machine."""


@dataclass(frozen=True)
class Arrival:
    """A message that the receiver took."""

    key: str
    attempt: int


class Receiver(ThreadingHTTPServer):
    """Takes messages; refuses some; holds one in its hands when told to."""

    daemon_threads = True

    def __init__(self, chance):
        super().__init__(("127.0.0.1", 0), Taking)
        self.chance = chance
        self.arrivals = []
        self.lock = threading.Lock()
        self.hold = threading.Event()
        self.holding = threading.Event()
        self.let_go = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, body):
        """The status to answer with."""
        key, attempt = re.search(r"message (\S+), attempt (\d+)", body["message"]).groups()
        with self.lock:
            refused = self.chance.random() < 0.1
            if not refused:
                self.arrivals.append(Arrival(key, int(attempt)))
        if not refused and self.hold.is_set():
            self.hold.clear()
            self.holding.set()
            self.let_go.wait(PATIENCE)
        return 503 if refused else 200

    def handle_error(self, request, client_address):
        pass  # the sender was killed


class Taking(BaseHTTPRequestHandler):
    def do_POST(self):
        status = self.server.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *args):
        pass


class Killer:
    """Starts one child after the other and sees to its end."""

    def __init__(self, path, receiver, chance):
        self._path, self._receiver, self._chance = path, receiver, chance
        self._url = f"json://127.0.0.1:{receiver.server_port}"
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["benchmarks._crash_child"])
        self.sending = Counter()
        """How many kills found each message between its claim and the note of what became of it."""

    def kill(self, kind):
        """One life and its end."""
        if kind in POINTS:
            self._start(Life(self._path, self._url, kind, self._chance.randint(1, 8)), self._die)
        elif kind == "in flight":
            self._start(Life(self._path, self._url), self._kill_in_flight)
        else:
            self._start(Life(self._path, self._url), self._kill_at_random)
        with read_store(self._path) as connection:
            rows = connection.execute(
                "SELECT incident, event, channel FROM outbox WHERE state = 'sending'"
            ).fetchall()
        self.sending.update("-".join(map(str, row)) for row in rows)

    def end(self):
        """A last life that delivers all that is owed."""
        self._start(Life(self._path, self._url, ends=True), lambda child, _: child.join(4 * PATIENCE), 0)

    def _start(self, life, see_to, code=-9):
        here, there = self._processes.Pipe()
        child = self._processes.Process(target=_crash_child.live, args=(life, there))
        child.start()
        there.close()
        see_to(child, here)
        if child.exitcode is None:
            os.kill(child.pid, signal.SIGUSR1)  # it tells where its threads are
            time.sleep(0.5)
            child.kill()
            child.join()
            raise SystemExit(f"{life}: it did not come to its end within {PATIENCE:g} s")
        if child.exitcode != code:
            raise SystemExit(f"{life}: it ended with {child.exitcode} instead of {code}")
        here.close()

    @staticmethod
    def _die(child, _):
        child.join(PATIENCE)

    def _kill_in_flight(self, child, _):
        self._receiver.let_go.clear()
        self._receiver.holding.clear()
        self._receiver.hold.set()
        if self._receiver.holding.wait(PATIENCE):
            child.kill()
            child.join()
        self._receiver.let_go.set()

    def _kill_at_random(self, child, pipe):
        """Counted in turns of the feeding and not in seconds: else a slow machine is killed before it begins."""
        turns = self._chance.randint(1, 4)
        for _ in range(turns):
            if not pipe.poll(PATIENCE):
                return
            pipe.recv()
        time.sleep(self._chance.uniform(0, 0.05))
        child.kill()
        child.join()


@dataclass(frozen=True)
class Verdict:
    """What is wrong with what arrived; all must be empty but `doubled`."""

    incidents: int
    owed: int
    lost: list
    unexpected: list
    unordered: list
    doubled: int
    unexplained: list

    @property
    def holds(self):
        return self.incidents > 0 and not (self.lost or self.unexpected or self.unordered or self.unexplained)


def judge(path, arrivals, sending):
    with read_store(path) as connection:
        incidents = [number for (number,) in connection.execute("SELECT id FROM incidents ORDER BY id")]
        still_open = [
            number for (number,) in connection.execute("SELECT id FROM incidents WHERE closed IS NULL")
        ]
    owed = {
        f"{one}-{event}-{channel}"
        for one in incidents
        for event in ("opened", "recovered")
        for channel in CHANNELS
    }
    came = Counter(arrival.key for arrival in arrivals)
    first = {key: number for number, key in reversed(list(enumerate(arrival.key for arrival in arrivals)))}
    last = {arrival.key: number for number, arrival in enumerate(arrivals)}
    pairs = [
        (f"{one}-opened-{channel}", f"{one}-recovered-{channel}") for one in incidents for channel in CHANNELS
    ]
    attempts = Counter(arrivals)
    return Verdict(
        incidents=len(incidents),
        owed=len(owed),
        lost=sorted(owed - came.keys()) + [f"incident {number} never ended" for number in still_open],
        unexpected=sorted(came.keys() - owed),
        unordered=[ends for begins, ends in pairs if last.get(begins, 0) > first.get(ends, len(arrivals))],
        doubled=sum(count - 1 for count in came.values()),
        unexplained=sorted(
            {key for key, count in came.items() if count - 1 > sending[key]}
            | {one.key for one, count in attempts.items() if count > 1}
        ),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    given = parser.parse_args()
    chance = random.Random(given.seed)
    print(f"seed {given.seed}", flush=True)
    begun = time.monotonic()
    receiver = Receiver(random.Random(given.seed + 1))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "techrun.db")
        killer = Killer(path, receiver, chance)
        for number in range(given.kills):
            killer.kill(KINDS[number % len(KINDS)])
        killer.end()
        verdict = judge(path, receiver.arrivals, killer.sending)
    took = time.monotonic() - begun
    print(f"{given.kills} kills in {took:.0f} s: each of {', '.join(KINDS)}")
    print(f"{verdict.incidents} outages, {verdict.owed} messages owed, {len(receiver.arrivals)} arrived")
    print(
        f"lost {len(verdict.lost)}, unexpected {len(verdict.unexpected)}, out of order {len(verdict.unordered)}"
    )
    print(
        f"doubled {verdict.doubled}, of them not explained by a kill between sending and noting: "
        f"{len(verdict.unexplained)} (such kills: {sum(killer.sending.values())})"
    )
    for name in ("lost", "unexpected", "unordered", "unexplained"):
        if found := getattr(verdict, name):
            print(f"{name}: {found[:20]}")
    sys.exit(0 if verdict.holds else 1)


if __name__ == "__main__":
    main()
