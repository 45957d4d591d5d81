"""`techrun run` on shops that break and mend all the time, killed and started again."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks._crash_verdict import PATIENCE, sending_now
from techrun.store.database import read_store

SHOPS = ("acme-at", "acme-de", "acme-es", "acme-fr")
BREAKS_EVERY = 6
"""So many requests a shop is well, and so many it is broken."""
STILL = 4.0
"""Seconds without an open incident or message after which none is owed."""
CONFIGURATION = """
version: 1
listen: 127.0.0.1:{port}
store: {store}
channels:
  oncall: {{url: "{receiver}/oncall"}}
  chat: {{url: "{receiver}/chat"}}
alerting: {{group_wait: {{page: 0s}}}}
shops: [acme-*.yaml]
"""
SHOP = """
shop: {name}
client: acme
url: http://127.0.0.1:{port}
notify: {{page: [oncall, chat]}}
checks:
  - name: home
    http: /{name}
    every: 1s
    severity: page
    confirmation: {{fail_after: 3, recover_after: 2, delays: [50ms, 50ms, 50ms]}}
"""


class Shops(ThreadingHTTPServer):
    """All shops; each is broken half of its requests, until they are mended for good."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Page)
        self.requests = Counter()
        self.changed = threading.Condition()
        self.mended = False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def status(self, shop):
        with self.changed:
            number = self.requests[shop]
            self.requests[shop] += 1
            self.changed.notify_all()
        return 200 if self.mended or number // BREAKS_EVERY % 2 == 0 else 502

    def wait_for(self, more):
        """Wait for so many more requests; whether they came."""
        with self.changed:
            goal = self.requests.total() + more
            return self.changed.wait_for(lambda: self.requests.total() >= goal, PATIENCE)

    def handle_error(self, request, client_address):
        pass  # the daemon was killed


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(self.server.status(self.path))
        self.end_headers()
        self.wfile.write(b"<title>shop</title>")

    def log_message(self, *args):
        pass


class DaemonKiller:
    """Starts one daemon after the other and sees to its end."""

    of = "`techrun run`"
    row = "techrun, all of `techrun run`"
    kinds = ("random", "in flight")

    def __init__(self, path, receiver, chance):
        self._path, self._receiver, self._chance = path, receiver, chance
        self._shops = Shops()
        self._folder = Path(path).parent
        self.sending = Counter()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        url = f"json://127.0.0.1:{receiver.server_port}"
        text = CONFIGURATION.format(port=port, store=path, receiver=url)
        (self._folder / "techrun.yaml").write_text(text)
        for name in SHOPS:
            text = SHOP.format(name=name, port=self._shops.server_port)
            (self._folder / f"{name}.yaml").write_text(text)

    def kill(self, kind):
        """One daemon and its end."""
        daemon = self._start()
        if kind == "random":
            came = self._shops.wait_for(self._chance.randint(1, 60))
            time.sleep(self._chance.uniform(0, 0.1))
            daemon.kill()
        else:
            with self._receiver.held() as held:
                came = held.wait(PATIENCE)
                daemon.kill()
                daemon.wait()
        if daemon.wait() != -signal.SIGKILL or not came:
            raise SystemExit(f"the daemon did not work:\n{(self._folder / 'log').read_text()[-3000:]}")
        self.sending.update(sending_now(self._path))

    def end(self):
        """A last daemon, on shops that are well, delivers all that is owed."""
        self._shops.mended = True
        daemon = self._start()
        try:
            self._settle_down()
        finally:
            daemon.terminate()
            if daemon.wait(PATIENCE):
                raise SystemExit(f"the last daemon ended with {daemon.returncode}")

    def _start(self):
        with (self._folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "techrun", "run", "-c", str(self._folder)]
            return subprocess.Popen(command, stdout=log, stderr=log)

    def _settle_down(self):
        end = time.monotonic() + 2 * PATIENCE
        self._shops.wait_for(4 * len(SHOPS))
        still_since = time.monotonic()  # after a wait that takes seconds on a busy machine
        while time.monotonic() - still_since < STILL:
            with read_store(self._path) as connection:
                (left,) = connection.execute(
                    "SELECT (SELECT count(*) FROM incidents WHERE closed IS NULL)"
                    " + (SELECT count(*) FROM outbox WHERE settled IS NULL)"
                ).fetchone()
            if left:
                still_since = time.monotonic()
            if time.monotonic() > end:
                raise SystemExit(f"{left} incidents or messages stay open")
            time.sleep(0.1)
