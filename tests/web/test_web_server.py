"""The server itself: where it listens, how it starts and stops."""

from __future__ import annotations

import logging
import socket
import threading

import httpx
import pytest

from techrun.web.routes import Handlers
from techrun.web.server import ListenError, WebServer, parse_listen

HANDLERS = Handlers(lambda: iter([b"x 1\n"]), lambda: True, lambda: "", list)


@pytest.mark.parametrize(
    ("text", "host", "port", "written"),
    [
        ("127.0.0.1:9789", "127.0.0.1", 9789, "127.0.0.1:9789"),
        (":9789", "127.0.0.1", 9789, "127.0.0.1:9789"),
        ("9789", "127.0.0.1", 9789, "127.0.0.1:9789"),
        ("0.0.0.0:80", "0.0.0.0", 80, "0.0.0.0:80"),
        ("[::1]:9789", "::1", 9789, "[::1]:9789"),
        ("monitor.example:1", "monitor.example", 1, "monitor.example:1"),
    ],
)
def test_an_address_to_listen_on_is_this_machine_unless_told(text, host, port, written):
    address = parse_listen(text)
    assert (address.host, address.port, str(address)) == (host, port, written)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", ":-1", ":²"]
)
def test_what_is_no_address_is_refused_with_an_example(text):
    with pytest.raises(ListenError, match=r"write host:port, such as 127\.0\.0\.1:9789"):
        parse_listen(text)


def test_a_port_that_is_taken_is_named_and_nothing_is_left_running():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = WebServer(f"127.0.0.1:{port}", HANDLERS)
        with pytest.raises(
            ListenError, match=f"cannot listen on 127.0.0.1:{port}: another program has this port"
        ):
            server.start()
    server.stop()
    assert "web" not in {thread.name for thread in threading.enumerate()}


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(ListenError, match=r"cannot listen on 192\.0\.2\.1:0: .*set another address"):
        WebServer("192.0.2.1:0", HANDLERS).start()


def test_what_is_no_host_name_is_refused():
    with pytest.raises(ListenError, match=r"cannot listen on a\.\.b:0: this is no host name"):
        WebServer("a..b:0", HANDLERS).start()


def test_it_can_be_started_again_on_the_same_port_and_stops_twice_without_a_word(caplog):
    caplog.set_level(logging.INFO)
    first = WebServer("127.0.0.1:0", HANDLERS)
    first.start()
    with httpx.Client(trust_env=False) as kept_alive:
        kept_alive.get(f"{first.url}-/healthy")
        first.stop()
        first.stop()
    second = WebServer(str(first.address), HANDLERS)
    second.start()
    assert httpx.get(f"{second.url}-/healthy", trust_env=False).status_code == 200
    second.stop()
    assert [record.message for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_an_answer_under_way_is_finished_when_the_server_stops():
    going, enough = threading.Event(), threading.Event()
    answers = []

    def metrics():
        yield b"x 1\n"
        going.set()
        assert enough.wait(10)
        yield b"y 1\n"

    server = WebServer("127.0.0.1:0", Handlers(metrics, lambda: True, lambda: "", list))
    server.start()
    scraper = threading.Thread(
        target=lambda: answers.append(httpx.get(f"{server.url}metrics", trust_env=False).text)
    )
    scraper.start()
    assert going.wait(10)
    stopper = threading.Thread(target=server.stop)
    stopper.start()
    enough.set()
    stopper.join()
    scraper.join()
    assert answers == ["x 1\ny 1\n"]


def test_a_client_that_hangs_up_in_the_middle_disturbs_no_one():
    endless = Handlers(lambda: iter(lambda: b"x 1\n" * 50_000, None), lambda: True, lambda: "", list)
    server = WebServer("127.0.0.1:0", endless)
    server.start()
    try:
        with httpx.stream("GET", f"{server.url}metrics", trust_env=False) as answer:
            next(answer.iter_raw())
        assert httpx.get(f"{server.url}-/healthy", trust_env=False).status_code == 200
    finally:
        server.stop()
