"""A store as a daemon leaves it, its web server with the API, and the command line beside it or far away."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from techrun.alerts.links import SECRET, ack_link
from techrun.app.loading import load_without_secrets
from techrun.app.operations import LocalOperations
from techrun.app.release_dora import local_dora
from techrun.app.release_gate import LocalGate
from techrun.cli import cli
from techrun.errors import TechrunError
from techrun.load.keeping import StoreLoads
from techrun.model import CheckId, Reason, Result, Status
from techrun.model import Outcome as Found
from techrun.releases.keeping.store_book import StoreBook
from techrun.standing import CheckState, Hold, Incident, Member, Message, Receipt
from techrun.store.database import Store
from techrun.store.desk import answer, load_desk, secret
from techrun.store.history import insert_results
from techrun.store.outbox import Outbox, add_message
from techrun.store.state import begin_hold, save_incident, save_states
from techrun.web.access import Tokens
from techrun.web.routes import Handlers
from techrun.web.server import WebServer

READ, OPERATE = "read-token-0123456789", "operate-token-0123456789"
SHOP = """
version: 1
store: store.db
shop: acme-es
client: acme
url: https://www.acme.es
timezone: Europe/Madrid
impact: {orders_per_hour: 120, average_order: 85 EUR}
secrets: secrets.yaml
channels:
  oncall: {url: "${secret.PAGER_URL}"}
notify: {page: [oncall]}
web: {tokens: {read: ["${secret.READ_TOKEN}"], operate: ["${secret.OPERATE_TOKEN}"]}}
checks:
  - {name: home, http: /, severity: page, tags: [b2b]}
  - {name: cart, http: /cart, severity: ticket}
"""
"""None of its secrets is there: whoever only looks or acts needs none."""


@dataclass
class World:
    """One techrun: its folder, its store, its API."""

    folder: Path
    store: Store
    operations: LocalOperations
    began: float
    tokens: Tokens = field(default_factory=lambda: Tokens((READ,), (OPERATE,)))
    server: WebServer | None = None

    @property
    def loads(self) -> StoreLoads:
        return StoreLoads(self.store.path, self.store, shops=lambda: ["acme-es"])

    @property
    def book(self) -> StoreBook:
        return StoreBook(self.store.path, self.store, shops=lambda: ["acme-es"])

    @property
    def gate(self) -> LocalGate:
        return LocalGate(lambda: load_without_secrets(self.folder / "techrun.yaml"), self.book, self.store)

    @property
    def dora(self) -> Any:
        return local_dora(lambda: load_without_secrets(self.folder / "techrun.yaml"), self.store)

    @property
    def url(self) -> str:
        return self.server.url.rstrip("/")

    def write(self, work: Any, *args: Any, **more: Any) -> Any:
        return self.store.write(lambda connection: work(connection, *args, **more), urgent=True).result()

    def api(self, method: str, path: str, token: str = OPERATE, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Without TLS there is nothing to verify: to load the certificates takes 30 ms each time.
        with httpx.Client(trust_env=False, timeout=20, verify=False) as client:
            return client.request(method, f"{self.url}/api/v1/{path}", headers=headers, **more)

    def ack_link(self, incident: int = 1) -> str:
        return ack_link(self.url, self.write(secret, SECRET), incident)


def outage(number: int, at: float, **more: Any) -> Incident:
    home = Member(
        CheckId("acme-es", "home"),
        "page",
        since=at,
        joined=at + 35,
        joined_by="joined.first",
        reason=Reason.STATUS,
        step="home",
        message="expected 200, got 502",
        runs=4,
        trace_id="9f2c",
    )
    cart = Member(
        CheckId("acme-es", "cart"), "ticket", at + 1, at + 36, "joined.depends_on", recovered=at + 90
    )
    title = "acme-es: the home page does not open"
    base = Incident(number, "outage", "acme-es", "page", title, at, at + 35, (home, cart))
    return Incident(**{name: getattr(base, name) for name in base.__slots__} | more)


@pytest.fixture
def world(tmp_path, monkeypatch):
    """An outage for ten minutes: told to a channel that does not answer, held by nothing, taken on by nobody."""
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 0.01)
    for name in ("TECHRUN_SERVER", "TECHRUN_TOKEN", "TECHRUN_CONFIG", "PAGER_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "techrun.yaml").write_text(SHOP)
    loaded = load_without_secrets(tmp_path / "techrun.yaml")
    store = Store(tmp_path / "store.db")
    now = time.time()
    made = World(tmp_path, store, LocalOperations(lambda: loaded, store, patience=0.3), now - 600)
    made.write(_seed, loaded.checks, made.began)
    _fail_to_deliver(store, made.began + 40)
    made.server = WebServer(
        "127.0.0.1:0",
        Handlers(
            lambda: iter([b""]),
            lambda: True,
            lambda: "",
            list,
            operations=made.operations,
            tokens=lambda: made.tokens,
            link_secret=made.write(secret, SECRET),
            loads=made.loads,
            gate=made.gate,
            dora=made.dora,
            book=made.book,
        ),
    )
    made.server.start()
    yield made
    made.server.stop()
    store.close()


def _seed(connection: Any, checks: Any, at: float) -> None:
    home, cart = checks
    found = Found(Status.DOWN, Reason.STATUS, "expected 200, got 502", step="home")
    insert_results(connection, [Result(home, found, "run-1", at, 0.2, 0.0)])
    insert_results(connection, [Result(cart, Found(Status.UP), "run-2", at, 0.1, 0.0)])
    down = CheckState(Status.DOWN, at, Status.DOWN, 4, at)
    save_states(connection, {home.id: down, cart.id: CheckState(Status.UP, at)})
    save_incident(connection, outage(1, at))
    save_incident(connection, outage(2, at - 86400, closed=at - 80000, closed_by="recovered.confirmed"))
    begin_hold(connection, 1, Hold("held.group_wait"), at + 35)
    connection.execute("UPDATE holds SET until = ?", (at + 37,))
    add_message(connection, Message(1, "opened", "oncall", "[PAGE] acme-es: down", "text", at + 40, "page"))
    shadow = Message(
        2, "opened", "oncall", "[PAGE] acme-es: in shadow", "text", at - 86300, "page", shadow=True
    )
    add_message(connection, shadow)


def _fail_to_deliver(store: Store, at: float) -> None:
    outbox = Outbox(store, lambda: at)
    message = outbox.claim("oncall")
    outbox.settle(message, Receipt(ok=False, elapsed=0.8, answer="503 Service Unavailable"), at + 5)


@pytest.fixture
def keeper(world):
    """What the daemon does with requests: opens #7, closes what it is asked to."""
    stop, seen = threading.Event(), []

    def serve() -> None:
        while not stop.wait(0.02):
            with world.store.read() as connection:
                waiting = load_desk(connection, time.time()).requests
            for request in waiting:
                seen.append(request)
                said = "7" if request.verb == "open" else "closed"
                if request.payload.get("text") == "refuse this":
                    said = "error: not now"
                world.write(answer, request.id, said, time.time())

    thread = threading.Thread(target=serve)
    thread.start()
    yield seen
    stop.set()
    thread.join()


@dataclass(frozen=True)
class Answer:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture(params=["here", "from a laptop"])
def techrun(request, world, monkeypatch):
    """The command line, once on the store of this machine and once over the API from a folder without a file."""
    remote = request.param != "here"
    monkeypatch.chdir(world.folder)
    monkeypatch.setattr("techrun.app.operations.PATIENCE", 0.3)
    if remote:
        laptop = world.folder / "laptop"
        laptop.mkdir()
        monkeypatch.chdir(laptop)
        monkeypatch.setenv("TECHRUN_SERVER", world.url)
        monkeypatch.setenv("TECHRUN_TOKEN", OPERATE)

    return run_command


def run_command(*words: str) -> Answer:
    """One command, as `main` runs it."""
    done = CliRunner().invoke(cli, list(words), standalone_mode=False)
    if isinstance(done.exception, TechrunError):
        return Answer(int(done.exception.exit_code), done.stdout, str(done.exception))
    if done.exception is not None:
        code = getattr(done.exception, "exit_code", None)
        if code is None:
            raise done.exception
        return Answer(code, done.stdout, str(getattr(done.exception, "message", "")))
    return Answer(int(done.return_value or 0), done.stdout, done.stderr)
