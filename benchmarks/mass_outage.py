"""A mass outage at the real daemon: 2,000 checks of four shops fail at once for a while, and come back.

    python -m benchmarks.mass_outage [--checks 2000] [--every 30] [--well 30] [--broken 80] [--after 70]

The shops are one server on this machine, in a process of its own; its answers turn to 502 and back. Told are
what the daemon does with it: processor, lateness, memory, messages, and the time from the first failed run to the
page. Ends by itself after the sum of its times, about three minutes.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

SHOPS = ("acme-at", "acme-de", "acme-es", "acme-fr")
SERVER = """
import asyncio, sys, time
broken_from, broken_until = (float(word) for word in sys.argv[1:])
page = b"<!doctype html><title>Shop</title>" + b"<p>article</p>" * 850
async def answer(reader, writer):
    try:
        await reader.readuntil(b"\\r\\n\\r\\n")
        word = b"502 Bad Gateway" if broken_from <= time.time() < broken_until else b"200 OK"
        head = b"HTTP/1.1 %s\\r\\nContent-Type: text/html\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n"
        writer.write(head % (word, len(page)) + page)
        await writer.drain()
        writer.close()
    except (OSError, asyncio.IncompleteReadError):
        pass
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
MAIN = """
version: 1
listen: 127.0.0.1:{port}
store: {folder}/store.db
channels: {{oncall: {{url: "json://127.0.0.1:{receiver}/oncall"}}, desk: {{url: "json://127.0.0.1:{receiver}/desk"}}}}
shops: [acme-*.yaml]
"""
SHOP = """
shop: {name}
url: http://127.0.0.1:{server}
notify: {{page: [oncall], ticket: [desk]}}
checks:
  - {{name: home, http: /, every: {every}s, severity: page}}
  - name: page
    http: /${{number}}
    every: {every}s
    depends_on: [home]
    for_each: {{number: [{numbers}]}}
"""


@dataclass(frozen=True)
class Look:
    """The daemon at one moment."""

    at: float
    cpu: float
    memory: int
    late: dict[float, float]
    """How many planned runs started no later than so many seconds."""
    runs: float
    """All of them, confirmations too."""


class Phone:
    """Notes what arrives, and when."""

    def __init__(self):
        self.arrived = []
        phone = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                phone.arrived.append((time.time(), self.path, body["title"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def a_free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def write_configuration(folder, arguments, server, receiver):
    port = a_free_port()
    (folder / "techrun.yaml").write_text(MAIN.format(port=port, folder=folder, receiver=receiver))
    each = arguments.checks // len(SHOPS) - 1
    numbers = ", ".join(f'"{number}"' for number in range(each))
    for name in SHOPS:
        text = SHOP.format(name=name, server=server, every=arguments.every, numbers=numbers)
        (folder / f"{name}.yaml").write_text(text)
    return port


def look(process, port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    late = {}
    for bound, count in re.findall(r'techrun_check_lateness_seconds_bucket\{le="([^"]+)".*?\} (\S+)', text):
        late[float(bound.replace("+Inf", "inf"))] = float(count)
    cpu = process.cpu_times()
    memory = process.memory_info().rss
    runs = sum(float(count) for count in re.findall(r"techrun_check_runs_total\{.*?\} (\S+)", text))
    return Look(time.time(), cpu.user + cpu.system, memory, late, runs)


def lateness(before, after, share):
    """The bound that this share of the planned runs between two looks started within."""
    runs = after.late[float("inf")] - before.late[float("inf")]
    for bound in sorted(after.late):
        if after.late[bound] - before.late.get(bound, 0.0) >= share * runs:
            return f"≤ {bound * 1000:g} ms"
    return "?"


def phase(name, before, after):
    seconds, runs = after.at - before.at, after.runs - before.runs
    cpu = after.cpu - before.cpu
    return (
        f"{name:<14}{seconds:5.0f} s{runs:8.0f} runs{cpu / seconds * 100:7.0f} %{cpu / max(runs, 1) * 1000:8.2f} ms"
        f"{lateness(before, after, 0.5):>12}{lateness(before, after, 0.99):>12}{lateness(before, after, 1):>12}"
        f"{after.memory / 1e6:8.0f} MB"
    )


def first_failures(store):
    """By shop when the first run of its outage failed, as its incident has it."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT shop, min(since) FROM incidents WHERE kind = 'outage' GROUP BY shop"
        )
        return dict(rows.fetchall())


def measure(folder, arguments):
    start = time.time()
    breaks, mends = start + arguments.well, start + arguments.well + arguments.broken
    phone = Phone()
    command = [sys.executable, "-c", SERVER, str(breaks), str(mends)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        port = write_configuration(folder, arguments, int(server.stdout.readline()), phone.port)
        with (folder / "log").open("wb") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "techrun", "run", "-c", str(folder)], stdout=log, stderr=log
            )
        try:
            process = psutil.Process(daemon.pid)
            looks = []
            for moment in (breaks - 10, breaks, mends, mends + arguments.after):
                time.sleep(max(0.0, moment - time.time()))
                looks.append(look(process, port))
        finally:
            daemon.terminate()
            code = daemon.wait(60)
            server.terminate()
    return looks, phone.arrived, first_failures(folder / "store.db"), code


def report(looks, arrived, failed, code):
    print(
        f"{'':<14}{'':>7}{'':>13}{'processor':>9}{'a run':>9}{'late p50':>12}{'p99':>12}{'max':>12}{'memory':>11}"
    )
    for name, before, after in zip(("well", "broken", "mended"), looks, looks[1:], strict=False):
        print(phase(name, before, after))
    pages = [(at, title) for at, _, title in arrived if title.startswith("[PAGE]")]
    print(f"\n{len(arrived)} messages, of them {len(pages)} pages; {len(failed)} shops; exit code {code}")
    for shop, since in sorted(failed.items()):
        told = next((at for at, title in pages if title.startswith(f"[PAGE] {shop}:")), None)
        said = f"{told - since:.1f} s after its first failed run" if told else "never"
        print(f"{shop}: paged {said}")
    for _, path, title in arrived:
        print(f"  {path[1:]:<8}{title[:100]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--checks", type=int, default=2000)
    parser.add_argument("--every", type=int, default=30)
    parser.add_argument("--well", type=float, default=30.0)
    parser.add_argument("--broken", type=float, default=80.0)
    parser.add_argument("--after", type=float, default=70.0)
    with tempfile.TemporaryDirectory() as folder:
        report(*measure(Path(folder), parser.parse_args()))


if __name__ == "__main__":
    main()
