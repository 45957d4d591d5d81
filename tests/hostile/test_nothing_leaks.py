"""Nothing leaks: a secret is found in nothing that techrun prints, answers, sends or stores, in no encoding.

Every place has a canary of its own, so that a leak names where it comes from. All of them begin and end
with letters that no escaping changes, so the search knows nothing of how techrun redacts.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

PLACES = ["way", "query", "header", "form", "json", "basic", "bearer", "cookie", "body", "expect", "found",
          "number", "loop", "away", "slow", "refused", "tls", "tcp", "graphql", "fixture", "field", "asset",
          "ftp", "user_word", "sign", "fill", "attr"]  # fmt: skip
CANARIES = {place: f'Zq7{place}/+ü&"<s3cr3t{place}>%' for place in PLACES} | {
    "host": "<Zq7host s3cr3thost>",
    "plain": "pl4in-s3cr3tplain",
    "channel": 'Zq7channel/+ü&"<s3cr3tchannel>%',
    "unused": "Zq7unused-s3cr3tunused",
    "broken": 'Zq7broken/+ü&"<s3cr3tbroken>%',
    "long": f"Zq7long-{'0123456789' * 9}-s3cr3tlong",
    "saved": "",
    "order": "",
    "carried": "",
}
WRONG = "the text that is not there"


def traces(text: bytes) -> set[str]:
    """The places whose canaries can be told from a text, whatever way they are written there."""
    spread = text.decode("utf-8", "replace")
    spread += unquote(unquote(spread))
    lower = spread.lower()
    found = set()
    for place in CANARIES:
        for core in (f"Zq7{place}", f"s3cr3t{place}"):
            raw = core.encode()
            shifted = [base64.b64encode(b"\0" * n + raw).decode().rstrip("=") for n in range(3)]
            inner = [shifted[0][:-1], shifted[1][2:-1], shifted[2][3:-1]]
            if core.lower() in lower or raw.hex() in lower or any(each in spread for each in inner):
                found.add(place)
    return found


CONFIGURATION = """\
version: 1
shop: mirror
url: {url}
secrets: secrets.yaml
include: [journeys/*.yaml]
synthetic: {{email: probe@shop.example, signing_key: "${{secret.SIGN}}"}}
channels: {{phone: {{url: "${{secret.CHANNEL_URL}}"}}, gone: {{url: "${{secret.GONE_URL}}"}}}}
notify: {{page: [phone], ticket: [phone]}}
alerting: {{group_wait: {{page: 0s, ticket: 0s, info: 0s}}}}
listen: 127.0.0.1:0
store: once.db
defaults: {{every: 5s, deadline: 4s, confirmation: {{fail_after: 2, delays: [100ms]}}}}
checks:
- {{name: way, http: "/error/${{secret.WAY}}"}}
- {{name: plain, http: "/error/${{secret.PLAIN}}"}}
- {{name: query, http: /error, query: {{q: "${{secret.QUERY}}"}}}}
- {{name: header, http: /error, headers: {{X-Key: "${{secret.HEADER}}"}}}}
- {{name: form, http: /error, method: post, form: {{f: "${{secret.FORM}}"}}}}
- {{name: json, http: /error, method: post, json: {{a: ["${{secret.JSON}}"]}}}}
- {{name: body, http: /error, method: post, body: "x=${{secret.BODY}}"}}
- {{name: basic, http: /error, auth: {{user: probe, password: "${{secret.BASIC}}"}}}}
- {{name: bearer, http: /error, auth: {{bearer: "${{secret.BEARER}}"}}}}
- {{name: cookie, http: /error, headers: {{Cookie: "a=b; session=${{secret.COOKIE}}"}}}}
- {{name: expect, http: /echo, expect: {{text: {{contains: "${{secret.EXPECT}}"}}}}}}
- {{name: long, http: "/error/${{secret.LONG}}/${{secret.LONG}}", expect: {{status: 200, text: "${{secret.LONG}}", url: {{matches: "${{secret.LONG}}$"}}}}}}
- {{name: found, http: "/json/${{secret.FOUND}}", expect: {{json: {{$.said: {{matches: "^{wrong}"}}}}, soft: {{url: "{wrong}"}}}}}}
- {{name: number, http: "/echo/${{secret.NUMBER}}", save: {{n: {{css: title, number: true}}, m: {{json: $.a}}, x: {{xpath: "//nothing"}}}}}}
- {{name: attr, http: "/echo", headers: {{X-Q: "${{secret.ATTR}}"}}, expect: {{css: {{"[x='${{secret.ATTR}}']": {{exists: true}}}}, header: {{x-echo: "${{secret.ATTR}}"}}}}}}
- {{name: asset, http: "/echo/${{secret.ASSET}}", expect: {{assets: true, css: {{form: {{exists: true}}}}}}}}
- {{name: loop, http: "/loop/${{secret.LOOP}}"}}
- {{name: away, http: "/away/${{secret.AWAY}}"}}
- {{name: slow, http: "/slow/${{secret.SLOW}}", deadline: 300ms}}
- {{name: refused, http: "http://127.0.0.1:9/${{secret.REFUSED}}"}}
- {{name: tls, http: "https://127.0.0.1:{port}/${{secret.TLS}}"}}
- {{name: ftp, http: "ftp://${{secret.FTP}}/"}}
- {{name: user, http: "http://probe:${{secret.USER_WORD}}@[/"}}
- {{name: tcp, tcp: "127.0.0.1:{port}", send: "GET /echo/${{secret.TCP}} HTTP/1.0\\r\\n\\r\\n", expect: "${{secret.TCP}} {wrong}"}}
- {{name: journey, journey: journey}}
- {{name: graphql, journey: graphql}}
- {{name: fixture, journey: fixture}}
- {{name: field, journey: field}}
- {{name: host, journey: host}}
- {{name: order, journey: order}}
"""
JOURNEYS = """\
journey: journey
steps:
- step: login
  post: /login
  form: {user: probe, password: "${secret.FILL}"}
  save: {token: {json: $.token, secret: true}}
  carry: {X-Carried: {json: $.next}}
- step: echo
  get: /echo/${token}
  query: {token: "${token}"}
  headers: {X-Token: "${token}", Cookie: "t=${token}"}
  save: {title: {css: title}}
- step: error
  post: /error/${token}
  json: {token: "${token}"}
  expect: {json: {$.token: "${token}"}, text: {contains: "${token}"}}
---
journey: graphql
steps:
- step: ask
  graphql: /graphql
  query: "query A($a: String) { a }"
  variables: {a: "${secret.GRAPHQL}"}
  save: {a: {json: $.data.a}}
---
journey: fixture
steps:
- {step: ask, fixture: true, get: "/echo/${secret.FIXTURE}", expect: {text: "${secret.FIXTURE}"}}
---
journey: field
steps:
- {step: page, get: "/echo/${secret.FIELD}", save: {t: {css: "#f input", attr: value, secret: true}}}
- {step: send, submit: "#f", fill: {nothing: "${secret.FIELD}", "${secret.FIELD}": x}, save: {x: {css: title}}}
---
journey: host
steps:
- {step: ask, get: "http://${secret.HOST}/", save: {x: {css: title}}}
---
journey: order
steps:
- step: order
  effect: order
  post: /order
  save: {order_id: {json: $.order, secret: true}}
cleanup:
- {step: cancel, when: "${order_id}", post: "/error/cancel/${order_id}", save: {ok: {json: $}}}
"""
BROKEN = """\
version: 1
shop: "${secret.BROKEN}"
url: "${secret.BROKEN}"
env: "${secret.LONG}"
locale: "${secret.BROKEN}"
timezone: "${secret.BROKEN}"
secrets: secrets.yaml
runbook: "${secret.BROKEN}"
channels: {phone: {url: "${secret.BROKEN}"}}
fetch: {proxy: "${secret.BROKEN}", deny: ["${secret.BROKEN}"]}
impact: {average_order: "${secret.LONG}"}
labels: {key: "${secret.PLAIN}", other: "${secret.BROKEN}"}
checks:
- {name: "${secret.BROKEN}", http: "${secret.BROKEN}", every: "${secret.BROKEN}", severity: "${secret.BROKEN}"}
- {name: a, http: "http://${secret.HOST}/", nothing: "${secret.BROKEN}", expect: {status: "${secret.BROKEN}", that: "${secret.BROKEN}"}}
- {name: b, http: "/", expect: {css: {"${secret.BROKEN}": {exists: true}}, json: {"${secret.LONG}": 1}, regex: {"(${secret.BROKEN}": 1}}}
- {name: c, tcp: "${secret.BROKEN}"}
- {name: d, tls: "${secret.LONG}"}
- {name: e, dns: "${secret.BROKEN}", resolver: "${secret.BROKEN}"}
- {name: f, http: "${secret.PLAIN + 1}", deadline: "${secret.PLAIN}"}
- {name: g, http: "/${secret.PLAIN.nothing}", method: "${secret.BROKEN}"}
- {name: h, http: "/${secret.PLAIN | number}", headers: {X: "${secret.LONG[3]}", "${secret.BROKEN}": x}}
- {name: i, http: "${'x' + secret.PLAIN | nothing}", notify: ["${secret.PLAIN}"], tags: ["${secret.BROKEN}"]}
- {name: j, http: /, for_each: {x: ["${secret.PLAIN}", "${secret.BROKEN}"]}}
"""


UNCOMPILED = """\
version: 1
shop: mirror
url: http://127.0.0.1:9
secrets: secrets.yaml
checks:
- {name: a, http: "ftp://${secret.BROKEN}/"}
- {name: b, http: "http://u:${secret.BROKEN}@[/"}
- {name: c, http: /, expect: {regex: {"(${secret.PLAIN}": {exists: true}}}}
- {name: d, http: /, expect: {css: {"[[${secret.BROKEN}": {exists: true}}}}
- {name: e, http: "${secret.BROKEN | nothing}", headers: {"${secret.BROKEN} x": y}}
- {name: f, http: "/", expect: {text: "${secret.BROKEN}", that: "${secret.BROKEN > 1}", status: "${secret.BROKEN}"}}
- {name: g, http: "/", json: {a: "${secret.BROKEN.x}"}, auth: {bearer: "${secret.BROKEN * 2}"}}
"""


class Receiver(ThreadingHTTPServer):
    """Takes messages as an alerting service does."""

    daemon_threads = True
    told: list[bytes]

    def __init__(self) -> None:
        receiver = self
        self.told, self.paths, self.several = [], [], threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.paths.append(self.path + str(self.headers))
                receiver.told.append(self.rfile.read(int(self.headers["Content-Length"])))
                gone = self.path.startswith("/gone")
                self.send_response(500 if gone else 200)
                self.end_headers()
                self.wfile.write(f"I was sent {self.path} {self.headers}".encode() if gone else b"")
                if len(receiver.told) > 8:
                    receiver.several.set()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class House:
    """A folder with a configuration, and the commands that read it."""

    def __init__(self, folder: Path, mirror, receiver: Receiver) -> None:
        self.folder = folder
        address = f"127.0.0.1:{receiver.server_port}"
        token = quote(CANARIES["channel"], safe="")
        values = {name.upper(): value for name, value in CANARIES.items() if value} | {
            "CHANNEL_URL": f"json://probe:{token}@{address}/hook/{token}?+X-Key={token}",
            "GONE_URL": f"json://{address}/gone/{token}",
        }
        written = {name: values.pop(name) for name in ("WAY", "UNUSED", "BROKEN", "GRAPHQL")}
        (folder / "secrets.yaml").write_text(json.dumps(written))
        (folder / "form.secret").write_text(values.pop("FORM") + "\n")
        self.environ = {**os.environ, **values, "FORM_FILE": str(folder / "form.secret"), "COLUMNS": "100"}
        good = CONFIGURATION.format(url=mirror.url, port=mirror.server_port, wrong=WRONG)
        self.main = folder / "techrun.yaml"
        self.main.write_text(good)
        (folder / "journeys").mkdir()
        (folder / "journeys" / "all.yaml").write_text(JOURNEYS)
        (folder / "broken.yaml").write_text(BROKEN)
        (folder / "uncompiled.yaml").write_text(UNCOMPILED)
        (folder / "torn.yaml").write_text('A_KEY: Zq7broken-s3cr3tbroken\n  x: "Zq7broken-s3cr3tbroken\n')
        (folder / "torn-main.yaml").write_text(good.replace("secrets.yaml", "torn.yaml"))

    def start(self, *words: str, config: str = "techrun.yaml") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "techrun", *words, "-c", str(self.folder / config)]
        return subprocess.Popen(
            command, env=self.environ, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )


def ask(url: str, method: str = "GET") -> bytes:
    with contextlib.suppress(urllib.error.HTTPError):
        try:
            return urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=20).read()
        except urllib.error.HTTPError as error:
            return error.read()
    return b""


def dump(file: Path) -> bytes:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return "\n".join(connection.iterdump()).encode()


def watch(house: House, receiver: Receiver, found: dict[str, bytes]) -> None:
    """Let the daemon run until messages are out; take what it shows, stores and logs."""
    store, log = house.folder / "run.db", house.folder / "run.log"
    words = ["run", "-vv", "--store", str(store), "--jsonl", str(house.folder / "run.jsonl")]
    command = [sys.executable, "-m", "techrun", *words, "-c", str(house.main)]
    with log.open("wb") as written:
        daemon = subprocess.Popen(
            command, env=house.environ, cwd=house.folder, stdout=written, stderr=written
        )
    try:
        assert receiver.several.wait(30), log.read_text()
        url = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())[0]
        found["/metrics"] = ask(f"{url}/metrics")
        found["landing page"] = ask(f"{url}/")
        good = house.main.read_text()
        house.main.write_text(BROKEN)
        found["answer of a reload"] = ask(f"{url}/-/reload", "POST")
        house.main.write_text(good.replace("store: once.db", f"store: {store}"))
        for name in ("status", "status --format json"):
            found[name] = house.start(*name.split()).communicate(timeout=30)[0]
        found["bytes of the store's files"] = b"".join(
            file.read_bytes() for file in house.folder.glob("run.db*")
        )
        house.main.write_text(good)
        found["second reload"] = ask(f"{url}/-/reload", "POST")
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(20)
    found["log of the daemon"] = log.read_bytes()
    found["jsonl of the daemon"] = (house.folder / "run.jsonl").read_bytes()
    found["rows of the store"] = dump(store)
    found["messages"] = b"\n".join(receiver.told)


COMMANDS = {
    "check": "check --orders",
    "check -vv --explain": "check -vv --explain --no-color",
    "check --explain, one check": "check --explain mirror/way",
    "check --curl": "check --curl",
    "check --format json": "check --format json --explain",
    "check --format jsonl": "check --format jsonl",
    "check --format junit": "check --format junit",
    "check --format markdown": "check --format markdown",
    "validate": "validate",
    "validate --show": "validate --show *",
    "notify test": "notify test -vv",
}
OF_THE_DAEMON = (
    "/metrics",
    "landing page",
    "answer of a reload",
    "second reload",
    "status",
    "status --format json",
    "bytes of the store's files",
    "log of the daemon",
    "jsonl of the daemon",
    "rows of the store",
    "messages",
)
SHOWN = (
    *COMMANDS,
    "validate of a broken one",
    "validate of what cannot be compiled",
    "validate of torn secrets",
    *OF_THE_DAEMON,
    "rows of orders",
)


@pytest.fixture(scope="session")
def receiver():
    with Receiver() as receiver:
        yield receiver
        receiver.shutdown()


@pytest.fixture(scope="session")
def shown(tmp_path_factory, mirror, receiver) -> dict[str, bytes]:
    """Everything that techrun lets anyone see, by where it is seen."""
    house = House(tmp_path_factory.mktemp("house"), mirror, receiver)
    found: dict[str, bytes] = {}
    running = {name: house.start(*words.split()) for name, words in COMMANDS.items()}
    running["validate of a broken one"] = house.start("validate", config="broken.yaml")
    running["validate of what cannot be compiled"] = house.start("validate", config="uncompiled.yaml")
    running["validate of torn secrets"] = house.start("validate", config="torn-main.yaml")
    for name, process in running.items():
        found[name] = process.communicate(timeout=50)[0]
    receiver.told.clear()
    receiver.several.clear()
    watch(house, receiver, found)
    found["rows of orders"] = dump(house.folder / "once.db")
    return found


@pytest.mark.parametrize("where", SHOWN)
def test_no_secret_is_seen(shown: dict[str, bytes], where: str) -> None:
    text = shown[where]
    lines = [line[:300] for line in text.decode("utf-8", "replace").splitlines() if traces(line.encode())]
    assert traces(text) == set(), "\n".join(lines[:10])


def test_what_was_searched_was_not_empty(shown: dict[str, bytes]) -> None:
    """Every output tells of the failures, so that a secret had every chance to be in it."""
    for where in ("check", "check --format json", "landing page", "log of the daemon"):
        assert b"***" in shown[where], where
    for where in SHOWN:
        assert len(shown[where]) > 20, (where, shown[where])
    told = shown["check"].decode()
    for reason in [
        "status",
        "redirect",
        "expectation",
        "extraction",
        "timeout",
        "connect",
        "tls",
        "graphql",
        "fixture",
    ]:
        assert f"[{reason}]" in told, told
    assert shown["validate of a broken one"].count(b"broken.yaml:") > 15


def test_the_secrets_reach_the_shop_as_they_are(shown: dict[str, bytes], mirror, receiver) -> None:
    """Without this the test above would be passed by sending nothing."""
    said = "\n".join(mirror.seen)
    said += unquote(said)
    said += "\n".join(
        base64.b64decode(each).decode() for each in re.findall(r"Basic ([A-Za-z0-9+/=]{20,})", said)
    )
    said += said.replace('\\"', '"')
    nowhere = {
        "ftp",
        "user_word",
        "expect",
        "refused",
        "tls",
        "host",
        "sign",
        "unused",
        "broken",
        "press",
        "dns",
        "channel",
    }
    in_a_query = {"query", "form"}
    for place, canary in CANARIES.items():
        if canary and place not in nowhere | in_a_query:
            assert canary in said, place
    assert quote(CANARIES["query"], safe="") in said
    assert quote(CANARIES["form"], safe="") in said
    assert "s3cr3torder" in said
    assert CANARIES["channel"] in unquote("\n".join(receiver.paths))


@pytest.mark.parametrize(
    "write",
    [str, repr, json.dumps, quote, lambda text: quote(quote(text)), lambda text: text.encode().hex()]
    + [lambda text, shift=shift: base64.b64encode(b"-" * shift + text.encode() + b"-").decode() for shift in range(3)],
    ids=["plain", "repr", "json", "percent", "twice", "hex", "base64", "base64-1", "base64-2"],
)  # fmt: skip
def test_the_search_finds_a_secret_in_every_encoding(write) -> None:
    """The test of the test."""
    assert traces(f"some text {write(CANARIES['way'])} more".encode()) == {"way"}
