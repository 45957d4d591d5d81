"""The phone of the demo's person on call: takes what techrun sends to its channels, and shows it."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from techrun.demo.api import body_of, refuse
from techrun.demo.render import TEMPLATES
from techrun.demo.switchboard import on_loopback

MOST = 50
"""Messages that are kept; the oldest are forgotten first."""
LARGEST = 100_000
"""Bytes of a message that are taken."""
LONGEST = 10_000
"""Characters of a text that are kept."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'",
    "Cache-Control": "no-store",
}

_LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:…)]")
_WORD = re.compile(r"\[(PAGE|TICKET|INFO|OK|CLOSED|TEST)\] ")


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came in; `at` is Unix time."""

    at: float
    channel: str
    title: str
    text: str

    @property
    def word(self) -> str:
        """What the title begins with, `page` or `ok`; empty where techrun did not write it."""
        found = _WORD.match(self.title)
        return found[1].lower() if found else ""

    @property
    def headline(self) -> str:
        """The title without that word."""
        return _WORD.sub("", self.title, count=1)

    @property
    def clock(self) -> str:
        """When it came, by this machine's clock."""
        return time.strftime("%H:%M:%S", time.localtime(self.at))


class Phone:
    """The messages of all channels, newest first, as long as the demo runs."""

    def __init__(self) -> None:
        self._received: deque[Received] = deque(maxlen=MOST)

    def take(self, channel: str, title: str, text: str) -> None:
        """A message has come."""
        self._received.appendleft(Received(time.time(), channel, title[:LONGEST], text[:LONGEST]))

    def messages(self) -> list[Received]:
        """What there is, newest first."""
        return list(self._received)


def linked(text: str) -> Markup:
    """A text, escaped, with its web addresses as links: whatever a shop put into it stays text."""
    return Markup().join(_linked_pieces(text))


def _linked_pieces(text: str) -> Iterator[str]:
    end = 0
    for found in _LINK.finditer(text):
        yield text[end : found.start()]
        yield Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(found[0])
        end = found.end()
    yield text[end:]


async def show(request: Request) -> Response:
    """All messages: JSON, or a page for a browser."""
    messages = _phone(request).messages()
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"messages": [asdict(message) for message in messages]})
    page = TEMPLATES.get_template("phone.html").render(messages=messages, linked=linked)
    return HTMLResponse(page, headers=HEADERS)


async def take(request: Request) -> Response:
    """A message as Apprise's `json://` sends it; only JSON, so that no page of another site can."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return refuse(415, "send application/json")
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LARGEST:
        return refuse(413, f"a message has at most {LARGEST} bytes, and says how many")
    body = await body_of(request)
    if not isinstance(body.get("title"), str) or not isinstance(body.get("message"), str):
        return refuse(422, 'send {"title": …, "message": …}')
    _phone(request).take(request.path_params["channel"], body["title"], body["message"])
    return JSONResponse({})


def _phone(request: Request) -> Phone:
    phone: Phone = request.app.state.phone
    return phone


ROUTES = [
    Route("/_phone", on_loopback(show), methods=["GET"]),
    Route("/_phone/{channel}", on_loopback(take), methods=["POST"]),
]
