"""Requests per CPU second of a journey under Locust, against the same visits written by hand.

    python -m benchmarks.load_cost [turns]

Each way runs in a process of its own, in turns, and twenty visitors at a time come again as soon as they have
left. Requests are counted by the shop, CPU over the whole process tree of the generator, both from the third
second on; `user` leaves out the kernel's part of it, which is the same for all. Visits must have come to their
last step. The last way asks whether a second process makes as many requests of each CPU second.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks._load_cost_journey import JOURNEY

HERE = Path(__file__).parent
SETTLE, WINDOW = 2.5, 4.0
WAYS = {
    "journey": ("journey", ()),
    "FastHttpUser by hand": ("fast", ()),
    "… without cookies": ("bare", ()),
    "HttpUser by hand": ("http", ()),
    "journey, 2 processes": ("journey", ("--processes", "2")),
}


class Turn(NamedTuple):
    per_cpu: float
    """Requests per CPU second."""
    per_user: float
    """Requests per second of user CPU."""
    per_second: float


@contextlib.contextmanager
def shop() -> Iterator[int]:
    command = [sys.executable, str(HERE / "_load_cost_shop.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


def asked(port: int) -> tuple[int, int]:
    """Requests so far, and those of a visit's last step."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/_count")
    count, finished = connection.getresponse().read().split()
    return int(count), int(finished)


def cpu(process: psutil.Process) -> tuple[float, float]:
    """Seconds of user and system."""
    user = system = 0.0
    for each in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            user, system = user + times.user, system + times.system
    return user, system


def measure(way: str, port: int, folder: Path) -> Turn:
    """One turn of one way."""
    kind, more = WAYS[way]
    file = HERE / ("_load_cost_journey.py" if kind == "journey" else "_load_cost_by_hand.py")
    host = f"http://127.0.0.1:{port}"
    options = ["-f", str(file), "--headless", "--host", host, "--loglevel", "ERROR", *more]
    if kind != "journey":
        options += ["-u", "20", "-r", "20"]
    environ = {**os.environ, "CLIENT": kind, "USERS": "20", "TECHRUN_CONFIG": str(folder / "techrun.yaml")}
    with subprocess.Popen(
        [sys.executable, "-m", "locust", *options],
        env=environ, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        generator = psutil.Process(process.pid)
        until = time.monotonic() + 20
        before = asked(port)[0]
        while asked(port)[0] < before + 100 and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(SETTLE)
        (user, system), (count, finished), began = cpu(generator), asked(port), time.monotonic()
        time.sleep(WINDOW)
        after, (count_after, finished_after) = cpu(generator), asked(port)
        took, seen, visits = time.monotonic() - began, count_after - count, finished_after - finished
        user, system = after[0] - user, after[1] - system
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
    if not seen or 7 * visits < 0.8 * seen:  # some were under way at both ends
        raise SystemExit(f"{way}: {seen} requests, but only {visits} came to the last of their seven")
    return Turn(seen / (user + system), seen / user, seen / took)


def main() -> None:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found: dict[str, list[Turn]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as name, shop() as port:
        folder = Path(name)
        (folder / "buy.yaml").write_text(JOURNEY)
        (folder / "techrun.yaml").write_text(
            f"version: 1\nshop: bench\nurl: http://127.0.0.1:{port}\nlocale: de-DE\ninclude: [buy.yaml]\n"
        )
        for turn in range(turns):
            for way in WAYS if turn % 2 else reversed(WAYS):
                found[way].append(measure(way, port, folder))
    report(found)


def report(found: dict[str, list[Turn]]) -> None:
    hand = found["FastHttpUser by hand"]
    print(
        f"{'':24}{'requests/CPU s':>16}{'of FastHttpUser':>17}{'(turns)':>12}{'user only':>11}{'requests/s':>12}"
    )
    for way, turns in found.items():
        ratios = [one.per_cpu / other.per_cpu for one, other in zip(turns, hand, strict=True)]
        of_user = statistics.median(
            one.per_user / other.per_user for one, other in zip(turns, hand, strict=True)
        )
        per_cpu = statistics.median(one.per_cpu for one in turns)
        per_second = statistics.median(one.per_second for one in turns)
        spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
        middle = statistics.median(ratios)
        print(
            f"{way:24}{per_cpu:16.0f}{middle:17.2f}{spread:>12}{of_user:11.2f}{per_second:12.0f}", flush=True
        )


if __name__ == "__main__":
    main()
