"""Nothing grows: a daemon that probes at full speed keeps its memory, descriptors, threads and queue."""

from __future__ import annotations

import sqlite3
import statistics
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest

CONFIG = """
shop: soak
url: http://127.0.0.1:{port}
include: [browse.yaml]
checks:
{checks}
"""
JOURNEY = """
journey: browse
steps:
  - {step: home, get: /, save: {word: {css: h1}}}
  - {step: search, get: "/?q=${word}", expect: {text: {contains: welcome}}}
"""
PAGE = b"<html><body><h1>welcome</h1>" + b"<p>A product and its price.</p>" * 300 + b"</body></html>"


@dataclass(frozen=True)
class Soak:
    """How long, how fast, and how much may be left of the noise of an allocator."""

    checks: int
    every: int
    warm_up: float
    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Use:
    """What the daemon holds at one moment."""

    memory: int
    descriptors: int
    threads: int
    unwritten: float


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = not self.path.startswith("/gone")
        self.send_response(200 if found else 500)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass


class Shop(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


@pytest.fixture
def shop():
    server = Shop(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def settings_of(number: int, port: int, every: int) -> str:
    """Mostly pages, some of them gone; some journeys and bare connections."""
    what = {0: "journey: browse", 1: f'tcp: "127.0.0.1:{port}"', 2: "http: /gone"}.get(number % 10, "http: /")
    return f"  - {{name: check-{number}, {what}, every: {every}s, deadline: 5s}}"


def look(daemon, process) -> Use:
    """Scrape as Prometheus does, and count."""
    runs = sum(
        float(line.rsplit(" ", 1)[1])
        for line in daemon.get("/metrics").splitlines()
        if line.startswith("techrun_check_runs_total{")
    )
    with sqlite3.connect(f"file:{daemon.folder}/store.db?mode=ro", uri=True) as store:
        (written,) = store.execute("SELECT count(*) FROM results").fetchone()
    store.close()
    with process.oneshot():
        return Use(process.memory_info().rss, process.num_fds(), process.num_threads(), runs - written)


def most(uses: list[Use], what: str) -> float:
    return max(getattr(use, what) for use in uses)


def usual_memory(uses: list[Use]) -> float:
    """The median: a scrape or a commit takes some megabytes for a moment."""
    return statistics.median(use.memory for use in uses)


@pytest.mark.parametrize(
    "soak",
    [
        pytest.param(Soak(100, 2, 10, 15, 6), id="short"),
        pytest.param(Soak(200, 2, 60, 540, 5), id="long", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
def test_memory_descriptors_threads_and_what_waits_for_the_disk_do_not_grow(
    daemon, shop, soak, record_property
) -> None:
    (daemon.folder / "browse.yaml").write_text(JOURNEY)
    checks = "\n".join(settings_of(number, shop, soak.every) for number in range(soak.checks))
    daemon.configure(CONFIG.format(port=shop, checks=checks))
    daemon.start()
    process = psutil.Process(daemon.process.pid)
    warm = watch(daemon, process, soak.warm_up)
    late = watch(daemon, process, soak.seconds)
    first, last = late[: len(late) // 3], late[-len(late) // 3 :]
    figures = {what: (most(first, what), most(last, what)) for what in Use.__annotations__}
    grown = usual_memory(last) - usual_memory(first)
    told = [f"{what}: {before:g}, at the end {after:g}" for what, (before, after) in figures.items()]
    record_property("figures", "\n".join(told))
    assert daemon.metric("techrun_check_missed_runs_total") == 0
    assert grown < soak.megabytes * 1e6, figures
    assert most(late, "descriptors") <= most(warm, "descriptors") + soak.checks, figures
    assert most(last, "descriptors") <= most(first, "descriptors") + 20, figures
    assert most(late, "threads") <= most(warm, "threads") + 2, figures
    assert most(late, "unwritten") < 5 * soak.checks / soak.every, figures
    assert daemon.stop() == 0
    assert "ERROR" not in daemon.log.read_text()


def watch(daemon, process, seconds: float) -> list[Use]:
    """What it holds, looked at once a second for so long."""
    end, uses = time.monotonic() + seconds, []
    while time.monotonic() < end:
        uses.append(look(daemon, process))
        time.sleep(1)
    return uses
