"""Services that misbehave: what the receipt says, and that the message arrives once when they are well again."""

from __future__ import annotations

import json
import socket
import socketserver
import statistics
import struct
import threading
import time

import pytest

from techrun.alerts.delivery import Backoff, ChannelWorker
from techrun.alerts.notify import Channel
from techrun.standing import Message
from techrun.store.database import Store
from techrun.store.outbox import Outbox, add_message

FAST = Backoff(first=0.02, longest=0.05, refused_first=0.02, refused_longest=0.05)
SHORT, LONG = 0.3, 30
"""Seconds for an attempt: for services that hang, and for all that answer, on a slow machine too."""
WELL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answering(status, *headers, body="sorry"):
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", body]
    return lambda connection, service: connection.sendall("\r\n".join(lines).encode())


def hangs(connection, service):
    service.well.wait(30)
    service.accept(connection)


def drips(connection, service):
    """A header that never ends: each byte comes in time, the answer does not."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not service.well.wait(0.02):
        connection.sendall(b"z")
    service.note(connection)
    connection.sendall(b"\r\nContent-Length: 0\r\n\r\n")


def resets(connection, service):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def babbles(connection, service):
    connection.sendall(b"\x00\xff\x16\x03 220 this is no HTTP\r\n\r\n")


def breaks_off(connection, service):
    connection.sendall(b"HTTP/1.1 500 Oh\r\nContent-Length: 900\r\n\r\nbecause")


class Misbehaving(socketserver.ThreadingTCPServer):
    """An HTTP service over bare sockets. It behaves as it is told until it is well."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, behave):
        super().__init__(("127.0.0.1", 0), Exchange)
        self.behave = behave
        self.well = threading.Event()
        self.attempts = []
        self.accepted = []
        self.logins = 0
        self.changed = threading.Condition()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self):
        return f"json://127.0.0.1:{self.server_address[1]}/hook-token-1234?rto=20"

    def note(self, connection):
        with self.changed:
            self.accepted.append(connection.body)
            self.changed.notify_all()

    def accept(self, connection):
        self.note(connection)
        connection.sendall(WELL)

    def wait_for(self, count, *, of="accepted"):
        with self.changed:
            came = self.changed.wait_for(lambda: len(getattr(self, of)) >= count, 20)
        assert came, f"{of}: {len(getattr(self, of))} of {count}"

    def handle_error(self, request, client_address):
        pass  # the sender has gone


class Connection:
    """A connection and the message that came over it."""

    def __init__(self, sock, body):
        self.body = body
        self.sendall, self.setsockopt = sock.sendall, sock.setsockopt


class Exchange(socketserver.StreamRequestHandler):
    def handle(self):
        method = self.rfile.readline().split(b" ")[0]
        length = 0
        while line := self.rfile.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if method == b"GET":
            self.server.logins += 1
            return self.request.sendall(WELL)
        connection = Connection(self.request, json.loads(self.rfile.read(length)))
        with self.server.changed:
            self.server.attempts.append(time.monotonic())
            self.server.changed.notify_all()
        if self.server.well.is_set():
            return self.server.accept(connection)
        return self.server.behave(connection, self.server)


@pytest.fixture
def serve():
    servers = []

    def start(behave):
        servers.append(Misbehaving(behave))
        return servers[-1]

    yield start
    for server in servers:
        server.well.set()
        server.shutdown()
        server.server_close()


class Post:
    """An outbox on the disk and a worker for each of these channels."""

    def __init__(self, path, urls, deadline):
        self.store = Store(path)
        self.outbox = Outbox(self.store, time.time)
        self.workers = [
            ChannelWorker(self.outbox, Channel(name, url, deadline=deadline), time.time, FAST)
            for name, url in urls.items()
        ]

    def put(self, channels, number=1, event="opened"):
        """Write a message for each of these channels, and tell the workers."""

        def write(connection):
            for channel in channels:
                text = f"the body of {number}"
                add_message(
                    connection, Message(number, event, channel, "[PAGE] a", text, time.time(), "page")
                )

        self.store.write(write, urgent=True).result()
        for worker in self.workers:
            worker.wake()

    def settled(self, timeout=20):
        """Wait until nothing waits any more."""
        end = time.monotonic() + timeout
        while self.outbox.backlog() or self.outbox.unwritten():
            assert time.monotonic() < end, (self.outbox.backlog(), self.outbox.unwritten())
            time.sleep(0.01)

    def receipts(self):
        with self.store.read() as connection:
            return connection.execute("SELECT ok, answer FROM receipts ORDER BY id").fetchall()

    def close(self):
        for worker in self.workers:
            worker.stop()
        for worker in self.workers:
            assert worker.join(20)
        self.store.close()


@pytest.fixture
def deliver(tmp_path, monkeypatch):
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 0.01)
    posts = []

    def start(deadline=LONG, **urls):
        posts.append(Post(tmp_path / f"{len(posts)}.db", urls, deadline))
        return posts[-1]

    yield start
    for post in posts:
        post.close()


@pytest.mark.parametrize(
    ("behave", "says"),
    [
        (answering("500 Internal Server Error"), "error=500"),
        (answering("503 Busy", "Retry-After: 0"), "error=503"),
        (answering("429 Too Many Requests", "Retry-After: 0.2"), "error=429"),
        (answering("401 Unauthorized"), "error=401"),
        (answering("404 Not Found", body="no such hook-token-1234"), "error=404"),
        (answering("302 Found", "Location: /login"), "error=302"),
        (hangs, "no answer within 0.3 s; it may still arrive"),
        (drips, "no answer within 0.3 s; it may still arrive"),
        (resets, "Connection"),
        (babbles, "Connection"),
        (breaks_off, ""),
    ],
    ids=["500", "503", "429", "401", "404", "login-page", "hang", "drip", "reset", "garbage", "cut-off"],
)
def test_a_message_arrives_once_when_its_service_is_well_again(serve, deliver, behave, says):
    service = serve(behave)
    post = deliver(deadline=SHORT if behave in (hangs, drips) else LONG, oncall=service.url)
    post.put(["oncall"])
    service.wait_for(1, of="attempts")
    while not post.receipts():
        time.sleep(0.01)
    service.well.set()
    post.settled()
    (ok, answer), *_, (last, _) = post.receipts()
    assert (ok, last) == (0, 1)
    assert says in answer
    assert "hook-token-1234" not in answer
    assert [body["title"] for body in service.accepted] == ["[PAGE] a"]
    assert service.logins == 0


def test_a_service_that_asks_for_time_is_left_alone_so_long(serve, deliver):
    service = serve(answering("429 Too Many Requests", "Retry-After: 1"))
    post = deliver(oncall=service.url)
    post.put(["oncall"])
    service.wait_for(1, of="attempts")
    service.well.set()
    post.put(["oncall"], number=2)
    service.wait_for(2)
    assert service.attempts[1] - service.attempts[0] >= 1


def test_a_recovery_waits_for_its_outage_and_both_arrive_in_their_order(serve, deliver):
    service = serve(answering("500 Internal Server Error"))
    post = deliver(oncall=service.url)
    post.put(["oncall"], event="opened")
    post.put(["oncall"], event="recovered")
    service.wait_for(4, of="attempts")
    service.well.set()
    post.settled()
    keys = [body["message"].rpartition("message ")[2].split(",")[0] for body in service.accepted]
    assert keys == ["1-opened-oncall", "1-recovered-oncall"]


@pytest.mark.parametrize("list_of", ["refused", "busy"])
def test_a_mail_arrives_once_when_its_recipient_is_known_again(mailbox, deliver, list_of):
    getattr(mailbox, list_of).add("dee@ops.example")
    post = deliver(mail=mailbox.url("dee@ops.example"))
    post.put(["mail"])
    while not post.receipts():
        time.sleep(0.01)
    getattr(mailbox, list_of).clear()
    post.settled()
    (_, answer), *_ = post.receipts()
    assert "dee@ops.example" in answer or "550" in answer or "450" in answer
    assert len(mailbox.mails) == 1


def test_one_refused_mailbox_keeps_no_other_from_its_mail(mailbox, deliver):
    mailbox.refused.add("gone@ops.example")
    post = deliver(gone=mailbox.url("gone@ops.example"), dee=mailbox.url("dee@ops.example"))
    post.put(["gone", "dee"])
    while not mailbox.mails:
        time.sleep(0.01)
    assert mailbox.mails[0].rcpt_tos == ["dee@ops.example"]


def median_delay(post, service, channels):
    """Seconds from writing a message for all to its arrival at the healthy one; the median of five."""
    delays = []
    for number in range(1, 6):
        begun = time.monotonic()
        post.put(channels, number)
        service.wait_for(number)
        delays.append(time.monotonic() - begun)
    return statistics.median(delays)


def test_eight_hung_channels_delay_a_healthy_one_by_less_than_a_second(serve, deliver):
    names = [f"hung{number}" for number in range(8)]
    delays = {}
    for behave in (answering("200 OK"), hangs):
        others = {name: serve(behave) for name in names}
        healthy = serve(answering("200 OK"))
        healthy.well.set()
        post = deliver(deadline=30, healthy=healthy.url, **{name: one.url for name, one in others.items()})
        delays[behave] = median_delay(post, healthy, [*names, "healthy"])
        for one in others.values():
            one.well.set()
    normal, beside_hung = delays.values()
    assert beside_hung - normal < 1, (
        f"{normal:.3f} s beside healthy ones, {beside_hung:.3f} s beside hung ones"
    )
