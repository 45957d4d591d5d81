"""The kind `tcp` against real servers."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from techrun.fetch import FetchSettings
from techrun.model import Reason, Status
from techrun.probes import tcp


def at(port):
    """A check of this port, and the journeys it uses (tests/contracts tries bad servers on it)."""
    return {"tcp": f"127.0.0.1:{port}"}, {}


async def greet(reader, writer):
    writer.write(b"220 mail.acme.example ready\r\n")
    await reader.read()


async def echo(reader, writer):
    writer.write(b"you said " + await reader.readline())
    await writer.drain()


async def close_at_once(reader, writer):
    pass


async def chatter(reader, writer):
    while True:
        writer.write(b"bla " * 4096)
        await writer.drain()


async def in_pieces(reader, writer):
    for piece in (b"2", b"20 re", b"ady\r\n"):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    await reader.read()


async def test_an_open_port_is_up_and_its_phases_are_measured(serve, make_run):
    outcome = await tcp.run(tcp.Spec(tcp=f"127.0.0.1:{await serve(greet)}"), make_run())
    assert outcome.status is Status.UP
    assert [name for name, _ in outcome.phases.items()] == ["resolve", "connect"]
    assert outcome.measures["ip_protocol"] == 4.0


async def test_a_closed_port_is_down_for_connect_and_the_address_is_named(closed_port, make_run):
    outcome = await tcp.run(tcp.Spec(tcp=f"127.0.0.1:{closed_port}"), make_run())
    assert (outcome.status, outcome.reason) == (Status.DOWN, Reason.CONNECT)
    assert outcome.message == f"cannot connect to 127.0.0.1:{closed_port}: connection refused"
    assert outcome.phases.connect is None


@pytest.mark.parametrize(
    ("handler", "settings", "reason"),
    [
        pytest.param(greet, {"expect": "220 "}, None, id="banner"),
        pytest.param(in_pieces, {"expect": "220 ready"}, None, id="banner in pieces"),
        pytest.param(echo, {"send": "ping\n", "expect": "said ping"}, None, id="answer"),
        pytest.param(greet, {"expect": "SSH-2.0"}, Reason.EXPECTATION, id="wrong banner"),
        pytest.param(close_at_once, {"expect": "220 "}, Reason.EXPECTATION, id="closed without a word"),
        pytest.param(chatter, {"expect": "220 "}, Reason.EXPECTATION, id="endless"),
    ],
)
async def test_the_expected_text_decides(serve, make_run, handler, settings, reason):
    spec = tcp.Spec(tcp=f"127.0.0.1:{await serve(handler)}", **settings)
    outcome = await tcp.run(spec, make_run(deadline=0.5))
    assert outcome.reason is reason
    assert outcome.status is (Status.DOWN if reason else Status.UP)


async def test_a_wrong_banner_is_shown(serve, make_run):
    spec = tcp.Spec(tcp=f"127.0.0.1:{await serve(greet)}", expect="SSH-2.0")
    outcome = await tcp.run(spec, make_run(deadline=0.3))
    assert outcome.message == ("expected 'SSH-2.0', the server said '220 mail.acme.example ready\\r\\n'")


async def test_a_silent_server_is_down_for_timeout_at_the_deadline(serve, make_run):
    async def silent(reader, writer):
        await reader.read()

    spec = tcp.Spec(tcp=f"127.0.0.1:{await serve(silent)}", expect="220 ")
    outcome = await tcp.run(spec, make_run(deadline=0.2))
    assert (outcome.status, outcome.reason) == (Status.DOWN, Reason.TIMEOUT)
    assert outcome.phases.connect is not None


async def test_an_address_that_the_settings_forbid_is_not_connected_to(serve, make_run):
    met = asyncio.Event()

    async def note(reader, writer):
        met.set()

    spec = tcp.Spec(tcp=f"127.0.0.1:{await serve(note)}")
    outcome = await tcp.run(spec, make_run(fetch=FetchSettings(deny=("127.0.0.0/8",))))
    assert (outcome.status, outcome.reason) == (Status.UNKNOWN, Reason.FORBIDDEN)
    assert not met.is_set()


async def test_a_node_is_connected_to_in_place_of_the_host(serve, make_run):
    port = await serve(greet)
    run = make_run(node="127.0.0.1")
    assert (await tcp.run(tcp.Spec(tcp=f"shop.invalid:{port}"), run)).status is Status.UP


@pytest.mark.parametrize(
    "text", ["shop.example", ":80", "shop.example:http", "h:0", "h:70000", "::1:80", "h:"]
)
def test_a_target_is_host_and_port(text):
    with pytest.raises(ValidationError, match=r"expected"):
        tcp.Spec(tcp=text)


def test_an_ipv6_target_is_written_in_brackets():
    assert tcp.Spec(tcp="[::1]:80").tcp == "[::1]:80"
