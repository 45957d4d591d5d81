"""Certificates: refused ones are explained and still tell when they expire."""

import asyncio
import ssl
import time

import pytest

from techrun.exchange import Failure, Request, Response
from techrun.fetch.certificates import certificate
from techrun.model import Reason

DAY = 86400


async def exchange(fetcher, url, within=5.0, **request):
    async with fetcher.session() as session:
        return await session.exchange(Request("GET", url, **request), within)


async def test_the_certificate_of_an_answer_is_told(fetcher, serve, authority):
    site = await serve(context=authority.context("localhost", "127.0.0.1", days=(-1, 60)))
    shown = (await exchange(fetcher, site.https + "/")).certificate
    assert shown.names == ("localhost", "127.0.0.1")
    assert shown.subject == "CN=localhost"
    assert shown.issuer == "CN=test authority"
    assert shown.not_after == pytest.approx(time.time() + 60 * DAY, abs=60)
    assert shown.earliest_expiry == authority.certificate.not_valid_after_utc.timestamp()
    assert len(shown.fingerprint_sha256) == 64
    assert int(shown.serial, 16)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
async def test_version_and_cipher_of_the_handshake_are_told(fetcher, serve, authority, version):
    context = authority.context("localhost")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
    site = await serve(context=context)
    shown = (await exchange(fetcher, site.https + "/")).certificate
    assert shown.tls_version == version
    assert shown.cipher in {cipher["name"] for cipher in context.get_ciphers()}


@pytest.mark.parametrize(
    "case",
    [
        (("localhost",), {"days": (-20, -10)}, ["it expired on", "10 day(s) ago"], -10),
        (("localhost",), {"days": (5, 30)}, ["it is not valid yet"], 30),
        (("localhost",), {"self_signed": True}, ["it is self-signed"], 30),
        (("other.example",), {}, ["it is for other.example, not for localhost"], 30),
        (
            ("other.example",),
            {"days": (-20, -10)},
            ["it is for other.example, not for localhost", "it expired on"],
            -10,
        ),
    ],
    ids=["expired", "not-yet", "self-signed", "wrong-host", "wrong-host-and-expired"],
)
async def test_a_refused_certificate_is_explained_and_its_expiry_known(fetcher, serve, authority, case):
    names, options, words, expiry = case
    site = await serve(context=authority.context(*names, **options))
    result = await exchange(fetcher, site.https + "/")
    assert isinstance(result, Failure)
    assert result.reason is Reason.TLS
    assert all(word in result.message for word in words), result.message
    assert f"localhost:{site.port}" in result.message
    assert result.certificate.not_after == pytest.approx(time.time() + expiry * DAY, abs=60)
    assert [name for name, _ in result.phases.items()] == ["resolve", "connect", "tls"]
    assert site.seen == []


async def test_an_unknown_authority_is_told_apart_from_a_self_signed_certificate(
    make_fetcher, serve, authority
):
    site = await serve(context=authority.context("localhost"))
    result = await exchange(make_fetcher(ca_file=None), site.https + "/")
    assert result.reason is Reason.TLS
    assert "not trusted" in result.message
    assert result.certificate is not None


async def test_an_expired_certificate_of_the_right_name_is_not_said_to_be_for_another(
    fetcher, serve, authority
):
    site = await serve(context=authority.context("localhost", days=(-20, -10)))
    result = await exchange(fetcher, site.https + "/")
    assert "not for" not in result.message


@pytest.mark.parametrize(
    "options", [{"days": (-20, -10)}, {"self_signed": True}], ids=["expired", "self-signed"]
)
async def test_without_verification_any_certificate_will_do(fetcher, serve, authority, options):
    site = await serve(context=authority.context("other.example", **options))
    result = await exchange(fetcher, site.https + "/", verify_tls=False)
    assert isinstance(result, Response)
    assert result.certificate.names == ("other.example",)


async def test_a_connection_made_without_verification_is_not_used_with_it(fetcher, serve, authority):
    site = await serve(context=authority.context("other.example"))
    async with fetcher.session() as session:
        loose = await session.exchange(Request("GET", site.https + "/", verify_tls=False), 5)
        strict = await session.exchange(Request("GET", site.https + "/"), 5)
    assert isinstance(loose, Response)
    assert isinstance(strict, Failure)


async def test_a_connection_used_again_keeps_its_certificate(fetcher, serve, authority):
    site = await serve(context=authority.context("localhost"))
    async with fetcher.session() as session:
        first = await session.exchange(Request("GET", site.https + "/"), 5)
        again = await session.exchange(Request("GET", site.https + "/"), 5)
    assert again.phases.tls is None
    assert again.certificate == first.certificate


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
async def test_no_handshake_is_shortened_by_one_before_it(fetcher, serve, authority, reply, version):
    async def handler(seen, writer):
        writer.write(reply(headers=[("Connection", "close")]))
        await writer.drain()
        await seen.hang()

    context = authority.context("localhost")
    context.maximum_version = ssl.TLSVersion[version]
    site = await serve(handler, context)
    async with fetcher.session() as session:
        for _ in range(3):
            await session.exchange(Request("GET", site.https + "/"), 5)
    assert site.resumed == [False] * 3


async def test_a_port_that_speaks_no_tls_is_told_as_such(fetcher, serve):
    async def talk(reader, writer):
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await exchange(fetcher, f"https://localhost:{port}/")
    assert result.reason is Reason.TLS
    assert "does not speak TLS on this port" in result.message


async def test_a_handshake_that_is_broken_off_is_a_tls_failure(fetcher):
    async def talk(reader, writer):
        await reader.read(10)
        writer.transport.abort()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        result = await exchange(fetcher, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert result.reason is Reason.TLS
    assert [name for name, _ in result.phases.items()] == ["connect", "tls"]


async def test_a_missing_file_of_authorities_is_our_own_fault(make_fetcher, serve, authority):
    site = await serve(context=authority.context("localhost"))
    result = await exchange(make_fetcher(ca_file="/nonexistent/ca.pem"), site.https + "/")
    assert result.reason is Reason.INTERNAL
    assert "certificate authorities" in result.message


@pytest.mark.parametrize("chain", [(), ("",), ("no certificate",)], ids=["empty", "blank", "garbage"])
def test_a_chain_that_cannot_be_read_is_no_certificate(chain):
    assert certificate(chain) is None
