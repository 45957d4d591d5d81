"""A shop that sends back everything that it is sent, and fails in all sorts of ways."""

from __future__ import annotations

import base64
import html
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

import pytest

TOKEN = 'Zq7saved/+ü&"<s3cr3tsaved>%'
ORDER = "Zq7order-s3cr3torder"
"""What the shop hands out, and the journey saves as a secret."""


def every_way(text: str) -> str:
    """A text as careless shops write it into their pages."""
    return "\n".join([
        text,
        html.escape(text),
        json.dumps(text),
        quote(text, safe=""),
        quote(quote(text, safe=""), safe="").lower(),
        repr(text),
        text.encode().hex(),
        *(base64.b64encode(b"x" * shift + text.encode() + b"y").decode() for shift in range(3)),
        base64.urlsafe_b64encode(text.encode()).decode(),
        text.encode().decode("latin-1"),
    ])  # fmt: skip


class Mirror(BaseHTTPRequestHandler):
    """Answers by the first part of the path."""

    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        sent = "\n".join(
            [
                self.path.encode("latin-1").decode("utf-8", "replace"),
                told.encode("latin-1").decode("utf-8", "replace"),
                body.decode(),
            ]
        )
        self.server.seen.append(sent)
        getattr(self, f"answer_{self.path.split('/')[1].partition('?')[0]}", self.answer_error)(sent)

    do_GET = do_POST = handle_any  # noqa: N815  the names that http.server looks for

    def answer_echo(self, sent: str) -> None:
        self.reply(200, self.page(sent))

    def answer_error(self, sent: str) -> None:
        self.reply(500, self.page(sent))

    def page(self, sent: str) -> str:
        said = unquote(sent)
        return (
            f'<title>{html.escape(said)}</title><div class="alert">{html.escape(said)}</div><pre>{every_way(said)}</pre>'
            f'<script src="/gone/{quote(self.path, safe="")}.js"></script><form id="f" action="/error/form">'
            f'<input name="t" value="{html.escape(TOKEN)}"><input name="other"></form>'
        )

    def answer_loop(self, sent: str) -> None:
        self.reply(302, "", {"Location": self.path})

    def answer_away(self, sent: str) -> None:
        self.reply(302, "", {"Location": f"ftp://{unquote(self.path)}"})

    def answer_slow(self, sent: str) -> None:
        time.sleep(0.8)
        self.reply(200, self.page(sent))

    def answer_json(self, sent: str) -> None:
        self.reply(200, json.dumps({"said": unquote(sent)}), {"Content-Type": "application/json"})

    def answer_graphql(self, sent: str) -> None:
        self.reply(200, json.dumps({"errors": [{"message": f"no: {unquote(sent)}"}]}))

    def answer_login(self, sent: str) -> None:
        self.reply(200, json.dumps({"token": TOKEN, "next": "carried-s3cr3tcarried"}))

    def answer_order(self, sent: str) -> None:
        self.reply(200, json.dumps({"order": ORDER}))

    def reply(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        echo = quote(self.path, safe="/?=&+%")
        told = {"Content-Type": "text/html", "Set-Cookie": f"echo={echo}; path=/", "X-Echo": echo}
        for name, value in {**told, **(headers or {}), "Content-Length": str(len(body))}.items():
            self._headers_buffer.append(f"{name}: {value}\r\n".encode())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Servers of tests are quiet."""


class Shop(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    seen: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture(scope="session")
def mirror():
    with Shop(("127.0.0.1", 0), Mirror) as shop:
        shop.seen = []
        threading.Thread(target=shop.serve_forever, args=(0.05,), daemon=True).start()
        yield shop
        shop.shutdown()
