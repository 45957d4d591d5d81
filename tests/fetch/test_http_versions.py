"""HTTP/2 with a real nginx, HTTP/3 with aioquic."""

import asyncio
import shutil
import socket

import pytest
from aioquic.asyncio import QuicConnectionProtocol
from aioquic.asyncio import serve as serve_quic
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated

from techrun.exchange import Failure, Request, Response
from techrun.fetch import handle
from techrun.model import Reason

NGINX = """
daemon off;
worker_processes 1;
error_log stderr crit;
pid {folder}/pid;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{tls} ssl http2;
    listen 127.0.0.1:{plain} http2;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    location / {{ return 200 "$server_protocol $connection"; }}
  }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
async def nginx(tmp_path, authority):
    """Ports of an nginx that speaks HTTP/2: with TLS, and without."""
    certificate, key = authority.files("localhost")
    tls, plain = free_port(), free_port()
    config = tmp_path / "nginx.conf"
    config.write_text(NGINX.format(folder=tmp_path, tls=tls, plain=plain, certificate=certificate, key=key))
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/sbin")
    process = await asyncio.create_subprocess_exec(program, "-p", str(tmp_path), "-c", str(config))
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", plain)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            await writer.wait_closed()
            break
    yield tls, plain
    process.terminate()
    await process.wait()


async def exchange(fetcher, url, **request):
    async with fetcher.session() as session:
        return await session.exchange(Request("GET", url, **request), 5)


@pytest.mark.system("nginx-light")
@pytest.mark.parametrize(("asked", "spoken"), [("auto", "2"), ("2", "2"), ("1.1", "1.1")])
async def test_over_tls_the_version_is_negotiated_or_as_asked(fetcher, nginx, asked, spoken):
    result = await exchange(fetcher, f"https://localhost:{nginx[0]}/", http=asked)
    assert isinstance(result, Response), result
    assert result.http_version == spoken
    assert result.body.decode().startswith("HTTP/1.1" if spoken == "1.1" else "HTTP/2")
    assert result.phases.tls > 0


@pytest.mark.system("nginx-light")
async def test_http_2_without_tls_is_spoken_where_asked_for(fetcher, nginx):
    result = await exchange(fetcher, f"http://localhost:{nginx[1]}/", http="2")
    assert result.http_version == "2"


@pytest.mark.system("nginx-light")
async def test_http_2_connections_are_a_runs_own(fetcher, nginx):
    seen = []
    for _ in range(2):
        async with fetcher.session() as session:
            for _ in range(2):
                result = await session.exchange(Request("GET", f"https://localhost:{nginx[0]}/"), 5)
                seen.append(result.body.split()[1])
    assert seen[0] == seen[1] != seen[2] == seen[3]


@pytest.mark.system("nginx-light")
async def test_exchanges_at_the_same_time_share_a_runs_http_2_connection(fetcher, nginx):
    async with fetcher.session() as session:
        request = Request("GET", f"https://localhost:{nginx[0]}/")
        await session.exchange(request, 5)
        results = await asyncio.gather(*(session.exchange(request, 5) for _ in range(5)))
    assert len({result.body.split()[1] for result in results}) == 1


async def test_a_server_without_http_2_fails_a_check_that_asks_for_it(fetcher, serve, authority):
    site = await serve(context=authority.context("localhost"))
    result = await exchange(fetcher, site.https + "/", http="2")
    assert isinstance(result, Failure)
    assert result.reason is Reason.PROTOCOL
    assert "does not speak HTTP/2 but HTTP/1.1" in result.message


async def test_a_server_that_answers_http_2_with_http_1_is_told(fetcher, serve):
    site = await serve()
    result = await exchange(fetcher, site.http + "/", http="2")
    assert isinstance(result, Failure)
    assert result.reason is Reason.PROTOCOL


class Http3Site(QuicConnectionProtocol):
    """Answers every request over HTTP/3."""

    connection = None

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.connection = H3Connection(self._quic)
        for found in self.connection.handle_event(event) if self.connection else ():
            if isinstance(found, HeadersReceived):
                headers = [(b":status", b"200"), (b"x-path", dict(found.headers)[b":path"])]
                self.connection.send_headers(found.stream_id, headers)
                self.connection.send_data(found.stream_id, b"over QUIC", end_stream=True)
                self.transmit()


@pytest.fixture
async def http3_port(authority):
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain(*authority.files("shop.example"))
    server = await serve_quic("127.0.0.1", 0, configuration=configuration, create_protocol=Http3Site)
    yield server._transport.get_extra_info("sockname")[1]
    server.close()


@pytest.mark.skipif(not handle.HAS_HTTP3, reason="this libcurl is built without HTTP/3")
async def test_http_3_is_spoken_where_asked_for_also_to_one_node(fetcher, http3_port):
    async with fetcher.session("127.0.0.1") as session:
        result = await session.exchange(Request("GET", f"https://shop.example:{http3_port}/p", http="3"), 5)
    assert isinstance(result, Response), result
    assert (result.http_version, result.body, result.header("x-path")) == ("3", b"over QUIC", "/p")
    assert result.certificate.names == ("shop.example",)
    assert result.address == "127.0.0.1"


@pytest.mark.skipif(not handle.HAS_HTTP3, reason="this libcurl is built without HTTP/3")
async def test_a_server_without_http_3_fails_a_check_that_asks_for_it(fetcher, serve, authority):
    site = await serve(context=authority.context("localhost"))
    result = await exchange(fetcher, site.https + "/", http="3")
    assert isinstance(result, Failure)
    assert result.reason is Reason.CONNECT, result


async def test_http_3_without_tls_is_told_to_be_impossible(fetcher, serve):
    site = await serve()
    result = await exchange(fetcher, site.http + "/", http="3")
    assert isinstance(result, Failure)
    assert result.reason is Reason.PROTOCOL, result


async def test_a_libcurl_without_http_3_says_so(fetcher, monkeypatch):
    monkeypatch.setattr("techrun.fetch.client.HAS_HTTP3", False)
    result = await exchange(fetcher, "https://localhost:1/", http="3")
    assert isinstance(result, Failure)
    assert "built without it" in result.message
