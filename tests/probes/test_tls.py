"""The kind `tls` against real servers with certificates of our own authority."""

from __future__ import annotations

import time

import pytest

from techrun.fetch import FetchSettings
from techrun.model import Reason, Status
from techrun.probes import tls

DAY = 86400.0


def at(port):
    """A check of this port, and the journeys it uses (tests/contracts tries bad servers on it)."""
    return {"tls": f"127.0.0.1:{port}"}, {}


async def accept(reader, writer):
    await reader.read()


@pytest.fixture
def look(serve, make_run, authority):
    """Runs the probe at a server with such a certificate."""

    async def run(*, names=("localhost", "127.0.0.1"), trusted=True, spec=None, **age):
        port = await serve(accept, authority.context(names, **age))
        fetch = FetchSettings(ca_file=authority.file if trusted else None)
        return await tls.run(tls.Spec(tls=f"127.0.0.1:{port}", **(spec or {})), make_run(fetch=fetch))

    return run


async def test_a_good_certificate_is_up_with_phases_and_expiry(look):
    outcome = await look(days_left=60.0)
    assert outcome.status is Status.UP
    assert [name for name, _ in outcome.phases.items()] == ["resolve", "connect", "tls"]
    expected = pytest.approx(time.time() + 60 * DAY, abs=60)
    assert outcome.measures["ssl_earliest_cert_expiry"] == expected
    assert outcome.measures["ssl_last_chain_expiry_timestamp_seconds"] == expected


@pytest.mark.parametrize(
    ("old", "left", "spec", "status"),
    [
        pytest.param(60, 30, {}, Status.UP, id="a third left"),
        pytest.param(70, 20, {}, Status.DEGRADED, id="less than a quarter left"),
        pytest.param(5, 1.5, {}, Status.DEGRADED, id="short-lived, less than a quarter left"),
        pytest.param(4, 2.5, {}, Status.UP, id="short-lived and fresh"),
        pytest.param(70, 20, {"warn": "14d"}, Status.UP, id="warn later"),
        pytest.param(10, 80, {"warn": "100d"}, Status.DEGRADED, id="warn earlier"),
        pytest.param(70, 5, {"fail": "7d"}, Status.DOWN, id="fail"),
        pytest.param(70, 10, {"fail": "7d"}, Status.DEGRADED, id="not yet failed"),
    ],
)
async def test_what_is_left_of_the_lifetime_decides(look, old, left, spec, status):
    outcome = await look(days_old=old, days_left=left, spec=spec)
    assert outcome.status is status
    assert outcome.reason is (None if status is Status.UP else Reason.CERTIFICATE)


async def test_the_message_says_how_much_is_left(look):
    outcome = await look(days_old=80, days_left=10.5)
    assert "expires in 10d" in outcome.message
    assert "less than 22d" in outcome.message


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"days_old": 90, "days_left": -2}, "certificate has expired", id="expired"),
        pytest.param({"names": ("other.example",)}, "mismatch", id="wrong name"),
        pytest.param({"trusted": False}, "self-signed certificate in certificate chain", id="untrusted"),
        pytest.param({"names": ("other.example",), "days_left": -1}, "mismatch", id="expired and wrong name"),
    ],
)
async def test_a_refused_certificate_is_down_and_its_expiry_is_known(look, settings, said):
    outcome = await look(**settings)
    assert (outcome.status, outcome.reason) == (Status.DOWN, Reason.TLS)
    assert said in outcome.message
    left = settings.get("days_left", 90.0)
    assert ("expired since 20" if left < 0 else "valid until 20") in outcome.message
    assert outcome.measures["ssl_earliest_cert_expiry"] == pytest.approx(time.time() + left * DAY, abs=60)
    assert "ssl_last_chain_expiry_timestamp_seconds" not in outcome.measures


async def test_the_name_may_differ_from_the_host(look):
    outcome = await look(names=("www.acme.example",), spec={"server_name": "www.acme.example"})
    assert outcome.status is Status.UP


async def test_a_server_that_speaks_no_tls_is_down_for_tls(serve, make_run):
    async def plain(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    outcome = await tls.run(tls.Spec(tls=f"127.0.0.1:{await serve(plain)}"), make_run())
    assert (outcome.status, outcome.reason) == (Status.DOWN, Reason.TLS)
    assert outcome.phases.connect is not None
    assert outcome.phases.tls is None


async def test_a_server_that_hangs_up_is_down_for_tls(serve, make_run):
    async def hang_up(reader, writer):
        await reader.read(10)

    outcome = await tls.run(tls.Spec(tls=f"127.0.0.1:{await serve(hang_up)}"), make_run())
    assert (outcome.status, outcome.reason) == (Status.DOWN, Reason.TLS)


async def test_a_server_that_never_answers_is_down_for_timeout(serve, make_run):
    outcome = await tls.run(tls.Spec(tls=f"127.0.0.1:{await serve(accept)}"), make_run(deadline=0.2))
    assert (outcome.status, outcome.reason) == (Status.DOWN, Reason.TIMEOUT)
