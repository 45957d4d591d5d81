"""Load runs as a generator leaves them, and each place where they may be kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.app.operations import LocalOperations
from techrun.app.remote_loads import RemoteLoads
from techrun.load.keeping import StoreLoads
from techrun.load.keeping.folder import FolderLoads
from techrun.load.records import (
    Cell,
    Comparison,
    Contrast,
    Health,
    Ruling,
    Run,
    Schedule,
    Stage,
    Traffic,
    Verdict,
)
from techrun.store.database import Store
from techrun.web.access import Tokens
from techrun.web.routes import Handlers
from techrun.web.server import WebServer

OPERATE, READ = "operate-token-0123456789", "read-token-0123456789"
SCHEDULE = Schedule((Stage("warm-up", 2, 5, 5), Stage("measure", 3, 5, 5)))
CELLS = tuple(
    Cell("new", "buy", step, window, {-96: 3, -64: 1}, {"status": 1} if window == 3 else {})
    for window in range(5)
    for step in ("home", "pay", "")
)
RULING = Ruling("latency.criterion", "home", holds=True, text="p95 210 ms of 800 ms")
CONTRAST = Contrast("buy", "home", "p95", 0.2, 0.21, 1.05, 0.99, 1.1, 0.4, 1.08, regressed=None)
PASSED = Verdict("pass", "as fast as before", (RULING,), Comparison("v1", "stored", (CONTRAST,), 1, looks=2))
RUN = Run(
    "r1",
    "acme-es",
    "checkout",
    "v2",
    "https://www.acme.es",
    1_790_000_000.0,
    1_790_000_006.0,
    SCHEDULE,
    cells=CELLS,
    traffic=tuple(Traffic(window, 5, 5, 1, 0, 3, closed=True) for window in range(5)),
    health=(Health("local", 0, 0.2, 2.0, None, 0.0, 0.01, 0.0, 60_000_000),),
    counts={"orders": 2},
    fingerprint={"cpu": "a", "journeys": "b"},
    criteria=({"step": "home", "p95": "800ms"},),
    notes=("ünïcode",),
    verdict=PASSED,
)


@pytest.fixture(autouse=True)
def commits_at_once(monkeypatch):
    """Tests need not wait for the interval."""
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 0.01)


@pytest.fixture
def make_run():
    """A run that passed; each later one began a minute after the former."""

    def make(number=1, value="pass", **changes):
        began = RUN.started + 60 * number
        verdict = replace(PASSED, value=value) if value else None
        return replace(
            RUN, **{"id": f"r{number}", "started": began, "ended": began + 6, "verdict": verdict} | changes
        )

    return make


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "daemon.db")
    yield opened
    opened.close()


@pytest.fixture
def daemon_loads(store):
    """As the daemon has it: its own store, its shops."""
    return StoreLoads(store.path, store, shops=lambda: ["acme-es", "acme-fr"])


@pytest.fixture
def server(store, daemon_loads):
    """The daemon's API."""

    def nobody():
        raise AssertionError("only load runs are asked for")

    operations = LocalOperations(nobody, store)
    tokens = Tokens((READ,), (OPERATE,))
    handlers = Handlers(
        lambda: iter([b""]),
        lambda: True,
        lambda: "",
        list,
        operations=operations,
        tokens=lambda: tokens,
        loads=daemon_loads,
    )
    running = WebServer("127.0.0.1:0", handlers)
    running.start()
    yield running
    running.stop()


@pytest.fixture(params=["store", "daemon", "folder", "server"])
def loads(request, tmp_path):
    """Every place where runs may be kept."""
    if request.param == "store":
        return StoreLoads(tmp_path / "own" / "techrun.db")
    if request.param == "folder":
        return FolderLoads(tmp_path / "cache")
    if request.param == "daemon":
        return request.getfixturevalue("daemon_loads")
    return RemoteLoads(request.getfixturevalue("server").url, OPERATE)
