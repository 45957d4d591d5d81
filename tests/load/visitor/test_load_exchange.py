"""One exchange under load: exactly one, with the reasons and the limits of the probes."""

from __future__ import annotations

import gzip
import socket
import zlib

import brotli
import gevent
import pytest

from techrun.exchange import Failure, Request, Response
from techrun.load.visitor.connect import Network, only
from techrun.load.visitor.exchange import Connections
from techrun.model import Reason

SHOP = "127.0.0.1"


def test_headers_go_out_as_asked_for_and_come_back_in_wire_order(serve, reply, ask):
    answer = reply(
        b"caf\xc3\xa9",
        "201 Created",
        ("X-B", "1"),
        ("Set-Cookie", "a=1"),
        ("set-cookie", "b=é"),
        ("X-None", ""),
    )
    site = serve(lambda asked: answer)
    response = ask(
        f"{site.url}/a b?x=1#y", shop=site.url, headers=[("User-Agent", "techrun load"), ("X-Empty", "")]
    )
    assert (response.status, response.body) == (201, b"caf\xc3\xa9")
    assert response.headers[1:] == (
        ("x-b", "1"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=é"),
        ("x-none", ""),
    )
    assert site.asked[0].path == "/a%20b?x=1"
    assert site.asked[0].headers == [
        ("Host", f"127.0.0.1:{site.port}"),
        ("User-Agent", "techrun load"),
        ("X-Empty", ""),
        ("Accept-Encoding", "gzip, br"),
    ]


def test_a_body_is_sent_with_its_length(serve, reply, ask):
    site = serve(lambda asked: reply())
    ask(
        site.url,
        method="POST",
        body=b"a=1&b=2",
        headers=[("Content-Length", "99"), ("Expect", "100-continue")],
    )
    assert site.asked[0].body == b"a=1&b=2"
    assert site.asked[0].header("content-length") == ["7"]
    assert site.asked[0].header("expect") == []


def test_a_post_without_a_body_says_so(serve, reply, ask):
    site = serve(lambda asked: reply())
    ask(site.url, method="POST")
    assert site.asked[0].header("content-length") == ["0"]


def test_an_answer_in_pieces_is_put_together(serve, ask):
    raw = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Long: ab\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"
    site = serve(lambda asked: [raw[i : i + 1] for i in range(len(raw))])
    response = ask(site.url)
    assert response.body == b"abc"
    assert response.headers == (("transfer-encoding", "chunked"), ("x-long", "ab"))


def test_an_answer_that_ends_with_its_connection_is_whole(serve, close, ask):
    site = serve(lambda asked: [b"HTTP/1.0 200 OK\r\n\r\nall of it", close])
    assert ask(site.url).body == b"all of it"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_does_not_wait_for_one(serve, ask, status):
    site = serve(lambda asked: f"HTTP/1.1 {status}\r\n\r\n".encode())
    assert ask(site.url, seconds=2.0).body == b""


def _deflated(body):
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


@pytest.mark.parametrize(
    ("coding", "compress"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", _deflated), ("br", brotli.compress)],
    ids=["gzip", "deflate", "bare deflate", "brotli"],
)
class TestCompressed:
    def test_is_decompressed_and_its_headers_stay(self, serve, reply, ask, coding, compress):
        site = serve(lambda asked: reply(compress(b"shop" * 1000), "200 OK", ("Content-Encoding", coding)))
        response = ask(site.url)
        assert response.body == b"shop" * 1000
        assert ("content-encoding", coding) in response.headers

    def test_a_bomb_is_stopped_at_the_limit(self, serve, reply, ask, coding, compress):
        bomb = compress(bytes(50_000_000))
        site = serve(lambda asked: reply(bomb, "200 OK", ("Content-Encoding", coding)))
        assert ask(site.url).reason is Reason.SIZE

    def test_half_of_it_cannot_be_decoded(self, serve, reply, ask, coding, compress):
        half = compress(bytes(range(256)) * 40)[:-9]
        site = serve(lambda asked: reply(half, "200 OK", ("Content-Encoding", coding)))
        assert ask(site.url).reason is Reason.DECODE


def test_two_codings_are_taken_off_in_turn(serve, reply, ask):
    body = gzip.compress(brotli.compress(b"twice"))
    site = serve(lambda asked: reply(body, "200 OK", ("Content-Encoding", "br, gzip")))
    assert ask(site.url).body == b"twice"


def test_what_stands_behind_an_answer_is_left_with_its_connection(serve, reply, connect):
    """Servers that count a body wrong do that; browsers show the page."""
    site = serve(lambda asked: reply(b"abc") + b"def")
    visit = connect(site.url)
    assert [visit.exchange(Request("GET", site.url), 5.0).body for _ in range(2)] == [b"abc", b"abc"]
    assert site.connections == 2


def test_a_second_answer_behind_the_first_is_not_taken_for_it(serve, reply, ask):
    site = serve(lambda asked: reply(b"first", "200 OK", ("X", "1")) + reply(b"second", "500 Oops"))
    response = ask(site.url)
    assert (response.status, response.body, response.header("x")) == (200, b"first", "1")


OK = "HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([f"{OK}Content-Length: 9\r\n\r\nabc".encode(), None], Reason.PROTOCOL),
        ([f"{OK}Content-Le".encode(), None], Reason.PROTOCOL),
        ([None], Reason.PROTOCOL),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", None], Reason.PROTOCOL),
        ([b"SSH-2.0-OpenSSH_9\r\n"], Reason.PROTOCOL),
        ([f"{OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode()], Reason.PROTOCOL),
        ([f"{OK}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc".encode()], Reason.DECODE),
        ([f"{OK}Content-Encoding: zstd\r\nContent-Length: 3\r\n\r\nabc".encode()], Reason.DECODE),
        ([f"{OK}Content-Length: 2097153\r\n\r\n".encode(), bytes(2_097_153)], Reason.SIZE),
        ([OK.encode(), *[b"X: " + b"y" * 1000 + b"\r\n"] * 120], Reason.SIZE),
        ([OK.encode(), b"X: y\r\n" * 501, b"Content-Length: 0\r\n\r\n"], Reason.SIZE),
    ],
    ids=[
        "body breaks off", "headers break off", "no answer", "no final answer", "not HTTP", "bad chunk", "not gzip", "unknown coding",
        "large body", "large headers", "many headers",
    ],
)  # fmt: skip
def test_a_bad_answer_is_a_failure_with_its_reason(serve, close, ask, answer, reason):
    site = serve(lambda asked: [close if piece is None else piece for piece in answer])
    failure = ask(site.url)
    assert isinstance(failure, Failure)
    assert failure.reason is reason, failure.message
    assert str(site.port) in failure.message


def test_nothing_that_listens_is_a_failure_to_connect(closed_port, ask):
    assert ask(f"http://127.0.0.1:{closed_port}/").reason is Reason.CONNECT


def test_a_name_that_nobody_knows_is_a_failure_of_dns(ask):
    failure = ask("http://shop.invalid/")
    assert failure.reason is Reason.DNS
    assert "shop.invalid" in failure.message


def test_a_name_is_looked_up_once_for_all_visitors(serve, reply):
    """A name server that is slow delays each of them by its own slowness, not by that of all before it."""
    site, asked = serve(lambda asked: reply()), []

    def lookup(host, port, *more):
        asked.append(host)
        gevent.sleep(0.2)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", site.port))]

    url = f"http://shop.example:{site.port}"
    network = Network(only(url), lookup=lookup)
    visitors = [Connections(network) for _ in range(10)]
    visits = [gevent.spawn(visitor.exchange, Request("GET", url), 5.0) for visitor in visitors[1:]]
    gevent.joinall(visits, timeout=10)
    assert {visit.value.status for visit in visits} == {200}
    assert visitors[0].exchange(Request("GET", url), 5.0).status == 200
    assert asked == ["shop.example"]
    for visitor in visitors:
        visitor.close()


def test_visitors_do_not_wait_longer_than_their_time_for_a_name(serve):
    network = Network(only("http://shop.example"), lookup=lambda *_: gevent.sleep(1) or [])
    answers = [
        gevent.spawn(Connections(network).exchange, Request("GET", "http://shop.example"), 0.1)
        for _ in range(3)
    ]
    gevent.joinall(answers, timeout=5)
    assert [answer.value.reason for answer in answers] == [Reason.TIMEOUT] * 3


def test_an_answer_that_does_not_come_ends_with_its_time(serve, ask):
    site = serve(lambda asked: asked.stop.wait(5) and b"")
    failure = ask(site.url, seconds=0.2)
    assert failure.reason is Reason.TIMEOUT
    assert 0.15 < failure.elapsed < 2


def test_an_answer_that_trickles_ends_with_its_time(serve, ask):
    def trickle(asked):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
        while not asked.stop.wait(0.02):
            yield b"x"

    site = serve(trickle)
    assert ask(site.url, seconds=0.3).reason is Reason.TIMEOUT


@pytest.mark.parametrize("header", [("X-A", "1\r\nX-B: 2"), ("X-A", "1\nX-B: 2"), ("X\r\n-A", "1")])
def test_a_line_break_smuggles_no_header_in(serve, reply, ask, header):
    site = serve(lambda asked: reply())
    assert ask(site.url, headers=[header]).reason is Reason.PROTOCOL
    assert site.asked == []


def test_proxies_of_the_environment_are_ignored(serve, reply, ask, monkeypatch, closed_port):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    site = serve(lambda asked: reply())
    assert ask(site.url).status == 200


class TestOtherHosts:
    def test_are_refused(self, serve, reply, ask):
        site = serve(lambda asked: reply())
        failure = ask(site.url, shop="http://shop.example")
        assert failure.reason is Reason.FORBIDDEN
        assert site.asked == []

    def test_of_the_same_machine_too_where_the_port_is_another(self, serve, reply, ask):
        """The other arm of a comparison is such a one."""
        site, other = serve(lambda asked: reply()), serve(lambda asked: reply())
        assert ask(other.url, shop=site.url).reason is Reason.FORBIDDEN

    def test_that_the_shop_names_are_asked(self, serve, reply, connect):
        site, other = serve(lambda asked: reply()), serve(lambda asked: reply())
        answer = connect(site.url, f"127.0.0.1:{other.port}").exchange(Request("GET", other.url), 5.0)
        assert isinstance(answer, Response)

    def test_with_the_shop_under_http_and_https_are_one(self, ask):
        assert ask("http://localhost:80/", shop="https://localhost").reason is not Reason.FORBIDDEN

    @pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://0.0.0.0/"])
    def test_that_are_never_a_shop_are_refused_even_then(self, ask, url):
        failure = ask(url, shop=url)
        assert failure.reason is Reason.FORBIDDEN
        assert "is not asked" in failure.message


class TestTls:
    @pytest.mark.parametrize("names", [("localhost",), ("*.example", "localhost")])
    def test_a_certificate_that_is_right_is_taken(self, serve, reply, ask, authority, names):
        site = serve(lambda asked: reply(), authority.context(names))
        assert ask(site.tls, authorities=authority.pem).status == 200

    @pytest.mark.parametrize(
        ("certificate", "trusted"),
        [
            ({"self_signed": True}, True),
            ({"names": ("other.example",)}, True),
            ({"days_left": -1.0}, True),
            ({}, False),
        ],
        ids=["self-signed", "for another host", "expired", "of an unknown authority"],
    )
    def test_one_that_is_not_right_is_refused(self, serve, reply, ask, authority, certificate, trusted):
        site = serve(lambda asked: reply(), authority.context(**certificate))
        failure = ask(site.tls, authorities=authority.pem if trusted else "")
        assert failure.reason is Reason.TLS
        assert "certificate" in failure.message
        assert site.asked == []

    def test_a_server_without_tls_is_a_failure_of_tls(self, serve, ask):
        site = serve(lambda asked: b"")
        assert ask(site.tls, seconds=2.0).reason is Reason.TLS


class TestConnections:
    def test_one_visit_keeps_its_connection(self, serve, reply, connect):
        site = serve(lambda asked: reply())
        visit = connect(site.url)
        for _ in range(3):
            assert visit.exchange(Request("GET", site.url), 5.0).status == 200
        assert site.connections == 1

    def test_the_next_visit_is_a_new_customer(self, serve, reply, ask):
        site = serve(lambda asked: reply())
        ask(site.url)
        ask(site.url)
        assert site.connections == 2

    def test_tls_is_kept_too(self, serve, reply, connect, authority):
        site = serve(lambda asked: reply(), authority.context())
        visit = connect(site.tls, authorities=authority.pem)
        for _ in range(3):
            assert visit.exchange(Request("GET", site.tls), 5.0).status == 200
        assert site.connections == 1

    def test_one_that_the_server_closed_while_the_customer_thought_is_not_used(
        self, serve, reply, close, connect
    ):
        site = serve(lambda asked: [reply(), close])
        visit = connect(site.url)
        for _ in range(2):
            assert visit.exchange(Request("POST", site.url, body=b"x"), 5.0).status == 200
            _until_closed(visit)
        assert site.count("POST") == 2

    def test_a_get_on_one_that_dies_is_sent_again_as_browsers_do(self, serve, reply, close, connect):
        site = serve(lambda asked: close if asked.connection == 1 and len(site.asked) == 2 else reply())
        visit = connect(site.url)
        assert visit.exchange(Request("GET", site.url), 5.0).status == 200
        assert visit.exchange(Request("GET", site.url), 5.0).status == 200
        assert (site.connections, site.count("GET")) == (2, 3)

    def test_an_order_goes_out_on_a_fresh_one_and_that_is_not_kept(self, serve, reply, connect):
        site = serve(lambda asked: reply())
        visit = connect(site.url)
        visit.exchange(Request("GET", site.url), 5.0)
        visit.exchange(Request("POST", site.url, body=b"order", places_order=True), 5.0)
        visit.exchange(Request("GET", site.url), 5.0)
        assert [each.connection for each in site.asked] == [1, 2, 1]

    @pytest.mark.parametrize("order", [True, False], ids=["order", "other post"])
    def test_no_post_is_ever_sent_twice(self, serve, reply, close, connect, order):
        """The server reads a POST on a connection that it kept alive, and closes it without an answer."""
        site = serve(lambda asked: close if asked.method == "POST" else reply())
        visit = connect(site.url)
        visit.exchange(Request("GET", site.url), 5.0)
        failure = visit.exchange(Request("POST", site.url, body=b"order", places_order=order), 5.0)
        assert failure.reason is Reason.PROTOCOL
        assert site.count("POST") == 1

    def test_none_is_left_open_after_a_failure(self, serve, connect):
        site = serve(lambda asked: asked.stop.wait(5) and b"")
        visit = connect(site.url)
        assert visit.exchange(Request("GET", site.url), 0.1).reason is Reason.TIMEOUT
        assert visit._sock is None
        assert visit._idle == {}


def _until_closed(visit):
    """Wait until the server's end is closed, as a customer who thinks would."""
    for sock in visit._idle.values():
        sock.settimeout(5)
        sock.recv(1)
