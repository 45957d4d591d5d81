"""The switchboard's page and JSON: break and mend the shop, let it run another release. Loopback only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from techrun.demo.api import body_of, refuse
from techrun.demo.render import page
from techrun.demo.session import shop_of
from techrun.demo.shop import Running

Handler = Callable[[Request], Awaitable[Response]]


def is_local(name: str) -> bool:
    """Whether a host name or address is this machine's loopback."""
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost"


async def show(request: Request) -> Response:
    """All faults: JSON, or a page for a browser."""
    faults = shop_of(request).faults.listing()
    if "text/html" in request.headers.get("accept", ""):
        places = dict.fromkeys(str(fault["where"]) for fault in faults)
        groups = [(place, [fault for fault in faults if fault["where"] == place]) for place in places]
        return page(request, "faults.html", groups=groups)
    return JSONResponse({"faults": faults})


async def turn(request: Request) -> Response:
    """`{"name": …, "on": true}` switches one fault, `{"all": false}` mends everything.

    Only JSON is taken, so that no page of another site can send it from a browser.
    """
    if not is_json(request):
        return refuse(415, "send application/json")
    body, faults = await body_of(request), shop_of(request).faults
    if body.get("all") is False:
        faults.all_off()
    elif isinstance(body.get("name"), str) and isinstance(body.get("on"), bool):
        try:
            faults.turn(body["name"], on=body["on"])
        except KeyError:
            return refuse(404, f"there is no fault {body['name']!r}: GET /_faults lists them")
    else:
        return refuse(422, 'send {"name": …, "on": true or false}, or {"all": false}')
    return JSONResponse({"faults": faults.listing()})


def is_json(request: Request) -> bool:
    """Whether a request says that it brings JSON."""
    return request.headers.get("content-type", "").partition(";")[0] == "application/json"


async def deploy(request: Request) -> Response:
    """`{"version": …, "commit": …}`: all nodes run this from now on."""
    if not is_json(request):
        return refuse(415, "send application/json")
    body, shop = await body_of(request), shop_of(request)
    version, commit = body.get("version"), body.get("commit", "")
    if not isinstance(version, str) or not version or not isinstance(commit, str):
        return refuse(422, 'send {"version": …, "commit": …}')
    shop.deploy(Running(version, commit))
    return JSONResponse(asdict(shop.running))


def on_loopback(handler: Handler) -> Handler:
    """Neither other machines nor names that were rebound to this one reach this handler."""

    async def guarded(request: Request) -> Response:
        caller = request.client.host if request.client else ""
        if not is_local(caller) or not is_local(request.url.hostname or ""):
            return refuse(403, "this answers on loopback only")
        return await handler(request)

    return guarded


ROUTES = [
    Route("/_faults", on_loopback(show), methods=["GET"]),
    Route("/_faults", on_loopback(turn), methods=["POST"]),
    Route("/_release", on_loopback(deploy), methods=["POST"]),
]
