"""A shop that freezes for 1 s after every 5 s, at 100 visits a second: who sees it, and who leaves it out?

Three generators, one after the other, each against the same kind of server: techrun's open model, stock Locust
(20 users, `constant_throughput(5)`), and a small open generator that measures from the intended start.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from techrun.load.bundle import bundle_of, embed, read
from techrun.load.generator.parent import LocustGenerator
from techrun.load.histogram import merged, quantile
from techrun.load.job import Job
from techrun.load.records import Run, Schedule
from techrun.load.tally import Tally

RATE, SECONDS = 100, 18
SHARES = (0.5, 0.9, 0.95, 0.99)
AIM = 0.10
"""How far our p95 may be from the open generator's."""
TRIES = 3
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nwelcome"


class FreezingShop:
    """Answers at once, but for 1 s after every 5 s; its clock begins with the first request."""

    def __init__(self) -> None:
        self.count = 0
        self._began: float | None = None
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        )
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await self._thaw()
                self.count += 1
                writer.write(_ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _thaw(self) -> None:
        now = time.monotonic()
        if self._began is None:
            self._began = now
        within = (now - self._began) % 6
        if within >= 5:
            await asyncio.sleep(6 - within)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)


CONFIG = """
version: 1
shop: freezing
url: {url}
env: staging
include: [journey.yaml]
"""
JOURNEY = """
journey: look
deadline: 10s
steps:
  - step: home
    get: /
    expect: {text: {contains: welcome}}
"""
SCENARIO = f"""
from techrun.load import JourneyUser, Scenario

scenario = Scenario(rate="{RATE}/s", ramp="0", warm_up="0", measure="{SECONDS}s", drain="5s")


class Looker(JourneyUser):
    journey = "look"
"""


def ours(shop: FreezingShop, folder: Path) -> list[float]:
    """Percentiles of the step and the number of requests, by techrun's own path."""
    (folder / "journey.yaml").write_text(JOURNEY)
    (folder / "techrun.yaml").write_text(CONFIG.format(url=shop.url))
    text = embed(SCENARIO, bundle_of(read(folder / "techrun.yaml"), "freezing"))
    generator = LocustGenerator(Job(text, "freezing", {"new": shop.url}))
    tally = Tally()
    try:
        generator.prepare()
        generator.begin()
        for report in generator.reports():
            tally.add(report)
    finally:
        generator.close()
    run = tally.into(Run("", "", "", "", "", 0.0, 0.0, Schedule(())))
    cells = [cell for cell in run.cells if cell.step == "home"]
    buckets = merged(cell.buckets for cell in cells)
    return [quantile(buckets, share) or 0.0 for share in SHARES] + [sum(cell.count for cell in cells)]


STOCK = """
import json
from locust import FastHttpUser, constant_throughput, task
seen = []

class Looker(FastHttpUser):
    wait_time = constant_throughput(5)

    @task
    def look(self):
        self.client.get("/", name="home")

from locust import events

@events.request.add_listener
def note(response_time, **_):
    seen.append(response_time / 1000)

@events.quit.add_listener
def tell(**_):
    json.dump(seen, open("seen.json", "w"))
"""


def stock(shop: FreezingShop, folder: Path) -> list[float]:
    """Plain Locust as its documentation would have it."""
    (folder / "stock.py").write_text(STOCK)
    options = ["--headless", "-u", "20", "-r", "20", "-t", str(SECONDS), "-s", "5", "--only-summary"]
    subprocess.run(
        [sys.executable, "-m", "locust", "-f", "stock.py", "-H", shop.url, *options],
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return _percentiles(json.loads((folder / "seen.json").read_text()))


def independent(shop: FreezingShop, _: Path) -> list[float]:
    """An open generator in asyncio alone: each request at its moment, on a connection of its own, timed from that moment."""
    return _percentiles(asyncio.run(_open(shop.url)))


async def _open(url: str) -> list[float]:
    host, port = url.removeprefix("http://").split(":")
    begin = time.monotonic() + 0.2
    seen: list[float] = []

    async def visit(due: float) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"welcome")
        seen.append(time.monotonic() - due)
        writer.close()

    async with asyncio.TaskGroup() as group:
        for number in range(RATE * SECONDS):
            due = begin + number / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(visit(due))
    return seen


def _percentiles(seen: list[float]) -> list[float]:
    ordered = sorted(seen)
    return [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in SHARES] + [len(ordered)]


def main() -> None:
    made = {"techrun, open": ours, "stock Locust": stock, "independent, open": independent}
    tries: dict[str, list[list[float]]] = {name: [] for name in made}
    for _ in range(TRIES):
        for name, measure in made.items():
            shop = FreezingShop()
            with tempfile.TemporaryDirectory() as folder:
                tries[name].append(measure(shop, Path(folder)))
            shop.close()
    print(
        f"{'':20} {'requests':>8} {'p50':>8} {'p90':>8} {'p95':>8} {'p99':>8}   (ms; median of {TRIES}, p95 lowest to highest)"
    )
    p95 = {}
    for name, found in tries.items():
        *times, count = (sorted(column)[TRIES // 2] for column in zip(*found, strict=True))
        p95[name] = times[2]
        spread = sorted(one[2] * 1000 for one in found)
        print(
            f"{name:20} {count:8.0f} " + " ".join(f"{value * 1000:8.0f}" for value in times),
            f"  ({spread[0]:.0f} to {spread[-1]:.0f})",
        )
    off = p95["techrun, open"] / p95["independent, open"] - 1
    print(
        f"\np95 against the independent open generator: {off:+.1%} (aim: within {AIM:.0%}): {'holds' if abs(off) <= AIM else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
