"""The page behind the link in a message: GET shows the incident and a button, only POST acknowledges.

Mail programs and chats look at links before people do: looking must change nothing. Whoever has the
link may acknowledge this one incident; it needs no token.
"""

from __future__ import annotations

import time
from datetime import datetime
from importlib import resources
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from techrun.alerts.links import is_signed
from techrun.errors import TechrunError, UsageError
from techrun.oncall import Operations, UnknownError
from techrun.views import IncidentStanding, hold_text
from techrun.web.bodies import bounded
from techrun.web.landing import STYLE, ago, policy, template

MOST_MEMBERS = 10
"""Checks that are shown: the page is read on a phone."""
LONGEST_NUMBER = 18
"""Digits of an incident's number."""

_STYLE = STYLE + resources.files("techrun.web").joinpath("acknowledge.css").read_text("utf-8")
HEADERS = {
    "Content-Security-Policy": f"{policy(_STYLE)}; form-action 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address is a key
    "X-Content-Type-Options": "nosniff",
}


def acknowledge_route(operations: Operations, secret: str) -> Route:
    """`/ack/NUMBER/SIGNATURE`."""

    async def answer(request: Request) -> Response:
        number, given = request.path_params["number"], request.path_params["signature"]
        if not number.isascii() or not number.isdecimal() or len(number) > LONGEST_NUMBER:
            return _nothing()
        if not secret or not is_signed(secret, int(number), given):
            return _nothing()
        body = await bounded(request)
        return await run_in_threadpool(_answer, operations, int(number), request, body)

    return Route("/ack/{number}/{signature}", answer, methods=["GET", "POST"])


def _answer(operations: Operations, number: int, request: Request, body: bytes | None) -> Response:
    try:
        if request.method == "POST":
            return _acknowledge(operations, number, request, body)
        page = acknowledge_page(operations.story(number).incident)
        return HTMLResponse(page, headers=HEADERS)
    except UnknownError:
        return _nothing()
    except TechrunError as error:
        return PlainTextResponse(f"techrun could not do it: {error}\n", 500, headers=HEADERS)


def _acknowledge(operations: Operations, number: int, request: Request, body: bytes | None) -> Response:
    """Act, then show the page anew: going back and forth acts no second time."""
    if body is None:
        return PlainTextResponse("This is too long.\n", 413, headers=HEADERS)
    given = parse_qs(body.decode("utf-8", "replace"))
    author = given.get("author", [""])[0].strip()[:100] or "someone with the link"
    try:
        operations.acknowledge(number, given.get("note", [""])[0].strip()[:500], author)
    except UnknownError:
        raise
    except UsageError:
        pass  # it was closed meanwhile, and the page says so
    return RedirectResponse(
        request.path_params["signature"], 303, headers=HEADERS
    )  # relative: a proxy may add to the path


def _nothing() -> Response:
    return PlainTextResponse("There is nothing here: the link is not complete, or not ours.\n", 404, HEADERS)


def acknowledge_page(incident: IncidentStanding, now: float | None = None) -> str:
    """The page as HTML."""
    now = time.time() if now is None else now
    taken = incident.acknowledged.at if incident.acknowledged else 0.0
    return template("acknowledge.html").render(
        style=_STYLE,
        incident=incident,
        since=_clock(incident.since),
        age=ago(max(0.0, now - incident.since)),
        closed=_clock(incident.closed or 0.0),
        taken=_clock(taken),
        hold_text=hold_text,
        most=MOST_MEMBERS,
    )


def _clock(moment: float) -> str:
    """By the clock of the machine that techrun runs on, with its zone."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
