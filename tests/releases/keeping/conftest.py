"""A verification as it is kept, and each place where the book may be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.app.operations import LocalOperations
from techrun.app.remote_book import RemoteBook
from techrun.handling import Release
from techrun.model import Check, CheckId, Reason, Status
from techrun.releases.keeping.store_book import StoreBook
from techrun.releases.records import (
    Counts,
    Expectation,
    Identity,
    NodeFinding,
    Ruling,
    Sample,
    SmokeResult,
    Verdict,
    Verification,
)
from techrun.store.database import Store
from techrun.store.releases import add_release, end_release
from techrun.web.access import Tokens
from techrun.web.routes import Handlers
from techrun.web.server import WebServer

OPERATE, READ = "operate-token-0123456789", "read-token-0123456789"
NOW = 1_790_000_000.0
SEEN = Verification(
    id="first",
    shop="acme-es",
    release=1,
    version="v812",
    commit="a1b9f3e",
    begun=NOW,
    started=NOW + 30,
    ended=NOW + 330,
    by="dee",
    identity=Identity(
        Expectation("v812", "a1b9f3e"),
        (NodeFinding("127.0.0.2", "new", "runs v812", "v812", "a1b9f3e", 3, 4, NOW + 31.5),),
        ("1 Cloudflare edge seen, 0 origins: set `nodes:`",),
        live=NOW + 31.5,
    ),
    smoke=(SmokeResult("guest-checkout", "front", Status.DOWN, Reason.STATUS, "pay", "ünïcode 502"),),
    samples=(
        Sample("checkout", NOW + 40, 8.5, Status.UP, 0.4, {"home": 0.1}, settling=True),
        Sample("checkout", NOW + 99, 67.5, Status.UP, 0.3, {"home": 0.1, "pay": 0.2}),
    ),
    judged=("checkout",),
    wanted=1,
    before=(Counts("checkout", NOW - 86_400, 60, 1),),
    digests={"checkout": "d1"},
    verdict=Verdict(
        "pass", "as good as before", (Ruling("errors.more", "checkout", holds=True, text="0 of 1"),)
    ),
    settings={
        "smoke": ["guest-checkout"],
        "prometheus": {"url": "https://prom.example", "token": "the-token"},
        "webhooks": [{"url": "https://hooks.example/secret-path"}],
    },
)


@pytest.fixture(autouse=True)
def commits_at_once(monkeypatch):
    """Tests need not wait for the interval."""
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 0.01)


@pytest.fixture
def make_seen():
    """A verification of the first release; its verdict may be another one, or none."""

    def make(number="first", value="pass", **changes):
        verdict = replace(SEEN.verdict, value=value) if value else None
        return replace(SEEN, id=number, verdict=verdict, **changes)

    return make


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "daemon.db")
    yield opened
    opened.close()


@pytest.fixture
def write(store):
    def written(work, *args, **more):
        return store.write(lambda connection: work(connection, *args, **more), urgent=True).result()

    return written


@pytest.fixture
def begin(write):
    """A release that begins; so many seconds after the first one."""

    def begun(version="v812", later=0.0, shop="acme-es"):
        return write(add_release, Release(0, shop, version, NOW + later, "a1b9f3e", "ci"))

    return begun


@pytest.fixture
def roll_back(write):
    return lambda version: write(end_release, "acme-es", version, NOW + 1e6, rolled_back=True)


@pytest.fixture
def daemon_book(store):
    """As the daemon has it: its own store, its shops and checks."""
    checks = (Check(CheckId("acme-es", "checkout"), "journey", 60, 10, tags=("b2b",)),)
    return StoreBook(store.path, store, shops=lambda: ["acme-es", "acme-fr"], checks=lambda: checks)


@pytest.fixture
def server(store, daemon_book):
    """The daemon's API."""

    def nobody():
        raise AssertionError("only the book is asked")

    tokens = Tokens((READ,), (OPERATE,))
    handlers = Handlers(
        lambda: iter([b""]),
        lambda: True,
        lambda: "",
        list,
        operations=OperationsOfReleases(nobody, store),
        tokens=lambda: tokens,
        book=daemon_book,
    )
    running = WebServer("127.0.0.1:0", handlers)
    running.start()
    yield running
    running.stop()


class OperationsOfReleases(LocalOperations):
    """Without a configuration; every shop is known."""

    def _shop(self, name):
        pass


@pytest.fixture(params=["store", "daemon", "server"])
def book(request, store):
    """Every place where the book may be."""
    if request.param == "store":
        return StoreBook(store.path)
    if request.param == "daemon":
        return request.getfixturevalue("daemon_book")
    return RemoteBook(request.getfixturevalue("server").url, OPERATE)
