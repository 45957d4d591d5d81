"""Whatever a shop answers, a check ends in time and in little memory with a status and a reason.

All answers are served over real sockets to one `techrun check`: the whole way from YAML to JSON. The
memory of that process is bounded, so that an answer that is kept where it should not be fails the test.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from techrun.app.loading import load
from techrun.app.once import Wish, run_checks
from techrun.model import Reason, Result, Status
from techrun.sinks.jsonl import line_of

DEADLINE = 3.0
PATIENT = 10.0
"""Seconds for answers that are not to run into the deadline, also on a busy machine."""
GRACE = 3.0
"""Seconds: parsing in threads that share two cores with twenty other answers comes on top."""
MOST_MEMORY = 800 * 1024 * 1024
"""Bytes that the process may take at most; it runs 20 checks at a time, each with bodies of up to 2 MB.

Usually 230 MB; on a busy machine more bodies are parsed at the same time (568 MB were seen once)."""

PARSING = {"extraction", "expectation", "decode", "graphql"}
FINE = {None}


def ok(body: bytes = b"", kind: str = "text/html", *lines: bytes, status: bytes = b"200 OK") -> bytes:
    head = [
        b"HTTP/1.1 " + status,
        b"Content-Length: %d" % len(body),
        b"Content-Type: " + kind.encode(),
        *lines,
    ]
    return b"\r\n".join([*head, b"", body])


def page(*parts: str | bytes) -> bytes:
    inner = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return ok(b"<html><title>A page</title><body>" + inner)


def data(text: str | bytes) -> bytes:
    return ok(text if isinstance(text, bytes) else text.encode(), "application/json")


def redirect(to: bytes) -> bytes:
    return ok(b"", "text/html", b"Location: " + to, status=b"302 Found")


def endless(chunk: bytes, pause: float = 0.0, start: bytes = b"") -> Callable[[socket.socket], None]:
    def answer(client: socket.socket) -> None:
        client.sendall(start)
        end = time.monotonic() + DEADLINE + GRACE
        while time.monotonic() < end:
            client.sendall(chunk)
            time.sleep(pause)

    return answer


def hang(start: bytes = b"") -> Callable[[socket.socket], None]:
    return endless(b"", 0.2, start)


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(200_000_000), 1)
BR_BOMB = zlib.decompress(
    base64.b85decode(
        "c-lMv|9?G$3d5s~4n^<(|NQ@-zk$U;My%o8U;F?6|1(Zt=s3)DVekLv|Nq-F2r(2!FzovN|Ih#b><&x{eB2J-|IG)gV(?%%lF0bt-v7`4"
        "|I0IQHdyE|-2Gku@Be>h1xA5()&<r7&qFQQz)*t6lJox`ltL}p`5FMmF;Uk"
    )
)
"""200 MB of zeros."""
EVIL = "(x+x+)+y"


@dataclass(frozen=True)
class Row:
    """An answer, the reasons that it may have, and how the check looks at it."""

    name: str
    answer: Any
    reasons: set[str | None]
    look: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)


def css(selector: str) -> dict[str, Any]:
    return {"expect": {"css": {selector: {"exists": True}}}}


SAVED: dict[str, Any] = {"save": {"v": {"json": "$.v"}}}
SEND: list[dict[str, Any]] = [
    {"step": "url", "get": "/fine/${v}", "expect": {"status": 200}},
    {"step": "query", "get": "/fine", "query": {"v": "${v}"}, "expect": {"status": 200}},
    {"step": "form", "post": "/fine", "form": {"v": "${v}"}, "expect": {"status": 200}},
    {"step": "json", "post": "/fine", "json": {"v": "${v}"}, "expect": {"status": 200}},
]
HEADER: list[dict[str, Any]] = [
    {"step": "header", "get": "/fine", "headers": {"X-V": "${v}"}, "expect": {"status": 200}}
]
DEEP_HTML = b"<html>" + b"<div>" * 100_000 + b"<p>x"
DEEP_JSON = b"[" * 100_000 + b"1" + b"]" * 100_000
DIGITS = "9" * 10_000
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">%s]><l>&z;</l>""" % b"".join(
    b'<!ENTITY %c "%s">' % (now, b"&%c;" % before * 20)
    for before, now in zip(b"abcdefghijklmnopqrstuvwxy", b"bcdefghijklmnopqrstuvwxyz", strict=True)
)
FORM = "".join(f'<input name="f{n}" value="{n}">' for n in range(10_000))

ROWS = [
    # HTML
    Row("broken-html", page('<div><p id=a b="<table><tr></div></p><!-- <![CDATA[ ]]> &#xFFFFFFFF; <'), FINE | PARSING, css("p")),
    Row("deep-html-css", ok(DEEP_HTML), PARSING, css("p")),
    Row("deep-html-xpath", ok(DEEP_HTML), PARSING | FINE, {"expect": {"xpath": {"//p": {"exists": True}}}}),
    Row("deep-html-text", ok(DEEP_HTML), PARSING, {"expect": {"text": {"contains": "x"}}}),
    Row("attribute-flood", page("<p ", " ".join(f"a{n}=1" for n in range(150_000)), ">x"), PARSING, css("p")),
    Row("unclosed-tags", page("<a <b" * 300_000), PARSING | FINE, css("a")),
    Row("unclosed-comment", page("<!--" * 400_000), PARSING, css("p")),
    Row("hundred-thousand-hits", page("<i>1</i>" * 200_000), FINE, {"expect": {"css": {"i": {"count": {"gte": 2}}}}}),
    Row("ten-thousand-scripts", page("".join(f"<script src=/fine/{n}.js></script>" for n in range(10_000))), {"asset", None}, {"expect": {"assets": True, "css": {"script": {"exists": True}}}}),
    Row("assets-of-evil-addresses", page('<script src="http://[/"></script><script src="http://a:99999/x"></script><script src="//\x00/"></script><link rel=stylesheet href="http://169.254.169.254/">'), {"asset", None, "forbidden"}, {"expect": {"assets": True, "css": {"script": {"exists": True}}}}),
    Row("billion-laughs", ok(LAUGHS, "application/xml"), PARSING, {"expect": {"xpath": {"//l": "ha"}}}),
    Row("external-entity", ok(b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>', "application/xml"), PARSING, {"expect": {"xpath": {"//l": {"contains": "root"}}}}),
    Row("no-html-at-all", ok(bytes(range(256)) * 4000), PARSING, css("p")),
    Row("binary-as-image", ok(bytes(range(256)) * 4000, "image/png"), PARSING, {"expect": {"text": {"contains": "wanted"}}}),
    Row("empty", ok(b""), PARSING, css("p")),
    # charsets
    Row("charset-utf-16-for-ascii", ok(b"<p>plain ascii</p>!", "text/html; charset=utf-16"), PARSING, {"expect": {"text": {"contains": "ascii"}}}),
    Row("charset-unknown", ok(b"<p>plain</p>", "text/html; charset=klingon"), FINE, {"expect": {"text": {"contains": "plain"}}}),
    Row("charset-that-is-a-codec", ok(b"<p>plain</p>", "text/html; charset=zlib_codec"), FINE, {"expect": {"text": {"contains": "plain"}}}),
    Row("charset-flood", ok(b"<p>plain</p>", "text/html; charset=" + "x" * 50_000), FINE, {"expect": {"text": {"contains": "plain"}}}),
    Row("meta-lies", ok(b"<meta charset=utf-7><meta charset=big5><p>caf\xc3\xa9</p>"), FINE | PARSING, {"expect": {"text": {"contains": "caf"}}}),
    Row("invalid-utf-8", ok(b"<p>caf\xff\xfe\xc3</p>" * 1000, "text/html; charset=utf-8"), FINE, {"expect": {"text": {"contains": "caf"}}}),
    # JSON
    Row("huge-json", data(json.dumps({"a": [{"n": n, "t": "x" * 20} for n in range(45_000)]})), FINE, {"expect": {"json": {"$.a[44999].n": 44999, "$..n": {"count": 45000}}}}),
    Row("deep-json", data(DEEP_JSON), PARSING, {"expect": {"json": {"$..x": 1}}}),
    Row("deep-json-objects", data(b'{"a":' * 100_000), PARSING, {"expect": {"json": {"$.a": 1}}}),
    Row("no-json", data("{'a': 1}"), PARSING, {"expect": {"json": {"$.a": 1}}}),
    Row("json-nan", data('{"a": NaN, "b": Infinity}'), PARSING, {"expect": {"json": {"$.a": 1}}}),
    Row("json-many-digits", data(f'{{"a": {DIGITS}, "b": 1e999999, "c": -{DIGITS}.{DIGITS}}}'), PARSING, {"expect": {"json": {"$.a": {"gt": 5}, "$.b": {"lt": 3}, "$.c": {"gt": 0}}}}),
    Row("json-many-digits-in-text", data(f'{{"a": "{DIGITS},50 EUR"}}'), PARSING, {"save": {"n": {"json": "$.a", "number": True}}}),
    Row("json-same-key", data('{"a": 1, ' * 1 + '"a": 2, ' * 100_000 + '"b": 1}'), FINE, {"expect": {"json": {"$.b": 1}}}),
    Row("graphql-errors", data(json.dumps({"errors": [{"message": "x" * 1000}] * 1000})), {"graphql"}, steps=[{"step": "q", "graphql": "/graphql-errors", "query": "{a}", "save": {"a": {"json": "$.data.a"}}}]),
    Row("graphql-no-object", data("[[[]]]"), {"graphql"}, steps=[{"step": "q", "graphql": "/graphql-no-object", "query": "{a}", "save": {"a": {"json": "$.data.a"}}}]),
    Row("json-half-characters", data(r'{"a\udfff": "b\ud800", "c": "\ud83d\ude00"}'), PARSING, {"expect": {"json": {"$": {"one_of": ["x"]}, "$.c": "\U0001f600"}}}),
    Row("graphql-half-characters", data(r'{"errors": [{"message": "\udc00 \ud800"}]}'), {"graphql"}, steps=[{"step": "q", "graphql": "/graphql-half-characters", "query": "{a}", "save": {"a": {"json": "$.data.a"}}}]),
    # patterns
    Row("evil-regex", ok(b"x" * 40_000, "text/plain"), PARSING, {"expect": {"regex": {EVIL: {"exists": True}}}}),
    Row("evil-matches", ok(b"x" * 40_000, "text/plain"), PARSING, {"expect": {"text": {"matches": EVIL}}}),
    Row("evil-jsonpath", data(json.dumps([{"a": "x" * 40_000}] * 20)), PARSING, {"expect": {"json": {f"$[?search(@.a, '{EVIL}')]": {"exists": True}}}}),
    Row("evil-recursion", data(json.dumps([[[[[[0] * 5] * 5] * 5] * 5] * 5] * 5)), PARSING, {"expect": {"json": {"$..*..*..*..*.x": {"exists": True}}}}),
    # the wire
    Row("closes-at-once", b"", {"protocol"}),
    Row("resets", reset, {"protocol", "connect"}),
    Row("half-status-line", b"HTTP/1.", {"protocol"}),
    Row("half-headers", OK + b"Content-Type: text/ht", {"protocol"}),
    Row("http-0.9", b"<html>hello, I am from 1991</html>", {"protocol"}),
    Row("no-http", b"\x16\x03\x01\x02\x00\x01\x00" * 100, {"protocol"}),
    Row("ssh", b"SSH-2.0-OpenSSH_9.6\r\n", {"protocol"}),
    Row("status-line-garbage", b"HTTP/1.1 abc\r\n\r\n", {"protocol", "status"}),
    Row("status-999", ok(b"x", status=b"999 \xff\xfe"), {"status"}),
    Row("status-000", ok(b"x", status=b"000 nothing"), {"status", "protocol"}),
    Row("no-content", ok(b"<p>x", status=b"204 No"), PARSING | {"protocol"}, css("p")),
    Row("length-too-long", OK + b"Content-Length: 100\r\n\r\n<p>x", {"protocol"}, css("p")),
    Row("length-too-short", OK + b"Content-Length: 3\r\n\r\n<p>xxxxxxx", FINE | PARSING, css("p")),
    Row("length-negative", OK + b"Content-Length: -5\r\n\r\n<p>", PARSING | {"protocol", None}, css("p")),
    Row("length-huge", OK + b"Content-Length: 99999999999999999999999\r\n\r\n<p>", {"protocol", "size", "timeout"} | FINE, css("p")),
    Row("two-lengths", OK + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\n<p>xx", {"protocol"} | FINE, css("p")),
    Row("length-and-chunked", OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<p>xx\r\n0\r\n\r\n", {"protocol"} | FINE, css("p")),
    Row("chunk-size-garbage", CHUNKED + b"zz\r\n<p>x\r\n0\r\n\r\n", {"protocol"}, css("p")),
    Row("chunk-size-huge", CHUNKED + b"fffffffffffffffff\r\n<p>x", {"protocol"}, css("p")),
    Row("chunks-break-off", CHUNKED + b"5\r\n<p>xx\r\n5\r\nx", {"protocol"}, css("p")),
    Row("chunk-extension-flood", CHUNKED + b"5;" + b"x" * 200_000 + b"\r\n<p>xx\r\n0\r\n\r\n", {"protocol"} | FINE, css("p")),
    Row("trailer-flood", CHUNKED + b"5\r\n<p>xx\r\n0\r\n" + b"X: y\r\n" * 100_000 + b"\r\n", {"protocol", "size"} | FINE, css("p")),
    Row("nul-in-headers", OK + b"X-A: a\0b\r\nContent-Length: 4\r\n\r\n<p>x", {"protocol"} | FINE, css("p")),
    Row("header-flood", OK + b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + b"\r\n<p>x", {"size"}, css("p")),
    Row("header-of-1-mb", OK + b"X-A: " + b"y" * 1_000_000 + b"\r\n\r\n<p>x", {"size"}, css("p")),
    Row("headers-without-end", endless(b"X-A: y\r\n" * 100, 0, OK), {"size"}),
    Row("header-without-colon", OK + b"nonsense\r\n: empty\r\n folded\r\nContent-Length: 4\r\n\r\n<p>x", {"protocol"} | FINE, css("p")),
    Row("interim-answers", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 300 + ok(b"<p>x"), {"size"} | FINE, css("p")),
    Row("interim-answers-without-end", endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 50), {"size", "timeout"}),
    Row("switches-protocols", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\0\1\2", {"protocol", "status", "timeout"}),
    Row("hangs", hang(), {"timeout"}),
    Row("hangs-after-headers", hang(OK + b"Content-Length: 100\r\n\r\n<p>x"), {"timeout"}, css("p")),
    Row("drips", endless(b"x", 0.05, OK + b"\r\n<p>"), {"timeout"}, css("p")),
    Row("drips-headers", endless(b"X", 0.05, OK + b"X-A: "), {"timeout"}, css("p")),
    Row("floods", endless(b"x" * 65536, 0, OK + b"\r\n<p>"), {"size"}, css("p")),
    Row("too-large", page("x" * 3_000_000), {"size"}, css("p")),
    Row("gzip-bomb", ok(BOMB, "text/html", b"Content-Encoding: gzip"), {"size"}, css("p")),
    Row("gzip-twice-bomb", ok(gzip.compress(BOMB), "text/html", b"Content-Encoding: gzip, gzip"), {"size", "decode"}, css("p")),
    Row("gzip-garbage", ok(b"\x1f\x8b\x08garbage" * 50, "text/html", b"Content-Encoding: gzip"), {"decode"}, css("p")),
    Row("gzip-cut-off", ok(gzip.compress(os.urandom(50_000))[:20_000], "text/html", b"Content-Encoding: gzip"), {"decode", "protocol", *PARSING}, css("p")),
    Row("gzip-not-at-all", ok(b"<p>plain", "text/html", b"Content-Encoding: gzip"), {"decode"}, css("p")),
    Row("br-garbage", ok(b"\xff" * 5000, "text/html", b"Content-Encoding: br"), {"decode"}, css("p")),
    Row("br-bomb", ok(BR_BOMB, "text/html", b"Content-Encoding: br"), {"size"}, css("p")),
    Row("zstd-unasked", ok(b"\x28\xb5\x2f\xfd" * 50, "text/html", b"Content-Encoding: zstd"), {"decode", *PARSING}, css("p")),
    Row("encoding-flood", ok(b"<p>x", "text/html", b"Content-Encoding: " + b"gzip, " * 1000 + b"br"), {"decode"}, css("p")),
    # redirects
    Row("to-file", redirect(b"file:///etc/passwd"), {"redirect"}),
    Row("to-javascript", redirect(b"javascript:alert(1)"), {"redirect"}),
    Row("to-data", redirect(b"data:text/html,<p>x"), {"redirect"}),
    Row("to-metadata", redirect(b"http://169.254.169.254/latest/meta-data/"), {"forbidden"}),
    Row("to-metadata-in-disguise", redirect(b"http://[::ffff:169.254.169.254]/"), {"forbidden"}),
    Row("to-itself", redirect(b"/to-itself"), {"redirect"}),
    Row("to-nowhere", redirect(b""), {"status"}),
    Row("to-a-bad-port", redirect(b"http://127.0.0.1:99999999/"), {"redirect"}),
    Row("to-a-bad-host", redirect(b"http://[::::1/"), {"redirect"}),
    Row("to-a-user", redirect(b"http://user:pw@127.0.0.1/"), {"redirect"}),
    Row("to-a-line-break", redirect(b"/fine\rX-Evil: 1"), {"redirect", "status", "protocol"} | FINE, {"expect": {"text": {"contains": "fine"}}}),
    Row("to-a-very-long-address", redirect(b"/" + b"x" * 90_000), {"redirect", "protocol", "status", "size"} | FINE),
    Row("to-a-thousand-places", lambda client: client.sendall(redirect(b"/to-a-thousand-places/%d" % time.monotonic_ns())), {"redirect"}),
    # what a customer's session takes from it
    Row("cookies-by-the-thousand", ok(b"<p>x", "text/html", *(b"Set-Cookie: c%d=%s" % (n, b"v" * 30) for n in range(450))), FINE, steps=[{"step": "a", "get": "/cookies-by-the-thousand", **css("p")}, {"step": "b", "get": "/fine", "expect": {"status": 200}}]),
    Row("cookies-of-all-sorts", ok(b"<p>x", "text/html", *(b"Set-Cookie: " + each for each in [b"", b"=", b"=x", b";", b"a=\x01\x02", b"b=" + b"x" * 9000, b"c=d; domain=.com", b"e=f; expires=\xff; max-age=" + b"9" * 5000, b"\xff\xfe=\xff", b"g=h; path=" + b"/" * 5000])), FINE, steps=[{"step": "a", "get": "/cookies-of-all-sorts", **css("p")}, {"step": "b", "get": "/fine", "expect": {"status": 200}}]),
    Row("form-of-10000-fields", page(f"<form method=post action=/fine>{FORM}</form>"), FINE, steps=[{"step": "a", "get": "/form-of-10000-fields", **css("form")}, {"step": "b", "submit": "form", "fill": {"f9999": "x"}, "expect": {"status": 200}}]),
    Row("form-to-javascript", page("<form action='javascript:x()'><input name=a></form>"), {"extraction"}, steps=[{"step": "a", "get": "/form-to-javascript", **css("form")}, {"step": "b", "submit": "form", "expect": {"status": 200}}]),
    Row("form-of-evil-names", page(b"<form method=post enctype=multipart/form-data action=/fine><input name='a\r\nb\"\xff' value='\r\n--techrun\0'></form>"), FINE | {"extraction"}, steps=[{"step": "a", "get": "/form-of-evil-names", **css("form")}, {"step": "b", "submit": "form", "expect": {"status": 200}}]),
    Row("saved-line-break", data(r'{"v": "a\r\nX-Evil: 1\r\n\r\nGET /smuggled"}'), {"extraction"}, SAVED, HEADER),
    Row("saved-line-break-sent", data(r'{"v": "a\r\nX-Evil: 1\r\n\r\nGET /smuggled \u0000 b"}'), FINE | {"extraction", "protocol"}, SAVED, SEND),
    Row("saved-surrogate", data(r'{"v": "a\ud800b"}'), FINE | {"extraction", "protocol"}, SAVED, SEND),
    Row("saved-surrogate-in-a-header", data(r'{"v": "a\ud800b"}'), FINE | {"extraction", "protocol"}, SAVED, HEADER),
    Row("saved-megabyte", data(json.dumps({"v": "ü" * 300_000})), FINE | {"extraction", "protocol", "status"}, SAVED, SEND),
    Row("saved-megabyte-in-a-header", data(json.dumps({"v": "ü" * 300_000})), FINE | {"extraction", "protocol", "status"}, SAVED, HEADER),
    Row("saved-structure", data('{"v": {"a": [1, {"b": null}]}}'), FINE | {"extraction"}, SAVED, SEND),
    Row("saved-digits", data(f'{{"v": {"9" * 4000}}}'), FINE | {"extraction"}, SAVED, SEND),
]  # fmt: skip
BY_NAME = {row.name: row for row in ROWS}


class Server:
    """Answers on every connection by the first part of the path, then closes it."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.settimeout(2 * DEADLINE)
            request = self.read(client)
            self.requests.append(request)
            row = BY_NAME.get(request.split(b" ")[1].decode().split("/")[1].partition("?")[0])
            answer = row.answer if row else page("<p>fine")
            if callable(answer):
                answer(client)
            else:
                client.sendall(answer)
                client.shutdown(socket.SHUT_WR)
                client.recv(1)

    def read(self, client: socket.socket) -> bytes:
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(65536) or b"\r\n\r\n"
        head, _, body = request.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lengths[0].partition(b":")[2]) if lengths else 0
        while len(body) < length:
            body += client.recv(65536) or b" " * length
        return head + b"\r\n\r\n" + body[:2000]


def configuration(port: int) -> tuple[str, str]:
    """The check of each row, and the journeys of those that have more than one step."""
    checks, journeys = [], []
    for row in ROWS:
        seconds = DEADLINE if "timeout" in row.reasons else PATIENT
        check: dict[str, Any] = {"name": row.name.replace(".", "-"), "deadline": f"{seconds:g}s"}
        if row.steps:
            first = [{"step": "first", "get": f"/{row.name}", **row.look}] if row.look else []
            journeys.append({"journey": check["name"], "steps": [*first, *row.steps]})
            check["journey"] = check["name"]
        else:
            check |= {"http": f"/{row.name}", **row.look}
        checks.append(check)
    main = {
        "version": 1,
        "shop": "hostile",
        "url": f"http://127.0.0.1:{port}",
        "include": ["journeys.yaml"],
        "checks": checks,
    }
    return json.dumps(main, ensure_ascii=False), "\n---\n".join(map(json.dumps, journeys))


@dataclass(frozen=True)
class Finished:
    """What one `techrun check` of all rows came to."""

    results: dict[str, Any]
    log: str
    memory: int
    requests: list[bytes]


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Finished:
    server = Server()
    folder = tmp_path_factory.mktemp("hostile")
    main, journeys = configuration(server.port)
    (folder / "techrun.yaml").write_text(main)
    (folder / "journeys.yaml").write_text(journeys)
    command = [sys.executable, "-m", "techrun", "check", "--format", "json", "-c", str(folder)]
    with (folder / "out").open("wb") as out, (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=out, stderr=log)
        _, process.returncode, usage = os.wait4(process.pid, 0)
    server.socket.close()
    text = (folder / "log").read_text()
    assert (folder / "out").stat().st_size, text
    results = {each["check"]: each for each in json.loads((folder / "out").read_text())}
    scale = 1 if sys.platform == "darwin" else 1024
    return Finished(results, text, usage.ru_maxrss * scale, server.requests)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_bad_answer_is_an_outcome_with_a_reason_in_time(finished: Finished, row: Row) -> None:
    result = finished.results[row.name.replace(".", "-")]
    assert result["reason"] in row.reasons, result["message"]
    assert (result["reason"] is None) == (result["status"] == "up")
    assert result["message"] or result["reason"] is None
    assert len(result["message"]) < 2000
    assert result["duration"] < (DEADLINE if "timeout" in row.reasons else PATIENT) + GRACE


def test_nothing_but_the_answers_is_told(finished: Finished) -> None:
    """No traceback, no warning of Python or of a library."""
    assert finished.log == ""


def test_all_of_it_takes_bounded_memory(finished: Finished) -> None:
    assert finished.memory < MOST_MEMORY


def test_no_saved_value_smuggles_in_a_header_or_a_request(finished: Finished) -> None:
    lines = [
        line for request in finished.requests for line in request.partition(b"\r\n\r\n")[0].split(b"\r\n")
    ]
    assert not [line for line in lines if line.lower().startswith((b"x-evil", b"get /smuggled"))]


LOOKS: dict[str, Any] = {
    "css": {"p": {"count": {"gte": 1}}},
    "xpath": {"//p": {"exists": True}},
    "json": {"$..a": {"exists": True}},
    "regex": {"(a|b)+c": {"exists": True}},
    "text": {"contains": "caf"},
    "header": {"content-type": {"contains": "html"}},
    "assets": True,
}
PIECES = [
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 Found\r\n", b"Location: /x\r\n", b"Location: \xff\r\n", b"Set-Cookie: a=b\r\n",
    b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Content-Encoding: br\r\n",
    b"Content-Type: text/html; charset=utf-16\r\n", b"Content-Type: application/json\r\n", b"\r\n", b"\r\n", b"5\r\n", b"0\r\n",
    b"<p>caf\xc3\xa9</p>", b'{"a": [1, "\\ud800"]}', b"<script src=/x></script>", b"\x1f\x8b\x08\0", b"\0", b"\xff\xfe", b"[[[[",
]  # fmt: skip


@pytest.fixture(scope="session")
def ask(tmp_path_factory):
    """Runs a check against whatever answer is given, by the real engine and fetcher, on a loop in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    answers: list[bytes] = [b""]

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with contextlib.suppress(OSError), client:
                    client.settimeout(1)
                    client.recv(65536)
                    client.sendall(answers[0])
                    client.shutdown(socket.SHUT_WR)
                    client.recv(1)

    threading.Thread(target=serve, daemon=True).start()
    main = tmp_path_factory.mktemp("any") / "techrun.yaml"
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    saves = {"n": {"css": "p", "number": True}, "a": {"json": "$.a"}}
    check = {"name": "any", "http": "/", "deadline": f"{DEADLINE:g}s", "expect": LOOKS, "save": saves}
    main.write_text(json.dumps({"version": 1, "shop": "any", "url": url, "checks": [check]}))
    loaded = load(main)

    def answered_with(answer: bytes) -> Result:
        answers[0] = answer
        return run_checks(loaded, loaded.checks, Wish(explain=True))[0]

    yield answered_with
    listener.close()


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=60), max_size=14).map(b"".join))
@example(b"")
@settings(
    max_examples=300,
    deadline=None,  # a run on a busy machine takes as long as it takes; the check's own deadline is judged
    suppress_health_check=[HealthCheck.too_slow],  # drawing is fast; the runs are real exchanges
)
def test_any_bytes_are_an_outcome_with_a_reason(ask, answer: bytes) -> None:
    result = ask(answer)
    outcome = result.outcome
    assert outcome.status in {Status.DOWN, Status.BLOCKED}, "nothing has all that is looked for"
    assert outcome.reason not in {None, Reason.INTERNAL}, outcome.message
    assert outcome.message
    assert result.duration < DEADLINE + GRACE
    json.dumps(json.loads(line_of(result)), ensure_ascii=False).encode()
