"""What a journey sends is held against what Chromium sends: forms, redirects, addresses and cookies.

One browser walks over all pages once, then a journey over each; the shop notes what comes.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import subprocess
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from techrun.exchange import Response

pytestmark = [pytest.mark.system("chromium"), pytest.mark.timeout(120)]

PATIENCE = 40.0
"""Seconds for the whole walk of the browser, which takes about eight."""
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * 127.0.0.1",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A page with a form `#f`, the button that sends it, and what the shop answers to it."""

    html: str
    press: str = ""
    charset: str = "utf-8"
    answer: tuple[int, str] | None = None
    """Status and location of a redirect."""


WRITTEN = yaml.safe_load((Path(__file__).parents[1] / "golden" / "browser" / "forms.yaml").read_text())
POST = "<form id=f method=post action=/in><input name=a value=1></form>"
GET = "<form id=f action=/in><input name=a value=1></form>"
PLACES = [
    "next", "../next", "./", "?q=1", "#top", "//{host}/x", "/a/../b", "http://{host}/a/./../c", "/x y", "/ü?q=ü",
    "/%7Ea%20b%zz", " /trim ", "/q?a=b c&d=\"<>`'|", '/p|^{}`"<>', "\\back\\slash", "/a;b=1/c", "HTTP://{host}/up",
    "/a//b///c", "http:/one", "/pl+us", "/%2e%2e/enc", "/a/%2E%2e", "/[x]?[y]=1", "/a?b?c#d?e", "http://{host}",
]  # fmt: skip
STATUSES = (301, 302, 303, 307, 308)
CASES = {
    **{name: Case(**row) for name, row in WRITTEN.items()},
    **{f"a POST redirected by {status}": Case(POST, answer=(status, "/next")) for status in STATUSES},
    **{f"a GET redirected by {status}": Case(GET, answer=(status, "/next")) for status in STATUSES},
    **{f"a redirect to {place!r}": Case(POST, answer=(302, place)) for place in PLACES},
}
NAMES = list(CASES)
YEAR_2098 = "Expires=Wed, 01 Jan 2098 00:00:00"
HOPS = [
    ("shop.example", "/a/b/1", ["d1=1", "d2=1; Path=/", "d3=1; Path=/a", "d4=1; Path=/a/", "d5=1; Path=/a/b/c", "d6=1; Path=b"]),
    ("shop.example", "/a/b/2", []),
    ("shop.example", "/a/bc", []),
    ("shop.example", "/a", []),
    ("shop.example", "/ab", []),
    ("shop.example", "/a/b/c/d", ["twice=root; Path=/", "twice=deep; Path=/a/b", "twice=mid; Path=/a"]),
    ("shop.example", "/a/b/3", ["twice=new; Path=/", "twice=; Path=/a; Max-Age=0"]),
    ("shop.example", "/a/b/4", ["d3=; Path=/a; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "d1=; Max-Age=-1"]),
    ("shop.example", "/a/b/5", [
        "e1=1; Path=/; Domain=shop.example", "e2=1; Path=/; Domain=.shop.example", "e3=1; Path=/; Domain=other.example",
        "e4=1; Path=/; Domain=example", "e5=1; Path=/; Domain=", "e6=1; Path=/; Domain=www.shop.example",
        "e7=1; Path=/; domain=SHOP.example"]),
    ("shop.example", "/", []),
    ("www.shop.example", "/", ["w1=1; Domain=shop.example", "w2=1", "w3=1; Domain=www.shop.example; Path=/"]),
    ("notshop.example", "/", []),
    ("shop.example", "/", ["s1=1; Secure", "__Host-s2=1; Path=/; Secure", "__Secure-s3=1", "s4=1; HttpOnly; SameSite=Lax"]),
    ("shop.example", "/", []),
    ("localhost", "/x", [
        "s1=1; Secure", "__Host-s2=1; Path=/; Secure", "__Secure-s3=1; Secure", "__Secure-s4=1", "s7=1; SameSite=None",
        "__Host-s5=1; Path=/x; Secure", "s6=1; SameSite=None; Secure", "s8=1; SameSite=Strict"]),
    ("localhost", "/x", []),
    ("127.0.0.1", "/", ["i1=1; Secure", "i2=1; Domain=127.0.0.1", "i3=1; Domain=0.0.1"]),
    ("127.0.0.1", "/", []),
    ("v.example", "/", [
        'v1="a b"', "v2=a=b", "v3=", "v4 = x ; Path = / ", "v5=ü€à", "v6=a,b", "v7=1;;;Path=/", "v8=a\tb", "v9=%20+",
        'v10={"a": 1}', "v11=x; Max-Age=abc", "v12=x; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "v13=x; Expires=Wed, 01-Jan-98 00:00:00 GMT", "v14=x; Expires=Wednesday, 01-Jan-2098 00:00:00 GMT",
        "v15=x; Expires=Wed Jan  1 00:00:00 2098", "v16=x; Expires=soon", "v17=x; Max-Age=+60", f"v18=x; {YEAR_2098} +0000",
        "v19=x; Max-Age=0; Max-Age=60", "v20=x; Path=/nowhere; Path=/", 'v21=x; path="/"', 'v22=x; Max-Age="0"',
        "v23=x; Expires=0", "v24=x; Expires=2098-01-01", "v25=x; Max-Age=1e9", "v26=x; Max-Age=", "v27=x; Max-Age= 0 "]),
    ("v.example", "/", []),
]  # fmt: skip
"""Host, path and the cookies that it sets; visited one after the other."""


@dataclass
class Seen:
    """One request as the shop got it."""

    method: str
    target: str
    kind: str
    body: bytes
    origin: str | None
    referer: str | None


class Shop(ThreadingHTTPServer):
    """Serves the pages, and notes what comes for them."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.notes, self.cookies, self.open, self.done = {}, [], "", threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def hop(self, number):
        """Where the cookies of this row are set."""
        return f"http://{HOPS[number][0]}:{self.server_port}{HOPS[number][1]}?hop={number}"

    def forget(self):
        """What was noted so far; the next visitor starts anew."""
        noted = self.notes, self.cookies
        self.notes, self.cookies, self.open = {}, [], ""
        return noted


class Handler(BaseHTTPRequestHandler):
    """The shop's answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path, _, hop = self.path.partition("hop=")
        if path in ("/favicon.ico", "/drive"):
            self.say(walk(self.server).encode() if path == "/drive" else b"")
        elif hop:
            self.server.cookies.append(self.headers.get("cookie"))
            is_last = int(hop) == len(HOPS) - 1
            script = "" if is_last else f"location.replace({json.dumps(self.server.hop(int(hop) + 1))})"
            self.say(f"<script>{script}</script>".encode(), cookies=HOPS[int(hop)][2])
            if is_last:
                self.server.done.set()
        elif path.startswith("/case/") and self.server.open != (name := NAMES[int(path.split("/")[2])]):
            self.server.open = name
            case = CASES[name]
            self.say(case.html.encode(case.charset), charset=case.charset)
        else:
            self.note(body, CASES[self.server.open])

    do_POST = do_GET  # noqa: N815  http.server wants this name

    def note(self, body, case):
        """Remember what came; the first request may be redirected."""
        kind, _, boundary = self.headers.get("content-type", "").partition("; boundary=")
        body = body.replace(boundary.encode(), b"") if boundary else body
        found = self.server.notes.setdefault(self.server.open, [])
        seen = (self.headers.get(name) for name in ("origin", "referer"))
        found.append(Seen(self.command, self.path, kind, body, *seen))
        if case.answer and len(found) == 1:
            status, place = case.answer
            self.say(b"", status, location=place.replace("{host}", self.headers["host"]))
        else:
            self.say(b"<title>sent</title>ok")

    def say(self, body, status=200, charset="utf-8", location="", cookies=()):
        self.send_response(status)
        self.send_header("content-type", f"text/html; charset={charset}")
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        for name, value in [("location", location)] * bool(location) + [
            ("set-cookie", each) for each in cookies
        ]:
            self.send_header(name, value.encode().decode("latin-1"))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Quiet."""


def walk(shop):
    """A page that opens each case in a frame, presses its button, and goes on to the cookies."""
    presses = json.dumps([case.press for case in CASES.values()])
    return f"""<!doctype html><iframe id=frame></iframe><script>
const presses = {presses}, frame = document.getElementById('frame');
let at = -1, sent = true;
frame.onload = () => {{
  const page = frame.contentDocument, form = page.getElementById('f');
  if (sent) {{
    sent = false;
    if (++at >= presses.length) location.href = '{shop.hop(0)}';
    else frame.src = '/case/' + at + '/page?old=1#x';
    return;
  }}
  sent = true;
  form.noValidate = true;
  const buttons = [...page.querySelectorAll('button,input')].filter(
    node => node.form === form && ['submit', 'image'].includes(node.type) && !node.disabled);
  const button = presses[at] ? page.querySelector(presses[at]) : buttons[0];
  if (button && button.type === 'image') button.click(); else form.requestSubmit(button);
}};
frame.onload();
</script>"""


@pytest.fixture(scope="module")
def street():
    """The shop, and what Chromium sent to it."""
    shop = Shop()
    thread = threading.Thread(target=shop.serve_forever, args=(0.01,))
    thread.start()
    yield shop
    shop.shutdown()
    shop.server_close()
    thread.join()


@pytest.fixture(scope="module")
def chromium(street, tmp_path_factory):
    """What the browser sent: requests by case, and the cookies of each hop."""
    folder = tmp_path_factory.mktemp("chromium")
    command = [shutil.which("chromium"), *OPTIONS, f"--user-data-dir={folder}", f"{street.url}/drive"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        finished = street.done.wait(PATIENCE)
        browser.terminate()
    assert finished, f"Chromium stopped at {street.open!r}"
    return street.forget()


@pytest.fixture
def visit(shop, street, monkeypatch):
    """Plays a journey's steps at the shop, whatever the host's name."""

    def exchange(request):
        parts = urlsplit(request.url)
        target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        headers = {name: value.encode().decode("latin-1") for name, value in request.headers}
        address = ("127.0.0.1", street.server_port)
        with contextlib.closing(http.client.HTTPConnection(*address, timeout=5)) as connection:
            connection.request(
                request.method, target, request.body or None, {"Host": parts.netloc, **headers}
            )
            answer = connection.getresponse()
            pairs = [(name.lower(), value.encode("latin-1").decode()) for name, value in answer.getheaders()]
            return Response(answer.status, tuple(pairs), answer.read())

    def play(steps):
        asserted = [{**step, "expect": {"status": 200}} for step in steps]
        plan = shop.compiled(yaml.safe_dump({"steps": asserted}), base_url=street.url)
        outcome = shop.play(plan, exchange).outcome
        assert (outcome.status, outcome.message) == ("up", "")
        return street.forget()

    return play


@pytest.mark.parametrize("name", NAMES)
def test_a_journey_sends_what_chromium_sends(name, chromium, visit):
    press = {"press": CASES[name].press} if CASES[name].press else {}
    page = {"step": "page", "get": f"/case/{NAMES.index(name)}/page?old=1"}
    notes, _ = visit([page, {"step": "send", "submit": "#f", **press}])
    for seen in notes[name]:  # a click has a place, which Chromium's script puts into the corner
        seen.body = (
            seen.body.replace(b"x=1", b"x=0").replace(b"y=1", b"y=0") if "image" in name else seen.body
        )
    assert notes[name] == chromium[0][name]


def test_a_journey_keeps_and_sends_the_cookies_that_chromium_does(chromium, street, visit):
    _, cookies = visit([{"step": f"hop-{number}", "get": street.hop(number)} for number in range(len(HOPS))])
    theirs = dict(enumerate(chromium[1]))
    assert dict(enumerate(cookies)) == theirs
