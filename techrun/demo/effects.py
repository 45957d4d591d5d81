"""What a fault does to an answer, on the wire: late, cut, hanging, blank, or something else entirely."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way into the shop."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send

    async def go_on(self, send: Send | None = None) -> None:
        """Let the shop answer."""
        await self.app(self.scope, self.receive, send or self.send)


Effect = Callable[[Call], Awaitable[None]]


def slow(seconds: float) -> Effect:
    """The right answer, late."""

    async def effect(call: Call) -> None:
        if not call.scope["path"].startswith("/static/"):
            await asyncio.sleep(seconds)
        await call.go_on()

    return effect


def answer(
    status: int, body: str, content_type: str = "text/html; charset=utf-8", retry_after: int | None = None
) -> Effect:
    """Something else than what was asked for; `retry_after` in seconds."""
    content = body.encode()
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(content)).encode())]
    if retry_after is not None:
        headers.append((b"retry-after", str(retry_after).encode()))

    async def effect(call: Call) -> None:
        await call.send({"type": "http.response.start", "status": status, "headers": headers})
        await call.send({"type": "http.response.body", "body": content})

    return effect


async def redirect_loop(call: Call) -> None:
    """Back to the same page, for ever."""
    location = call.scope["path"].encode()
    headers = [(b"location", location), (b"content-length", b"0")]
    await call.send({"type": "http.response.start", "status": 302, "headers": headers})
    await call.send({"type": "http.response.body"})


async def hang(call: Call) -> None:
    """The headers of the right answer, then silence until the customer gives up."""

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            await call.send(message)
            while (await call.receive())["type"] != "http.disconnect":
                pass

    await call.go_on(send)


async def truncate(call: Call) -> None:
    """The headers and the first half of the right answer, then the connection closes."""

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        await call.send(message)

    await call.go_on(send)


def _page(title: str, text: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body style="font-family:system-ui;max-width:36rem;margin:4rem auto;padding:0 1rem">'
        f"<h1>{title}</h1>{text}</body></html>"
    )


MAINTENANCE = answer(
    503, _page("Down for maintenance", "<p>Our shop is being serviced.</p>"), retry_after=300
)
OVERLOADED = answer(503, _page("503 Service Temporarily Unavailable", "<hr><p>nginx</p>"))
BAD_GATEWAY = answer(502, _page("502 Bad Gateway", "<hr><p>nginx</p>"))
NOT_FOUND = answer(404, "Not found", "text/plain; charset=utf-8")
SERVER_ERROR = answer(500, _page("Internal Server Error", "<p>The server met an error.</p>"))
UNAVAILABLE = answer(503, '{"error": "upstream unavailable"}', "application/json")
ERROR_PAGE = answer(200, _page("Something went wrong", "<p>We are sorry. Please try again later.</p>"))
BLANK = answer(200, "")
EMPTY_SCRIPT = answer(200, "", "text/javascript; charset=utf-8")
CAPTCHA = answer(
    403,
    _page(
        "Just a moment...",
        "<p>Please prove that you are a human.</p>"
        '<form id="challenge-form" method="post"><div class="g-recaptcha" data-sitekey="demo"></div></form>',
    ),
)
