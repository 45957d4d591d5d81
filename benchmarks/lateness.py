"""How late checks start: 1,000 http checks every 30 s at a server on this machine, in real time.

    python -m benchmarks.lateness [--checks 1000] [--every 30] [--seconds 60]

Lateness is the time from the planned to the real start of a run. Server and checks share the machine;
the server runs in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import statistics
import time

from techrun.engine import Engine
from techrun.fetch import Fetcher
from techrun.model import Check, CheckId, Shop, Status
from techrun.probes import Scope, kinds

TARGET = 0.050
PAGE = b"<!doctype html><title>Shop</title>" + b"<p>article</p>" * 850
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    % len(PAGE)
) + PAGE


class Results:
    """The sink of this benchmark."""

    def __init__(self):
        self.lateness, self.missed, self.down = [], 0, []

    def configure(self, checks, shops):
        pass

    def accept(self, result):
        self.lateness.append(result.lateness)
        self.missed += result.missed
        if result.outcome.status is not Status.UP:
            self.down.append(result.outcome.message)

    def close(self):
        pass


class NoOrders:
    async def begin(self, *_):
        return "a benchmark places no orders"

    async def settle(self, *_):
        pass


def serve(port):
    """A server of one page."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async def main():
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1000)
        port.value = server.sockets[0].getsockname()[1]
        await asyncio.Event().wait()

    asyncio.run(main())


def the_checks(count, every, url):
    kind, shop = kinds()["http"], Shop("bench", url)
    prepared = kind.prepare(
        kind.spec.model_validate({"http": "/", "expect": {"css": {"title": "Shop"}}}), Scope(shop)
    )
    ids = [CheckId("bench", f"check-{number}") for number in range(count)]
    return [Check(one, "http", every=every, deadline=10.0, prepared=prepared) for one in ids], [shop]


async def measure(url, arguments):
    results, fetcher = Results(), Fetcher()
    checks, shops = the_checks(arguments.checks, arguments.every, url)
    engine = Engine(checks, shops, fetcher, NoOrders(), sinks=[results])
    before = resource.getrusage(resource.RUSAGE_SELF)
    loop = asyncio.create_task(engine.run_forever())
    await asyncio.sleep(arguments.seconds)
    await engine.stop()
    await loop
    await fetcher.close()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return results, cpu


def report(results, cpu, arguments):
    late = sorted(results.lateness)
    expected = arguments.checks * arguments.seconds / arguments.every
    p50, p99 = statistics.median(late), late[int(len(late) * 0.99)]
    rows = [
        ("checks / every / for", f"{arguments.checks} / {arguments.every:g} s / {arguments.seconds:g} s"),
        ("runs (expected)", f"{len(late)} ({expected:g})"),
        ("missed runs", str(results.missed)),
        ("not up", str(len(results.down))),
        ("CPU per run", f"{cpu / len(late) * 1000:.3f} ms"),
        ("lateness p50", f"{p50 * 1000:.1f} ms"),
        ("lateness p99", f"{p99 * 1000:.1f} ms (target ≤ {TARGET * 1000:g} ms)"),
        ("lateness max", f"{late[-1] * 1000:.1f} ms"),
    ]
    print("| measure | value |\n| --- | --- |")
    for name, value in rows:
        print(f"| {name} | {value} |")
    for message in results.down[:3]:
        print(f"not up: {message}")
    return p99 <= TARGET and not results.down


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--checks", type=int, default=1000)
    parser.add_argument("--every", type=float, default=30.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    port = context.Value("i", 0)
    server = context.Process(target=serve, args=(port,), daemon=True)
    server.start()
    while port.value == 0:
        time.sleep(0.01)
    results, cpu = asyncio.run(measure(f"http://127.0.0.1:{port.value}", arguments))
    server.terminate()
    raise SystemExit(0 if report(results, cpu, arguments) else 1)


if __name__ == "__main__":
    main()
