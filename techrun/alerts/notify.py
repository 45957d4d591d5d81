"""One text to one service. The only importer of Apprise, and a late one: it costs a quarter of a second.

Apprise is held to what can be trusted (measured for 2.2.0): it sends in the calling thread, since its
shared pool starves behind hanging services; it follows no redirect, since a login page that answers
200 is no delivery; a long text is cut, since its parts would be several incidents at a pager. Never
an attachment: one that is missing fails the whole message.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from weakref import WeakSet

from techrun.alerts.message import with_attempt
from techrun.redact import Redactor
from techrun.standing import Message, Receipt

DEADLINE = 30.0
"""Seconds for one attempt, whatever the service does."""
ANSWER = 500
"""Characters of an answer that are kept."""
ONE_URL = "this is not one Apprise URL but several; make a channel of each, so that each has its own receipts"
UNDECLARED_PAUSE = 5.5
"""Seconds that Apprise waits between two messages to any service that does not declare a pause."""

_PLAIN_KEYS = frozenset(
    [
        "bcc",
        "cc",
        "cto",
        "format",
        "from",
        "mode",
        "name",
        "overflow",
        "region",
        "retry",
        "rto",
        "smtp",
        "to",
        "verify",
        "wait",
    ]
)
"""Parameters of a URL that are no secrets."""


class Channel:
    """Where messages go: one Apprise URL. Used by one thread at a time."""

    def __init__(
        self, name: str, url: str, redactor: Redactor | None = None, *, deadline: float = DEADLINE
    ) -> None:
        self.name = name
        self._url = url
        self._redactor = Redactor(_secrets_of(url), parent=redactor)
        self._deadline = deadline
        self._under_way: tuple[str, Future[Receipt]] | None = None
        self._apprise: Any = None

    def send(self, message: Message) -> Receipt:
        """Deliver a message, or say within the deadline why not; never raises."""
        started = time.monotonic()
        if self._under_way is None:
            self._under_way = (message.key, self._begin(message))
        key, future = self._under_way
        try:
            receipt = future.result(self._deadline)
        except StillWaiting:
            return Receipt(
                False,  # noqa: FBT003  the field says what it is
                time.monotonic() - started,
                f"no answer within {self._deadline:g} s; it may still arrive"
                if key == message.key
                else f"still busy with an earlier message after {self._deadline:g} s",
            )
        self._under_way = None
        # A thread that was given up on has ended: its receipt is good for its own message only.
        return receipt if key == message.key else self.send(message)

    def _begin(self, message: Message) -> Future[Receipt]:
        """Send in a thread that the program's end does not wait for; Apprise knows no deadline in it."""
        future: Future[Receipt] = Future()
        threading.Thread(
            target=lambda: future.set_result(self._attempt(message)),
            name=f"techrun-send-{self.name}",
            daemon=True,
        ).start()
        return future

    def _attempt(self, message: Message) -> Receipt:
        started = time.monotonic()
        try:
            ok, answer = self._deliver(message)
        except Exception as error:  # noqa: BLE001  a plugin may raise anything; the worker must live on
            ok, answer = False, f"{type(error).__name__}: {error}"
        return Receipt(ok, time.monotonic() - started, self._redactor(answer)[:ANSWER])

    def _deliver(self, message: Message) -> tuple[bool, str]:
        if self._apprise is None:
            self._apprise, problem = _load(self._url, self._redactor)
            if problem:
                return False, problem
        import apprise  # noqa: PLC0415  late, see above

        result = self._apprise.notify(
            title=message.title,
            body=with_attempt(message),
            notify_type=_type_of(message),
            body_format=apprise.NotifyFormat.TEXT,
            log_level=logging.DEBUG,
        )
        return _judge(result)


def check_url(url: str, redactor: Redactor | None = None) -> str:
    """What is wrong with a channel's URL, without its secrets; ``""`` if Apprise can send to it."""
    _, problem = _load(url, Redactor(_secrets_of(url), parent=redactor))
    return problem


def _load(url: str, redactor: Redactor) -> tuple[Any, str]:
    """An Apprise object with this URL alone, and what is wrong with the URL."""
    import apprise  # noqa: PLC0415  late, see above

    asset = apprise.AppriseAsset(async_mode=False, service_timeout=0, http_redirects=False)
    loaded = apprise.Apprise(asset=asset)
    _guard.watch(redactor)
    told = _guard.listen()
    try:
        loaded.add(url)
    except Exception as error:  # noqa: BLE001  a plugin may raise anything while it reads its URL
        return None, f"{type(error).__name__}: {redactor(str(error))}"
    if len(loaded) > 1:
        return None, ONE_URL
    if not len(loaded):
        reason = redactor("; ".join(told)) or "Apprise cannot read it"
        return None, f"{reason} (the forms of each service: https://appriseit.com/services/)"
    plugin = loaded[0]
    plugin.overflow_mode = apprise.OverflowMode.TRUNCATE
    if plugin.request_rate_per_sec == UNDECLARED_PAUSE:
        plugin.request_rate_per_sec = 0
    return loaded, ""


def _type_of(message: Message) -> Any:
    import apprise  # noqa: PLC0415  late, see above

    if message.event == "recovered":
        return apprise.NotifyType.SUCCESS
    if message.event in ("withdrawn", "trial"):
        return apprise.NotifyType.INFO
    return apprise.NotifyType.FAILURE if message.severity == "page" else apprise.NotifyType.WARNING


def _judge(result: Any) -> tuple[bool, str]:
    """Whether every attempt was accepted (`optional=yes` makes a failure look like success), and the answer."""
    attempts = [attempt for service in result for attempt in service.attempts]
    ok = bool(attempts) and all(service.attempts[-1].status == 0 for service in result)
    if ok:
        return True, "accepted"
    lines = [entry.message for attempt in attempts for entry in attempt.logs if _tells(entry)]
    return False, " / ".join(lines) or "Apprise reports a failure without a reason"


def _tells(entry: Any) -> bool:
    """The line says what went wrong; the others repeat what was sent."""
    if entry.level in ("WARNING", "ERROR", "CRITICAL"):
        return True
    return bool(re.match("Response Details|Socket Exception", entry.message))


class _Guard(logging.Filter):
    """Keeps secrets out of what Apprise, and what it sends with, write to the log.

    It stands on the loggers themselves, so that no handler of anyone sees a line before. The lines of
    Apprise end here: those that matter are in the receipts.
    """

    def __init__(self) -> None:
        super().__init__()
        self._redactors: WeakSet[Redactor] = WeakSet()
        self._told = threading.local()

    def watch(self, redactor: Redactor) -> None:
        """From now on keep back what this one knows."""
        self._redactors.add(redactor)
        for name in _loggers():
            logging.getLogger(name).addFilter(self)

    def listen(self) -> list[str]:
        """A list that fills with the warnings of this thread."""
        self._told.lines = []
        lines: list[str] = self._told.lines
        return lines

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a line."""
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        for redactor in tuple(self._redactors):
            text = redactor(text)
        record.msg, record.args, record.exc_info, record.exc_text = text, None, None, None
        if record.levelno >= logging.WARNING and hasattr(self._told, "lines"):
            self._told.lines.append(text)
        return True


_guard = _Guard()


@cache
def _loggers() -> tuple[str, ...]:
    import_module("urllib3.connectionpool")  # it makes the loggers that are looked for
    silent = logging.getLogger("apprise")
    silent.setLevel(logging.DEBUG)
    silent.addHandler(logging.NullHandler())
    silent.propagate = False
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "urllib3"]
    return ("apprise", *names)


def _secrets_of(url: str) -> Iterator[str]:
    """What of a URL gives the right to send: all that is not plainly an address or a setting."""
    yield url
    parts = urlsplit(url)
    yield from (unquote(part) for part in (parts.username, parts.password) if part)
    yield from (unquote(part) for part in parts.path.split("/") if part and "@" not in unquote(part))
    yield from (value for key, value in parse_qsl(parts.query) if key not in _PLAIN_KEYS)
    if not _host_is_an_address(parts.scheme) and parts.hostname:
        yield parts.netloc.rpartition("@")[2].partition(":")[0]


@cache
def _host_is_an_address(scheme: str) -> bool:
    """Many services carry a key where other URLs have their host."""
    return scheme in ("json", "jsons", "form", "forms", "xml", "xmls", "mailto", "mailtos")
