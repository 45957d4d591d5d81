"""The demo shop as one ASGI application: its routes, its nodes, its faults."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from techrun.demo import account, api, cart, checkout, feeds, pages, phone, switchboard
from techrun.demo.effects import Call
from techrun.demo.session import DetourError, StaleFormError, flash, redirect
from techrun.demo.shop import Shop

NODES = (1, 2, 3)
NODE_ADDRESSES = {"127.0.0.11": 1, "127.0.0.12": 2, "127.0.0.13": 3}
"""Where each node can be asked directly, at the shop's own port (Linux: all of 127/8 is loopback)."""
MACHINE_ROOM = "/_"
"""What stands below it is not of the shop, and no fault reaches it: the switchboard, the phone."""


class Nodes:
    """The balancer: which of three nodes serves a request.

    The address that was connected to decides, then the header `X-Node` or the cookie `node`;
    all others are balanced by the address they come from, as shops do it for sticky sessions.
    """

    def __init__(self, app: ASGIApp, usual: int) -> None:
        self._app = app
        self._usual = usual

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose the node, and name it in the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        node = node_of(scope, self._usual)
        scope.setdefault("state", {})["node"] = node

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message["headers"])["x-served-by"] = f"node-{node}"
            await send(message)

        await self._app(scope, receive, named)


def node_of(scope: Scope, usual: int = NODES[0]) -> int:
    """The node that serves this request; `usual` where nothing says which."""
    server = scope.get("server") or ("", None)
    headers = Headers(scope=scope)
    asked = headers.get("x-node") or _cookie(headers.get("cookie", ""), "node")
    if server[0] in NODE_ADDRESSES:
        return NODE_ADDRESSES[server[0]]
    if asked in {str(node) for node in NODES}:
        return int(asked)
    return usual


def _cookie(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


class Faulty:
    """Where a fault is on that changes this answer, its effect comes in between."""

    def __init__(self, app: ASGIApp, shop: Shop) -> None:
        self._app = app
        self._shop = shop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer rightly, or as the fault has it."""
        effect = None
        if scope["type"] == "http" and not scope["path"].startswith(MACHINE_ROOM):
            effect = self._shop.faults.effect(scope["method"], scope["path"], scope["state"]["node"])
        if effect is None:
            await self._app(scope, receive, send)
        else:
            await effect(Call(self._app, scope, receive, send))


async def stale(request: Request, _: Exception) -> Response:
    """A form with an old token: back to where it came from, with a word."""
    flash(request, "Your form has expired. Please try again.", "bad")
    referer = request.headers.get("referer", "")
    base = str(request.base_url)
    return redirect("/" + referer.removeprefix(base).lstrip("/") if referer.startswith(base) else "/")


async def detour(_: Request, error: Exception) -> Response:
    """Another page must come first."""
    return redirect(error.location if isinstance(error, DetourError) else "/")


async def not_found(request: Request, _: Exception) -> Response:
    """There is no such page."""
    return pages.missing(request)


def create_app(shop: Shop, node: int = NODES[0]) -> Starlette:
    """The shop, ready to be served; `node` answers those who ask for none."""
    files = StaticFiles(directory=Path(__file__).with_name("static"))
    static = [Mount(path, files) for path in ("/static", f"{MACHINE_ROOM}static")]
    parts = (pages, cart, checkout, account, api, feeds, switchboard, phone)
    app = Starlette(
        routes=[*static, *(route for part in parts for route in part.ROUTES)],
        middleware=[
            Middleware(Nodes, usual=node),
            Middleware(Faulty, shop=shop),
            Middleware(SessionMiddleware, secret_key=shop.key.hex(), session_cookie="session"),
        ],
        exception_handlers={StaleFormError: stale, DetourError: detour, 404: not_found},
    )
    app.state.shop = shop
    app.state.phone = phone.Phone()
    return app
