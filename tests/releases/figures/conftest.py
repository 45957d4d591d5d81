"""A real Prometheus that scrapes a small shop, which counts by version."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

COUNTS = {"v811": (100_000, 200), "v812": (1_000, 31), 'v"8\\12': (10, 0), "idle": (0, 0)}
"""Requests and failures by version."""


def exposition():
    lines = ["# TYPE shop_requests_total counter", "# TYPE shop_errors_total counter"]
    for version, (requests, errors) in COUNTS.items():
        label = 'version="' + version.replace("\\", "\\\\").replace('"', '\\"') + '"'
        lines += [
            f'shop_requests_total{{{label},node="1"}} {requests}',
            f'shop_errors_total{{{label},node="1"}} {errors}',
        ]
    lines += [
        'shop_requests_total{version="v811",node="2"} 5',
        'shop_errors_total{version="v811",node="2"} 1',
    ]
    return "\n".join(sorted(lines, key=lambda line: "errors" in line)) + "\n"


class _Metrics(BaseHTTPRequestHandler):
    def do_GET(self):
        body = exposition().encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scraped(url):
    with urllib.request.urlopen(f"{url}/api/v1/query?query=shop_requests_total", timeout=5) as answer:
        return len(json.load(answer)["data"]["result"]) == len(COUNTS) + 1


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """Its address; it has seen the shop."""
    shop = ThreadingHTTPServer(("127.0.0.1", 0), _Metrics)
    thread = threading.Thread(target=shop.serve_forever, args=(0.05,))
    thread.start()
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    job = {
        "job_name": "shop",
        "scrape_interval": "500ms",
        "scrape_timeout": "500ms",
        "static_configs": [{"targets": [f"127.0.0.1:{shop.server_address[1]}"]}],
    }
    (folder / "prometheus.json").write_text(json.dumps({"scrape_configs": [job]}))
    command = ["prometheus", f"--config.file={folder}/prometheus.json", f"--storage.tsdb.path={folder}/data"]
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
    try:
        wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)
        shop.shutdown()
        thread.join()
        shop.server_close()


def wait_for(url):
    until = time.monotonic() + 30
    while True:
        try:
            if scraped(url):
                return
        except OSError:
            pass
        assert time.monotonic() < until, "Prometheus has not seen the shop"
        time.sleep(0.1)
