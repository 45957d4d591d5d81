"""One trial of `benchmarks.verdicts`: several releases asked in turns on one open schedule, and recorded.

Every 20 ms each release gets one visitor, in random order, whatever became of the earlier ones; its time counts
from when it was due. The servers are started anew for every trial.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager

from techrun.load.generator.health import Watch
from techrun.load.histogram import bucket_of
from techrun.load.records import LATE, Cell, Health, Run, Schedule, Stage, Traffic

RATE = 50  # visits per second and release
WIDTH = 0.5
WARM_UP = 1.0
DRAIN = 2.0
WORK, PAUSE = 0.0015, 0.008
ARMS = {"A1": 1.0, "A2": 1.0, "+10 %": 1.1, "+25 %": 1.25, "+50 %": 1.5, "fails 1 in 50": 1.0}
REQUEST = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"


@contextmanager
def servers(rounds):
    """The port of each release."""
    running = {}
    try:
        for name, slower in ARMS.items():
            fails = 0.02 if name.startswith("fails") else 0.0
            what = [str(round(rounds * slower)), str(PAUSE * slower), str(fails)]
            command = [sys.executable, "-m", "benchmarks._verdicts_server", *what]
            running[name] = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        yield {name: int(process.stdout.readline()) for name, process in running.items()}
    finally:
        for process in running.values():
            process.kill()
            process.wait()
            process.stdout.close()


class Visit(asyncio.Protocol):
    """A kept-alive connection to one release; free ones are kept in `pool`."""

    def __init__(self, pool):
        self.pool, self.answer = pool, None

    def connection_made(self, transport):
        self.transport = transport

    def ask(self, answer):
        self.answer, self.left, self.good = answer, None, False
        self.transport.write(REQUEST)

    def data_received(self, data):
        if self.left is None:
            head, _, body = data.partition(b"\r\n\r\n")
            self.good = head.startswith(b"HTTP/1.1 200")
            self.left = int(head.rpartition(b":")[2]) - len(body)
        else:
            self.left -= len(data)
        if self.left <= 0:
            self.pool.append(self)
            self.answer(self.good)


class Trial:
    """What each release did, window by window."""

    def __init__(self, seconds, seed):
        self.windows = round((WARM_UP + seconds) / WIDTH)
        self.seconds, self.draw = seconds, random.Random(seed)
        self.buckets = {arm: [defaultdict(int) for _ in range(self.windows)] for arm in ARMS}
        self.errors, self.late = ({arm: [0] * self.windows for arm in ARMS} for _ in range(2))
        self.health = []

    async def run(self, ports):
        self.loop, self.pools = asyncio.get_running_loop(), {arm: [] for arm in ARMS}
        self.ports, self.visits = ports, []
        for arm in ARMS:
            for _ in range(4):
                self.pools[arm].append(await self.connect(arm))
        self.began = self.loop.time() + 0.2
        watching = asyncio.create_task(self.watch())
        for slot in range(round(RATE * (WARM_UP + self.seconds))):
            order = self.draw.sample(list(ARMS), len(ARMS))
            for place, arm in enumerate(order):
                due = self.began + (slot + place / len(ARMS)) / RATE
                self.loop.call_at(due, self.begin, arm, due)
            await asyncio.sleep(max(0.0, due - 0.2 - self.loop.time()))
        await asyncio.sleep(max(0.0, due - self.loop.time()) + DRAIN)
        await watching
        for visit in self.visits:
            visit.transport.abort()

    async def connect(self, arm):
        pool = self.pools[arm]
        _, visit = await self.loop.create_connection(lambda: Visit(pool), "127.0.0.1", self.ports[arm])
        self.visits.append(visit)
        return visit

    def begin(self, arm, due):
        window = int((due - self.began) / WIDTH + 1e-9)
        self.late[arm][window] += self.loop.time() - due > LATE
        if self.pools[arm]:
            self.send(self.pools[arm].pop(), arm, due, window)
        else:
            self.loop.create_task(self.connect(arm)).add_done_callback(
                lambda task: self.send(task.result(), arm, due, window)
            )

    def send(self, visit, arm, due, window):
        def answered(good):
            if good:
                self.buckets[arm][window][bucket_of(self.loop.time() - due)] += 1
            else:
                self.errors[arm][window] += 1

        visit.ask(answered)

    async def watch(self):
        watch = Watch()
        await asyncio.sleep(self.began - self.loop.time())
        watch.window(-1)
        for window in range(self.windows):
            while (left := self.began + (window + 1) * WIDTH - self.loop.time()) > 0:
                asked = min(0.05, left)
                slept = time.monotonic()
                await asyncio.sleep(asked)
                watch.overslept(time.monotonic() - slept - asked)
            self.health.append(watch.window(window))

    def kept(self):
        """As plain JSON."""
        return {
            "buckets": {
                arm: [list(map(list, w.items())) for w in rows] for arm, rows in self.buckets.items()
            },
            "errors": self.errors,
            "late": self.late,
            "health": self.health,
        }


def measured(seconds, seed, rounds):
    """Run one trial."""
    trial = Trial(seconds, seed)
    with servers(rounds) as ports:
        asyncio.run(trial.run(ports))
    return trial.kept()


def as_run(trial, new, old, begin, seconds):
    """Two releases of a trial as the run that a user would have made, from `begin` (seconds) on; old "": one."""
    first, count = round((WARM_UP + begin) / WIDTH), round(seconds / WIDTH)
    asked = {"new": new, "old": old} if old else {"new": new}
    rate = float(RATE * len(asked))
    cells, traffic = [], []
    for window in range(count):
        of = first + window
        for arm, name in asked.items():
            buckets, errors = dict(trial["buckets"][name][of]), trial["errors"][name][of]
            cells.append(Cell(arm, "shopper", "page", window, buckets, {"status": errors} if errors else {}))
        started = sum(cell.count for cell in cells[-len(asked) :])
        late = sum(trial["late"][name][of] for name in asked.values())
        traffic.append(Traffic(window, round(rate * WIDTH), started, late, 0, 0, closed=True))
    health = [Health("local", row[0] - first, *row[1:]) for row in trial["health"]]
    return Run(
        "trial", "shop", "trial", new, "http://127.0.0.1", 0.0, seconds,
        Schedule((Stage("measure", seconds, rate, rate),), arms=tuple(asked), width=WIDTH),
        cells=tuple(cells), traffic=tuple(traffic), health=tuple(health), old_release=old,
    )  # fmt: skip
