"""Alerts under `kill -9`: the sink of incidents is killed at hundreds of points; what arrives, what is lost?

    python -m benchmarks.crashes [--kills 300] [--daemons 40] [--peers 40] [--seed N]

Outages and recoveries are fed to two channels over a real store. The sink is killed between each pair of
steps of the outbox (by itself, inside the step), while a service holds its message in its hands, and at
random. Then the same is done to `techrun run`, which watches shops that break and mend all the time. Afterwards each outage and recovery that the store knows of must have come to both channels, in
order. A message may come twice only where a kill fell between its sending and the note of it: that is
where the store, read after each kill, says `sending`. Exits with 1 where any of it does not hold.

Last, Prometheus Alertmanager is killed beside them: once with each alert pushed to it once, once with all of them
sent again each second. All stand in one table.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks import _crash_child, _crash_peer
from benchmarks._crash_child import POINTS, Life
from benchmarks._crash_daemon import DaemonKiller
from benchmarks._crash_verdict import PATIENCE, Receiver, judge, sending_now, table


class SinkKiller:
    """Starts one sink of incidents after the other and sees to its end."""

    of = "the sink"
    row = "techrun, its sink of incidents"
    kinds = (*POINTS, "in flight", "random")

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
        self.sending.update(sending_now(self._path))

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
        with self._receiver.held() as held:
            if held.wait(PATIENCE):
                child.kill()
                child.join()

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


def run(killer_type, kills, seed):
    """Kill so many of them; whether what arrived is as it must be, and its row."""
    begun = time.monotonic()
    receiver = Receiver(random.Random(seed + 1))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "techrun.db")
        killer = killer_type(path, receiver, random.Random(seed))
        for number in range(kills):
            killer.kill(killer.kinds[number % len(killer.kinds)])
        killer.end()
        verdict = judge(path, receiver.arrivals, killer.sending)
    print(f"{kills} kills of {killer.of} in {time.monotonic() - begun:.0f} s: {', '.join(killer.kinds)}")
    print("\n".join(verdict.lines()), flush=True)
    return verdict.holds, verdict.row(killer_type.row, kills)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=300, help="of the sink")
    parser.add_argument("--daemons", type=int, default=40, help="kills of `techrun run`")
    parser.add_argument("--peers", type=int, default=40, help="kills of the Alertmanager, twice")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    killers = ((SinkKiller, given.kills), (DaemonKiller, given.daemons))
    ran = [run(killer, kills, given.seed) for killer, kills in killers if kills]
    rows = [row for _, row in ran]
    if given.peers and _crash_peer.PROGRAM:
        rows += [_crash_peer.run(given.peers, given.seed, again_every) for again_every in (0.0, 1.0)]
    elif given.peers:
        print("prometheus-alertmanager is not installed: its rows are left out")
    print("\n".join(table(rows)))
    sys.exit(0 if all(held for held, _ in ran) else 1)


if __name__ == "__main__":
    main()
