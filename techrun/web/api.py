"""`/api/v1`: what a person on call asks and does, as JSON, with a token; see docs/api.md."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from techrun import __version__
from techrun.errors import CannotTellError, StoreError, TechrunError, UsageError
from techrun.handling import Window
from techrun.load.keeping import StoreLoads
from techrun.oncall import Chosen, Operations, ReleaseWish, TakenError, UnknownError, WindowWish
from techrun.releases.dora import AskDora
from techrun.releases.gate import Gate
from techrun.releases.keeping.store_book import StoreBook
from techrun.web.access import Right, Tokens
from techrun.web.bodies import (
    LARGEST,
    AcknowledgeBody,
    AnnotateBody,
    BeginBody,
    Body,
    EndBody,
    Model,
    OpenBody,
    Query,
    ShopBody,
    WindowBody,
    as_moment,
    bounded,
    understand,
    unpacked,
)
from techrun.web.call import Call, Table, Work
from techrun.web.dora_api import DoraApi
from techrun.web.gate_api import GateApi
from techrun.web.load_api import LARGEST_RUN, LoadApi
from techrun.web.release_api import LARGEST_CLAIM, LARGEST_VERIFICATION, ReleaseApi
from techrun.wire import to_json

log = logging.getLogger(__name__)

MONTH = 30 * 86400.0
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
HEADERS = {"Techrun-Version": __version__, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

Kind = Literal["silence", "maintenance"]


def api_routes(
    operations: Operations,
    tokens: Callable[[], Tokens],
    loads: StoreLoads | None = None,
    gate: Gate | None = None,
    book: StoreBook | None = None,
    *,
    dora: AskDora | None = None,
) -> list[Route]:
    """The routes below `/api/v1/`; tokens are asked for with each request, since a reload may change them."""
    api = _Api(operations)
    tables = [_looks(api), _acts(api)]
    tables += [LoadApi(loads).table()] if loads else []
    tables += [GateApi(gate).table()] if gate else []
    tables += [ReleaseApi(book).table()] if book else []
    tables += [DoraApi(dora).table()] if dora else []
    routes = [
        Route(
            f"/api/v1/{path}",
            _endpoint(work, _RIGHTS[method], tokens, _largest(method, path)),
            methods=[method],
        )
        for table in tables
        for (method, path), work in table.items()
    ]
    nothing = Route("/api/v1/{path:path}", _endpoint(_nothing, "read", tokens), methods=METHODS)
    return [*routes, nothing]


_RIGHTS: dict[str, Right] = {"GET": "read", "POST": "operate", "PUT": "operate", "DELETE": "operate"}


def _looks(api: _Api) -> Table:
    """What asks, by method and path."""
    works: dict[str, Work] = {
        "status": api.status,
        "incidents": api.incidents,
        "incidents/{number:int}": api.story,
        "windows": api.windows,
        "silences": lambda call: api.windows(call, "silence"),
        "maintenance": lambda call: api.windows(call, "maintenance"),
        "releases": api.releases,
        "shadow": api.shadow,
    }
    return {("GET", path): work for path, work in works.items()}


def _acts(api: _Api) -> Table:
    """What does something, by method and path."""
    works: dict[str, Work] = {
        "incidents": api.open,
        "incidents/{number:int}/ack": api.acknowledge,
        "incidents/{number:int}/annotate": api.annotate,
        "incidents/{number:int}/close": api.close,
        "silences": lambda call: api.add_window(call, "silence"),
        "maintenance": lambda call: api.add_window(call, "maintenance"),
        "releases": api.begin_release,
        "releases/end": api.end_release,
        "orders-cancelled": api.orders_cancelled,
    }
    ends = (f"{what}/{{number:int}}" for what in ("windows", "silences", "maintenance"))
    return {("POST", path): work for path, work in works.items()} | {
        ("DELETE", path): api.end_window for path in ends
    }


def _nothing(call: Call) -> Any:
    raise UnknownError(f"there is no {call.request.method} {call.request.url.path}; see docs/api.md")


def _largest(method: str, path: str) -> int:
    """Bytes of a body: only what was measured or seen as a whole is more than a few words."""
    return _LARGE.get(path, LARGEST) if method == "POST" else LARGEST


_LARGE = {
    "loads": LARGEST_RUN,
    "verifications": LARGEST_VERIFICATION,
    "verifications/claims": LARGEST_CLAIM,
    "gates": LARGEST_CLAIM,
}


def _endpoint(
    work: Work, right: Right, tokens: Callable[[], Tokens], largest: int = LARGEST
) -> Callable[[Request], Awaitable[Response]]:
    """What checks the token, reads the body, does the work off the loop and tells what came of it."""

    async def answer(request: Request) -> Response:
        refusal = _refusal(request, right, tokens())
        if refusal is not None:
            return refusal
        body = await bounded(request, largest)
        if body is not None and request.headers.get("content-encoding") == "gzip":
            body = await run_in_threadpool(unpacked, body, largest)
        if body is None:
            return _fault(413, f"the body is larger than {largest} bytes, or is no gzip")
        return await run_in_threadpool(_answer, work, Call(request, body))

    return answer


def _refusal(request: Request, right: Right, tokens: Tokens) -> Response | None:
    """Why this request is not answered; None where it is."""
    if not tokens:
        hint = "write `web: {tokens: {read: [...], operate: [...]}}` in techrun.yaml"
        return _fault(403, "the API is off: no tokens are configured", hint)
    found = tokens.right_of(request.headers.get("authorization", ""))
    if found is None:
        refusal = _fault(401, "the token is missing or wrong", "send `Authorization: Bearer TOKEN`")
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal
    if right == "operate" and found == "read":
        return _fault(403, "this token may look but not act", "use one of `web.tokens.operate`")
    return None


_STATUS: tuple[tuple[type[TechrunError], int], ...] = (
    (UnknownError, 404),
    (UsageError, 400),
    (TakenError, 409),
    (CannotTellError, 503),
    (StoreError, 500),
)
"""The first that fits counts."""


def _answer(work: Work, call: Call) -> Response:
    try:
        return _found(work(call))
    except Exception as error:
        for kind, status in _STATUS:
            if isinstance(error, kind):
                return _fault(status, str(error))
        log.exception("%s %s failed", call.request.method, call.request.url.path)
        return _fault(500, "techrun failed by itself", "its log says more")


def _found(what: Any) -> Response:
    if isinstance(what, bytes):  # JSON already
        return Response(what, media_type="application/json", headers=HEADERS)
    return JSONResponse(to_json(what), headers=HEADERS)


def _fault(status: int, error: str, hint: str = "") -> Response:
    return JSONResponse({"error": error, "hint": hint}, status, headers=HEADERS)


class _Api:
    """Requests as calls of the operations. Each runs in a worker thread."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def status(self, call: Call) -> Any:
        query = call.query("selector", "client", "tag")
        return self._operations.status(
            Chosen(query.texts("selector"), query.text("client"), query.texts("tag"))
        )

    def incidents(self, call: Call) -> Any:
        query = call.query("since", "shop")
        return self._operations.incidents(since=query.moment("since"), shop=query.text("shop"))

    def story(self, call: Call) -> Any:
        call.query()
        return self._operations.story(call.number)

    def windows(self, call: Call, kind: Kind | None = None) -> Any:
        found = self._operations.windows(call.query("since").moment("since"))
        return tuple(one for one in found if kind in {None, one.kind})

    def releases(self, call: Call) -> Any:
        query = call.query("since", "shop", "version")
        found = self._operations.releases(since=_since(query), shop=query.text("shop"))
        return tuple(one for one in found if query.text("version") in {"", one.version})

    def shadow(self, call: Call) -> Any:
        return self._operations.shadow(_since(call.query("since")))

    def open(self, call: Call) -> Any:
        said = _body(call, OpenBody)
        return self._operations.open_incident(said.shop, said.text, said.severity, said.by)

    def acknowledge(self, call: Call) -> Any:
        said = _body(call, AcknowledgeBody)
        return self._operations.acknowledge(call.number, said.note, said.by)

    def annotate(self, call: Call) -> Any:
        said = _body(call, AnnotateBody)
        return self._operations.annotate(call.number, said.text, said.cause, said.by)

    def close(self, call: Call) -> Any:
        return self._operations.close_incident(call.number, _body(call, Body).by)

    def add_window(self, call: Call, kind: Kind) -> Window:
        said = _body(call, WindowBody)
        chosen = Chosen(said.selectors, said.client, said.tags)
        starts = as_moment(said.from_) if said.from_ else None
        return self._operations.add_window(WindowWish(kind, chosen, said.for_, said.reason, starts), said.by)

    def end_window(self, call: Call) -> Window:
        by = call.query("author").text("author") or "API"
        return self._operations.end_window(call.number, by)

    def begin_release(self, call: Call) -> Any:
        said = _body(call, BeginBody)
        return self._operations.begin_release(
            ReleaseWish(
                said.shop,
                said.version,
                said.commit,
                said.link,
                as_moment(said.committed) if said.committed else None,
                said.told,
            ),
            said.by,
        )

    def end_release(self, call: Call) -> Any:
        said = _body(call, EndBody)
        return self._operations.end_release(said.shop, said.version, said.by, rolled_back=said.rolled_back)

    def orders_cancelled(self, call: Call) -> Any:
        said = _body(call, ShopBody)
        return self._operations.orders_cancelled(said.shop, said.by)


def _body(call: Call, model: type[Model]) -> Model:
    call.query()
    return understand(model, call.body)


def _since(query: Query) -> float:
    """The moment that was asked for; a month ago where none was."""
    given = query.moment("since")
    return time.time() - MONTH if given is None else given
