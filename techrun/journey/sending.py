"""Turns a planned step into the request it makes: address, headers, body, form."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit, urlunsplit

from techrun.exchange import Headers
from techrun.journey import tracing
from techrun.journey.addresses import resolve, web_address
from techrun.journey.controls import FormError
from techrun.journey.forms import URLENCODED, Filling, submit, urlencoded
from techrun.journey.plan import Credentials, Payload, PlannedStep
from techrun.journey.session import Call, Session
from techrun.journey.state import State
from techrun.language.errors import ExpressionError
from techrun.language.expressions import Scope, Template, Tree
from techrun.language.scalars import json_text, text_of

_JSON = "application/json"


def prepare(state: State, step: PlannedStep, session: Session, scope: Scope, span: str) -> Call:
    """The request of this step; raises `FormError`, `BadAddressError` or a `RunError` where there is none."""
    payload = step.payload
    if step.verb == "submit":
        method, url, body, headers = _submission(state, step, session, scope)
    else:
        method, url = step.method, _address(state, step, scope)
        body, headers = _body(payload, scope)
    call = Call(
        method=method,
        url=url,
        headers=_merged((("Accept", step.accept), *headers), payload.headers, scope),
        body=body,
        follows=step.follows,
        places_order=step.places_order,
        timeout=step.timeout,
        cleanup=state.cleaning,
        step=step.name,
        http=step.http,
        marks=tracing.marks(state.plan.name, state.context.run_id, state.trace_id, span),
        signature=_signature(state),
    )
    if step.credentials is not None:
        session.carry("Authorization", _authorization(step.credentials, scope), url)
    return call


def _address(state: State, step: PlannedStep, scope: Scope) -> str:
    """Where the step goes: its address, joined to the shop's, its query added."""
    url = resolve(state.plan.base_url, _text(step.target, scope))
    if step.payload.query is None:
        return url
    parts = urlsplit(url)
    added = urlencoded(pairs(step.payload.query, scope))
    return urlunsplit(parts._replace(query="&".join(part for part in (parts.query, added) if part)))


def _body(payload: Payload, scope: Scope) -> tuple[bytes, Headers]:
    """The body of a request and the header that names its type."""
    if payload.document:
        variables = payload.variables.render(scope) if payload.variables else {}
        text = json_text({"query": payload.document, "variables": variables})
        return text.encode(), (("Content-Type", _JSON),)
    if payload.json is not None:
        return json_text(payload.json.render(scope)).encode(), (("Content-Type", _JSON),)
    if payload.form is not None:
        return urlencoded(pairs(payload.form, scope)).encode(), (("Content-Type", URLENCODED),)
    if payload.body is not None:
        return payload.body.text(scope).encode(), (("Content-Type", "text/plain; charset=utf-8"),)
    return b"", ()


def _submission(
    state: State, step: PlannedStep, session: Session, scope: Scope
) -> tuple[str, str, bytes, Headers]:
    """Method, address, body and headers of a form of the session's last page."""
    page = session.page
    if page is None:
        raise FormError("there is no HTML page yet whose form could be sent")
    payload = step.payload
    filling = Filling(
        payload.fill.render(scope) if payload.fill else {},
        pairs(payload.form, scope),
        _text(payload.press, scope),
    )
    boundary = f"techrun{state.context.random.getrandbits(96):024x}"
    sent = submit(page.html, page.url, _text(step.target, scope), filling, boundary, charset=page.charset)
    headers: Headers = (("Content-Type", sent.content_type),) if sent.content_type else ()
    if sent.method == "POST":
        source = urlsplit(page.url)
        headers = (*headers, ("Origin", f"{source.scheme}://{source.netloc}"))
    return sent.method, web_address(sent.url), sent.body, headers


def pairs(tree: Tree | None, scope: Scope) -> list[tuple[str, str]]:
    """A map as names and values; a list is one pair for each of its values."""
    if tree is None:
        return []
    found: list[tuple[str, str]] = []
    for name, value in tree.render(scope).items():
        values = value if isinstance(value, list | tuple) else (value,)
        found.extend((str(name), text_of(each)) for each in values)
    return found


def _merged(headers: Headers, tree: Tree | None, scope: Scope) -> Headers:
    """Our headers and those of the step, which win."""
    if tree is None:
        return headers
    own = pairs(tree, scope)
    for name, value in own:
        header_line(name, value)
    names = {name.lower() for name, _ in own}
    return (*(pair for pair in headers if pair[0].lower() not in names), *own)


def header_line(name: str, value: str) -> str:
    """The value of a header; a line break in it would smuggle in another header."""
    if any(character in value for character in "\r\n\0"):
        raise ExpressionError(f"the value of the header {name} has a line break in it")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise ExpressionError(f"the value of the header {name} has half a character in it")
    return value


def _authorization(credentials: Credentials, scope: Scope) -> str:
    if credentials.bearer is not None:
        return header_line("Authorization", f"Bearer {credentials.bearer.text(scope)}")
    pair = f"{_text(credentials.user, scope)}:{_text(credentials.password, scope)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _signature(state: State) -> Headers:
    plan = state.plan
    if not plan.signing_key:
        return ()
    run_id, now = state.context.run_id, state.context.now()
    return ((tracing.SIGNATURE_HEADER, tracing.signature(plan.signing_key, plan.name, run_id, now)),)


def _text(template: Template | None, scope: Scope) -> str:
    return "" if template is None else template.text(scope)
