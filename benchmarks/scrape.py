"""A scrape of many checks: how long it takes, and how long it holds the loop that probes.

    python -m benchmarks.scrape [--checks 10000]

The loop in the main thread takes results as they would come in (every check each 30 s) and has a
heartbeat that wants to beat every millisecond; the longest gap between two beats is how long a probe
would have waited. The scraper is another process. Last, prometheus_client renders the same series.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest

from techrun.model import Check, CheckId, Outcome, Phases, Reason, Result, Shop, Status
from techrun.sinks._prometheus_families import expected_reasons
from techrun.sinks.prometheus import PrometheusSink
from techrun.web.routes import Handlers
from techrun.web.server import WebServer

EVERY = 30
SETTLE = 3
SCRAPES = 7
SCRAPE_INTERVAL = 15
SCRAPER = """
import http.client, json, sys, time
host, port, encoding = sys.argv[1:]
connection = http.client.HTTPConnection(host, int(port), timeout=60)
started = time.perf_counter()
connection.request("GET", "/metrics", headers={"Accept-Encoding": encoding})
response = connection.getresponse()
size = 0
while piece := response.read(1 << 20):
    size += len(piece)
print(json.dumps({"seconds": time.perf_counter() - started, "bytes": size}))
"""


def checks(number: int) -> list[Check]:
    return [
        Check(CheckId(f"shop-{n // 20:04}", f"check-{n % 20:02}"), "http", EVERY, 30) for n in range(number)
    ]


def result(check: Check, turn: int) -> Result:
    down = turn % 200 == 0
    outcome = Outcome(
        status=Status.DOWN if down else Status.UP,
        reason=Reason.STATUS if down else None,
        phases=Phases(0.001 + turn % 97 / 1e5, 0.002, 0.011, 0.2 + turn % 89 / 1e4, 0.003),
        measures={
            "http_status_code": 503.0 if down else 200.0,
            "http_version": 2.0,
            "http_ssl": 1.0,
            "http_redirects": 0.0,
            "http_content_length": -1.0,
            "http_uncompressed_body_length": 43_000.0 + turn % 7,
            "ip_protocol": 4.0,
            "ssl_earliest_cert_expiry": 1.8e9,
        },
    )
    return Result(check, outcome, f"run-{turn}", time.time(), 0.217 + turn % 89 / 1e4, 0.001)


def endless(all_checks: list[Check]) -> Iterator[Result]:
    turns = count()
    while True:
        for check in all_checks:
            yield result(check, next(turns))


@contextlib.asynccontextmanager
async def feeding(sink: PrometheusSink, results: Iterator[Result], per_second: float) -> AsyncIterator[None]:
    """Results come in at this rate meanwhile."""

    async def feed() -> None:
        due = time.perf_counter()
        while True:
            sink.accept(next(results))
            due += 1 / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    task = asyncio.create_task(feed())
    try:
        yield
    finally:
        task.cancel()


class Heartbeat:
    """The longest time that the loop was held since `restart`."""

    def __init__(self) -> None:
        self.longest = 0.0

    def restart(self) -> None:
        self.longest = 0.0

    async def beat(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - before - 0.001)


async def scrape(server: WebServer, encoding: str) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRAPER, server.address.host, str(server.address.port), encoding,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    return json.loads(output)


def cost(sink: PrometheusSink, results: Iterator[Result], number: int) -> None:
    """CPU of one result once all is warm: taking it, and its share of the scrapes."""
    for _ in range(2):
        taken = [next(results) for _ in range(number)]
        started = time.process_time()
        for one in taken:
            sink.accept(one)
        accepted = time.process_time()
        drain(sink)
        rendered = time.process_time()
        drain(sink)
        joined = time.process_time() - rendered
    accept = (accepted - started) / number
    render = (rendered - accepted - joined) / number
    share = joined / number * EVERY / SCRAPE_INTERVAL
    print(f"CPU of one result         {(accept + render + share) * 1e6:8.1f} µs  "
          f"(accept {accept * 1e6:.1f}, render {render * 1e6:.1f}, its share of joining at a scrape each "
          f"{SCRAPE_INTERVAL} s {share * 1e6:.1f})")  # fmt: skip


def drain(sink: PrometheusSink) -> None:
    for _ in sink.metrics():
        pass


async def ours(number: int) -> PrometheusSink:
    all_checks = checks(number)
    results = endless(all_checks)
    sink = PrometheusSink()
    sink.configure(all_checks, [Shop(f"shop-{n:04}", "https://shop.example") for n in range(number // 20)])
    cost(sink, results, number)
    gc.collect()
    gc.freeze()  # as `techrun run` does once the configuration is loaded
    server = WebServer("127.0.0.1:0", Handlers(sink.metrics, lambda: True, lambda: "", list))
    server.start()
    heart = Heartbeat()
    beating = asyncio.create_task(heart.beat())
    async with feeding(sink, results, number / EVERY):
        await asyncio.sleep(SETTLE)
        print(f"loop held without scrape  {heart.longest * 1e3:8.1f} ms  (longest in {SETTLE} s)")
        for encoding in ("identity", "gzip"):

            async def scrape_once(encoding: str = encoding) -> dict[str, float]:
                await catch_up(sink, results, number * SCRAPE_INTERVAL // EVERY)
                heart.restart()
                return await scrape(server, encoding)

            print(f"scrape, {encoding:<17} {await measured(scrape_once, heart)}")
    beating.cancel()
    server.stop()
    return sink


async def catch_up(sink: PrometheusSink, results: Iterator[Result], number: int) -> None:
    """Take what comes in between two scrapes, without waiting that long."""
    for turn in range(number):
        sink.accept(next(results))
        if turn % 100 == 0:
            await asyncio.sleep(0)


async def measured(scrape_once: Callable[[], Awaitable[dict[str, float]]], heart: Heartbeat) -> str:
    found, held = [], []
    for _ in range(SCRAPES):
        heart.restart()
        found.append(await scrape_once())
        held.append(heart.longest)
    seconds = [one["seconds"] for one in found]
    return (
        f"{statistics.median(seconds) * 1e3:8.1f} ms  (worst {max(seconds) * 1e3:.1f}), "
        f"{found[-1]['bytes'] / 1e6:.1f} MB, loop held at most {max(held) * 1e3:.1f} ms"
    )


def plain(number: int) -> CollectorRegistry:
    """The same series made with prometheus_client's own classes."""
    disable_created_metrics()
    registry = CollectorRegistry()
    names = ["shop", "check", "kind", "location"]
    gauges = {
        name: Gauge(name, name, names, registry=registry)
        for name in (
            "probe_success", "probe_duration_seconds", "probe_dns_lookup_time_seconds", "probe_http_status_code",
            "probe_http_version", "probe_http_ssl", "probe_http_redirects", "probe_http_content_length",
            "probe_http_uncompressed_body_length", "probe_ip_protocol", "probe_ssl_earliest_cert_expiry",
        )
    }  # fmt: skip
    moments = [
        Gauge(f"techrun_check_last_{what}_timestamp_seconds", what, names[:2], registry=registry)
        for what in ("run", "success")
    ]
    status = Gauge("techrun_check_status", "status", [*names, "status"], registry=registry)
    phases = Gauge("probe_http_duration_seconds", "phases", [*names, "phase"], registry=registry)
    runs = Counter("techrun_check_runs_total", "runs", [*names, "status"], registry=registry)
    failures = Counter("techrun_check_failures_total", "failures", [*names, "reason"], registry=registry)
    buckets = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
    durations = Histogram(
        "techrun_check_duration_seconds", "durations", names, buckets=buckets, registry=registry
    )
    for check in checks(number):
        own = (check.id.shop, check.id.name, "http", "local")
        for gauge in gauges.values():
            gauge.labels(*own).set(0.217)
        for moment in moments:
            moment.labels(*own[:2]).set(1.8e9)
        for one in Status:
            status.labels(*own, one.value).set(one is Status.UP)
            runs.labels(*own, one.value).inc(one is Status.UP)
        for phase in ("resolve", "connect", "tls", "processing", "transfer"):
            phases.labels(*own, phase).set(0.003)
        for reason in expected_reasons(check):
            failures.labels(*own, reason.value)
        durations.labels(*own).observe(0.217)
    return registry


async def theirs(number: int) -> None:
    registry = await asyncio.to_thread(plain, number)
    heart = Heartbeat()
    beating = asyncio.create_task(heart.beat())
    started = time.perf_counter()
    text = await asyncio.to_thread(generate_latest, registry)
    seconds = time.perf_counter() - started
    beating.cancel()
    print(f"prometheus_client         {seconds * 1e3:8.1f} ms  rendering alone, in a thread, "
          f"{len(text) / 1e6:.1f} MB, {series_in(text)} series, loop held at most {heart.longest * 1e3:.1f} ms")  # fmt: skip


def series_in(text: bytes) -> int:
    return text.count(b"\n") - text.count(b"\n# ") - text.startswith(b"#")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--checks", type=int, default=10_000)
    given = options.parse_args()
    sink = asyncio.run(ours(given.checks))
    number = series_in(b"".join(sink.metrics()))
    print(f"series                    {number:8}     ({number / given.checks:.1f} a check)")
    asyncio.run(theirs(given.checks))


if __name__ == "__main__":
    main()
