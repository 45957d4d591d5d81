"""What a service answered to one attempt: whether it took it, and what it asks for if not.

Apprise tells of an answer in the words of its log alone, without the headers. So the answers of
the thread that sends are noted where `requests` makes them; should that end to work, nothing is
lost but the hint how long to wait.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

TRY_AGAIN = frozenset([408, 425, 429])
"""Refusals of HTTP that are not for good: too slow, too early, too many."""
_MAIL_CODE = re.compile(r"\((\d{3}), b['\"]|was refused: (\d{3}) ")
"""How smtplib and Apprise write what a mail server answered."""

_noted = threading.local()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one attempt."""

    ok: bool
    text: str
    retry_after: float | None = None
    """Seconds that the service asked us to wait."""
    refused: bool = False
    """The service will never take it."""


def listen() -> None:
    """From now on note the answers of this thread; those from before are forgotten."""
    _note_answers()
    _noted.last = None


def read(result: Any) -> Answer:
    """What the result of Apprise says, and what was noted since `listen`.

    `optional=yes` in a URL makes a failure look like success: so each attempt is looked at.
    """
    attempts = [attempt for service in result for attempt in service.attempts]
    if attempts and all(service.attempts[-1].status == 0 for service in result):
        return Answer(ok=True, text="accepted")
    text = " / ".join(entry.message for attempt in attempts for entry in attempt.logs if _tells(entry))
    status, retry_after = _noted.last or (0, "")
    return Answer(
        ok=False,
        text=text or "Apprise reports a failure without a reason",
        retry_after=seconds_of(retry_after, time.time()),
        refused=_is_for_good(status) if status else _is_refused_mail(text),
    )


def seconds_of(retry_after: str, now: float) -> float | None:
    """How long a `Retry-After` asks to wait: it has seconds or a date; None where it says neither."""
    text = retry_after.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _is_for_good(status: int) -> bool:
    return 400 <= status < 500 and status not in TRY_AGAIN


def _is_refused_mail(text: str) -> bool:
    codes = [int(first or second) for first, second in _MAIL_CODE.findall(text)]
    return bool(codes) and all(500 <= code < 600 for code in codes)


def _tells(entry: Any) -> bool:
    """The line says what went wrong; the others repeat what was sent."""
    if entry.level in ("WARNING", "ERROR", "CRITICAL"):
        return True
    return bool(re.match("Response Details|Socket Exception", entry.message))


@cache
def _note_answers() -> None:
    """Look at each answer where the adapter of `requests` builds it: a documented place to add to."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415  late, as Apprise is

    build = HTTPAdapter.build_response

    def build_and_note(adapter: Any, request: Any, raw: Any) -> Any:
        response = build(adapter, request, raw)
        _noted.last = (response.status_code, response.headers.get("Retry-After", ""))
        return response

    HTTPAdapter.build_response = build_and_note  # type: ignore[assignment,method-assign]  # the place to add to
