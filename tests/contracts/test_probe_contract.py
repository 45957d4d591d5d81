"""What every kind of check must have and do; a new kind is found by itself and told what it lacks."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import inspect
import re
import socket
from pathlib import Path

import pytest
import yaml

from techrun.fetch import Fetcher
from techrun.language.definition import Definition
from techrun.model import Check, CheckId, Outcome, Shop, Status
from techrun.probes import Run, Scope, kinds
from techrun.redact import Redactor

ROOT = Path(__file__).parents[2]
SHOP = Shop("acme", "http://shop.invalid")
DEADLINE = 0.4
KINDS = sorted(kinds())


@pytest.fixture(params=KINDS)
def kind(request):
    return kinds()[request.param]


class NoOrders:
    async def begin(self, shop, check, run_id, step):
        return "a contract test places no orders"

    async def settle(self, shop, run_id, orders):
        pass


def own_tests(name: str) -> Path:
    return ROOT / "tests" / "probes" / f"test_{name}.py"


def aimed_at(kind, port: int):
    """The kind's own definition of a check of this port, from its tests, prepared."""
    path = own_tests(kind.name)
    spec = importlib.util.spec_from_file_location(f"contract_{kind.name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert hasattr(module, "at"), (
        f"{path} needs `def at(port)`: the keys of a `{kind.name}` check of 127.0.0.1:port, "
        "and the journeys it uses if any, so that bad servers can be tried on it"
    )
    keys, journeys = module.at(port)
    definition = kind.spec.model_validate(keys)
    if kind.prepare is None:
        return definition
    return kind.prepare(definition, Scope(SHOP, journeys=journeys))


@pytest.fixture
async def run(kind):
    """Runs the kind at a port."""
    fetcher = Fetcher()

    async def once(port: int) -> Outcome:
        prepared = aimed_at(kind, port)
        check = Check(
            CheckId("acme", "bad"),
            kind.name,
            every=60,
            deadline=DEADLINE,
            cleanup_deadline=0.1,
            prepared=prepared,
        )
        means = Run(
            check=check,
            shop=SHOP,
            run_id="1",
            fetcher=fetcher,
            ledger=NoOrders(),
            redactor=Redactor(),
            deadline=DEADLINE,
        )
        return await kind.run(prepared, means)

    yield once
    await fetcher.close()


class Server:
    """Speaks TCP and UDP on one port and answers every message with `reply`, or with nothing."""

    def __init__(self, reply: bytes | None) -> None:
        self._reply = reply
        self.met, self._over = asyncio.Event(), asyncio.Event()

    async def __aenter__(self):
        self._tcp = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._tcp.sockets[0].getsockname()[1]
        loop, server = asyncio.get_running_loop(), self

        class Datagrams(asyncio.DatagramProtocol):
            def connection_made(self, transport):
                self.transport = transport

            def datagram_received(self, data, address):
                server.met.set()
                if server._reply is not None:
                    self.transport.sendto(server._reply, address)

        self._udp, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=("127.0.0.1", self.port))
        return self

    async def _serve(self, reader, writer):
        self.met.set()
        with contextlib.suppress(ConnectionError):
            if self._reply is not None:
                writer.write(self._reply)
            else:
                await self._over.wait()
        writer.close()

    async def __aexit__(self, *_):
        self._over.set()
        self._udp.close()
        self._tcp.close()
        await asyncio.sleep(0.01)  # connections end in tasks of their own


class TestForm:
    def test_it_says_in_one_line_what_it_is(self, kind):
        assert kind.summary.endswith("."), (
            f"techrun/probes/{kind.name}.py needs a docstring: one sentence first"
        )

    def test_its_definition_has_its_own_key(self, kind):
        assert issubclass(kind.spec, Definition)
        assert kind.name in kind.spec.model_fields, f"Spec of `{kind.name}` needs a field `{kind.name}`"

    def test_its_run_is_asynchronous(self, kind):
        assert inspect.iscoroutinefunction(kind.run)

    def test_it_has_tests(self, kind):
        assert own_tests(kind.name).exists(), (
            f"write {own_tests(kind.name)}: what is up, what is down and why"
        )

    def test_it_has_an_example(self, kind):
        files = (ROOT / "checks").rglob("*.yaml")
        wanted = f"checks/ needs an example of the kind `{kind.name}`"
        assert any(kind.name in keys_in(path) for path in files), wanted

    def test_the_readme_has_a_row_for_it(self, kind):
        rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
        assert kind.name in rows, f"the table of kinds in README.md needs a row `{kind.name}`: make docs"


def keys_in(path: Path) -> set[str]:
    """All keys of a YAML file, at any depth."""
    found: set[str] = set()
    todo = list(yaml.safe_load_all(path.read_text()))
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            found |= {key for key in node if isinstance(key, str)}
            todo += node.values()
        elif isinstance(node, list):
            todo += node
    return found


GARBAGE = {
    "nothing": b"",
    "zeros": bytes(2000),
    "noise": bytes(range(255, -1, -1)) * 40,
    "half an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<html>",
    "endless line": b"a" * 300_000,
}


class TestBadServers:
    """Whatever the other side does, there is an outcome with a reason, within the deadline."""

    async def judged(self, probing):
        async with asyncio.timeout(DEADLINE + 0.1 + 1.0):
            outcome = await probing
        assert isinstance(outcome, Outcome)
        return outcome

    async def test_a_closed_port(self, run):
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            udp.bind(tcp.getsockname())
            port = tcp.getsockname()[1]
            udp.close()
            outcome = await self.judged(run(port))
        assert outcome.status is Status.DOWN
        assert outcome.reason is not None
        assert outcome.message

    async def test_a_server_that_never_answers(self, kind, run):
        async with Server(None) as server:
            outcome = await self.judged(run(server.port))
        if kind.name == "tcp":  # an open port is all that the plainest tcp check asks for
            assert outcome.status is Status.UP
        else:
            assert (outcome.status, outcome.reason) == (Status.DOWN, "timeout")

    @pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
    async def test_a_server_that_answers_with(self, run, garbage):
        async with Server(garbage) as server:
            outcome = await self.judged(run(server.port))
        assert (outcome.status is Status.UP) == (outcome.reason is None)
        assert outcome.status is not Status.UNKNOWN, outcome.message

    async def test_a_run_that_is_cancelled_ends_at_once(self, kind, run):
        async with Server(None) as server:
            task = asyncio.create_task(run(server.port))
            if kind.name != "tcp":
                await server.met.wait()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                outcome = await asyncio.wait_for(task, 0.3)
                assert outcome.reason in {"interrupted", None}
