"""Keeps what went over the wire in one step, and tells it later: redacted first, then cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from techrun.exchange import Failure, Headers, Request, Response
from techrun.model import ExchangeRecord, Outcome, Phases, Step
from techrun.redact import MASK

EXCERPT = 2048
_WINDOW = 16 * EXCERPT
"""Characters that are redacted; a secret cut at the end of the window is far behind the excerpt."""
_NO_TEXT = (
    "image/",
    "font/",
    "audio/",
    "video/",
    "application/pdf",
    "application/zip",
    "application/octet-stream",
)
_MASKED = frozenset({"authorization", "proxy-authorization", "x-synthetic-signature"})
_COOKIES = frozenset({"cookie", "set-cookie"})

Redact = Callable[[str], str]


@dataclass(slots=True)
class Log:
    """The exchanges of one step, all tries and redirects."""

    exchanges: list[tuple[Request, Response | Failure | None]] = field(default_factory=list)
    phases: Phases | None = None
    elapsed: float = 0.0
    asked: Request | None = None
    """The request whose answer is still to come."""

    def ask(self, request: Request) -> Request:
        """Remember a request that is about to go out."""
        self.asked = request
        return request

    def add(self, request: Request, answer: Response | Failure | None) -> None:
        """Take one exchange; assets are recorded, but are no time that the step took."""
        self.asked = None
        self.exchanges.append((request, answer))
        if answer is not None and request.kind != "asset":
            self.elapsed += answer.elapsed
            self.phases = answer.phases if self.phases is None else self.phases + answer.phases

    def records(self) -> tuple[ExchangeRecord, ...]:
        """The exchanges, their bodies cut to a window that can be kept until the run ends."""
        return tuple(_record(request, answer) for request, answer in self.exchanges)


def redacted_outcome(outcome: Outcome, redact: Redact) -> Outcome:
    """The outcome without any secret, wherever a text of the shop or of the journey went."""
    told = any(step.findings or step.exchanges for step in (*outcome.steps, *outcome.cleanup))
    if not told and not outcome.message and not outcome.orders and not outcome.not_run:
        return outcome
    return replace(
        outcome,
        message=redact(outcome.message),
        not_run=redact(outcome.not_run),
        steps=tuple(_redacted_step(step, redact) for step in outcome.steps),
        cleanup=tuple(_redacted_step(step, redact) for step in outcome.cleanup),
        orders=tuple(replace(order, reference=redact(order.reference)) for order in outcome.orders),
    )


def _redacted_step(step: Step, redact: Redact) -> Step:
    if not step.findings and not step.exchanges:
        return step
    return replace(
        step,
        message=redact(step.message),
        findings=tuple(replace(finding, message=redact(finding.message)) for finding in step.findings),
        exchanges=tuple(redacted(record, redact) for record in step.exchanges),
    )


def redacted(record: ExchangeRecord, redact: Redact) -> ExchangeRecord:
    """The record without secrets, its bodies cut to an excerpt."""
    return ExchangeRecord(
        method=record.method,
        url=redact(record.url),
        request_headers=_redacted_headers(record.request_headers, redact),
        request_body=_excerpt(record.request_body, redact),
        status=record.status,
        response_headers=_redacted_headers(record.response_headers, redact),
        response_body=_excerpt(record.response_body, redact),
        phases=record.phases,
        elapsed=record.elapsed,
        address=record.address,
        kind=record.kind,
        failure=redact(record.failure),
    )


def _record(request: Request, answer: Response | Failure | None) -> ExchangeRecord:
    response = answer if isinstance(answer, Response) else None
    return ExchangeRecord(
        method=request.method,
        url=request.url,
        request_headers=request.headers,
        request_body=_window(request.body, _content_type(request.headers)),
        status=response.status if response else None,
        response_headers=response.headers if response else (),
        response_body=_window(response.body, _content_type(response.headers)) if response else "",
        phases=answer.phases if answer else Phases(),
        elapsed=answer.elapsed if answer else 0.0,
        address=answer.address if answer else "",
        kind=request.kind,
        failure=answer.message if isinstance(answer, Failure) else "" if answer else "no answer",
    )


def _content_type(headers: Headers) -> str:
    return next((value.lower() for name, value in headers if name.lower() == "content-type"), "")


def _window(body: bytes, content_type: str) -> str:
    """The start of a body as text; what is no text is only counted."""
    if body and content_type.startswith(_NO_TEXT):
        return f"<{len(body)} bytes of {content_type.partition(';')[0]}>"
    return body[:_WINDOW].decode("utf-8", "replace")


def _excerpt(text: str, redact: Redact) -> str:
    """Redacted, then cut. Where redacting shrank a full window so far that its cut end would show,
    what follows the last mask is left out: it could be the start of a secret.
    """  # noqa: D205  one thought
    clean = redact(text)
    if len(text) >= _WINDOW // 4 and len(clean) < 2 * EXCERPT and MASK in clean:
        clean = clean[: clean.rindex(MASK) + len(MASK)]
    return clean if len(clean) <= EXCERPT else clean[:EXCERPT] + "…"


def _redacted_headers(headers: Headers, redact: Redact) -> Headers:
    return tuple((name, _redacted_header(name.lower(), value, redact)) for name, value in headers)


def _redacted_header(name: str, value: str, redact: Redact) -> str:
    """What opens doors is masked whole; cookies keep their names, since a lost one explains much."""
    if name in _MASKED:
        return MASK
    if name in _COOKIES:
        parts = value.split("; ")
        last = 1 if name == "set-cookie" else len(parts)
        shown = [f"{part.partition('=')[0]}={MASK}" if i < last else part for i, part in enumerate(parts)]
        return redact("; ".join(shown))
    return redact(value)
